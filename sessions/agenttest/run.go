package agenttest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/parachute-gate/parachute/sessions"
)

// Subject is an agent under test, with messages that make it do something.
type Subject struct {
	// New makes the agent, and what ends it with all that it keeps.
	New func(tb testing.TB) (agent sessions.Agent, end func())
	// Hello is answered at once; Want is a part of the answer.
	Hello, Want string
	// Slow shows something and does not end; empty for an agent that is never slow.
	Slow string
	// Steps shows more than one thing, and ends; empty for one that never does.
	Steps string
}

// Run holds an agent to what every agent promises.
func Run(t *testing.T, s Subject) {
	t.Helper()
	t.Run("answers", func(t *testing.T) {
		agent, end := s.New(t)
		for _, id := range []string{"turn-1", "turn-2"} {
			text, err := agent.Answer(t.Context(), Turn(id, s.Hello), func(string) {})
			if err != nil || !strings.Contains(text, s.Want) {
				t.Errorf("%s: %q, %v; want %q", id, text, err, s.Want)
			}
		}
		end()
		NoGoroutines(t)
	})
	t.Run("begins nothing for a turn that ended", func(t *testing.T) {
		agent, end := s.New(t)
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(sessions.ErrStopped)
		if text, err := agent.Answer(ctx, Turn("turn-1", s.Steps+s.Hello), func(string) {}); err == nil && s.Slow != "" {
			t.Errorf("answered %q", text)
		}
		end()
		NoGoroutines(t)
	})
	if s.Slow != "" {
		t.Run("is stopped, and answers the next", func(t *testing.T) {
			agent, end := s.New(t)
			ctx, cancel := context.WithCancelCause(t.Context())
			text, err := agent.Answer(ctx, Turn("turn-1", s.Slow), func(string) { cancel(sessions.ErrStopped) })
			if !errors.Is(err, sessions.ErrStopped) {
				t.Errorf("%q, %v; want %v", text, err, sessions.ErrStopped)
			}
			text, err = agent.Answer(t.Context(), Turn("turn-2", s.Hello), func(string) {})
			if err != nil || !strings.Contains(text, s.Want) {
				t.Errorf("the next: %q, %v", text, err)
			}
			end()
			NoGoroutines(t)
		})
	}
	if s.Steps != "" {
		t.Run("shows its answer while it is made", func(t *testing.T) {
			agent, end := s.New(t)
			shown := &Shown{}
			text, err := agent.Answer(t.Context(), Turn("turn-1", s.Steps), shown.Show)
			after := len(shown.All())
			if err != nil || after < 2 {
				t.Errorf("%q, %v; shown %q", text, err, shown.All())
			}
			end()
			NoGoroutines(t)
			if len(shown.All()) != after {
				t.Error("shown after the answer")
			}
		})
	}
}
