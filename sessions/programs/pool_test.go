package programs_test

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parachute-gate/parachute/sandbox"
	"github.com/parachute-gate/parachute/sessions/programs"
)

// kept is a process that does nothing.
type kept struct {
	number int
	ended  chan struct{}
	once   sync.Once
	closes int
}

func (k *kept) Ended() <-chan struct{} { return k.ended }

func (k *kept) Close() error {
	k.closes++
	k.die()
	return nil
}

func (k *kept) die() { k.once.Do(func() { close(k.ended) }) }

// factory makes them, and counts.
type factory struct {
	mu   sync.Mutex
	made []*kept
}

func (f *factory) make(context.Context) (*kept, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := &kept{number: len(f.made) + 1, ended: make(chan struct{})}
	f.made = append(f.made, k)
	return k, nil
}

func (f *factory) alive() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, k := range f.made {
		select {
		case <-k.ended:
		default:
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
	spec.Limits.CPUs = cpus
	return programs.Launch{Runtime: runtime{}, Spec: spec, Times: times}
}

func pool(most int) *programs.Pool[*kept] {
	return programs.NewPool[*kept](programs.PoolDeps{Most: most, Log: slog.New(slog.DiscardHandler)})
}

func TestPool(t *testing.T) {
	const idle = time.Minute
	type world struct {
		t *testing.T
		p *programs.Pool[*kept]
		f *factory
	}
	take := func(w world, session string, l programs.Launch) int {
		w.t.Helper()
		k, err := w.p.Take(w.t.Context(), session, l, w.f.make)
		if err != nil {
			w.t.Fatal(err)
		}
		return k.number
	}
	use := func(w world, session string, l programs.Launch) int {
		w.t.Helper()
		n := take(w, session, l)
		w.p.Give(session, true, idle)
		return n
	}
	for name, test := range map[string]func(w world){
		"is kept for its session": func(w world) {
			a, b, again := use(w, "a", launch(1)), use(w, "b", launch(1)), use(w, "a", launch(1))
			if a != again || a == b {
				w.t.Error(a, b, again)
			}
		},
		"is closed when it was idle for too long": func(w world) {
			use(w, "a", launch(1))
			time.Sleep(idle - time.Second)
			if n := use(w, "a", launch(1)); n != 1 {
				w.t.Error(n)
			}
			time.Sleep(idle - time.Second)
			synctest.Wait()
			if w.f.alive() != 1 {
				w.t.Error("closed too soon")
			}
			time.Sleep(2 * time.Second)
			synctest.Wait()
			if w.f.alive() != 0 || w.p.Len() != 0 {
				w.t.Error("not closed")
			}
		},
		"is never closed while it is used": func(w world) {
			take(w, "a", launch(1))
			time.Sleep(10 * idle)
			synctest.Wait()
			if w.f.alive() != 1 {
				w.t.Error("closed")
			}
		},
		"is replaced when the launch is another": func(w world) {
			use(w, "a", launch(1))
			if n := use(w, "a", launch(2)); n != 2 || w.f.alive() != 1 {
				w.t.Error(n, w.f.alive())
			}
		},
		"is replaced when it died": func(w world) {
			use(w, "a", launch(1))
			w.f.made[0].die()
			synctest.Wait()
			if w.p.Len() != 0 || w.f.made[0].closes == 0 {
				w.t.Error("kept dead")
			}
			if n := use(w, "a", launch(1)); n != 2 {
				w.t.Error(n)
			}
		},
		"the one that was idle for longest goes when it is full": func(w world) {
			for _, s := range []string{"a", "b", "c"} {
				use(w, s, launch(1))
				time.Sleep(time.Second)
			}
			use(w, "a", launch(1))
			if use(w, "d", launch(1)); w.f.alive() != 3 {
				w.t.Error(w.f.alive())
			}
			select {
			case <-w.f.made[1].ended:
			default:
				w.t.Error("another was closed")
			}
		},
		"who comes waits while all are used": func(w world) {
			for _, s := range []string{"a", "b", "c"} {
				take(w, s, launch(1))
			}
			done := make(chan int)
			go func() { done <- use(w, "d", launch(1)) }()
			synctest.Wait()
			select {
			case <-done:
				w.t.Error("did not wait")
			default:
			}
			w.p.Give("b", true, idle)
			if n := <-done; n != 4 || w.f.alive() != 3 {
				w.t.Error(n, w.f.alive())
			}
			ctx, cancel := context.WithTimeout(w.t.Context(), time.Second)
			defer cancel()
			take(w, "d", launch(1))
			if _, err := w.p.Take(ctx, "e", launch(1), w.f.make); !errors.Is(err, context.DeadlineExceeded) {
				w.t.Error(err)
			}
		},
		"a session's second turn waits for its first": func(w world) {
			take(w, "a", launch(1))
			done := make(chan int)
			go func() { done <- use(w, "a", launch(1)) }()
			synctest.Wait()
			w.p.Give("a", true, idle)
			if n := <-done; n != 1 {
				w.t.Error(n)
			}
		},
		"what is not to be kept is closed": func(w world) {
			take(w, "a", launch(1))
			w.p.Give("a", false, idle)
			if w.f.alive() != 0 || w.p.Len() != 0 {
				w.t.Error("kept")
			}
		},
		"a session ends": func(w world) {
			use(w, "a", launch(1))
			w.p.End("a")
			take(w, "b", launch(1))
			w.p.End("b")
			if w.f.alive() != 0 {
				w.t.Error("alive")
			}
			w.p.Give("b", true, idle)
			w.p.End("nobody")
			if w.p.Len() != 0 {
				w.t.Error("kept")
			}
		},
		"a session ends while its process starts": func(w world) {
			starting, on := make(chan struct{}), make(chan struct{})
			done := make(chan error)
			go func() {
				_, err := w.p.Take(w.t.Context(), "a", launch(1), func(ctx context.Context) (*kept, error) {
					close(starting)
					<-on
					return w.f.make(ctx)
				})
				done <- err
			}()
			<-starting
			w.p.End("a")
			close(on)
			if err := <-done; !errors.Is(err, programs.ErrClosed) || w.f.alive() != 0 || w.p.Len() != 0 {
				w.t.Error(err, w.f.alive())
			}
		},
		"a start that fails leaves its place": func(w world) {
			for range 5 {
				if _, err := w.p.Take(w.t.Context(), "a", launch(1), func(context.Context) (*kept, error) { return nil, errors.ErrUnsupported }); !errors.Is(err, errors.ErrUnsupported) {
					w.t.Error(err)
				}
			}
			if w.p.Len() != 0 {
				w.t.Error("kept")
			}
		},
		"is closed as a whole": func(w world) {
			use(w, "a", launch(1))
			take(w, "b", launch(1))
			w.p.Close()
			if w.f.alive() != 0 {
				w.t.Error("alive")
			}
			w.p.Give("b", true, idle)
			if _, err := w.p.Take(w.t.Context(), "c", launch(1), w.f.make); !errors.Is(err, programs.ErrClosed) || w.p.Len() != 0 {
				w.t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := world{t, pool(3), &factory{}}
				test(w)
				w.p.Close()
				if w.f.alive() != 0 {
					t.Error("alive after Close")
				}
			})
		})
	}
}

func TestPoolUnderLoad(t *testing.T) {
	p, f := pool(4), &factory{}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 200 {
				session := strconv.Itoa((i + j) % 7)
				k, err := p.Take(t.Context(), session, launch(float64(j%2+1)), f.make)
				if err != nil {
					t.Error(err)
					return
				}
				if j%13 == 0 {
					k.die()
				}
				if n := p.Len(); n > 4 {
					t.Errorf("%d at a time", n)
				}
				p.Give(session, j%5 != 0, time.Hour)
			}
		})
	}
	all.Wait()
	p.Close()
	if f.alive() != 0 {
		t.Error("alive")
	}
}
