package agenttest

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/sandbox"
	"github.com/parachute-gate/parachute/sessions"
	"github.com/parachute-gate/parachute/sessions/programs"
)

// KeptAgent keeps a process between the turns of a session.
type KeptAgent interface {
	sessions.Agent
	End(session string)
	Kept() []string
	Close()
}

// KeptSubject is an agent under test that keeps processes.
type KeptSubject struct {
	// New makes the agent: at most three processes, with so many spares.
	New func(tb testing.TB, launch programs.Launcher, spares int, pauseAfter time.Duration, ended func(context.Context, programs.Ended)) KeptAgent
	// Command is what is run: it answers Count by how many turns it had, and dies of
	// Die.
	Command    []string
	Count, Die string
}

// keeper is one agent with all that is watched of it.
type keeper struct {
	KeptAgent
	t     *testing.T
	w     *Watched
	count string
	turns int

	mu   sync.Mutex
	ends []programs.Ended
}

func newKeeper(t *testing.T, s KeptSubject, spares int, pauseAfter time.Duration) *keeper {
	t.Helper()
	b := NewBench(t)
	k := &keeper{t: t, w: Watch(b.Runtime), count: s.Count}
	launch := func(_ context.Context, of sessions.Turn) (programs.Launch, error) {
		l := b.Launch(s.Command...)
		l.Runtime, l.Spec.Session = k.w, of.Session.ID
		return l, nil
	}
	k.KeptAgent = s.New(t, launch, spares, pauseAfter, func(_ context.Context, e programs.Ended) {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.ends = append(k.ends, e)
	})
	return k
}

func (k *keeper) told() []programs.Ended {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.ends)
}

// say gives a session a turn.
func (k *keeper) say(session, message string, earlier int) string {
	k.t.Helper()
	k.turns++
	turn := Turn("turn-"+strconv.Itoa(k.turns), message)
	of := *turn.Session
	of.ID, of.Earlier = session, earlier
	turn.Session = &of
	text, err := k.Answer(k.t.Context(), turn, func(string) {})
	if err != nil {
		k.t.Fatal(err)
	}
	return text
}

// counts says that a session's process has had so many turns by now.
func (k *keeper) counts(session, want string) {
	k.t.Helper()
	if got := k.say(session, k.count, 0); got != want {
		k.t.Errorf("%s: %q, want %q", session, got, want)
	}
}

func (k *keeper) end() {
	k.t.Helper()
	k.Close()
	NoGoroutines(k.t)
	starts := 0
	for _, did := range k.w.Did() {
		if strings.HasPrefix(did, "start ") {
			starts++
		}
	}
	if told := k.told(); len(told) != starts {
		k.t.Errorf("%d started, told of %+v", starts, told)
	}
}

var errPlayed = errors.New("played")

// RunKept holds an agent to what one promises that keeps processes.
func RunKept(t *testing.T, s KeptSubject) {
	t.Helper()
	forgot := func(text string) string { return programs.With(programs.Forgot, text) }
	t.Run("is paused when it is idle, and goes on where it was", func(t *testing.T) {
		k := newKeeper(t, s, 0, time.Nanosecond)
		k.counts("one", "1")
		k.w.Await(t, "pause one", 1)
		k.counts("one", "2")
		k.w.Await(t, "pause one", 2)
		k.w.Fail("unpause one", errPlayed)
		k.counts("one", forgot("1"))
		k.end()
	})
	t.Run("a runtime that cannot pause keeps nothing idle", func(t *testing.T) {
		k := newKeeper(t, s, 0, time.Nanosecond)
		k.w.Fail("pause one", sandbox.ErrUnavailable)
		k.counts("one", "1")
		k.w.Await(t, "close one", 1)
		k.counts("one", forgot("1"))
		k.end()
	})
	t.Run("a spare is there for the next session", func(t *testing.T) {
		k := newKeeper(t, s, 1, time.Nanosecond)
		k.counts("one", "1")
		k.w.Await(t, "pause "+programs.SpareSession, 1)
		if kept := k.Kept(); !slices.Equal(kept, []string{"one"}) {
			t.Errorf("kept %q", kept)
		}
		k.counts("two", "1")
		k.counts("two", "2")
		if slices.Contains(k.w.Did(), "start two") {
			t.Errorf("did %q", k.w.Did())
		}
		k.w.Await(t, "start "+programs.SpareSession, 2)
		k.End("two")
		if kept := k.Kept(); !slices.Equal(kept, []string{"one"}) {
			t.Errorf("kept %q", kept)
		}
		k.end()
	})
	t.Run("tells that it forgot, and how each ended", func(t *testing.T) {
		k := newKeeper(t, s, 0, -1)
		k.counts("one", "1")
		if got := k.say("one", s.Die, 1); strings.Contains(got, programs.Forgot) {
			t.Errorf("of its death: %q", got)
		}
		k.counts("one", forgot("1"))
		k.counts("one", "2")
		k.End("one")
		// After a restart the sessions alone remember.
		if got := k.say("two", k.count, 3); got != forgot("1") {
			t.Errorf("after a restart: %q", got)
		}
		k.counts("two", "2")
		k.end()
		var got []string
		for _, e := range k.told() {
			if e.Program != s.Command[0] || e.Ending.Exit.Usage.Duration <= 0 {
				t.Errorf("%+v", e)
			}
			got = append(got, e.Session+" "+e.Turn)
		}
		if want := []string{"one turn-2", "one turn-4", "two turn-6"}; !slices.Equal(got, want) {
			t.Errorf("told of %q, want %q", got, want)
		}
	})
}
