package agenttest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/sandbox"
)

// Watched is a runtime that tells what its processes are made to do. Its methods
// may be called beside one another.
type Watched struct {
	sandbox.Runtime
	mu     sync.Mutex
	did    []string
	change chan struct{}
	fails  map[string]error
}

// Watch tells of what is done by a runtime: "start SESSION", "pause SESSION",
// "unpause SESSION", "close SESSION".
func Watch(r sandbox.Runtime) *Watched {
	return &Watched{Runtime: r, change: make(chan struct{}), fails: map[string]error{}}
}

// Fail makes what would be told so fail from now on, and with nil no more.
func (w *Watched) Fail(what string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fails[what] = err
}

// Did is all that was done, in order.
func (w *Watched) Did() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.did)
}

func (w *Watched) note(what string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.did = append(w.did, what)
	close(w.change)
	w.change = make(chan struct{})
	return w.fails[what]
}

// Await waits until something was done so many times.
func (w *Watched) Await(tb testing.TB, what string, times int) {
	tb.Helper()
	end := time.After(20 * time.Second)
	for {
		w.mu.Lock()
		n, change := 0, w.change
		for _, did := range w.did {
			if did == what {
				n++
			}
		}
		w.mu.Unlock()
		if n >= times {
			return
		}
		select {
		case <-change:
		case <-end:
			tb.Fatalf("%q was done %d times, want %d: %q", what, n, times, w.Did())
		}
	}
}

// Start implements sandbox.Runtime.
func (w *Watched) Start(ctx context.Context, s sandbox.Spec) (sandbox.Process, error) {
	if err := w.note("start " + s.Session); err != nil {
		return nil, err
	}
	p, err := w.Runtime.Start(ctx, s)
	if err != nil {
		return nil, err
	}
	return &watchedProcess{Process: p, of: w, session: s.Session}, nil
}

type watchedProcess struct {
	sandbox.Process
	of      *Watched
	session string
	closing sync.Once
}

func (p *watchedProcess) Pause(ctx context.Context) error {
	// What is told is done.
	err := p.Process.Pause(ctx)
	if fail := p.of.note("pause " + p.session); fail != nil {
		return fail
	}
	return err
}

func (p *watchedProcess) Unpause(ctx context.Context) error {
	if err := p.of.note("unpause " + p.session); err != nil {
		return err
	}
	return p.Process.Unpause(ctx)
}

func (p *watchedProcess) Close() (err error) {
	err = p.Process.Close()
	p.closing.Do(func() { err = p.of.note("close " + p.session) })
	return err
}
