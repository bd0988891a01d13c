package sessions

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

func TestFoundAfterACrash(t *testing.T) {
	for _, c := range []struct {
		state      State
		told       []string
		end        State
		wantsAgent bool
	}{
		{Pending, []string{"t ok: re: t"}, Sent, true},
		{Ready, []string{"t ok: kept"}, Sent, false},
		{Sending, []string{"t failed: " + unconfirmed}, Failed, false},
		{Sent, nil, Sent, false},
		{Failed, nil, Failed, false},
	} {
		for _, session := range []bool{true, false} {
			if !session && c.wantsAgent {
				continue // A command's turn is never pending.
			}
			t.Run(fmt.Sprint(c.state, " session ", session), func(t *testing.T) {
				asked := false
				b := newBench(func(ctx context.Context, t Turn) (string, error) { asked = true; return echo(ctx, t) })
				turn := b.add("s", "t")
				turn.State, turn.Reply = c.state, "kept"
				if !session {
					turn.Session = nil
				}
				b.work(t, "t")
				b.work(t, "t")
				b.heard(t, c.told...)
				b.ended(t, "t", c.end)
				if asked != c.wantsAgent {
					t.Errorf("the agent was asked: %v", asked)
				}
			})
		}
	}
}

func TestUnknownState(t *testing.T) {
	b := newBench(echo)
	b.add("s", "t").State = "lost"
	if err := b.Work(t.Context(), "t", true); err == nil {
		t.Error("a turn of an unknown state was worked")
	}
	b.heard(t)
}

// TestCrashBetweenAnyTwoSteps ends the process at each step, and lets the next
// one go on from what was kept.
func TestCrashBetweenAnyTwoSteps(t *testing.T) {
	for _, at := range []string{"turn", "agent", "send", "deliver", "delivered", "close"} {
		t.Run(at, func(t *testing.T) {
			ctx, die := context.WithCancel(t.Context())
			reach := func(step string) error {
				if step == at {
					die()
				}
				return ctx.Err()
			}
			agent := func(ctx context.Context, turn Turn) (string, error) {
				if err := reach("agent"); err != nil {
					return "", err
				}
				return echo(ctx, turn)
			}
			b := newBench(agent)
			b.add("s", "t")
			seen := map[string]int{}
			b.store.fail = func(call, _ string) error { return reach(call) }
			b.Deliver = func(_ context.Context, r Reply) error {
				if err := reach("deliver"); err != nil {
					return err
				}
				seen[r.Text]++
				return reach("delivered")
			}
			if err := b.Work(ctx, "t", true); !errors.Is(err, context.Canceled) {
				t.Fatalf("work: %v", err)
			}
			b.store.fail = nil
			b.start(echo)
			b.Deliver = func(_ context.Context, r Reply) error { seen[r.Text]++; return nil }
			b.work(t, "t")
			b.work(t, "t")
			answers, excuses := seen["re: t"], seen[unconfirmed]
			if answers > 1 || excuses > 1 || answers+excuses == 0 {
				t.Errorf("the person got the answer %d times and was told of its loss %d times", answers, excuses)
			}
			if end := b.store.state("t"); end != Sent && end != Failed {
				t.Errorf("the turn is %s", end)
			}
		})
	}
}

// TestFullDisk: a store that cannot write leaves the turn for later.
func TestFullDisk(t *testing.T) {
	for _, call := range []string{"send", "close"} {
		t.Run(call, func(t *testing.T) {
			b := newBench(echo)
			b.add("s", "t")
			b.store.fail = func(c, _ string) error {
				if c == call {
					return errBroken
				}
				return nil
			}
			if err := b.Work(t.Context(), "t", true); !errors.Is(err, errBroken) {
				t.Fatalf("work: %v", err)
			}
			if call == "send" {
				b.heard(t) // Nothing is told before it is kept.
			}
			b.store.fail = nil
			b.work(t, "t")
			b.ended(t, "t", Sent)
		})
	}
}
