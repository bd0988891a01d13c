package command_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/sandbox"
	"github.com/parachute-gate/parachute/sessions/agenttest"
	"github.com/parachute-gate/parachute/sessions/command"
	"github.com/parachute-gate/parachute/sessions/programs"
)

func TestKeptAgent(t *testing.T) {
	program := agenttest.Build(t, filepath.Join("testdata", "program"))
	agenttest.RunKept(t, agenttest.KeptSubject{
		New: func(_ testing.TB, launch programs.Launcher, spares int, pauseAfter time.Duration, ended func(context.Context, programs.Ended)) agenttest.KeptAgent {
			logs := &agenttest.Logs{}
			return command.New(command.Deps{Launch: launch, Keep: 3, Spares: spares, PauseAfter: pauseAfter, Ended: ended, Log: logs.Logger()})
		},
		Command: []string{program, "lines"}, Count: "count", Die: "fail",
	})
}

// 200 sessions leave nothing, whether programs are kept or not.
func TestNoGrowth(t *testing.T) {
	b := agenttest.NewBench(t)
	program := agenttest.Build(t, filepath.Join("testdata", "program"))
	for name, a := range map[string]*command.Agent{
		"once": agent(b, b.Launch(program), 0),
		"kept": agent(b, b.Launch(program, "lines"), 3),
	} {
		t.Run(name, func(t *testing.T) {
			agenttest.NoGrowth(t, a, a.End, "echo hello")
			a.Close()
			agenttest.NoGoroutines(t)
		})
	}
}

// A program of one turn is told of as well, and is never said to have forgotten.
func TestOnceIsToldOf(t *testing.T) {
	b := agenttest.NewBench(t)
	// A program may be told of behind its reply.
	var mu sync.Mutex
	var told []programs.Ended
	a := command.New(command.Deps{
		Launch: agenttest.Launcher(b.Launch(agenttest.Build(t, filepath.Join("testdata", "program")))), Log: b.Logs.Logger(),
		Ended: func(_ context.Context, e programs.Ended) {
			mu.Lock()
			defer mu.Unlock()
			if slices.ContainsFunc(b.Running(t), func(f sandbox.Found) bool { return f.Turn == e.Turn }) {
				t.Errorf("told of %s before it was removed", e.Turn)
			}
			told = append(told, e)
		},
	})
	turn := agenttest.Turn("turn-1", "echo hello")
	turn.Session.Earlier = 2
	if text, err := a.Answer(t.Context(), turn, nil); err != nil || text != "hello" {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := a.Answer(t.Context(), agenttest.Turn("turn-2", "fail"), nil); err != nil {
		t.Error(err)
	}
	a.Close()
	slices.SortFunc(told, func(a, b programs.Ended) int { return strings.Compare(a.Turn, b.Turn) })
	codes := []int{}
	for _, e := range told {
		codes = append(codes, e.Ending.Exit.Code)
		if e.Session != "session-1" || e.Ending.Exit.Usage.Duration <= 0 {
			t.Errorf("%+v", e)
		}
	}
	if !slices.Equal(codes, []int{0, 3}) || a.Kept() != nil {
		t.Errorf("told of %+v", told)
	}
}
