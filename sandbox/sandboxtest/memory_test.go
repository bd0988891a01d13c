package sandboxtest

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/sandbox"
	"github.com/parachute-gate/parachute/sandbox/sandboxtest/tricks"
)

// memoryBench is a bench of the played runtime; spoil makes it break a promise.
type memoryBench struct {
	machine *Machine
	dir     string
	mu      sync.Mutex
	n       int
	spoil   func(sandbox.Runtime) sandbox.Runtime
}

func (b *memoryBench) plain(data string) *Memory {
	return NewMemory(b.machine, data, map[string]Program{"tricks": tricks.Play})
}

func (b *memoryBench) Runtime() sandbox.Runtime { return b.spoil(b.plain("ours")) }

func (b *memoryBench) Spec(trick ...string) (sandbox.Spec, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.n++
	dir := filepath.Join(b.dir, fmt.Sprint(b.n))
	s, _ := sandbox.DefaultSpec()
	s.Session, s.Command, s.Workspace.Source = "s", append([]string{"tricks"}, trick...), dir
	return s, os.Mkdir(dir, 0o700)
}

func (b *memoryBench) Crash() error { return nil }

func (b *memoryBench) Other() (sandbox.Runtime, func() error, error) {
	return b.spoil(b.plain("theirs")), func() error { return nil }, nil
}

func (b *memoryBench) Left() ([]string, error) {
	found, err := b.plain("ours").Find(context.Background())
	var left []string
	for _, f := range found {
		left = append(left, f.ID)
	}
	return left, err
}

func (b *memoryBench) Close() error { return os.RemoveAll(b.dir) }

type memoryDriver struct {
	spoil func(sandbox.Runtime) sandbox.Runtime
}

func (memoryDriver) Supports(f Feature) bool { return f != KillsAll }

func (d memoryDriver) Open(context.Context) (Bench, error) {
	dir, err := os.MkdirTemp("", "memory")
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, err
	}
	return &memoryBench{machine: NewMachine(), dir: dir, spoil: d.spoil}, nil
}

func TestMemory(t *testing.T) {
	Run(t, memoryDriver{func(r sandbox.Runtime) sandbox.Runtime { return r }})
}

// broken is a runtime that breaks a promise.
type broken struct {
	sandbox.Runtime
	spec    func(*sandbox.Spec)
	life    func(context.Context) context.Context
	process func(sandbox.Process) sandbox.Process
	found   func([]sandbox.Found) []sandbox.Found
	ready   error
}

func (r broken) Ready(context.Context) error { return r.ready }

func (r broken) Start(ctx context.Context, s sandbox.Spec) (sandbox.Process, error) {
	if r.spec != nil {
		r.spec(&s)
	}
	if r.life != nil {
		ctx = r.life(ctx)
	}
	p, err := r.Runtime.Start(ctx, s)
	if err != nil || r.process == nil {
		return p, err
	}
	return r.process(p), nil
}

func (r broken) Find(ctx context.Context) ([]sandbox.Found, error) {
	f, err := r.Runtime.Find(ctx)
	if r.found != nil {
		f = r.found(f)
	}
	return f, err
}

// spoilt is a process that breaks a promise.
type spoilt struct {
	sandbox.Process
	stdout io.Reader
	stderr func() []byte
	wait   func(sandbox.Exit, error) (sandbox.Exit, error)
	renew  func()
}

func (p spoilt) Stdout() io.Reader {
	if p.stdout != nil {
		return p.stdout
	}
	return p.Process.Stdout()
}

func (p spoilt) Stderr() []byte {
	if p.stderr != nil {
		return p.stderr()
	}
	return p.Process.Stderr()
}

func (p spoilt) Renew() {
	if p.renew == nil {
		p.Process.Renew()
	}
}

func (p spoilt) Wait(ctx context.Context) (sandbox.Exit, error) {
	exit, err := p.Process.Wait(ctx)
	if p.wait != nil {
		return p.wait(exit, err)
	}
	return exit, err
}

type (
	noClose struct{ sandbox.Process }
	noStop  struct{ sandbox.Process }
)

func (noClose) Close() error { return nil }

func (noStop) Stop(context.Context, time.Duration) error { return nil }

// Each broken promise is found by a case.
func TestTheSuiteFindsBrokenRuntimes(t *testing.T) {
	for name, b := range map[string]broken{
		"no limit of output": {spec: func(s *sandbox.Spec) { s.Limits.OutputBytes += 5 }},
		"no quota":           {spec: func(s *sandbox.Spec) { s.Limits.WorkspaceBytes = 0 }},
		"half a quota":       {spec: func(s *sandbox.Spec) { s.Limits.WorkspaceBytes /= 4 }},
		"an environment besides": {spec: func(s *sandbox.Spec) {
			s.Env = map[string]string{"NAMED": "a b=c\n\"d'", "EMPTY": "", "HOST_TOKEN": "x"}
		}},
		"no environment":        {spec: func(s *sandbox.Spec) { s.Env = nil }},
		"a life without an end": {life: context.WithoutCancel},
		"codes are lost": {process: func(p sandbox.Process) sandbox.Process {
			return spoilt{Process: p, wait: func(e sandbox.Exit, err error) (sandbox.Exit, error) { e.Code = 0; return e, err }}
		}},
		"errors are lost": {process: func(p sandbox.Process) sandbox.Process {
			return spoilt{Process: p, wait: func(e sandbox.Exit, _ error) (sandbox.Exit, error) { return e, nil }}
		}},
		"all is want of memory": {process: func(p sandbox.Process) sandbox.Process {
			return spoilt{Process: p, wait: func(e sandbox.Exit, err error) (sandbox.Exit, error) { e.OOM = true; return e, err }}
		}},
		"a byte is lost": {process: func(p sandbox.Process) sandbox.Process {
			return spoilt{Process: p, stdout: io.LimitReader(p.Stdout(), 8<<20-1)}
		}},
		"no stderr": {process: func(p sandbox.Process) sandbox.Process {
			return spoilt{Process: p, stderr: func() []byte { return nil }}
		}},
		"stderr without end": {process: func(p sandbox.Process) sandbox.Process {
			return spoilt{Process: p, stderr: func() []byte { return []byte(strings.Repeat("x", 1<<20)) }}
		}},
		"no new turn":        {process: func(p sandbox.Process) sandbox.Process { return spoilt{Process: p, renew: func() {}} }},
		"close does nothing": {process: func(p sandbox.Process) sandbox.Process { return noClose{p} }},
		"stop does nothing":  {process: func(p sandbox.Process) sandbox.Process { return noStop{p} }},
		"nothing is found":   {found: func([]sandbox.Found) []sandbox.Found { return nil }},
		"found without a session": {found: func(f []sandbox.Found) []sandbox.Found {
			for i := range f {
				f[i].Session = ""
			}
			return f
		}},
		"never ready": {ready: sandbox.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := memoryDriver{func(r sandbox.Runtime) sandbox.Runtime {
				b := b
				b.Runtime = r
				return b
			}}
			for _, c := range cases() {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				err := c.judge(ctx, d)
				cancel()
				if err != nil {
					return
				}
			}
			t.Error("no case found it")
		})
	}
}
