package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"

	"github.com/parachute-gate/parachute/audit"
	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/internal/config"
	"github.com/parachute-gate/parachute/sandbox"
	"github.com/parachute-gate/parachute/sandbox/docker"
	"github.com/parachute-gate/parachute/sandbox/host"
	"github.com/parachute-gate/parachute/sessions"
	"github.com/parachute-gate/parachute/sessions/acp"
	"github.com/parachute-gate/parachute/sessions/agents"
	"github.com/parachute-gate/parachute/sessions/command"
	"github.com/parachute-gate/parachute/sessions/launch"
	"github.com/parachute-gate/parachute/sessions/programs"
)

// programAgent is an agent that runs programs.
type programAgent interface {
	sessions.Agent
	// Kept are the sessions for which something runs, and End ends that.
	Kept() []string
	End(session string)
	Close()
}

// fleet is every agent, and what runs those that are programs.
type fleet struct {
	agents   map[string]sessions.Agent
	programs map[string]programAgent
	launcher *launch.Launcher
	docker   *docker.Runtime
}

// newFleet makes the agents: the explicit list of their kinds.
func (s *server) newFleet(ctx context.Context, w *workspaces) (*fleet, error) {
	f := &fleet{agents: map[string]sessions.Agent{}, programs: map[string]programAgent{}}
	f.agents[config.Vault] = &vaultAgent{agent: agents.NewVault(agents.Deps{}), workspaces: w}
	if len(s.cfg.Agents) == 0 {
		return f, nil
	}
	self, err := selfImage(s.cfg)
	if err != nil {
		return nil, err
	}
	installation, err := s.db.Installation(ctx)
	if err != nil {
		return nil, err
	}
	sandboxed, direct, err := runtimes(s.cfg, installation, self, s.log)
	if err != nil {
		return nil, err
	}
	f.docker = sandboxed
	f.launcher = launch.New(launch.Deps{
		Sandboxed: sandboxed, Direct: direct, OCIRuntime: s.cfg.Sandbox.Runtime, Workspaces: w.Workspaces,
		Failed: s.unstarted, Log: s.log,
	})
	places := launch.NewPlaces(s.cfg.Sandbox.Running, s.cfg.Sandbox.PerPerson)
	for _, name := range slices.Sorted(maps.Keys(s.cfg.Agents)) {
		a := s.cfg.Agents[name]
		env, err := environment(name, a)
		if err != nil {
			return nil, err
		}
		from := f.launcher.For(launch.Program{Name: name, Command: a.Command, Image: a.Image, Env: env})
		agent, err := s.newProgram(a, from, w)
		if err != nil {
			return nil, fmt.Errorf("agents.%s: %w", name, err)
		}
		f.programs[name] = agent
		f.agents[name] = places.Bound(launch.Timed(agent))
	}
	return f, nil
}

func (s *server) newProgram(a config.Agent, from programs.Launcher, w *workspaces) (programAgent, error) {
	switch a.Kind {
	case "acp":
		return acp.New(acp.Deps{
			Launch: from, Authorizer: w.authorizer, Receive: w.receive, Changes: s.db, Ended: s.ended,
			Keep: max(s.cfg.Sandbox.Kept, s.cfg.Sandbox.Running), Spares: s.cfg.Sandbox.Warm, Login: a.Login, Version: version, Log: s.log,
		}), nil
	case "command":
		d := command.Deps{Launch: from, Receive: w.receive, Changes: s.db, Ended: s.ended, Log: s.log}
		if a.Keep {
			// A turn that has its place must not wait for another one.
			d.Keep, d.Spares = max(s.cfg.Sandbox.Kept, s.cfg.Sandbox.Running), s.cfg.Sandbox.Warm
		}
		return command.New(d), nil
	default:
		return nil, fmt.Errorf("there is no kind of agent %q", a.Kind)
	}
}

// runtimes are what runs the programs of sandboxed sessions and of direct ones.
// installation tells theirs from those of others; self is this program where it
// is to be in an image, or "".
func runtimes(cfg config.Config, installation, self string, log *slog.Logger) (*docker.Runtime, *host.Runtime, error) {
	// What no agent may reach.
	secret := []string{realPath(cfg.Data)}
	for _, file := range append(secretFiles(cfg), cfg.File, cfg.Policies) {
		if file != "" {
			secret = append(secret, realPath(file))
		}
	}
	sandboxed, err := docker.New(docker.Deps{Host: cfg.Sandbox.Docker, Data: installation, Self: self, Secret: secret, Log: log})
	if err != nil {
		return nil, nil, err
	}
	direct, err := host.New(host.Deps{Data: installation, Secret: secret, Log: log})
	return sandboxed, direct, err
}

// selfImage is this program where an agent names no image: the engine is then
// given one that is made of it.
func selfImage(cfg config.Config) (string, error) {
	for _, a := range cfg.Agents {
		if a.Image != "" {
			continue
		}
		self, err := os.Executable()
		if err != nil {
			return "", fmt.Errorf("find this program: %w", err)
		}
		return self, nil
	}
	return "", nil
}

// environment is all that an agent sees of one. Its errors name no value.
func environment(agent string, a config.Agent) (map[string]string, error) {
	env := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(a.Env)) {
		v := a.Env[name]
		if v.Value != nil {
			env[name] = *v.Value
		} else {
			secret, err := readValue("value of "+name, v.Env, v.File)
			if err != nil {
				return nil, fmt.Errorf("agents.%s: %w", agent, err)
			}
			env[name] = secret.value
		}
		if err := sandbox.CheckEnv(name, env[name]); err != nil {
			return nil, fmt.Errorf("agents.%s: %w", agent, err)
		}
	}
	return env, nil
}

// checkAgents finds what is wrong with the agents before one is asked.
func checkAgents(cfg config.Config) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(cfg.Agents)) {
		a := cfg.Agents[name]
		if a.Kind == "command" {
			if err := command.Check(a.Command, a.Keep); err != nil {
				errs = append(errs, fmt.Errorf("agents.%s: %w", name, err))
			}
		}
		for _, variable := range slices.Sorted(maps.Keys(a.Env)) {
			if err := sandbox.CheckEnv(variable, ""); err != nil {
				errs = append(errs, fmt.Errorf("agents.%s: %w", name, err))
			}
		}
	}
	if err := errors.Join(errs...); err != nil {
		return usageError{err}
	}
	return nil
}

// agentInputs are the agents as the policies know them.
func agentInputs(cfg config.Config) (chosen engine.AgentInput, all []engine.AgentInput) {
	for _, name := range cfg.AgentNames() {
		all = append(all, engine.AgentInput{Name: name, Kind: cfg.AgentKind(name)})
	}
	return engine.AgentInput{Name: cfg.Agent, Kind: cfg.AgentKind(cfg.Agent)}, all
}

// fits tells whether what the policies ask of a sandbox is what one can be asked.
func fits(o engine.Obligations) error {
	_, _, err := sandbox.SpecOf(o.Sandbox)
	return err
}

// ready tells whether a session's agent can run now.
func (f *fleet) ready(_ context.Context, s gate.Session) error {
	if _, ok := f.programs[s.Agent]; !ok {
		return nil
	}
	err := f.launcher.Ready(sessionOf(s))
	if errors.Is(err, sandbox.ErrUnavailable) {
		return fmt.Errorf("%w: %w", gate.ErrNoSandbox, err)
	}
	return err
}

// sandbox tells how the sandbox is, where one is needed.
func (f *fleet) sandbox() *sandboxInfo {
	if f.launcher == nil {
		return nil
	}
	if err := f.launcher.Sandbox(); err != nil {
		return &sandboxInfo{Failure: err.Error()}
	}
	return &sandboxInfo{Ready: true}
}

// watch keeps an eye on what runs the programs. Nothing is taken before its
// first look, which also removes what an earlier process left.
func (f *fleet) watch(ctx context.Context, started func()) error {
	if f.launcher == nil {
		started()
		return nil
	}
	return f.launcher.Watch(ctx, started)
}

// close ends all programs.
func (f *fleet) close() error {
	for _, a := range f.programs {
		a.Close()
	}
	if f.docker == nil {
		return nil
	}
	return f.docker.Close()
}

// howEnded tells in a few fixed words how a program ended: an error's own text may
// hold what the program wrote.
func howEnded(e programs.Ending) string {
	for _, c := range []struct {
		err  error
		word string
	}{
		{programs.ErrIdle, "idle"}, {programs.ErrRoom, "room for another"}, {programs.ErrReplaced, "replaced"}, {programs.ErrClosed, "session ended"},
		{programs.ErrSilent, "silent for too long"}, {programs.ErrTooLong, "reply too long"}, {programs.ErrLine, "line too long"},
		{sandbox.ErrOutput, "too much output"}, {sandbox.ErrQuota, "workspace full"},
		{sessions.ErrStopped, "stopped"}, {context.DeadlineExceeded, "took too long"},
	} {
		if errors.Is(e.Err, c.err) {
			return c.word
		}
	}
	switch {
	case e.Err != nil:
		return "lost"
	case e.Exit.OOM:
		return "out of memory"
	default:
		return fmt.Sprintf("exit %d", e.Exit.Code)
	}
}

// unstarted records that a program could not be started, and why.
func (s *server) unstarted(ctx context.Context, session, turn string, cause error) {
	ctx = context.WithoutCancel(ctx)
	rule := audit.Rule{ID: "sandbox.failed", Kind: "deny", Msg: cause.Error()}
	if errors.Is(cause, sandbox.ErrUnavailable) {
		rule.ID = gate.RuleSandbox
	}
	of, err := s.db.Find(ctx, session)
	if err == nil {
		err = s.gate.Unstarted(ctx, gateSession(of.Session), turn, rule)
	}
	if err != nil {
		s.log.ErrorContext(ctx, "program that did not start not recorded", "session", session, "turn", turn, "error", err)
	}
}

// ended records what a program used.
func (s *server) ended(ctx context.Context, e programs.Ended) {
	if e.Session == "" {
		return
	}
	ctx = context.WithoutCancel(ctx)
	of, err := s.db.Find(ctx, e.Session)
	if err == nil {
		u := e.Ending.Exit.Usage
		err = s.gate.Ended(ctx, gateSession(of.Session), gate.Program{Session: e.Session, Turn: e.Turn, Usage: audit.Usage{
			CPUSeconds: u.CPUSeconds, PeakMemoryBytes: u.PeakMemoryBytes, Ran: u.Duration, How: howEnded(e.Ending),
		}})
	}
	if err != nil {
		s.log.ErrorContext(ctx, "end of a program not recorded", "session", e.Session, "turn", e.Turn, "error", err)
	}
}
