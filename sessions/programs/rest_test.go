package programs_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parachute-gate/parachute/sessions/programs"
)

// An idle process gets no CPU, and no turn meets one that is paused.
func TestPoolPauses(t *testing.T) {
	paused := func(w world, number int, want bool) {
		w.t.Helper()
		if synctest.Wait(); w.f.made[number-1].rests() != want {
			w.t.Errorf("%d: paused %v", number, !want)
		}
	}
	for name, test := range map[string]func(w world){
		"when it was idle, and not sooner": func(w world) {
			w.use("a", launch(1))
			time.Sleep(pause - time.Second)
			paused(w, 1, false)
			time.Sleep(2 * time.Second)
			paused(w, 1, true)
			if n := w.take("a", launch(1)); n != 1 {
				w.t.Error(n)
			}
			time.Sleep(10 * pause)
			paused(w, 1, false)
		},
		"its idleness counts from its last turn": func(w world) {
			w.use("a", launch(1))
			for range 5 {
				time.Sleep(pause - time.Second)
				w.use("a", launch(1))
			}
			paused(w, 1, false)
			time.Sleep(pause)
			paused(w, 1, true)
		},
		"a paused one is closed when it was idle for too long": func(w world) {
			w.use("a", launch(1))
			time.Sleep(idle)
			if synctest.Wait(); w.f.alive() != 0 || w.p.Len() != 0 || !errors.Is(w.ends()[1].Ending.Err, programs.ErrIdle) {
				w.t.Error(w.f.alive(), w.ends())
			}
		},
		"one that cannot be paused is closed": func(w world) {
			w.f.pause = errPlayed
			w.use("a", launch(1))
			time.Sleep(pause)
			if synctest.Wait(); w.f.alive() != 0 || !errors.Is(w.ends()[1].Ending.Err, programs.ErrReplaced) {
				w.t.Error(w.f.alive(), w.ends())
			}
			if n, anew := w.taken("a", launch(1)); n != 2 || !anew {
				w.t.Error(n, anew)
			}
		},
		"one that cannot be unpaused is replaced": func(w world) {
			w.use("a", launch(1))
			time.Sleep(pause)
			synctest.Wait()
			w.f.unpause = errPlayed
			if n, anew := w.taken("a", launch(1)); n != 2 || !anew || w.f.alive() != 1 {
				w.t.Error(n, anew, w.f.alive())
			}
		},
		"a turn waits until the pause is over": func(w world) {
			w.f.hold = make(chan struct{})
			w.use("a", launch(1))
			time.Sleep(pause)
			synctest.Wait()
			done := make(chan int)
			go func() { done <- w.take("a", launch(1)) }()
			synctest.Wait()
			close(w.f.hold)
			if n := <-done; n != 1 {
				w.t.Error(n)
			}
		},
		"a turn that is stopped meanwhile loses nothing": func(w world) {
			w.f.hold = make(chan struct{})
			w.use("a", launch(1))
			time.Sleep(pause)
			synctest.Wait()
			ctx, stop := context.WithTimeoutCause(w.t.Context(), time.Second, errPlayed)
			defer stop()
			if _, _, err := w.p.Take(ctx, turn("a"), launch(1)); !errors.Is(err, errPlayed) {
				w.t.Error(err)
			}
			close(w.f.hold)
			synctest.Wait()
			if n, anew := w.taken("a", launch(1)); n != 1 || anew {
				w.t.Error(n, anew)
			}
		},
		"a session ends meanwhile": func(w world) {
			w.f.hold = make(chan struct{})
			w.use("a", launch(1))
			time.Sleep(pause)
			synctest.Wait()
			if w.p.End("a"); w.f.alive() != 0 || w.p.Len() != 0 {
				w.t.Error("alive")
			}
			close(w.f.hold)
			if n := w.take("a", launch(1)); n != 2 {
				w.t.Error(n)
			}
		},
		"an engine that hangs holds nobody for ever": func(w world) {
			w.f.hold = make(chan struct{})
			w.use("a", launch(1))
			time.Sleep(pause + 10*time.Second)
			if synctest.Wait(); w.f.alive() != 0 || w.p.Len() != 0 {
				w.t.Error("alive")
			}
		},
		"the pool closes meanwhile": func(w world) {
			w.f.hold = make(chan struct{})
			w.use("a", launch(1))
			time.Sleep(pause)
			synctest.Wait()
			w.p.Close()
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

func TestPoolNeverPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := world{t: t, f: &factory{}}
		w.p = programs.NewPool(programs.PoolDeps[*kept]{Start: w.f.start, Most: 1, PauseAfter: -1, Ended: w.f.tell})
		w.use("a", launch(1))
		time.Sleep(idle - time.Second)
		if synctest.Wait(); w.f.made[0].pauses != 0 {
			t.Error("paused")
		}
		w.close()
	})
}
