package connectortest

import (
	"context"
	"errors"
	"time"

	"github.com/parachute-gate/parachute/connectors"
)

func handlerCases() []testCase {
	return []testCase{
		{"HandlerErrorIsNotAcknowledged", nil, handlerError},
		{"EndOfSourceHandlesEverything", []Feature{Ends}, ends},
	}
}

// handlerError lets one of three events fail and holds that the platform knows
// of exactly that one, and that the connector goes on.
func handlerError(b *bench) error {
	b.start(func(_ context.Context, m connectors.Message) error {
		if m.Text == "two" {
			return errors.New("the store is full")
		}
		return nil
	})
	for _, text := range []string{"one", "two", "three"} {
		if _, err := b.inject(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "alice", Text: text}); err != nil {
			return err
		}
	}
	if err := b.until("wait for the refusal", func() bool { return b.platform.Refused() > 0 }); err != nil {
		return err
	}
	if _, err := b.events(3); err != nil {
		return err
	}
	if err := b.halt(); err != nil {
		return err
	}
	var x expect
	x.that(b.platform.Refused() == 1, "%d events are refused or not acknowledged, want 1", b.platform.Refused())
	return x.err()
}

func ends(b *bench) error {
	const count = 100
	for range count {
		if _, err := b.inject(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "alice", Text: "hello"}); err != nil {
			return err
		}
	}
	if err := b.platform.End(); err != nil {
		return err
	}
	// A call that takes its time lets a Run that does not wait for it get ahead.
	b.start(func(context.Context, connectors.Message) error {
		time.Sleep(time.Millisecond)
		return nil
	})
	if err := b.returned(caseTime); err != nil {
		return err
	}
	got, err := b.events(0)
	if err != nil {
		return err
	}
	var x expect
	x.that(len(got) == count, "%d events were handled when Run returned, want %d", len(got), count)
	return x.err()
}
