package launch

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parachute-gate/parachute/sandbox"
	"github.com/parachute-gate/parachute/sandbox/sandboxtest"
	"github.com/parachute-gate/parachute/sandbox/sandboxtest/tricks"
	"github.com/parachute-gate/parachute/sessions"
)

// engine is a runtime that comes and goes.
type engine struct {
	*sandboxtest.Memory
	name string
	mu   sync.Mutex
	err  error
	hang chan struct{}
}

func (e *engine) Name() string { return e.name }

func (e *engine) Ready(ctx context.Context) error {
	e.mu.Lock()
	err, hang := e.err, e.hang
	e.mu.Unlock()
	if hang != nil {
		<-hang // a call that no deadline ends
	}
	return err
}

func (e *engine) is(err error, hang chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.err, e.hang = err, hang
}

func waits(ctx context.Context, _ tricks.Stage, _ []string) int {
	<-ctx.Done()
	return 0
}

type world struct {
	machine *sandboxtest.Machine
	docker  *engine
	host    *engine
	root    string
	deps    Deps
}

func newWorld(t *testing.T) *world {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{machine: sandboxtest.NewMachine(), root: root}
	memory := func(name string) *engine {
		return &engine{name: name, Memory: sandboxtest.NewMemory(w.machine, name, map[string]sandboxtest.Program{"coder": waits})}
	}
	w.docker, w.host = memory("docker"), memory("host")
	w.deps = Deps{
		Sandboxed: w.docker, Direct: w.host, OCIRuntime: "runsc", Log: slog.New(slog.DiscardHandler),
		Workspaces: sessions.Workspaces{Root: root},
	}
	return w
}

func (w *world) watched(t *testing.T) *Launcher {
	t.Helper()
	l := New(w.deps)
	l.look(t.Context())
	return l
}

func session(change func(s *sessions.Session)) sessions.Session {
	s := sessions.Session{ID: "s1", User: "chat:ana", Workspace: "notes", Trust: sandboxed, Access: "read_write", Agent: "coder", Obligations: `{}`}
	if change != nil {
		change(&s)
	}
	return s
}

var coder = Program{Name: "coder", Command: []string{"coder"}, Image: "coder:1", Env: map[string]string{"LANG": "C"}}

func TestASessionGetsWhatItsDecisionSays(t *testing.T) {
	w := newWorld(t)
	l := w.watched(t)
	for name, c := range map[string]struct {
		session func(s *sessions.Session)
		check   func(t *testing.T, s sandbox.Spec, times sandbox.Times, cwd string)
	}{
		"the defaults": {nil, func(t *testing.T, s sandbox.Spec, times sandbox.Times, cwd string) {
			spec, defaults := sandbox.DefaultSpec()
			if s.Limits != spec.Limits || s.Network != "none" || times != defaults || cwd != sandbox.WorkspaceTarget || s.Image != "coder:1" || s.Runtime != "runsc" ||
				s.Workspace.ReadOnly || len(s.Mounts) > 0 || s.Session != "s1" || s.Name != "coder" || !reflect.DeepEqual(s.Env, coder.Env) {
				t.Errorf("%+v", s)
			}
		}},
		"its bounds": {func(s *sessions.Session) {
			s.Obligations = `{"sandbox":{"network":"open","memory_mib":64,"cpus":0.5,"pids":7,"nofile":99,"tmp_mib":3,"reply_bytes":5,"turn_seconds":6,"silent_seconds":7,"idle_seconds":8},"quota_mib":9}`
		}, func(t *testing.T, s sandbox.Spec, times sandbox.Times, _ string) {
			want := sandbox.Limits{MemoryBytes: 64 << 20, CPUs: 0.5, Pids: 7, NoFile: 99, TmpBytes: 3 << 20, OutputBytes: 5, WorkspaceBytes: 9 << 20}
			if s.Limits != want || s.Network != "open" || times != (sandbox.Times{Turn: 6 * time.Second, Silent: 7 * time.Second, Idle: 8 * time.Second}) {
				t.Errorf("%+v %+v", s, times)
			}
		}},
		"an image and a runtime of the policy's": {func(s *sessions.Session) { s.Obligations = `{"sandbox":{"image":"other:2","runtime":"kata"}}` },
			func(t *testing.T, s sandbox.Spec, _ sandbox.Times, _ string) {
				if s.Image != "other:2" || s.Runtime != "kata" {
					t.Errorf("%+v", s)
				}
			}},
		"only to read": {func(s *sessions.Session) { s.Access = "read_only" }, func(t *testing.T, s sandbox.Spec, _ sandbox.Times, _ string) {
			if !s.Workspace.ReadOnly {
				t.Error("writable")
			}
		}},
		"an access that nobody knows": {func(s *sessions.Session) { s.Access = "all" }, func(t *testing.T, s sandbox.Spec, _ sandbox.Times, _ string) {
			if !s.Workspace.ReadOnly {
				t.Error("writable")
			}
		}},
		"a personal folder": {func(s *sessions.Session) { s.Workspace = "personal" }, func(t *testing.T, s sandbox.Spec, _ sandbox.Times, _ string) {
			if !strings.HasPrefix(s.Workspace.Source, filepath.Join(w.root, "personal", "chat_ana-")) {
				t.Error(s.Workspace.Source)
			}
		}},
		"more to read": {func(s *sessions.Session) { s.Obligations = `{"mounts":["handbook"]}` }, func(t *testing.T, s sandbox.Spec, _ sandbox.Times, _ string) {
			want := []sandbox.Mount{{Source: filepath.Join(w.root, "handbook"), Target: "/mnt/handbook", ReadOnly: true}}
			if !reflect.DeepEqual(s.Mounts, want) {
				t.Errorf("%+v", s.Mounts)
			}
		}},
		"on the host": {func(s *sessions.Session) {
			s.Trust, s.Obligations = direct, `{"sandbox":{"image":"x"},"mounts":["handbook"]}`
		}, func(t *testing.T, s sandbox.Spec, _ sandbox.Times, cwd string) {
			if s.Image != "" || s.Runtime != "" || len(s.Mounts) > 0 || cwd != filepath.Join(w.root, "notes") {
				t.Errorf("%+v in %s", s, cwd)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := session(c.session)
			if err := l.Ready(s); err != nil {
				t.Fatal(err)
			}
			got, err := l.For(coder)(t.Context(), sessions.Turn{Session: &s})
			if err != nil {
				t.Fatal(err)
			}
			if err := got.Spec.Check(); err != nil {
				t.Error(err)
			}
			if name := got.Runtime.Name(); (name == "host") != (s.Trust == direct) {
				t.Error(name)
			}
			c.check(t, got.Spec, got.Times, got.Cwd)
		})
	}
}

// A name never becomes a path or an option, wherever it comes from.
func TestMountThroughAName_CVE_2026_27002(t *testing.T) {
	w := newWorld(t)
	l := w.watched(t)
	for name, change := range map[string]func(s *sessions.Session){
		"up":                         func(s *sessions.Session) { s.Workspace = "../../etc" },
		"from the root":              func(s *sessions.Session) { s.Workspace = "/etc" },
		"with options":               func(s *sessions.Session) { s.Workspace = "a:/b:rw" },
		"nobody's":                   func(s *sessions.Session) { s.Workspace, s.User = "personal", "" },
		"a mount up":                 func(s *sessions.Session) { s.Obligations = `{"mounts":["../etc"]}` },
		"a mount from the root":      func(s *sessions.Session) { s.Obligations = `{"mounts":["/"]}` },
		"somebody's own":             func(s *sessions.Session) { s.Obligations = `{"mounts":["personal"]}` },
		"itself":                     func(s *sessions.Session) { s.Obligations = `{"mounts":["notes"]}` },
		"an unknown obligation":      func(s *sessions.Session) { s.Obligations = `{"mount":["handbook"]}` },
		"an unknown bound":           func(s *sessions.Session) { s.Obligations = `{"sandbox":{"memroy_mib":1}}` },
		"obligations that are none":  func(s *sessions.Session) { s.Obligations = `[]` },
		"a trust that nobody knows":  func(s *sessions.Session) { s.Trust = "full" },
		"a trust that is left out":   func(s *sessions.Session) { s.Trust = "" },
		"a network of the host":      func(s *sessions.Session) { s.Obligations = `{"sandbox":{"network":"host"}}` },
		"a network of another":       func(s *sessions.Session) { s.Obligations = `{"sandbox":{"network":"container:x"}}` },
		"an image that is an option": func(s *sessions.Session) { s.Obligations = `{"sandbox":{"image":"-v"}}` },
	} {
		s := session(change)
		if got, err := l.For(coder)(t.Context(), sessions.Turn{Session: &s}); err == nil {
			t.Errorf("%s: %+v", name, got.Spec)
		}
	}
	if left, err := os.ReadDir(w.root); err != nil || len(left) > 1 {
		t.Errorf("%v, %v", left, err)
	}
}

func TestNothingRunsInARuntimeThatIsNotReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var log bytes.Buffer
		w.deps.Log = slog.New(slog.NewTextHandler(&log, nil))
		l := New(w.deps)
		s, onHost := session(nil), session(func(s *sessions.Session) { s.Trust = direct })
		unavailable := func(when string) {
			t.Helper()
			if err := l.Ready(s); !errors.Is(err, sandbox.ErrUnavailable) {
				t.Errorf("%s: %v", when, err)
			}
			if _, err := l.For(coder)(t.Context(), sessions.Turn{Session: &s}); !errors.Is(err, sandbox.ErrUnavailable) {
				t.Errorf("%s: %v", when, err)
			}
		}
		unavailable("before it was asked")
		w.docker.is(errors.New("no engine"), nil)
		ctx, cancel := context.WithCancel(t.Context())
		started, done := make(chan struct{}), make(chan error)
		go func() { done <- l.Watch(ctx, func() { close(started) }) }()
		<-started
		unavailable("without an engine")
		if err := l.Ready(onHost); err != nil {
			t.Error(err)
		}
		w.docker.is(nil, nil)
		time.Sleep(every + time.Second)
		if err := l.Ready(s); err != nil {
			t.Errorf("it came back: %v", err)
		}
		hang := make(chan struct{})
		w.docker.is(nil, hang)
		time.Sleep(stale + every + time.Second)
		unavailable("it hangs")
		close(hang)
		w.docker.is(nil, nil)
		time.Sleep(every + time.Second)
		if err := l.Ready(s); err != nil {
			t.Errorf("it goes on: %v", err)
		}
		if n := strings.Count(log.String(), "not available"); n != 1 {
			t.Errorf("told %d times:\n%s", n, log.String())
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestWhatWasLeftBehindIsRemovedFirst(t *testing.T) {
	w := newWorld(t)
	first := w.watched(t)
	start := func(r sandbox.Runtime, id string) sandbox.Process {
		s := session(func(s *sessions.Session) { s.ID = id })
		launch, err := first.For(coder)(t.Context(), sessions.Turn{Session: &s})
		if err != nil {
			t.Fatal(err)
		}
		launch.Spec.Image, launch.Spec.Runtime = "", ""
		p, err := r.Start(t.Context(), launch.Spec)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for range 3 {
		start(w.docker, "dead")
	}
	l := w.watched(t)
	if left, err := w.docker.Find(t.Context()); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	// What runs now is nobody's to remove, however old it is.
	p := start(l.sandboxed, "alive")
	stray := start(w.docker, "stray")
	l.sandboxed.mu.Lock()
	l.sandboxed.swept = time.Now().Add(-time.Hour)
	l.sandboxed.mu.Unlock()
	l.look(t.Context())
	if left, err := w.docker.Find(t.Context()); err != nil || len(left) != 2 {
		t.Errorf("what is too young was removed: %v, %v", left, err)
	}
	if err := errors.Join(p.Close(), stray.Close()); err != nil {
		t.Error(err)
	}
	if n := len(l.sandboxed.alive); n != 0 {
		t.Errorf("%d are remembered that were removed", n)
	}
}

// broken is a process that cannot be removed while its engine is away.
type broken struct {
	sandbox.Process
	engine *fickle
}

func (p *broken) Close() error {
	if p.engine.away {
		return errors.New("no engine")
	}
	return p.Process.Close()
}

// fickle is an engine that is away between two looks. A start fails then when the
// process is there already, which nobody is told.
type fickle struct {
	*engine
	away bool
}

func (e *fickle) Start(ctx context.Context, s sandbox.Spec) (sandbox.Process, error) {
	p, err := e.engine.Start(ctx, s)
	if err != nil || e.away {
		return nil, errors.Join(err, errors.New("no engine"))
	}
	return &broken{p, e}, nil
}

func TestWhatAnEngineLeftThatWentAway(t *testing.T) {
	w := newWorld(t)
	e := &fickle{engine: w.docker}
	w.deps.Sandboxed = e
	l := w.watched(t)
	start := func() (sandbox.Process, error) {
		s := session(nil)
		launch, err := l.For(coder)(t.Context(), sessions.Turn{Session: &s})
		if err != nil {
			t.Fatal(err)
		}
		return launch.Runtime.Start(t.Context(), launch.Spec)
	}
	var kept []sandbox.Process
	for range 2 {
		p, err := start()
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, p)
	}
	e.away = true
	if err := kept[0].Close(); err == nil {
		t.Error("removed without an engine")
	}
	if p, err := start(); err == nil {
		t.Error("started without an engine", p.ID())
	}
	e.away = false
	if left, err := e.Find(t.Context()); err != nil || len(left) != 3 {
		t.Fatalf("%v, %v", left, err)
	}
	l.look(t.Context())
	if left, err := e.Find(t.Context()); err != nil || len(left) != 1 || left[0].ID != kept[1].ID() {
		t.Errorf("left: %v, %v", left, err)
	}
	if err := kept[1].Close(); err != nil {
		t.Error(err)
	}
	if n := len(l.sandboxed.left); n != 0 || l.sandboxed.unsure {
		t.Errorf("%d are remembered that were removed", n)
	}
}

type slow struct{ took time.Duration }

func (a slow) Answer(ctx context.Context, _ sessions.Turn, _ func(string)) (string, error) {
	select {
	case <-time.After(a.took):
		return "done", nil
	case <-ctx.Done():
		return "half", errors.Join(io.ErrUnexpectedEOF, context.Cause(ctx))
	}
}

func TestATurnHasTheTimeOfItsDecision(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := session(func(s *sessions.Session) { s.Obligations = `{"sandbox":{"turn_seconds":60}}` })
		a := Timed(slow{59 * time.Second})
		if text, err := a.Answer(t.Context(), sessions.Turn{Session: &s}, nil); text != "done" || err != nil {
			t.Errorf("%q, %v", text, err)
		}
		a = Timed(slow{61 * time.Second})
		if text, err := a.Answer(t.Context(), sessions.Turn{Session: &s}, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%q, %v", text, err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(sessions.ErrStopped)
		if _, err := a.Answer(ctx, sessions.Turn{Session: &s}, nil); !errors.Is(err, sessions.ErrStopped) {
			t.Errorf("%v", err)
		}
	})
}
