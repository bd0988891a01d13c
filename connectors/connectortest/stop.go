package connectortest

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/parachute-gate/parachute/connectors"
)

func stopCases() []testCase {
	return []testCase{
		{"StopWhileIdle", nil, stopIdle},
		{"StopBeforeTheFirstRead", nil, stopAtOnce},
		{"StopLetsARunningCallFinish", nil, stopFinishes},
		{"StopIsNotHeldUpByACallThatHangs", nil, stopHanging},
		{"RunsAgainAfterAStop", nil, runAgain},
	}
}

func stopIdle(b *bench) error {
	b.start(nil)
	if _, _, err := b.one(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "alice", Text: "hello"}); err != nil {
		return err
	}
	return b.halt()
}

func stopAtOnce(b *bench) error {
	b.start(nil)
	return b.halt()
}

// stopFinishes stops the connector during a call and holds that the call's
// context lives until the call is done.
func stopFinishes(b *bench) error {
	entered, leave := make(chan struct{}), make(chan struct{})
	var cancelled atomic.Bool
	b.start(func(ctx context.Context, _ connectors.Message) error {
		close(entered)
		<-leave
		cancelled.Store(ctx.Err() != nil)
		return ctx.Err()
	})
	if _, err := b.inject(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "alice", Text: "hello"}); err != nil {
		return err
	}
	select {
	case <-entered:
	case <-b.ctx.Done():
		return b.ctx.Err()
	}
	b.stop()
	close(leave)
	if err := b.returned(stopTime); err != nil {
		return err
	}
	var x expect
	x.that(!cancelled.Load(), "the stop cancelled the context of a running call")
	x.that(b.platform.Refused() == 0, "the event was taken and %d are refused", b.platform.Refused())
	return x.err()
}

// stopHanging stops the connector during a call that waits for its context.
func stopHanging(b *bench) error {
	entered := make(chan struct{})
	b.start(func(ctx context.Context, _ connectors.Message) error {
		close(entered)
		select {
		case <-ctx.Done():
		case <-b.ctx.Done():
		}
		return errors.New("given up")
	})
	if _, err := b.inject(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "alice", Text: "hello"}); err != nil {
		return err
	}
	select {
	case <-entered:
	case <-b.ctx.Done():
		return b.ctx.Err()
	}
	return b.halt()
}

// runAgain holds that events of the time between two Runs are not lost.
func runAgain(b *bench) error {
	b.start(nil)
	if _, _, err := b.one(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "alice", Text: "before"}); err != nil {
		return err
	}
	if err := b.halt(); err != nil {
		return err
	}
	if _, err := b.inject(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "alice", Text: "between"}); err != nil {
		return err
	}
	b.start(nil)
	got, err := b.events(2)
	if err != nil {
		return err
	}
	var x expect
	x.that(got[1].Text == "between", "after the second start came %q", got[1].Text)
	if err := b.halt(); err != nil {
		return err
	}
	return x.err()
}
