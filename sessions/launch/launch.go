// Package launch turns what a session was allowed into what its program may use:
// which runtime, which folders, which bounds. It also knows whether a runtime can
// be used now, and removes what an earlier process left in one.
//
// It never picks a weaker runtime than the decision says, and a name never
// becomes a path here but through sessions.Workspaces.
package launch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/parachute-gate/parachute/sandbox"
	"github.com/parachute-gate/parachute/sessions"
	"github.com/parachute-gate/parachute/sessions/programs"
)

// The kinds of trust, as decisions name them.
const (
	sandboxed = "sandboxed"
	direct    = "direct"
)

// Program is what an agent's configuration says of it.
type Program struct {
	// Name is the agent's.
	Name    string
	Command []string
	// Image is one that the engine has; "" means the one made of our own program.
	Image string
	// Env is all that it sees of an environment.
	Env map[string]string
}

// Deps are what a Launcher is made of.
type Deps struct {
	// Sandboxed and Direct run the programs of sessions of that trust.
	Sandboxed, Direct sandbox.Runtime
	// OCIRuntime is the one that the engine is asked for where no policy names one;
	// "" means the engine's own.
	OCIRuntime string
	Workspaces sessions.Workspaces
	// Failed is told of a program that a session was allowed and that could not be
	// started. It may be nil.
	Failed func(ctx context.Context, session, turn string, err error)
	Log    *slog.Logger
}

// Launcher makes launches. It is safe for concurrent use.
type Launcher struct {
	deps      Deps
	sandboxed *watched
	direct    *watched
}

// New makes a Launcher. Until Watch runs, no runtime is ready.
func New(d Deps) *Launcher {
	l := &Launcher{deps: d}
	l.sandboxed, l.direct = newWatched(d.Sandboxed, l.failed, d.Log), newWatched(d.Direct, l.failed, d.Log)
	return l
}

// For makes the launches of one program.
func (l *Launcher) For(p Program) programs.Launcher {
	return func(ctx context.Context, t sessions.Turn) (programs.Launch, error) {
		out, err := l.launch(p, *t.Session)
		if err != nil {
			l.failed(ctx, t.Session.ID, t.ID, err)
		}
		return out, err
	}
}

// failed tells of a program that could not be started; what nobody asked for yet,
// nobody is told of.
func (l *Launcher) failed(ctx context.Context, session, turn string, err error) {
	if l.deps.Failed != nil && session != programs.SpareSession && ctx.Err() == nil {
		l.deps.Failed(ctx, session, turn, err)
	}
}

func (l *Launcher) launch(p Program, s sessions.Session) (programs.Launch, error) {
	r, err := l.runtime(s.Trust)
	if err != nil {
		return programs.Launch{}, err
	}
	if err := r.ready(); err != nil {
		return programs.Launch{}, err
	}
	spec, times, o, err := terms(s)
	if err != nil {
		return programs.Launch{}, err
	}
	dir, err := l.folder(s)
	if err != nil {
		return programs.Launch{}, err
	}
	spec.Session, spec.Name, spec.Command, spec.Env = s.ID, p.Name, p.Command, p.Env
	spec.Workspace = sandbox.Mount{Source: dir, Target: sandbox.WorkspaceTarget, ReadOnly: s.Access != "read_write"}
	spec.Limits.WorkspaceBytes = o.QuotaMiB << 20
	out := programs.Launch{Runtime: r, Spec: spec, Times: times, Cwd: dir}
	if s.Trust == direct {
		// What is a container's alone says nothing about a process of the host, which
		// reads what its account can.
		out.Spec.Image, out.Spec.Runtime = "", ""
		return out, nil
	}
	out.Cwd = sandbox.WorkspaceTarget
	if out.Spec.Image == "" {
		out.Spec.Image = p.Image
	}
	if out.Spec.Runtime == "" {
		out.Spec.Runtime = l.deps.OCIRuntime
	}
	for _, name := range o.Mounts {
		shared, err := l.shared(s, name)
		if err != nil {
			return programs.Launch{}, err
		}
		out.Spec.Mounts = append(out.Spec.Mounts, sandbox.Mount{Source: shared, Target: sandbox.MountRoot + name, ReadOnly: true})
	}
	return out, nil
}

// shared is the folder of a workspace that is mounted beside the session's own.
func (l *Launcher) shared(s sessions.Session, name string) (string, error) {
	if name == sessions.PersonalWorkspace || name == s.Workspace {
		return "", fmt.Errorf("%w: mount %s: only another, shared workspace can be mounted", sandbox.ErrSpec, name)
	}
	return l.folder(sessions.Session{Workspace: name})
}

// folder is a session's workspace.
func (l *Launcher) folder(s sessions.Session) (string, error) {
	dir, err := l.deps.Workspaces.Dir(s)
	if err != nil {
		return "", err
	}
	if _, placed := l.deps.Workspaces.Places[s.Workspace]; placed {
		// Who owns it is for its operator to say.
		return dir, nil
	}
	if err := give(dir); err != nil {
		return "", fmt.Errorf("give workspace %s to the agents: %w", s.Workspace, err)
	}
	return dir, nil
}

func (l *Launcher) runtime(trust string) (*watched, error) {
	switch trust {
	case sandboxed:
		return l.sandboxed, nil
	case direct:
		return l.direct, nil
	default:
		return nil, fmt.Errorf("%w: unknown trust %q", sandbox.ErrSpec, trust)
	}
}

// terms reads what the decision of a session asks of its programs.
func terms(s sessions.Session) (sandbox.Spec, sandbox.Times, sessions.Obligations, error) {
	o, err := s.ReadObligations()
	if err != nil {
		return sandbox.Spec{}, sandbox.Times{}, o, fmt.Errorf("%w: %w", sandbox.ErrSpec, err)
	}
	spec, times, err := sandbox.SpecOf(o.Sandbox)
	return spec, times, o, err
}

// Ready tells whether a session could run a program now. It asks nobody and
// never waits. Its error wraps sandbox.ErrUnavailable, or sandbox.ErrSpec where
// nothing can keep what the decision asks for.
func (l *Launcher) Ready(s sessions.Session) error {
	if _, _, _, err := terms(s); err != nil {
		return err
	}
	r, err := l.runtime(s.Trust)
	if err != nil {
		return err
	}
	return r.ready()
}

// Sandbox tells whether sandboxed programs can run now, as Ready does.
func (l *Launcher) Sandbox() error { return l.sandboxed.ready() }

// Watch keeps asking the runtimes whether they can be used, until ctx ends. The
// first answers are there when started is called.
func (l *Launcher) Watch(ctx context.Context, started func()) error {
	l.look(ctx)
	started()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			l.look(ctx)
		}
	}
}

func (l *Launcher) look(ctx context.Context) {
	l.direct.look(ctx)
	l.sandboxed.look(ctx)
}

// Timed lets an agent answer in the time that the decision of the session gives
// to a turn.
func Timed(a sessions.Agent) sessions.Agent { return timed{a} }

type timed struct{ sessions.Agent }

// Answer implements sessions.Agent.
func (a timed) Answer(ctx context.Context, t sessions.Turn, show func(string)) (string, error) {
	// What cannot be read the agent tells.
	_, times, _, err := terms(*t.Session)
	if err == nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, times.Turn)
		defer cancel()
	}
	text, err := a.Agent.Answer(ctx, t, show)
	if err != nil && errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		return "", fmt.Errorf("%w: turn_seconds of the session's sandbox: %v", context.DeadlineExceeded, times.Turn)
	}
	return text, err
}
