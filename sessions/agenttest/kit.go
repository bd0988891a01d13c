// Package agenttest is what tests of agents share: turns, programs built from
// their testdata and run by the host's runtime, and the promises that every agent
// keeps, as one suite. It judges no answer's wording.
package agenttest

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/sandbox"
	"github.com/parachute-gate/parachute/sandbox/host"
	"github.com/parachute-gate/parachute/sessions"
	"github.com/parachute-gate/parachute/sessions/programs"
)

// Build builds the program in a folder, testdata/program say, and gives its path.
func Build(tb testing.TB, dir string) string {
	tb.Helper()
	out := filepath.Join(tb.TempDir(), "program")
	cmd := exec.CommandContext(context.WithoutCancel(tb.Context()), "go", "build", "-o", out, "./"+filepath.ToSlash(dir)) //nolint:gosec // the test's own folder
	if text, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("build %s: %v\n%s", dir, err, text)
	}
	return out
}

// Bench runs programs on this machine, in one workspace.
type Bench struct {
	Runtime   sandbox.Runtime
	Workspace string
	Logs      *Logs
}

// NewBench makes a Bench, and sees at the end that nothing runs any more.
func NewBench(tb testing.TB) *Bench {
	tb.Helper()
	workspace, err := filepath.EvalSymlinks(tb.TempDir())
	if err != nil {
		tb.Fatal(err)
	}
	logs := &Logs{}
	r, err := host.New(host.Deps{Data: workspace, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	b := &Bench{Runtime: r, Workspace: workspace, Logs: logs}
	tb.Cleanup(func() {
		if left := b.Running(tb); len(left) > 0 {
			tb.Errorf("left over: %v", left)
		}
	})
	return b
}

// Running are the processes that were started and not ended.
func (b *Bench) Running(tb testing.TB) []sandbox.Found {
	tb.Helper()
	found, err := b.Runtime.Find(context.WithoutCancel(tb.Context()))
	if err != nil {
		tb.Error(err)
	}
	return found
}

// Launch runs a command with the defaults of a policy that says nothing.
func (b *Bench) Launch(command ...string) programs.Launch {
	spec, times := sandbox.DefaultSpec()
	spec.Session, spec.Command = "session-1", command
	spec.Workspace = sandbox.Mount{Source: b.Workspace}
	spec.Env = map[string]string{}
	return programs.Launch{Runtime: b.Runtime, Spec: spec, Times: times, Cwd: b.Workspace}
}

// Launcher always gives one Launch.
func Launcher(l programs.Launch) programs.Launcher {
	return func(context.Context, sessions.Turn) (programs.Launch, error) { return l, nil }
}

// Turn is a turn of session-1.
func Turn(id, text string) sessions.Turn {
	return sessions.Turn{
		ID: id, Seq: 1, Text: text, Name: "Ada", User: "1", State: sessions.Pending,
		Session: &sessions.Session{ID: "session-1", User: "console:1", Workspace: "notes", Trust: "direct", Access: "read_write"},
	}
}

// Logs keeps what was logged. It may be used by several goroutines.
type Logs struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (l *Logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// String is all that was logged.
func (l *Logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// Logger writes to the Logs, debug lines too.
func (l *Logs) Logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Shown keeps what an agent showed.
type Shown struct {
	mu   sync.Mutex
	all  []string
	seen func(string)
}

// Each is called with everything that is shown from now on.
func (s *Shown) Each(f func(string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = f
}

// Show is to be given to Answer.
func (s *Shown) Show(text string) {
	s.mu.Lock()
	s.all = append(s.all, text)
	seen := s.seen
	s.mu.Unlock()
	if seen != nil {
		seen(text)
	}
}

// All is what was shown, in order.
func (s *Shown) All() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.all...)
}

// Changes remembers in memory, as sessions.Changes does on disk.
type Changes struct {
	mu    sync.Mutex
	begun map[string][32]byte
}

// BeginChange implements sessions.Changes.
func (c *Changes) BeginChange(_ context.Context, turn string, n int, after [32]byte) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := fmt.Sprint(turn, " ", n)
	_, begun := c.begun[key]
	if c.begun == nil {
		c.begun = map[string][32]byte{}
	}
	c.begun[key] = after
	return begun, nil
}

// BegunChange implements sessions.Changes.
func (c *Changes) BegunChange(_ context.Context, turn string, n int) ([32]byte, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	after, ok := c.begun[fmt.Sprint(turn, " ", n)]
	return after, ok, nil
}

// goroutines are the stacks of those that run code of this module's sessions or
// sandbox, but of no test.
func goroutines() (left []string) {
	buf := make([]byte, 4<<20)
	for stack := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		ours := strings.Contains(stack, "/parachute/sessions/") || strings.Contains(stack, "/parachute/sandbox/") || strings.Contains(stack, "acp-go-sdk")
		if ours && !strings.Contains(stack, "testing.tRunner") {
			left = append(left, stack)
		}
	}
	return left
}

// NoGoroutines waits until none is left of what an agent started.
func NoGoroutines(tb testing.TB) {
	tb.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	end := time.After(20 * time.Second)
	for {
		left := goroutines()
		if len(left) == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-end:
			tb.Errorf("goroutines left over:\n%s", strings.Join(left, "\n\n"))
			return
		}
	}
}
