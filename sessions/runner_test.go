package sessions

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestTurnsOfOneSessionRunInOrder(t *testing.T) {
	var mu sync.Mutex
	var began []string
	inside := 0
	b := newBench(func(ctx context.Context, t Turn) (string, error) {
		mu.Lock()
		began = append(began, t.ID)
		inside++
		alone := inside == 1
		mu.Unlock()
		defer func() { mu.Lock(); inside--; mu.Unlock() }()
		if !alone {
			return "", errors.New("two turns of a session at once")
		}
		return echo(ctx, t)
	})
	var want, told []string
	for i := range 32 {
		id := fmt.Sprintf("t%02d", i)
		b.add("s", id)
		want, told = append(want, id), append(told, id+" ok: re: "+id)
	}
	var wg sync.WaitGroup
	// The queue makes no promise about order.
	for i := range want {
		wg.Go(func() {
			if err := b.Work(t.Context(), want[len(want)-1-i], false); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	b.heard(t, told...)
	if strings.Join(began, " ") != strings.Join(want, " ") {
		t.Errorf("began %v", began)
	}
	if n := len(b.lanes); n != 0 {
		t.Errorf("%d lanes are left of sessions without turns", n)
	}
}

func TestSessionsRunBesideEachOther(t *testing.T) {
	const n = 8
	var inside sync.WaitGroup
	inside.Add(n)
	b := newBench(func(ctx context.Context, t Turn) (string, error) {
		inside.Done()
		// Comes back only when all sessions are here at once.
		inside.Wait()
		return echo(ctx, t)
	})
	var wg sync.WaitGroup
	for i := range n {
		id := fmt.Sprint(i)
		b.add("s"+id, id)
		wg.Go(func() {
			if err := b.Work(t.Context(), id, false); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(b.told) != n || b.Running() != 0 {
		t.Errorf("told %q, %d running", b.told, b.Running())
	}
}

func TestStopInMidTurn(t *testing.T) {
	running := make(chan struct{})
	b := newBench(func(ctx context.Context, t Turn) (string, error) {
		if t.ID != "long" {
			return echo(ctx, t)
		}
		close(running)
		<-ctx.Done()
		// An agent may make anything of the end of its context.
		return "half", errors.New("connection lost")
	})
	b.add("s", "long")
	done := make(chan error, 1)
	go func() { done <- b.Work(t.Context(), "long", false) }()
	<-running
	b.Stop("other")
	if b.Running() != 1 {
		t.Errorf("%d turns run, want 1", b.Running())
	}
	b.Stop("s")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	b.heard(t, "long failed: "+stopped)
	b.ended(t, "long", Failed)
	b.Stop("s") // Nothing runs any more.
	b.add("s", "next")
	b.work(t, "next")
	b.ended(t, "next", Sent)
}

func TestStopReachesTurnsThatWait(t *testing.T) {
	running := make(chan struct{})
	var answered []string
	b := newBench(func(ctx context.Context, t Turn) (string, error) {
		answered = append(answered, t.ID)
		close(running)
		<-ctx.Done()
		return "", ctx.Err()
	})
	b.add("s", "first")
	b.add("s", "second")
	done := make(chan error, 1)
	// The second turn's job takes the first along.
	go func() { done <- b.Work(t.Context(), "second", false) }()
	<-running
	b.store.stop("s")
	b.Stop("s")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	// What was said when it was stopped stands for the one that ran, too.
	b.heard(t, "first failed: Stopped before it began.", "second ok: Stopped before it began.")
	if len(answered) != 1 {
		t.Errorf("the agent answered %v after the stop", answered)
	}
}

// TestAnAnswerThatComesTooLate: a turn that got another answer while its agent made
// one keeps that, whatever the agent makes of it, and nothing is told where it is
// none.
func TestAnAnswerThatComesTooLate(t *testing.T) {
	for name, c := range map[string]struct {
		words string
		err   error
		told  []string
	}{
		"an answer":  {"You may not.", nil, []string{"t failed: You may not."}},
		"silence":    {"", nil, nil},
		"a failure":  {"You may not.", errPanic, []string{"t failed: You may not."}},
		"it stopped": {"You may not.", ErrStopped, []string{"t failed: You may not."}},
	} {
		t.Run(name, func(t *testing.T) {
			var b *bench
			b = newBench(func(ctx context.Context, turn Turn) (string, error) {
				b.store.mu.Lock()
				b.store.turns[0].State, b.store.turns[0].Reply = Ready, c.words
				b.store.mu.Unlock()
				if !errors.Is(c.err, ErrStopped) {
					return "the whole answer", c.err
				}
				b.StopTurn("other")
				if running := b.Turns(); len(running) != 1 || running[0] != "t" || ctx.Err() != nil {
					t.Errorf("%v run, %v", running, ctx.Err())
				}
				b.StopTurn("t")
				<-ctx.Done()
				return "", ctx.Err()
			})
			b.add("s", "t")
			b.work(t, "t")
			b.ended(t, "t", Failed)
			b.heard(t, c.told...)
			b.StopTurn("t") // Nothing runs any more.
		})
	}
}

func TestTurnTooLong(t *testing.T) {
	for name, agent := range map[string]agentFunc{
		"tells its context's error": func(ctx context.Context, _ Turn) (string, error) { <-ctx.Done(); return "", ctx.Err() },
		"tells another error":       func(ctx context.Context, _ Turn) (string, error) { <-ctx.Done(); return "", errBroken },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(agent)
			b.TurnTimeout = time.Millisecond
			b.add("s", "t")
			b.work(t, "t")
			b.heard(t, "t failed: "+tooLong)
			b.ended(t, "t", Failed)
		})
	}
}

func TestAnswerInTimeIsKept(t *testing.T) {
	b := newBench(func(ctx context.Context, t Turn) (string, error) {
		<-ctx.Done()
		return "the whole answer", nil
	})
	b.TurnTimeout = time.Millisecond
	b.add("s", "t")
	b.work(t, "t")
	b.heard(t, "t ok: the whole answer")
}

func TestAgentFails(t *testing.T) {
	for name, tt := range map[string]struct {
		agent agentFunc
		tries int
	}{
		"error": {func(context.Context, Turn) (string, error) { return "half", errBroken }, 4},
		// What panics once would panic again.
		"panic": {func(context.Context, Turn) (string, error) { panic("agent broke") }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(tt.agent)
			b.add("s", "t")
			for range tt.tries {
				if err := b.Work(t.Context(), "t", false); err == nil || !strings.Contains(err.Error(), "t") {
					t.Fatalf("work: %v", err)
				}
				b.ended(t, "t", Pending)
				b.heard(t)
			}
			if err := b.Work(t.Context(), "t", tt.tries > 0); err != nil {
				t.Fatal(err)
			}
			b.heard(t, "t failed: "+broken)
			b.ended(t, "t", Failed)
			if !strings.Contains(b.log.String(), "broke") {
				t.Errorf("the log does not say why: %s", b.log)
			}
		})
	}
}

// The turn before one that is given up keeps its own tries.
func TestLastIsOfOneTurn(t *testing.T) {
	b := newBench(func(context.Context, Turn) (string, error) { return "", errBroken })
	b.add("s", "first")
	b.add("s", "second")
	if err := b.Work(t.Context(), "second", true); !errors.Is(err, errBroken) {
		t.Fatalf("work: %v", err)
	}
	b.heard(t)
	b.ended(t, "first", Pending)
	if err := b.Work(t.Context(), "first", true); err != nil {
		t.Fatal(err)
	}
	if err := b.Work(t.Context(), "second", true); err != nil {
		t.Fatal(err)
	}
	b.heard(t, "first failed: "+broken, "second failed: "+broken)
}

func TestAgentMissing(t *testing.T) {
	b := newBench(echo)
	b.add("s", "t").Session.Agent = "gone"
	b.work(t, "t")
	b.heard(t, "t failed: "+broken)
	b.ended(t, "t", Failed)
	if !strings.Contains(b.log.String(), "gone") {
		t.Errorf("the log does not name the agent: %s", b.log)
	}
}

func TestTurnMissing(t *testing.T) {
	if err := newBench(echo).Work(t.Context(), "none", true); !errors.Is(err, ErrNoTurn) {
		t.Errorf("work: %v", err)
	}
}

func TestDeliveryFails(t *testing.T) {
	b := newBench(echo)
	b.Deliver = func(context.Context, Reply) error { return errBroken }
	b.add("s", "t")
	b.add("s", "next")
	b.work(t, "next")
	b.ended(t, "t", Failed)
	b.ended(t, "next", Failed)
	if n := strings.Count(b.log.String(), "answer not delivered"); n != 2 {
		t.Errorf("%d of 2 failures are in the log: %s", n, b.log)
	}
}

func TestWaitingEndsWithTheProcess(t *testing.T) {
	running, release := make(chan struct{}), make(chan struct{})
	b := newBench(func(ctx context.Context, t Turn) (string, error) {
		close(running)
		<-release
		return echo(ctx, t)
	})
	b.add("s", "first")
	b.add("s", "second")
	done := make(chan error, 1)
	go func() { done <- b.Work(t.Context(), "first", false) }()
	<-running
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Work(ctx, "second", false); !errors.Is(err, context.Canceled) {
		t.Errorf("work: %v", err)
	}
	b.ended(t, "second", Pending)
	close(release)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	b.heard(t, "first ok: re: first")
	if len(b.lanes) != 0 {
		t.Error("a lane is left")
	}
}
