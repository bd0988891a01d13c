package acp_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/sessions/acp"
	"github.com/parachute-gate/parachute/sessions/agenttest"
	"github.com/parachute-gate/parachute/sessions/programs"
)

func TestKept(t *testing.T) {
	program := agenttest.Build(t, filepath.Join("testdata", "agent"))
	agenttest.RunKept(t, agenttest.KeptSubject{
		New: func(tb testing.TB, launch programs.Launcher, spares int, pauseAfter time.Duration, ended func(context.Context, programs.Ended)) agenttest.KeptAgent {
			b := benchOf(tb, program)
			b.deps.Launch, b.deps.Keep, b.deps.Spares, b.deps.PauseAfter, b.deps.Ended = launch, 3, spares, pauseAfter, ended
			return acp.New(b.deps)
		},
		Command: []string{program}, Count: "count", Die: "die",
	})
}

// 200 sessions leave nothing.
func TestNoGrowth(t *testing.T) {
	b := newBench(t)
	b.deps.Spares = 1
	a := b.agent(nil)
	agenttest.NoGrowth(t, a, a.End, "echo hello")
	a.Close()
	agenttest.NoGoroutines(t)
}

// An agent is told that it may write where its workspace is one to write, whoever
// asks it first: what it was told is of the process, not of a turn.
func TestWhatItMayIsOfTheLaunch(t *testing.T) {
	program := agenttest.Build(t, filepath.Join("testdata", "agent"))
	for readOnly, want := range map[bool]string{true: "WriteTextFile:false", false: "WriteTextFile:true"} {
		b := benchOf(t, program)
		a := b.agent(func(l *programs.Launch) { l.Spec.Workspace.ReadOnly = readOnly })
		if _, err := a.Answer(t.Context(), agenttest.Turn("turn-1", "die"), nil); err != nil {
			t.Error(err)
		}
		a.Close()
		if !strings.Contains(b.Logs.String(), want) {
			t.Errorf("log has no %s: %s", want, b.Logs)
		}
	}
}

// An agent that does not come to serve is told of.
func TestStartsAreToldOf(t *testing.T) {
	b := newBench(t)
	var told []programs.Ended
	b.deps.Ended = func(_ context.Context, e programs.Ended) { told = append(told, e) }
	a := b.agent(nil, "dies")
	if text, err := a.Answer(t.Context(), agenttest.Turn("turn-1", "count"), nil); err != nil || !strings.Contains(text, "could not be started") {
		t.Errorf("%q, %v", text, err)
	}
	a.Close()
	if len(told) != 1 || told[0].Session != "session-1" || told[0].Turn != "turn-1" || told[0].Ending.Exit.Code == 0 {
		t.Errorf("%+v", told)
	}
}
