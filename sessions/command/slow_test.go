package command_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parachute-gate/parachute/sandbox"
	"github.com/parachute-gate/parachute/sessions/agenttest"
	"github.com/parachute-gate/parachute/sessions/command"
	"github.com/parachute-gate/parachute/sessions/programs"
)

// stuck removes no process before it is let go, and tells that it failed then, as
// an engine does that answers each removal with 409.
type stuck struct {
	sandbox.Runtime
	letGo chan struct{}
}

func (s stuck) Start(ctx context.Context, spec sandbox.Spec) (sandbox.Process, error) {
	p, err := s.Runtime.Start(ctx, spec)
	return stuckProcess{p, s.letGo}, err
}

type stuckProcess struct {
	sandbox.Process
	letGo chan struct{}
}

func (p stuckProcess) Close() error {
	<-p.letGo
	return errors.Join(p.Process.Close(), errors.New("removal is in progress"))
}

// An engine that refuses to remove a program holds back no reply of it.
func TestRefusedRemovalHoldsBackNoReply(t *testing.T) {
	program := agenttest.Build(t, filepath.Join("testdata", "program"))
	for message, want := range map[string]string{"echo hello": "hello", "fail": "exit code 3"} {
		t.Run(message, func(t *testing.T) {
			b := agenttest.NewBench(t)
			l, letGo := b.Launch(program), make(chan struct{})
			l.Runtime = stuck{b.Runtime, letGo}
			told := make(chan programs.Ended, 2)
			a := command.New(command.Deps{
				Launch: agenttest.Launcher(l), Log: b.Logs.Logger(),
				Ended: func(_ context.Context, e programs.Ended) { told <- e },
			})
			ctx, done := context.WithCancel(t.Context())
			text, err := a.Answer(ctx, agenttest.Turn("turn-1", message), nil)
			if err != nil || !strings.Contains(text, want) {
				t.Errorf("%q, %v", text, err)
			}
			// The removal outlives its turn.
			done()
			if len(told) > 0 || strings.Contains(b.Logs.String(), "not removed") {
				t.Errorf("told before the removal; log: %s", b.Logs)
			}
			if message == "fail" && !strings.Contains(b.Logs.String(), "why it failed") {
				t.Errorf("log: %s", b.Logs)
			}
			close(letGo)
			a.Close()
			if len(told) != 1 || !strings.Contains(b.Logs.String(), "program not removed") {
				t.Errorf("told %d times; log: %s", len(told), b.Logs)
			}
			// Whoever still asks then waits for the removal: nobody else would.
			if text, err := a.Answer(t.Context(), agenttest.Turn("turn-2", message), nil); err != nil || !strings.Contains(text, want) || len(told) != 2 {
				t.Errorf("after the end: %q, %v", text, err)
			}
			agenttest.NoGoroutines(t)
		})
	}
}
