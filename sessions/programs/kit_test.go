package programs_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/sandbox"
	"github.com/parachute-gate/parachute/sessions"
	"github.com/parachute-gate/parachute/sessions/programs"
)

// kept is a process that does nothing.
type kept struct {
	number int
	launch programs.Launch
	f      *factory
	ended  chan struct{}
	once   sync.Once

	mu     sync.Mutex
	closes int
	paused bool
	pauses int
}

func (k *kept) Ended() <-chan struct{} { return k.ended }

func (k *kept) Close() error {
	k.mu.Lock()
	k.closes++
	k.mu.Unlock()
	k.die()
	return nil
}

func (k *kept) die() { k.once.Do(func() { close(k.ended) }) }

func (k *kept) dead() bool {
	select {
	case <-k.ended:
		return true
	default:
		return false
	}
}

func (k *kept) Ending() programs.Ending {
	return programs.Ending{Exit: sandbox.Exit{Code: k.number}}
}

func (k *kept) Pause(ctx context.Context) error {
	if hold := k.f.hold; hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.paused = true
	k.pauses++
	return k.f.pause
}

func (k *kept) Unpause(context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.f.unpause == nil {
		k.paused = false
	}
	return k.f.unpause
}

func (k *kept) rests() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.paused
}

// factory makes them, and counts.
type factory struct {
	mu   sync.Mutex
	made []*kept
	told []programs.Ended
	// pause and unpause are the errors of those calls; hold, where it is set, holds
	// each Pause until it is closed.
	pause, unpause error
	hold           chan struct{}
	// fail, where it is set, says which starts fail, and wait holds those of spares.
	fail func(l programs.Launch) error
	wait func(ctx context.Context, l programs.Launch)
}

func (f *factory) start(ctx, _ context.Context, l programs.Launch) (*kept, error) {
	if f.wait != nil {
		f.wait(ctx, l)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if f.fail != nil {
		if err := f.fail(l); err != nil {
			return nil, err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	k := &kept{number: len(f.made) + 1, launch: l, f: f, ended: make(chan struct{})}
	f.made = append(f.made, k)
	return k, nil
}

func (f *factory) tell(_ context.Context, e programs.Ended) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.told = append(f.told, e)
}

func (f *factory) alive() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, k := range f.made {
		if !k.dead() {
			n++
		}
	}
	return n
}

// runtime is one that nothing is started by.
type runtime struct{ sandbox.Runtime }

func (runtime) Name() string { return "none" }

func launch(cpus float64) programs.Launch {
	spec, times := sandbox.DefaultSpec()
	spec.Limits.CPUs, spec.Command, times.Idle = cpus, []string{"agent"}, idle
	return programs.Launch{Runtime: runtime{}, Spec: spec, Times: times}
}

func turn(session string) sessions.Turn {
	return sessions.Turn{ID: "turn-of-" + session, Session: &sessions.Session{ID: session}}
}

const (
	idle  = time.Minute
	pause = 5 * time.Second
)

// world is a pool and what it made.
type world struct {
	t *testing.T
	p *programs.Pool[*kept]
	f *factory
}

func newWorld(t *testing.T, most, spares int) world {
	f := &factory{}
	return world{t, programs.NewPool(programs.PoolDeps[*kept]{
		Start: f.start, Most: most, Spares: spares, Ended: f.tell, Log: slog.New(slog.DiscardHandler),
	}), f}
}

func (w world) taken(session string, l programs.Launch) (number int, anew bool) {
	w.t.Helper()
	l.Spec.Session = session
	k, anew, err := w.p.Take(w.t.Context(), turn(session), l)
	if err != nil {
		w.t.Fatal(err)
	}
	if k.rests() {
		w.t.Errorf("%d is paused", k.number)
	}
	return k.number, anew
}

func (w world) take(session string, l programs.Launch) int {
	w.t.Helper()
	n, _ := w.taken(session, l)
	return n
}

func (w world) use(session string, l programs.Launch) int {
	w.t.Helper()
	n := w.take(session, l)
	w.p.Give(session, programs.Given{Idle: idle})
	return n
}

// ends are how they ended, by the number of the process.
func (w world) ends() map[int]programs.Ended {
	w.f.mu.Lock()
	defer w.f.mu.Unlock()
	ends := map[int]programs.Ended{}
	for _, e := range w.f.told {
		if _, twice := ends[e.Ending.Exit.Code]; twice {
			w.t.Errorf("told twice of %d", e.Ending.Exit.Code)
		}
		ends[e.Ending.Exit.Code] = e
	}
	return ends
}

// close ends a world: each process ended, and was told of once.
func (w world) close() {
	w.p.Close()
	if w.f.alive() != 0 {
		w.t.Error("alive after Close")
	}
	if ends := w.ends(); len(ends) != len(w.f.made) {
		w.t.Errorf("%d ended, told of %d", len(w.f.made), len(ends))
	}
}

var errPlayed = errors.New("played")
