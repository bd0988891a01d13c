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

	"github.com/parachute-gate/parachute/sessions/programs"
)

func TestPool(t *testing.T) {
	for name, test := range map[string]func(w world){
		"is kept for its session": func(w world) {
			a, b, again := w.use("a", launch(1)), w.use("b", launch(1)), w.use("a", launch(1))
			if a != again || a == b {
				w.t.Error(a, b, again)
			}
		},
		"is closed when it was idle for too long": func(w world) {
			w.use("a", launch(1))
			time.Sleep(idle - time.Second)
			if n := w.use("a", launch(1)); n != 1 {
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
			w.take("a", launch(1))
			time.Sleep(10 * idle)
			synctest.Wait()
			if w.f.alive() != 1 {
				w.t.Error("closed")
			}
		},
		"is replaced when the launch is another": func(w world) {
			w.use("a", launch(1))
			if n := w.use("a", launch(2)); n != 2 || w.f.alive() != 1 {
				w.t.Error(n, w.f.alive())
			}
		},
		"is replaced when it died": func(w world) {
			w.use("a", launch(1))
			w.f.made[0].die()
			synctest.Wait()
			if w.p.Len() != 0 || w.f.made[0].closes == 0 {
				w.t.Error("kept dead")
			}
			if n := w.use("a", launch(1)); n != 2 {
				w.t.Error(n)
			}
		},
		"the one that was idle for longest goes when it is full": func(w world) {
			for _, s := range []string{"a", "b", "c"} {
				w.use(s, launch(1))
				time.Sleep(time.Second)
			}
			w.use("a", launch(1))
			if w.use("d", launch(1)); w.f.alive() != 3 {
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
				w.take(s, launch(1))
			}
			done := make(chan int)
			go func() { done <- w.use("d", launch(1)) }()
			synctest.Wait()
			select {
			case <-done:
				w.t.Error("did not wait")
			default:
			}
			w.p.Give("b", programs.Given{Idle: idle})
			if n := <-done; n != 4 || w.f.alive() != 3 {
				w.t.Error(n, w.f.alive())
			}
			ctx, cancel := context.WithTimeout(w.t.Context(), time.Second)
			defer cancel()
			w.take("d", launch(1))
			if _, _, err := w.p.Take(ctx, turn("e"), launch(1)); !errors.Is(err, context.DeadlineExceeded) {
				w.t.Error(err)
			}
		},
		"a session's second turn waits for its first": func(w world) {
			w.take("a", launch(1))
			done := make(chan int)
			go func() { done <- w.use("a", launch(1)) }()
			synctest.Wait()
			w.p.Give("a", programs.Given{Idle: idle})
			if n := <-done; n != 1 {
				w.t.Error(n)
			}
		},
		"what is not to be kept is closed": func(w world) {
			w.take("a", launch(1))
			w.p.Give("a", programs.Given{Idle: idle, Why: errPlayed})
			if w.f.alive() != 0 || w.p.Len() != 0 {
				w.t.Error("kept")
			}
		},
		"a session ends": func(w world) {
			w.use("a", launch(1))
			w.p.End("a")
			w.take("b", launch(1))
			w.p.End("b")
			if w.f.alive() != 0 {
				w.t.Error("alive")
			}
			w.p.Give("b", programs.Given{Idle: idle})
			w.p.End("nobody")
			if w.p.Len() != 0 {
				w.t.Error("kept")
			}
		},
		"a session ends while its process starts": func(w world) {
			starting, on := make(chan struct{}), make(chan struct{})
			done := make(chan error)
			w.f.wait = func(context.Context, programs.Launch) {
				close(starting)
				<-on
			}
			go func() {
				_, _, err := w.p.Take(w.t.Context(), turn("a"), launch(1))
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
			w.f.fail = func(programs.Launch) error { return errPlayed }
			for range 5 {
				if _, _, err := w.p.Take(w.t.Context(), turn("a"), launch(1)); !errors.Is(err, errPlayed) {
					w.t.Error(err)
				}
			}
			if w.p.Len() != 0 {
				w.t.Error("kept")
			}
		},
		"is closed as a whole": func(w world) {
			w.use("a", launch(1))
			w.take("b", launch(1))
			w.p.Close()
			if w.f.alive() != 0 {
				w.t.Error("alive")
			}
			w.p.Give("b", programs.Given{Idle: idle})
			if _, _, err := w.p.Take(w.t.Context(), turn("c"), launch(1)); !errors.Is(err, programs.ErrClosed) || w.p.Len() != 0 {
				w.t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 3, 0)
				test(w)
				w.close()
			})
		})
	}
}

// Sessions come and go, shapes change, and processes die; with spares, and pauses
// at once.
func TestPoolUnderLoad(t *testing.T) {
	for _, spares := range []int{0, 2} {
		f := &factory{}
		p := programs.NewPool(programs.PoolDeps[*kept]{
			Start: f.start, Most: 4, Spares: spares, PauseAfter: time.Nanosecond, Ended: f.tell, Log: slog.New(slog.DiscardHandler),
		})
		w := world{t, p, f}
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				for j := range 200 {
					session := strconv.Itoa((i + j) % 7)
					k, _, err := p.Take(t.Context(), turn(session), launch(float64(j%2+1)))
					if errors.Is(err, programs.ErrClosed) {
						continue // another ended the session meanwhile
					}
					if err != nil {
						t.Error(err)
						return
					}
					if k.rests() {
						t.Error("paused")
					}
					if j%13 == 0 {
						k.die()
					}
					if n := p.Len(); n > 4 {
						t.Errorf("%d at a time", n)
					}
					if j%17 == 3 {
						p.End(session)
					}
					var why error
					if j%5 == 0 {
						why = errPlayed
					}
					p.Give(session, programs.Given{Idle: time.Hour, Why: why})
				}
			})
		}
		all.Wait()
		w.close()
	}
}
