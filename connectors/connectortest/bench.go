package connectortest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parachute-gate/parachute/connectors"
)

// stopTime is how long a stopped connector may take to drain.
const stopTime = 5 * time.Second

// bench is one case's platform, connector and record of what arrived.
type bench struct {
	ctx      context.Context
	driver   Driver
	platform Platform

	stop context.CancelFunc
	done chan error

	mu       sync.Mutex
	got      []connectors.Message
	arrived  chan struct{} // holds one token when got has grown
	finished bool

	replies atomic.Int64 // makes each reply's id its own
}

// start runs the connector. Every event is recorded, after handle took it;
// handle may be nil.
func (b *bench) start(handle connectors.Handler) { b.startUnrecorded(b.recording(handle)) }

func (b *bench) recording(handle connectors.Handler) connectors.Handler {
	return func(ctx context.Context, m connectors.Message) error {
		var err error
		if handle != nil {
			err = handle(ctx, m)
		}
		b.mu.Lock()
		b.got = append(b.got, m)
		b.mu.Unlock()
		select {
		case b.arrived <- struct{}{}:
		default:
		}
		return err
	}
}

// startUnrecorded runs the connector with a handler that keeps nothing.
func (b *bench) startUnrecorded(handle connectors.Handler) {
	var ctx context.Context
	ctx, b.stop = context.WithCancel(b.ctx)
	b.done = make(chan error, 1)
	b.finished = false
	done := b.done
	go func() { done <- b.platform.Connector().Run(ctx, handle) }()
}

// distinct waits until n different events were handled and gives those, each
// where it came first: a platform may give an event again that it is not sure of.
func (b *bench) distinct(n int) ([]connectors.Message, error) {
	type key struct{ chat, id, revision string }
	for all := n; ; {
		got, err := b.events(all)
		if err != nil {
			return got, err
		}
		first := map[key]connectors.Message{}
		var different []connectors.Message
		for _, m := range got {
			k := key{m.Chat.ID, m.ID, m.Revision}
			before, again := first[k]
			if again && (before.Text != m.Text || before.User.ID != m.User.ID || before.Kind != m.Kind) {
				return got, fmt.Errorf("the event %q came as %+v and again as %+v", m.ID, before, m)
			}
			if !again {
				first[k] = m
				different = append(different, m)
			}
		}
		if len(different) >= n {
			return different, nil
		}
		all = len(got) + 1
	}
}

// events waits until n events were handled and gives all that were.
func (b *bench) events(n int) ([]connectors.Message, error) {
	for {
		b.mu.Lock()
		got := slices.Clone(b.got)
		b.mu.Unlock()
		if len(got) >= n {
			return got, nil
		}
		select {
		case <-b.arrived:
		case err := <-b.done:
			b.done <- err
			b.mu.Lock()
			got = slices.Clone(b.got)
			b.mu.Unlock()
			if len(got) >= n {
				return got, nil
			}
			return got, fmt.Errorf("Run returned when %d of %d events had arrived: %w", len(got), n, err)
		case <-b.ctx.Done():
			return got, fmt.Errorf("%d of %d events arrived: %w", len(got), n, b.ctx.Err())
		}
	}
}

// one plays an event and gives the message that the handler got for it.
func (b *bench) one(e Event) (connectors.Message, IDs, error) {
	b.mu.Lock()
	before := len(b.got)
	b.mu.Unlock()
	ids, err := b.inject(e)
	if err != nil {
		return connectors.Message{}, ids, err
	}
	got, err := b.events(before + 1)
	if err != nil {
		return connectors.Message{}, ids, err
	}
	if len(got) != before+1 {
		return connectors.Message{}, ids, fmt.Errorf("one event was played, the handler got %d", len(got)-before)
	}
	return got[before], ids, nil
}

func (b *bench) inject(e Event) (IDs, error) {
	if e.ChatKind == connectors.ChatUnknown && !b.driver.Supports(UnknownChat) {
		e.ChatKind = connectors.ChatGroup
	}
	ids, err := b.platform.Inject(e)
	if err != nil {
		return ids, fmt.Errorf("play event: %w", err)
	}
	return ids, nil
}

// until polls for what a platform learns by itself.
func (b *bench) until(what string, reached func() bool) error {
	for !reached() {
		select {
		case <-b.ctx.Done():
			return fmt.Errorf("%s: %w", what, b.ctx.Err())
		case <-time.After(time.Millisecond):
		}
	}
	return nil
}

// halt stops the connector and gives what is wrong with how it stopped.
func (b *bench) halt() error {
	b.stop()
	return b.returned(stopTime)
}

// returned waits for Run to return nil.
func (b *bench) returned(within time.Duration) error {
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case err := <-b.done:
		b.finished = true
		if err != nil {
			return fmt.Errorf("Run returned %w, want nil", err)
		}
		return nil
	case <-timer.C:
		return fmt.Errorf("Run did not return within %v", within)
	}
}

// abandon ends a connector that a case left running.
func (b *bench) abandon() {
	if b.stop == nil || b.finished {
		return
	}
	b.finished = true
	b.stop()
	timer := time.NewTimer(stopTime)
	defer timer.Stop()
	select {
	case <-b.done: //nolint:errcheck // the case has its result already
	case <-timer.C:
	}
}

// expect gives an error for each check that failed.
type expect struct{ errs []error }

func (x *expect) that(ok bool, format string, args ...any) {
	if !ok {
		x.errs = append(x.errs, fmt.Errorf(format, args...))
	}
}

// none adds what is wrong, and where.
func (x *expect) none(err error, where string) {
	if err != nil {
		x.errs = append(x.errs, fmt.Errorf("%s: %w", where, err))
	}
}

func (x *expect) err() error { return errors.Join(x.errs...) }
