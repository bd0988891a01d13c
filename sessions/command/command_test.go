package command_test

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/sandbox"
	"github.com/parachute-gate/parachute/sessions"
	"github.com/parachute-gate/parachute/sessions/agenttest"
	"github.com/parachute-gate/parachute/sessions/command"
	"github.com/parachute-gate/parachute/sessions/programs"
)

func agent(b *agenttest.Bench, l programs.Launch, keep int) *command.Agent {
	return command.New(command.Deps{Launch: agenttest.Launcher(l), Keep: keep, Log: b.Logs.Logger()})
}

func TestConformance(t *testing.T) {
	program := agenttest.Build(t, filepath.Join("testdata", "program"))
	for name, c := range map[string]struct {
		args []string
		keep int
	}{"once": {}, "kept": {args: []string{"lines"}, keep: 2}} {
		t.Run(name, func(t *testing.T) {
			agenttest.Run(t, agenttest.Subject{
				New: func(tb testing.TB) (sessions.Agent, func()) {
					b := agenttest.NewBench(tb)
					a := agent(b, b.Launch(append([]string{program}, c.args...)...), c.keep)
					return a, a.Close
				},
				Hello: "echo hello", Want: "hello", Slow: "slow", Steps: "steps",
			})
		})
	}
}

// What a person reads, and what only the log says, of a program that is run once
// and of one that is kept.
func TestEndings(t *testing.T) {
	program := agenttest.Build(t, filepath.Join("testdata", "program"))
	const secret = "sk-very-secret"
	tests := []struct {
		message string
		want    []string
		log     string
		alter   func(*programs.Launch)
	}{
		{message: "echo two\nlines", want: []string{"two\nlines"}},
		{message: "nothing", want: []string{"ended without an answer"}},
		{message: "fail", want: []string{"half an answer", "exit code 3"}, log: "why it failed"},
		{message: "killed", want: []string{"out of memory"}, log: "code=137"},
		{message: "dirty", want: []string{"red b�ad\ndone\nevil"}},
		{message: "child", want: []string{"child true"}},
		{message: "silent", want: []string{"said nothing for 300ms"}, log: "silent for too long",
			alter: func(l *programs.Launch) { l.Times.Silent = 300 * time.Millisecond }},
		{message: "endless", want: []string{"yyy", "longer than 1 MiB"}, log: "too long"},
	}
	for _, test := range tests {
		for _, mode := range []string{"once", "kept"} {
			t.Run(mode+" "+test.message, func(t *testing.T) {
				b := agenttest.NewBench(t)
				l, keep := b.Launch(program), 0
				if mode == "kept" {
					l, keep = b.Launch(program, "lines"), 1
				}
				l.Spec.Env["API_KEY"] = secret
				if test.alter != nil {
					test.alter(&l)
				}
				a := agent(b, l, keep)
				text, err := a.Answer(t.Context(), agenttest.Turn("turn-1", test.message), nil)
				a.Close()
				if err != nil {
					t.Fatal(err)
				}
				for _, want := range test.want {
					if !strings.Contains(text, want) {
						t.Errorf("%.200q has no %q", text, want)
					}
				}
				if !strings.Contains(b.Logs.String(), test.log) {
					t.Errorf("log has no %q: %s", test.log, b.Logs)
				}
				if both := text + b.Logs.String(); strings.Contains(both, secret) || strings.Contains(text, "why it failed") {
					t.Errorf("told too much: %s", both)
				}
				if most := 1<<20 + 200; len(text) > most {
					t.Errorf("%d bytes", len(text))
				}
			})
		}
	}
}

// A message that begins with "-" is no option, and one with a shell's signs no
// command.
func TestMessageIsNoPartOfTheCommand(t *testing.T) {
	program := agenttest.Build(t, filepath.Join("testdata", "program"))
	b := agenttest.NewBench(t)
	for _, message := range []string{"--help", "-rf /", "$(touch pwned)", "`touch pwned`; touch pwned", "a\x00b", "{message}", "'\"\n"} {
		a := agent(b, b.Launch(program, "--", command.Message), 0)
		text, err := a.Answer(t.Context(), agenttest.Turn("turn-1", message), nil)
		if want := "args " + quoted("--", strings.ReplaceAll(message, "\x00", "")); err != nil || text != want {
			t.Errorf("%q: %q, %v; want %q", message, text, err, want)
		}
	}
	if found, _ := filepath.Glob(filepath.Join(b.Workspace, "*")); len(found) > 0 {
		t.Errorf("found %v", found)
	}
	a := agent(b, b.Launch(program, "--", command.Message), 0)
	if text, err := a.Answer(t.Context(), agenttest.Turn("turn-1", strings.Repeat("x", 200<<10)), nil); err != nil || !strings.Contains(text, "too long") {
		t.Errorf("%.100q, %v", text, err)
	}
}

func quoted(args ...string) string {
	words := make([]string, len(args))
	for i, a := range args {
		words[i] = strconv.Quote(a)
	}
	return "[" + strings.Join(words, " ") + "]"
}

// A turn that a crash cut off is not run again: nobody knows what it did.
func TestTurnIsRunOnce(t *testing.T) {
	program := agenttest.Build(t, filepath.Join("testdata", "program"))
	b := agenttest.NewBench(t)
	for _, keep := range []int{0, 1} {
		l := b.Launch(program)
		if keep > 0 {
			l = b.Launch(program, "lines")
		}
		a := command.New(command.Deps{Launch: agenttest.Launcher(l), Changes: &agenttest.Changes{}, Keep: keep, Log: b.Logs.Logger()})
		for _, want := range []string{"hello", programs.Again} {
			text, err := a.Answer(t.Context(), agenttest.Turn("turn-1", "echo hello"), nil)
			if err != nil || text != want {
				t.Errorf("%q, %v; want %q", text, err, want)
			}
		}
		a.Close()
	}
}

func TestSandboxUnavailable(t *testing.T) {
	b := agenttest.NewBench(t)
	for name, c := range map[string]struct {
		launch programs.Launcher
		want   string
		log    string
	}{
		"launcher": {func(context.Context, sessions.Turn) (programs.Launch, error) {
			return programs.Launch{}, errors.Join(errors.New("no engine"), sandbox.ErrUnavailable)
		}, "not available", "rule=sandbox.unavailable"},
		"spec":    {agenttest.Launcher(b.Launch("sh", "-c", "--", "{message}")), "could not be started", "would run the message"},
		"missing": {agenttest.Launcher(b.Launch("/no/such/program")), "could not be started", "code=127"},
	} {
		t.Run(name, func(t *testing.T) {
			logs := &agenttest.Logs{}
			a := command.New(command.Deps{Launch: c.launch, Log: logs.Logger()})
			text, err := a.Answer(t.Context(), agenttest.Turn("turn-1", "echo"), nil)
			if err != nil || !strings.Contains(text, c.want) || !strings.Contains(logs.String(), c.log) {
				t.Errorf("%q, %v, log %s", text, err, logs)
			}
		})
	}
	// What may pass is tried again by the caller.
	fails := func(context.Context, sessions.Turn) (programs.Launch, error) {
		return programs.Launch{}, errors.New("disk")
	}
	if text, err := command.New(command.Deps{Launch: fails, Log: b.Logs.Logger()}).Answer(t.Context(), agenttest.Turn("turn-1", "x"), nil); err == nil {
		t.Errorf("answered %q", text)
	}
}
