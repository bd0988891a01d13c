package sandboxtest

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/parachute-gate/parachute/sandbox"
	"github.com/parachute-gate/parachute/sandbox/sandboxtest/tricks"
)

// A Program is what a played process runs. It must end when ctx does: nothing
// else can make it.
type Program func(ctx context.Context, s tricks.Stage, args []string) int

// Machine is what a Memory runtime's processes live on: it outlives the runtime.
// Its methods may be called beside one another.
type Machine struct {
	mu  sync.Mutex
	all map[string]*played
	n   int
}

// Memory is a runtime that plays processes as goroutines: for tests of what uses
// a runtime. It walls nothing off.
type Memory struct {
	machine *Machine
	data    string
	// programs are found by the first word of a command.
	programs map[string]Program
}

var _ sandbox.Runtime = (*Memory)(nil)

// NewMachine gives one on which nothing runs.
func NewMachine() *Machine { return &Machine{all: map[string]*played{}} }

// NewMemory gives a runtime of one installation on a machine.
func NewMemory(m *Machine, data string, programs map[string]Program) *Memory {
	return &Memory{machine: m, data: data, programs: programs}
}

// Name is "memory".
func (*Memory) Name() string { return "memory" }

// Ready is always.
func (*Memory) Ready(context.Context) error { return nil }

// Facts tells that nothing is walled off.
func (*Memory) Facts(context.Context) []sandbox.Finding {
	return []sandbox.Finding{{About: "memory", Detail: "played: nothing is walled off"}}
}

// Start runs a program in a goroutine.
func (m *Memory) Start(ctx context.Context, s sandbox.Spec) (sandbox.Process, error) {
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("memory: %w", err)
	}
	source, err := sandbox.OpenSource(s.Workspace.Source, nil)
	if err != nil {
		return nil, fmt.Errorf("memory: %w", err)
	}
	if err := context.Cause(ctx); err != nil {
		return nil, fmt.Errorf("memory: start: %w", err)
	}
	var quota *sandbox.Quota
	if !s.Workspace.ReadOnly {
		if quota, err = sandbox.OpenQuota(ctx, source, s.Limits.WorkspaceBytes); err != nil {
			return nil, fmt.Errorf("memory: %w", err)
		}
	}
	program, ok := m.programs[s.Command[0]]
	if !ok {
		program = func(context.Context, tricks.Stage, []string) int { return 127 }
	}
	p := newPlayed(ctx, m, s, quota)
	run, kill := context.WithCancel(context.WithoutCancel(ctx))
	p.kill = func() {
		kill()
		p.let()
		p.in.End(nil)
	}
	var env []string
	for _, name := range slices.Sorted(maps.Keys(s.Env)) {
		env = append(env, name+"="+s.Env[name])
	}
	p.Begin()
	p.work.Go(func() {
		select {
		case <-p.Over():
			p.kill()
		case <-p.Done():
		}
	})
	p.work.Go(func() {
		stage := tricks.Stage{Stdin: gated{p, p.in, nil}, Stdout: gated{p, nil, p.Out()}, Stderr: gated{p, nil, p.Err()}, Env: env, Dir: s.Workspace.Source, Term: p.term}
		exit := sandbox.Exit{Code: program(run, stage, s.Command[1:]), Usage: sandbox.Usage{Duration: time.Since(p.found.Started)}}
		if run.Err() != nil {
			exit.Code = 137
		}
		p.End(exit, nil)
	})
	return p, nil
}

// Find lists what was not closed.
func (m *Memory) Find(context.Context) ([]sandbox.Found, error) {
	m.machine.mu.Lock()
	defer m.machine.mu.Unlock()
	var found []sandbox.Found
	for _, p := range m.machine.all {
		if p.data == m.data {
			f := p.found
			f.Running = !p.Ended()
			found = append(found, f)
		}
	}
	return found, nil
}

// Remove kills and forgets a process of this installation.
func (m *Memory) Remove(_ context.Context, id string) error {
	m.machine.mu.Lock()
	p, ok := m.machine.all[id]
	m.machine.mu.Unlock()
	switch {
	case !ok:
		return nil
	case p.data != m.data:
		return fmt.Errorf("memory: remove %s: not of this installation", id)
	}
	return p.Close()
}

// played is a process that is a goroutine.
type played struct {
	*sandbox.Life

	machine *Machine
	data    string
	found   sandbox.Found
	in      *sandbox.Output
	kill    func()
	term    chan struct{}
	asked   sync.Once
	work    sync.WaitGroup

	pause  sync.Mutex
	paused bool
	letGo  sync.Cond
}

func newPlayed(ctx context.Context, m *Memory, s sandbox.Spec, q *sandbox.Quota) *played {
	p := &played{machine: m.machine, data: m.data, term: make(chan struct{})}
	p.Life = sandbox.NewLife(ctx, sandbox.LifeDeps{Driver: "memory", OutputBytes: s.Limits.OutputBytes, Quota: q})
	p.letGo.L = &p.pause
	p.in = sandbox.NewOutput(1<<30, func() {})
	m.machine.mu.Lock()
	defer m.machine.mu.Unlock()
	m.machine.n++
	p.found = sandbox.Found{ID: strconv.Itoa(m.machine.n), Session: s.Session, Turn: s.Turn, Name: s.Name, Started: time.Now()}
	m.machine.all[p.found.ID] = p
	return p
}

func (p *played) ID() string            { return p.found.ID }
func (p *played) Stdin() io.WriteCloser { return playedStdin{p.in} }

// Signal knows SIGTERM and SIGKILL.
func (p *played) Signal(_ context.Context, sig syscall.Signal) error {
	switch sig {
	case syscall.SIGTERM:
		p.asked.Do(func() { close(p.term) })
	case syscall.SIGKILL:
		p.kill()
	}
	return nil
}

func (p *played) Stop(ctx context.Context, grace time.Duration) error {
	p.let()
	p.asked.Do(func() { close(p.term) })
	return p.StopAfter(ctx, grace, func(context.Context) error {
		p.kill()
		return nil
	})
}

func (p *played) Pause(context.Context) error {
	p.pause.Lock()
	defer p.pause.Unlock()
	p.paused = !p.Ended()
	return nil
}

func (p *played) Unpause(context.Context) error {
	p.let()
	return nil
}

func (p *played) let() {
	p.pause.Lock()
	defer p.pause.Unlock()
	p.paused = false
	p.letGo.Broadcast()
}

func (p *played) Close() error {
	p.kill()
	p.work.Wait()
	p.machine.mu.Lock()
	defer p.machine.mu.Unlock()
	delete(p.machine.all, p.found.ID)
	return nil
}

// gated holds a process's stdio while it is paused.
type gated struct {
	p *played
	r io.Reader
	w io.Writer
}

func (g gated) wait() {
	g.p.pause.Lock()
	defer g.p.pause.Unlock()
	for g.p.paused {
		g.p.letGo.Wait()
	}
}

func (g gated) Read(b []byte) (int, error) {
	g.wait()
	return g.r.Read(b)
}

func (g gated) Write(b []byte) (int, error) {
	g.wait()
	return g.w.Write(b)
}

type playedStdin struct{ in *sandbox.Output }

func (s playedStdin) Write(b []byte) (int, error) { return s.in.Write(b) }

func (s playedStdin) Close() error {
	s.in.End(nil)
	return nil
}
