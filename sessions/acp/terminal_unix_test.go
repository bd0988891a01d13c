//go:build unix

package acp_test

import (
	"context"
	"errors"
	"os"
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

// ends keeps what was told of processes that ended.
type ends struct {
	mu  sync.Mutex
	all []programs.Ended
	// first is closed when something was told.
	first chan struct{}
}

func (e *ends) tell(_ context.Context, end programs.Ended) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.all) == 0 {
		close(e.first)
	}
	e.all = append(e.all, end)
}

// of gives those of a program.
func (e *ends) of(program string) (found []programs.Ended) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, end := range e.all {
		if end.Program == program {
			found = append(found, end)
		}
	}
	return found
}

// commands are the processes of a bench that are of a turn: an agent's own
// outlives its turns.
func commands(t *testing.T, b *bench) (left []sandbox.Found) {
	t.Helper()
	return slices.DeleteFunc(b.Running(t), func(f sandbox.Found) bool { return f.Turn == "" })
}

func TestTerminals(t *testing.T) {
	program := agenttest.Build(t, filepath.Join("testdata", "agent"))
	const noSuch = "no such terminal"
	call := func(title string) vault.Call { return vault.Call{Tool: "acp.terminal", Kind: "execute", Title: title} }
	at := func(title, path string) vault.Call { c := call(title); c.Path = path; return c }
	tests := map[string]struct {
		steps string
		want  []string
		not   string
		asked []vault.Call // where it is not nil
		log   string
	}{
		"a command": {steps: "create echo hi ; wait 1 ; output 1 ; release 1",
			want:  []string{"made", `{"exitCode":0}`, `{"exitStatus":{"exitCode":0},"output":"hi\n","truncated":false}`, "{}"},
			asked: []vault.Call{call("echo hi")}},
		"while it runs": {steps: "create sh -c echo~on;exec~sleep~1000 ; await 1 on", want: []string{`{"output":"on\n","truncated":false}`},
			asked: []vault.Call{call(`sh -c "echo on;exec sleep 1000"`)}},
		"after its release": {steps: "create true ; release 1 ; output 1 ; wait 1 ; kill 1 ; release 1", want: []string{"made", "{}", noSuch, noSuch, noSuch, noSuch}},
		"nobody's":          {steps: "output x ; wait x ; kill x ; release x", want: []string{noSuch, noSuch, noSuch, noSuch}, asked: []vault.Call{}},
		"stderr below":      {steps: "create sh -c echo~err>&2;echo~out;exit~3 ; wait 1 ; output 1", want: []string{`{"exitCode":3}`, `"output":"out\nerr\n"`}},
		"a signal":          {steps: "create sh -c kill~-9~$$ ; wait 1", want: []string{`{"exitCode":137,"signal":"SIGKILL"}`}},
		"no such command":   {steps: "create nosuchcommand ; wait 1", want: []string{`{"exitCode":127}`}},
		"nobody types":      {steps: "create cat ; wait 1", want: []string{`{"exitCode":0}`}},
		"killed":            {steps: "create sleep 1000 ; kill 1 ; wait 1 ; output 1", want: []string{"made", "{}", `"signal":"SIGTERM"`, `"output":""`}},
		"it ignores SIGTERM": {steps: "create sh -c trap~''~TERM;echo~on;while~:;do~sleep~1;done ; await 1 on ; kill 1 ; wait 1",
			want: []string{"{}", `{"exitCode":137,"signal":"SIGKILL"}`}},
		"endless output":                 {steps: "create limit=100 yes ; wait 1 ; output 1", want: []string{"made", `"signal":"SIGKILL"`, `y\n[ended: more than 32 MiB of output]\n","truncated":true`}},
		"cut at the edge of a character": {steps: "create limit=6 printf aäöü€ ; wait 1 ; output 1", want: []string{`"output":"ü€","truncated":true`}},
		"no more than it wants":          {steps: "create limit=0 echo hi ; wait 1 ; output 1", want: []string{`"output":"","truncated":true`}},
		"a limit below nothing":          {steps: "create limit=-1 echo hi", want: []string{"below 0"}},
		"bytes that are no text":         {steps: `create printf a\377b ; wait 1 ; output 1`, want: []string{`"output":"a` + "\ufffd" + `b"`}},
		"too many": {steps: strings.Repeat("create sleep 1000 ; ", 5) + "release 2 ; create echo ; create echo",
			want: []string{"made", "made", "made", "made", "4 terminals already", "{}", "made", "4 terminals already"}},
		"another session":  {steps: "create session=s2 id", want: []string{"no turn runs"}, asked: []vault.Call{}},
		"in the workspace": {steps: "create cwd=WORKSPACE/. pwd ; wait 1 ; output 1", want: []string{"WORKSPACE\\n"}, asked: []vault.Call{call("pwd")}},
		"in a folder":      {steps: "create cwd=WORKSPACE/sub pwd", want: []string{"the working directory is the workspace"}, asked: []vault.Call{at("pwd", "sub")}},
		"out of it":        {steps: "create cwd=/etc pwd", want: []string{"the working directory is the workspace"}, asked: []vault.Call{at("pwd", "/etc")}},
		"out of it by dots": {steps: "create cwd=WORKSPACE/../x pwd", want: []string{"the working directory is the workspace"},
			asked: []vault.Call{at("pwd", "WORKSPACE/../x")}},
		"its environment": {steps: "create env=GREETING=hello printenv ; wait 1 ; output 1", want: []string{`GREETING=hello\n`}, not: "sk-very-secret",
			asked: []vault.Call{call("GREETING=… printenv")}},
		"a loader's variable":      {steps: "create env=LD_PRELOAD=/x printenv", want: []string{"LD_PRELOAD: it would make"}, asked: []vault.Call{call("LD_PRELOAD=… printenv")}},
		"a secret in its words":    {steps: "create echo sk-very-secret", want: []string{"made"}, asked: []vault.Call{call(`echo "[API_KEY]"`)}},
		"too long":                 {steps: "create echo " + strings.Repeat("x", 300<<10), want: []string{"longer than"}, asked: []vault.Call{call("echo " + strings.Repeat("x", 995) + "…")}},
		"words that look like two": {steps: "create echo a~b \u202ex \x1b[31m", asked: []vault.Call{call(`echo "a b" "\u202ex" "\x1b[31m"`)}},
		"denied":                   {steps: "create rm -rf x", want: []string{"not allowed: Nothing is removed."}, asked: []vault.Call{call("rm -rf x")}},
		"undecided":                {steps: "create halt", want: []string{"no decision was made"}, log: "refused without a decision"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := benchOf(t, program)
			fill := func(s string) string { return strings.ReplaceAll(s, "WORKSPACE", b.Workspace) }
			b.decider.denyTitle = map[string]error{
				"rm -rf x": &vault.Refused{Rule: "tool.kind", Reply: "Nothing is removed."},
				"halt":     errors.New("denied by store.unreadable"),
			}
			told := &ends{first: make(chan struct{})}
			b.deps.Ended = told.tell
			a := b.agent(func(l *programs.Launch) { l.Spec.Env["API_KEY"] = "sk-very-secret" })
			text, err := a.Answer(t.Context(), agenttest.Turn("turn-1", "terminal "+fill(test.steps)), nil)
			if err != nil {
				t.Error(err)
			}
			if left := commands(t, b); len(left) > 0 {
				t.Errorf("left over: %v", left)
			}
			answers := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' })
			if test.want != nil && len(answers) < len(test.want) {
				t.Fatalf("%q", text)
			}
			// The first answer of some is of no interest.
			from := len(answers) - len(test.want)
			for i, want := range test.want {
				if !strings.Contains(answers[from+i], fill(want)) {
					t.Errorf("%.300q has no %q", answers[from+i], fill(want))
				}
			}
			if test.not != "" && strings.Contains(text, test.not) {
				t.Errorf("told: %q", text)
			}
			asked := b.decider.calls()
			for i := range test.asked {
				test.asked[i].Path = fill(test.asked[i].Path)
			}
			if test.asked != nil && !slices.Equal(asked, test.asked) {
				t.Errorf("asked %+v", asked)
			}
			if log := b.Logs.String(); !strings.Contains(log, test.log) || strings.Contains(log, "sk-very") {
				t.Errorf("log: %s", log)
			}
			made := len(answers) - len(slices.DeleteFunc(slices.Clone(answers), func(s string) bool { return s == "made" }))
			if len(told.all) != made {
				t.Errorf("%d were made, told of %+v", made, told.all)
			}
			for _, end := range told.all {
				if end.Session != "session-1" || end.Turn != "turn-1" || end.Program == "" {
					t.Errorf("told %+v", end)
				}
			}
			a.Close()
			agenttest.NoGoroutines(t)
		})
	}
}

// Whatever ends a turn, its commands are gone before it is over.
func TestTerminalsEndWithTheirTurn(t *testing.T) {
	program := agenttest.Build(t, filepath.Join("testdata", "agent"))
	const runs = "terminal create sleep 1000"
	for name, test := range map[string]struct {
		message string
		stop    func(a *acp.Agent, cancel context.CancelCauseFunc)
		// waits says that stop returns after all of it was told.
		waits  bool
		silent time.Duration
		want   string
		err    error
	}{
		"by itself":          {message: runs, want: "made"},
		"while it is waited": {message: runs + " ; wait 1", stop: func(_ *acp.Agent, cancel context.CancelCauseFunc) { cancel(sessions.ErrStopped) }, err: sessions.ErrStopped},
		"stopped":            {message: runs + " ; hang", stop: func(_ *acp.Agent, cancel context.CancelCauseFunc) { cancel(sessions.ErrStopped) }, err: sessions.ErrStopped},
		"silent":             {message: runs + " ; hang", silent: 300 * time.Millisecond, want: "said nothing for"},
		"the agent is dead":  {message: runs + " ; leave", want: "was lost"},
		"the session ended":  {message: runs + " ; stay", stop: func(a *acp.Agent, _ context.CancelCauseFunc) { a.End("session-1") }, waits: true, want: "begins anew"},
		"all is closed":      {message: runs + " ; stay", stop: func(a *acp.Agent, _ context.CancelCauseFunc) { a.Close() }, waits: true, want: "begins anew"},
	} {
		t.Run(name, func(t *testing.T) {
			b := benchOf(t, program)
			told := &ends{first: make(chan struct{})}
			b.deps.Ended = told.tell
			a := b.agent(func(l *programs.Launch) {
				if test.silent > 0 {
					l.Times.Silent = test.silent
				}
			})
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			var stopped sync.WaitGroup
			var once sync.Once
			show := func(text string) {
				if test.stop != nil && strings.Contains(text, "made") {
					once.Do(func() {
						stopped.Go(func() {
							test.stop(a, cancel)
							if test.waits && (len(told.of("sleep")) != 1 || len(b.Running(t)) > 0) {
								t.Errorf("not waited for: told %+v", told.of("sleep"))
							}
						})
					})
				}
			}
			text, err := a.Answer(ctx, agenttest.Turn("turn-1", test.message), show)
			if !errors.Is(err, test.err) || !strings.Contains(text, test.want) {
				t.Errorf("%q, %v", text, err)
			}
			if left := commands(t, b); len(left) > 0 {
				t.Errorf("left over: %v", left)
			}
			if end := told.of("sleep"); len(end) != 1 || !errors.Is(end[0].Ending.Err, programs.ErrClosed) {
				t.Errorf("told %+v", end)
			}
			stopped.Wait()
			a.Close()
			agenttest.NoGoroutines(t)
		})
	}
}

// Who stops a turn stops its commands at once, whatever the agent does.
func TestStopEndsTerminalsBeforeTheAgent(t *testing.T) {
	b := newBench(t)
	told := &ends{first: make(chan struct{})}
	b.deps.Ended = told.tell
	a := b.agent(nil)
	defer a.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	var done sync.WaitGroup
	done.Go(func() {
		<-told.first
		// Only now does the agent take notice.
		if err := os.WriteFile(filepath.Join(b.Workspace, "go"), nil, 0o600); err != nil {
			t.Error(err)
		}
	})
	_, err := a.Answer(ctx, agenttest.Turn("turn-1", "terminal create sleep 1000 ; stay"), func(text string) {
		if strings.Contains(text, "made") {
			cancel(sessions.ErrStopped)
		}
	})
	done.Wait()
	if !errors.Is(err, sessions.ErrStopped) || len(told.of("sleep")) != 1 {
		t.Errorf("%v, told %+v", err, told.all)
	}
	if text, err := a.Answer(t.Context(), agenttest.Turn("turn-2", "count"), nil); err != nil || text != "2" {
		t.Errorf("next: %q, %v", text, err)
	}
}

// A terminal of an earlier turn is nobody's.
func TestTerminalsOfAnEarlierTurn(t *testing.T) {
	b := newBench(t)
	a := b.agent(nil)
	defer a.Close()
	for _, step := range []struct{ message, want string }{
		{"terminal create sleep 1000", "made"},
		{"terminal output 1 ; wait 1 ; kill 1 ; release 1", "no such terminal"},
		{"terminal create echo second ; wait 2 ; output 2", "second"},
	} {
		if text, err := a.Answer(t.Context(), agenttest.Turn("turn-1", step.message), nil); err != nil || !strings.Contains(text, step.want) {
			t.Errorf("%s: %q, %v", step.message, text, err)
		}
	}
}

// What a command writes is a sign of life, to stderr too.
func TestTerminalsAreHeard(t *testing.T) {
	program := agenttest.Build(t, filepath.Join("testdata", "agent"))
	for _, to := range []string{"1", "2"} {
		t.Run(to, func(t *testing.T) {
			b := benchOf(t, program)
			a := b.agent(func(l *programs.Launch) { l.Times.Silent = time.Second })
			defer a.Close()
			steps := "create sh -c for~i~in~1~2~3~4~5~6~7~8~9~10~11~12~13~14~15;do~echo~$i>&" + to + ";sleep~0.2;done ; wait 1"
			text, err := a.Answer(t.Context(), agenttest.Turn("turn-1", "terminal "+steps), nil)
			if err != nil || !strings.Contains(text, `{"exitCode":0}`) {
				t.Errorf("%q, %v", text, err)
			}
		})
	}
}

// A person sees what runs, and what was not allowed to.
func TestDraftShowsCommands(t *testing.T) {
	b := newBench(t)
	b.decider.denyTitle = map[string]error{"rm x": &vault.Refused{Rule: "tool.kind"}}
	a := b.agent(nil)
	defer a.Close()
	seen := false
	_, err := a.Answer(t.Context(), agenttest.Turn("turn-1", "terminal hush create rm x ; hush create echo ./... ; stay"), func(text string) {
		if !seen && text == "· not allowed: running rm x\n· running echo ./..." {
			seen = true
			if err := os.WriteFile(filepath.Join(b.Workspace, "go"), nil, 0o600); err != nil {
				t.Error(err)
			}
		}
	})
	if err != nil || !seen {
		t.Errorf("seen: %v, %v", seen, err)
	}
}

// A session that may only read is given no command where its sandbox would let it
// write, whatever the policy says.
func TestNoTerminalWhereOnlyTheGateKeepsFromWriting(t *testing.T) {
	for readOnly, want := range map[bool]string{false: "read-only", true: "made"} {
		b := newBench(t)
		a := b.agent(func(l *programs.Launch) { l.Spec.Workspace.ReadOnly = readOnly })
		turn := agenttest.Turn("turn-1", "terminal create echo")
		session := *turn.Session
		session.Access = "read_only"
		turn.Session = &session
		if text, err := a.Answer(t.Context(), turn, nil); err != nil || !strings.Contains(text, want) {
			t.Errorf("%v: %q, %v", readOnly, text, err)
		}
		a.Close()
	}
}

// refusing starts agents, and no commands.
type refusing struct {
	sandbox.Runtime
	err error
}

func (r refusing) Start(ctx context.Context, s sandbox.Spec) (sandbox.Process, error) {
	if s.Turn != "" {
		return nil, r.err
	}
	return r.Runtime.Start(ctx, s)
}

func TestTerminalsThatDoNotStart(t *testing.T) {
	program := agenttest.Build(t, filepath.Join("testdata", "agent"))
	for want, err := range map[string]error{
		"could not be started":  errors.New("dial /run/secret.sock"),
		"the workspace is full": sandbox.ErrQuota,
	} {
		b := benchOf(t, program)
		a := b.agent(func(l *programs.Launch) { l.Runtime = refusing{l.Runtime, err} })
		// Of five that fail none takes a place.
		text, aerr := a.Answer(t.Context(), agenttest.Turn("turn-1", "terminal "+strings.Repeat("create id ; ", 5)+"create id"), nil)
		if aerr != nil || strings.Count(text, want) != 6 || strings.Contains(text, "secret.sock") {
			t.Errorf("%q, %v", text, aerr)
		}
		if !strings.Contains(b.Logs.String(), err.Error()) {
			t.Errorf("log: %s", b.Logs)
		}
		a.Close()
	}
}
