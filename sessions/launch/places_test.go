package launch

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/parachute-gate/parachute/sessions"
)

// held answers when it is let to.
type held struct{ on chan struct{} }

func (h held) Answer(ctx context.Context, _ sessions.Turn, _ func(string)) (string, error) {
	select {
	case <-h.on:
		return "done", nil
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// One person's programs leave room for those of others, and all together are
// bounded.
func TestOnePersonsProgramsHoldUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		on := make(chan struct{})
		places := NewPlaces(3, 2)
		a := places.Bound(held{on})
		type ask struct {
			shown string
			done  chan error
			stop  context.CancelCauseFunc
		}
		begin := func(user string) *ask {
			ctx, stop := context.WithCancelCause(t.Context())
			k := &ask{done: make(chan error, 1), stop: stop}
			go func() {
				_, err := a.Answer(ctx, sessions.Turn{Session: &sessions.Session{User: user}}, func(s string) { k.shown = s })
				k.done <- err
			}()
			synctest.Wait()
			return k
		}
		first, second, third := begin("ana"), begin("ana"), begin("ana")
		if first.shown != "" || second.shown != "" || third.shown != waitsForOwn || places.taken != 2 {
			t.Errorf("%q, %q, %q; %d run", first.shown, second.shown, third.shown, places.taken)
		}
		bob, cid := begin("bob"), begin("cid")
		if bob.shown != "" || cid.shown != waitsForOthers || places.taken != 3 {
			t.Errorf("%q, %q; %d run", bob.shown, cid.shown, places.taken)
		}
		third.stop(sessions.ErrStopped)
		if err := <-third.done; !errors.Is(err, sessions.ErrStopped) {
			t.Error(err)
		}
		first.stop(sessions.ErrStopped)
		if err := <-first.done; !errors.Is(err, sessions.ErrStopped) {
			t.Error(err)
		}
		synctest.Wait()
		if places.taken != 3 || places.by["cid"] != 1 {
			t.Errorf("%d run, %v", places.taken, places.by)
		}
		close(on)
		for _, k := range []*ask{second, bob, cid} {
			if err := <-k.done; err != nil {
				t.Error(err)
			}
		}
		if places.taken != 0 || len(places.by) != 0 {
			t.Errorf("%d run, %v", places.taken, places.by)
		}
	})
}
