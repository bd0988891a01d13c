package connectortest

import (
	"errors"

	"github.com/parachute-gate/parachute/connectors"
)

func healthCases() []testCase {
	return []testCase{
		{"HealthTellsTheState", []Feature{Health}, healthStates},
		{"HealthTellsOfAReconnect", []Feature{Health, Faults}, healthReconnect},
	}
}

func (b *bench) health() (connectors.Health, error) {
	r, ok := b.platform.Connector().(connectors.Reporter)
	if !ok {
		return connectors.Health{}, errors.New("the connector is no Reporter")
	}
	return r.Health(), nil
}

// state waits until the connector tells a state.
func (b *bench) state(want connectors.State) error {
	if _, err := b.health(); err != nil {
		return err
	}
	return b.until("wait for the state "+string(want), func() bool {
		h, err := b.health()
		return err == nil && h.State == want
	})
}

func healthStates(b *bench) error {
	h, err := b.health()
	if err != nil {
		return err
	}
	var x expect
	x.that(h.State == connectors.Stopped, "before Run the state is %q", h.State)
	x.that(h.LastMessage.IsZero(), "a message came at %v, before Run", h.LastMessage)
	b.start(nil)
	if _, _, err := b.one(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "alice", Text: "hello"}); err != nil {
		return err
	}
	if err := b.state(connectors.Running); err != nil {
		return err
	}
	h, err = b.health()
	if err != nil {
		return err
	}
	x.that(!h.LastMessage.IsZero(), "a message came, and the health knows of none")
	x.that(!h.Since.IsZero(), "the state began at no time")
	x.that(h.Failures == 0 && h.LastError == "", "%d failures, the last one %q, where all went well", h.Failures, h.LastError)
	if err := b.halt(); err != nil {
		return err
	}
	h, err = b.health()
	if err != nil {
		return err
	}
	x.that(h.State == connectors.Stopped, "after a stop the state is %q", h.State)
	return x.err()
}

// healthReconnect breaks the connection and holds that the failure is counted and
// told, and that the connection stands again.
func healthReconnect(b *bench) error {
	b.start(nil)
	if _, _, err := b.one(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "alice", Text: "hello"}); err != nil {
		return err
	}
	if err := b.state(connectors.Running); err != nil {
		return err
	}
	played := false
	for _, kind := range []FaultKind{Drop, ServerError} {
		var err error
		if played, err = b.fault(Fault{Kind: kind, On: OnReceive}); err != nil {
			return err
		}
		if played {
			break
		}
	}
	if !played {
		return nil
	}
	if _, err := b.inject(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "alice", Text: "hello again"}); err != nil {
		return err
	}
	if err := b.until("wait for the failure to be counted", func() bool {
		h, err := b.health()
		return err == nil && h.Failures > 0 && h.LastError != ""
	}); err != nil {
		return err
	}
	if _, err := b.distinct(2); err != nil {
		return err
	}
	return b.state(connectors.Running)
}
