package acp_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/sandbox"
	"github.com/parachute-gate/parachute/sessions"
	"github.com/parachute-gate/parachute/sessions/acp"
	"github.com/parachute-gate/parachute/sessions/agenttest"
	"github.com/parachute-gate/parachute/sessions/programs"
	"github.com/parachute-gate/parachute/sessions/vault"
)

// decider allows all but some kinds, and remembers what it was asked.
type decider struct {
	mu    sync.Mutex
	asked []vault.Call
	deny  map[string]error
	// denyTitle denies by what is said.
	denyTitle map[string]error
	// wait, where it is set, holds each decision until its context ends.
	wait chan struct{}
}

func (d *decider) Authorize(ctx context.Context, c vault.Call) error {
	d.mu.Lock()
	d.asked = append(d.asked, c)
	wait := d.wait
	d.mu.Unlock()
	if wait != nil {
		close(wait)
		<-ctx.Done()
		return ctx.Err()
	}
	if err, ok := d.deny[c.Path]; ok {
		return err
	}
	if err, ok := d.denyTitle[c.Title]; ok {
		return err
	}
	return d.deny[c.Kind]
}

// calls are what was asked, and forgets it.
func (d *decider) calls() []vault.Call {
	d.mu.Lock()
	defer d.mu.Unlock()
	asked := d.asked
	d.asked = nil
	return asked
}

type bench struct {
	*agenttest.Bench
	program string
	decider *decider
	deps    acp.Deps
}

func newBench(t testing.TB) *bench {
	return benchOf(t, agenttest.Build(t, filepath.Join("testdata", "agent")))
}

func benchOf(t testing.TB, program string) *bench {
	b := &bench{Bench: agenttest.NewBench(t), program: program, decider: &decider{deny: map[string]error{}}}
	b.deps = acp.Deps{
		Authorizer: func(sessions.Turn) vault.Authorizer { return b.decider },
		Stopping:   20 * time.Second, Version: "test", Log: b.Logs.Logger(),
	}
	return b
}

func (b *bench) agent(alter func(*programs.Launch), flags ...string) *acp.Agent {
	l := b.Launch(append([]string{b.program}, flags...)...)
	if alter != nil {
		alter(&l)
	}
	d := b.deps
	d.Launch = agenttest.Launcher(l)
	return acp.New(d)
}

func TestConformance(t *testing.T) {
	program := agenttest.Build(t, filepath.Join("testdata", "agent"))
	agenttest.Run(t, agenttest.Subject{
		New: func(tb testing.TB) (sessions.Agent, func()) {
			a := benchOf(tb, program).agent(nil, "noise")
			return a, a.Close
		},
		Hello: "echo hello", Want: "hello", Slow: "slow", Steps: "steps",
	})
}

// What a person reads, and what only the log says.
func TestEndings(t *testing.T) {
	program := agenttest.Build(t, filepath.Join("testdata", "agent"))
	const secret = "sk-very-secret"
	quick := func(l *programs.Launch) { l.Times.Silent = 300 * time.Millisecond }
	tests := []struct {
		message string
		want    []string
		log     string
		alter   func(*programs.Launch)
		killed  bool
	}{
		{message: "echo two words", want: []string{"two words"}},
		{message: "nothing", want: []string{"no answer"}},
		{message: "die", want: []string{"half an answer", "exit code 3", "begins anew"}, log: "why it died", killed: true},
		{message: "leave", want: []string{"was lost", "begins anew"}, log: "ended in the middle", killed: true},
		{message: "killed", want: []string{"out of memory", "begins anew"}, log: "code=137", killed: true},
		{message: "closes", want: []string{"said nothing for"}, alter: quick, killed: true},
		{message: "silent", want: []string{"said nothing for 300ms"}, log: "silent for too long", alter: quick, killed: true},
		{message: "endless", want: []string{"yyy", "longer than 64 KiB"}, log: "too long",
			alter: func(l *programs.Launch) { l.Spec.Limits.OutputBytes = 64 << 10 }},
		{message: "flood", want: []string{"z\n\nz\n\nz"}},
		{message: "malformed", want: []string{"still here"}},
		{message: "longline", want: []string{"more than it may"}, log: "a line is too long", killed: true},
		{message: "foreign /x", want: []string{"mine error", "no turn runs"}},
		{message: "error", want: []string{"reported an error"}, log: "Internal error"},
		{message: "logout", want: []string{"wants to be logged in"}, log: "Authentication required", killed: true},
		{message: "max_tokens", want: []string{"so far", "as long as its model lets it"}},
		{message: "max_turn_requests", want: []string{"so far", "as often as it may"}},
		{message: "refusal", want: []string{"so far", "refuses to answer"}},
		{message: "cancelled", want: []string{"so far", "by itself"}},
		{message: "unknown", want: []string{"Method not found"}},
		{message: "crowd", want: []string{"crowd over"}},
	}
	for _, test := range tests {
		t.Run(test.message, func(t *testing.T) {
			b := benchOf(t, program)
			if test.killed {
				b.deps.Stopping = time.Second
			}
			a := b.agent(func(l *programs.Launch) {
				l.Spec.Env["API_KEY"] = secret
				if test.alter != nil {
					test.alter(l)
				}
			})
			text, err := a.Answer(t.Context(), agenttest.Turn("turn-1", test.message), nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range test.want {
				if !strings.Contains(strings.ReplaceAll(text, `\n`, "\n"), want) {
					t.Errorf("%.300q has no %q", text, want)
				}
			}
			if !strings.Contains(b.Logs.String(), test.log) {
				t.Errorf("log has no %q: %s", test.log, b.Logs)
			}
			if both := text + b.Logs.String(); strings.Contains(both, secret) || strings.Contains(text, "why it") || strings.Contains(text, "not mine") {
				t.Errorf("told too much: %s", both)
			}
			if len(text) > 1<<20+300 {
				t.Errorf("%d bytes", len(text))
			}
			// Whatever happened, the next turn is served, by a new process where it must be.
			text, err = a.Answer(t.Context(), agenttest.Turn("turn-2", "count"), nil)
			if want := map[bool]string{true: programs.With(programs.Forgot, "1"), false: "2"}[test.killed]; err != nil || text != want {
				t.Errorf("next: %q, %v; want %s", text, err, want)
			}
			a.Close()
			agenttest.NoGoroutines(t)
		})
	}
}

func TestStartsThatFail(t *testing.T) {
	program := agenttest.Build(t, filepath.Join("testdata", "agent"))
	for _, test := range []struct{ flag, want, log string }{
		{"mute", "could not be started", "did not answer in 500ms"},
		{"deaf", "could not be started", "did not answer in 500ms"},
		{"version", "could not be started", "another version of the protocol"},
		{"login", "wants to be logged in", "[\\\"api-key\\\" \\\"browser\\\"]"},
		{"dies", "could not be started", "no key: [API_KEY]"},
	} {
		t.Run(test.flag, func(t *testing.T) {
			b := benchOf(t, program)
			if test.flag == "mute" || test.flag == "deaf" {
				b.deps.Starting = 500 * time.Millisecond
			}
			a := b.agent(func(l *programs.Launch) { l.Spec.Env["API_KEY"] = "sk-very-secret" }, test.flag)
			text, err := a.Answer(t.Context(), agenttest.Turn("turn-1", "echo"), nil)
			if err != nil || !strings.Contains(text, test.want) || !strings.Contains(b.Logs.String(), test.log) {
				t.Errorf("%q, %v, log %s", text, err, b.Logs)
			}
			if left := b.Running(t); len(left) > 0 {
				t.Errorf("left over: %v", left)
			}
			a.Close()
			agenttest.NoGoroutines(t)
		})
	}
	b := benchOf(t, program)
	b.deps.Launch = func(context.Context, sessions.Turn) (programs.Launch, error) {
		return programs.Launch{}, sandbox.ErrUnavailable
	}
	text, err := acp.New(b.deps).Answer(t.Context(), agenttest.Turn("turn-1", "echo"), nil)
	if err != nil || !strings.Contains(text, "not available") || !strings.Contains(b.Logs.String(), "rule=sandbox.unavailable") {
		t.Errorf("%q, %v, log %s", text, err, b.Logs)
	}
}

func TestLogin(t *testing.T) {
	for method, want := range map[string]string{"api-key": "1", "browser": "wants to be logged in"} {
		b := newBench(t)
		b.deps.Login = method
		a := b.agent(nil, "login")
		text, err := a.Answer(t.Context(), agenttest.Turn("turn-1", "count"), nil)
		if err != nil || !strings.Contains(text, want) {
			t.Errorf("%s: %q, %v, log %s", method, text, err, b.Logs)
		}
		a.Close()
	}
}

func TestDraftShowsWhatIsDone(t *testing.T) {
	b := newBench(t)
	a := b.agent(nil)
	defer a.Close()
	shown := &agenttest.Shown{}
	text, err := a.Answer(t.Context(), agenttest.Turn("turn-1", "tools"), shown.Show)
	if err != nil || text != "First.\n\nSecond." {
		t.Errorf("%q, %v", text, err)
	}
	if want := "First.\n\n· reading notes.md\n· running ls -la rm"; !slices.Contains(shown.All(), want) {
		t.Errorf("shown %q, without %q", shown.All(), want)
	}
}

func TestStops(t *testing.T) {
	program := agenttest.Build(t, filepath.Join("testdata", "agent"))
	for _, test := range []struct {
		message, next string
		stopping      time.Duration
	}{
		// It keeps its memory where it stops in time, and what it says too late is lost.
		{"slow", "2", 20 * time.Second},
		{"afterwards", "2", 20 * time.Second},
		{"stubborn", programs.With(programs.Forgot, "1"), 50 * time.Millisecond},
		{"wait", "2", 20 * time.Second},
	} {
		t.Run(test.message, func(t *testing.T) {
			b := benchOf(t, program)
			b.deps.Stopping = test.stopping
			if test.message == "wait" {
				b.decider.wait = make(chan struct{})
			}
			a := b.agent(nil)
			ctx, cancel := context.WithCancelCause(t.Context())
			stop := func(string) { cancel(sessions.ErrStopped) }
			if wait := b.decider.wait; wait != nil {
				stop = func(string) {}
				go func() { <-wait; cancel(sessions.ErrStopped) }()
			}
			if text, err := a.Answer(ctx, agenttest.Turn("turn-1", test.message), stop); !errors.Is(err, sessions.ErrStopped) {
				t.Errorf("%q, %v", text, err)
			}
			text, err := a.Answer(t.Context(), agenttest.Turn("turn-2", "count"), nil)
			if err != nil || text != test.next {
				t.Errorf("next: %q, %v; want %s", text, err, test.next)
			}
			a.Close()
			agenttest.NoGoroutines(t)
		})
	}
}

// A turn that a crash cut off is not given to an agent again.
func TestTurnIsGivenOnce(t *testing.T) {
	b := newBench(t)
	b.deps.Changes = &agenttest.Changes{}
	a := b.agent(nil)
	defer a.Close()
	for _, want := range []string{"1", programs.Again} {
		if text, err := a.Answer(t.Context(), agenttest.Turn("turn-1", "count"), nil); err != nil || text != want {
			t.Errorf("%q, %v; want %q", text, err, want)
		}
	}
}

func TestAttachmentsAreLinks(t *testing.T) {
	b := newBench(t)
	b.deps.Receive = func(context.Context, sessions.Turn) ([]programs.File, string, error) {
		return []programs.File{{Path: "inbox/a b.txt", Name: "a b.txt", Type: "text/plain", Bytes: 3}}, "I did not keep c.", nil
	}
	a := b.agent(nil)
	defer a.Close()
	turn := agenttest.Turn("turn-1", "blocks")
	turn.Attachments = []sessions.Attachment{{Name: "a b.txt"}, {Name: "c"}}
	text, err := a.Answer(t.Context(), turn, nil)
	if want := "I did not keep c.\n\nresource_link a b.txt file://" + b.Workspace + "/inbox/a%20b.txt"; err != nil || text != want {
		t.Errorf("%q, %v; want %q", text, err, want)
	}
}
