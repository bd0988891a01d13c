package sandboxtest

import (
	"context"
	"errors"
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
	if _, err := sandbox.OpenSource(s.Workspace.Source, nil); err != nil {
		return nil, fmt.Errorf("memory: %w", err)
	}
	if err := context.Cause(ctx); err != nil {
		return nil, fmt.Errorf("memory: start: %w", err)
	}
	program, ok := m.programs[s.Command[0]]
	if !ok {
		program = func(context.Context, tricks.Stage, []string) int { return 127 }
	}
	p := newPlayed(m, s)
	run, kill := context.WithCancelCause(context.WithoutCancel(ctx))
	p.kill = func(cause error) {
		kill(cause)
		p.let()
		p.in.End(nil)
	}
	var env []string
	for _, name := range slices.Sorted(maps.Keys(s.Env)) {
		env = append(env, name+"="+s.Env[name])
	}
	p.work.Go(func() {
		stop := context.AfterFunc(ctx, func() { p.kill(context.Cause(ctx)) })
		defer stop()
		stage := tricks.Stage{Stdin: gated{p, p.in, nil}, Stdout: gated{p, nil, p.out}, Stderr: gated{p, nil, p.tail}, Env: env, Term: p.term}
		p.exit.Code = program(run, stage, s.Command[1:])
		p.exit.Usage.Duration = time.Since(p.found.Started)
		if cause := context.Cause(run); cause != nil {
			p.exit.Code = 137
			if !errors.Is(cause, errKilled) {
				p.err = fmt.Errorf("memory: ended: %w", cause)
			}
		}
		p.out.End(p.err)
		close(p.done)
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
			f.Running = !p.ended()
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

var errKilled = errors.New("killed")

// played is a process that is a goroutine.
type played struct {
	machine *Machine
	data    string
	found   sandbox.Found
	in, out *sandbox.Output
	tail    *sandbox.Tail
	kill    func(cause error)
	term    chan struct{}
	asked   sync.Once
	done    chan struct{}
	exit    sandbox.Exit
	err     error
	work    sync.WaitGroup

	pause  sync.Mutex
	paused bool
	letGo  sync.Cond
}

func newPlayed(m *Memory, s sandbox.Spec) *played {
	p := &played{machine: m.machine, data: m.data, tail: &sandbox.Tail{}, term: make(chan struct{}), done: make(chan struct{})}
	p.letGo.L = &p.pause
	p.in = sandbox.NewOutput(1<<30, func() {})
	p.out = sandbox.NewOutput(s.Limits.OutputBytes, func() { p.kill(sandbox.ErrOutput) })
	m.machine.mu.Lock()
	defer m.machine.mu.Unlock()
	m.machine.n++
	p.found = sandbox.Found{ID: strconv.Itoa(m.machine.n), Session: s.Session, Turn: s.Turn, Name: s.Name, Started: time.Now()}
	m.machine.all[p.found.ID] = p
	return p
}

func (p *played) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

func (p *played) ID() string            { return p.found.ID }
func (p *played) Stdin() io.WriteCloser { return playedStdin{p.in} }
func (p *played) Stdout() io.Reader     { return p.out }
func (p *played) Stderr() []byte        { return p.tail.Bytes() }
func (p *played) Renew()                { p.out.Renew() }

func (p *played) Wait(ctx context.Context) (sandbox.Exit, error) {
	if p.ended() {
		return p.exit, p.err
	}
	select {
	case <-p.done:
		return p.exit, p.err
	case <-ctx.Done():
		return sandbox.Exit{}, fmt.Errorf("memory: wait: %w", context.Cause(ctx))
	}
}

// Signal knows SIGTERM and SIGKILL.
func (p *played) Signal(_ context.Context, sig syscall.Signal) error {
	switch sig {
	case syscall.SIGTERM:
		p.asked.Do(func() { close(p.term) })
	case syscall.SIGKILL:
		p.kill(errKilled)
	}
	return nil
}

func (p *played) Stop(ctx context.Context, grace time.Duration) error {
	p.let()
	p.asked.Do(func() { close(p.term) })
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
	case <-timer.C:
	}
	p.kill(errKilled)
	<-p.done
	return nil
}

func (p *played) Pause(context.Context) error {
	p.pause.Lock()
	defer p.pause.Unlock()
	p.paused = !p.ended()
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
	p.kill(errKilled)
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
