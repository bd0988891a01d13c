package programs_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parachute-gate/parachute/sandbox"
	"github.com/parachute-gate/parachute/sessions/programs"
)

// A spare is there for the next session of its shape, and served nobody before.
func TestPoolSpares(t *testing.T) {
	for name, test := range map[string]func(w world){
		"is started when a turn is over, and taken by the next session": func(w world) {
			w.take("a", launch(1))
			time.Sleep(time.Second)
			if synctest.Wait(); w.p.Len() != 1 {
				w.t.Error("started while the turn runs")
			}
			w.p.Give("a", programs.Given{Idle: idle})
			if synctest.Wait(); w.p.Len() != 2 {
				w.t.Error(w.p.Len())
			}
			spec := w.f.made[1].launch.Spec
			if spec.Session != programs.SpareSession || spec.Turn != "" {
				w.t.Errorf("%+v", spec)
			}
			if n, anew := w.taken("b", launch(1)); n != 2 || anew {
				w.t.Error(n, anew)
			}
			w.p.Give("b", programs.Given{Idle: idle})
			if synctest.Wait(); w.p.Len() != 3 {
				w.t.Error("no spare for the one that was taken")
			}
			// A session that has its own keeps it, and asks for no other.
			if n := w.use("a", launch(1)); n != 1 {
				w.t.Error(n)
			}
			if synctest.Wait(); len(w.f.made) != 3 {
				w.t.Error(len(w.f.made))
			}
		},
		"serves a session anew that ended": func(w world) {
			w.use("a", launch(1))
			synctest.Wait()
			w.p.End("a")
			if n, anew := w.taken("a", launch(1)); n != 2 || anew {
				w.t.Error(n, anew)
			}
		},
		"serves a session whose own died, which is told": func(w world) {
			w.use("a", launch(1))
			synctest.Wait()
			w.f.made[0].die()
			if n, anew := w.taken("a", launch(1)); n != 2 || !anew {
				w.t.Error(n, anew)
			}
		},
		"is paused, and unpaused when it is taken": func(w world) {
			w.use("a", launch(1))
			time.Sleep(pause)
			if synctest.Wait(); !w.f.made[1].rests() {
				w.t.Error("not paused")
			}
			if n := w.take("b", launch(1)); n != 2 {
				w.t.Error(n)
			}
		},
		"is closed when it was idle for too long": func(w world) {
			w.use("a", launch(1))
			time.Sleep(idle + time.Second)
			if synctest.Wait(); w.f.alive() != 0 || w.p.Len() != 0 {
				w.t.Error(w.f.alive(), w.p.Len())
			}
			if e := w.ends()[2]; e.Session != "" || e.Turn != "" || e.Program != "agent" {
				w.t.Errorf("%+v", e)
			}
		},
		"one that died is not handed out": func(w world) {
			w.use("a", launch(1))
			synctest.Wait()
			w.f.made[1].die()
			if n := w.take("b", launch(1)); n != 3 {
				w.t.Error(n)
			}
			if synctest.Wait(); w.p.Len() != 2 {
				w.t.Error(w.p.Len())
			}
		},
		"one that cannot be unpaused is not handed out": func(w world) {
			w.use("a", launch(1))
			time.Sleep(pause)
			synctest.Wait()
			w.f.unpause = errPlayed
			if n, anew := w.taken("b", launch(1)); n != 3 || anew {
				w.t.Error(n, anew)
			}
		},
		"the oldest goes when there are enough": func(w world) {
			for shape := 1.0; shape <= 3; shape++ {
				w.use("a", launch(shape))
				time.Sleep(time.Second)
				synctest.Wait()
			}
			// Sessions' 1, 3, 5; spares 2, 4, 6; two of those are left.
			if !w.f.made[1].dead() || w.f.made[3].dead() || w.f.made[5].dead() || w.p.Len() != 3 {
				w.t.Error(w.p.Len())
			}
		},
		"is the first to go when it is full": func(w world) {
			for _, s := range []string{"a", "b"} {
				w.use(s, launch(1))
				w.p.End("nobody")
				time.Sleep(time.Second)
				synctest.Wait()
			}
			w.use("c", launch(2))
			w.use("d", launch(2))
			synctest.Wait()
			if got := w.p.Sessions(); !slices.Equal(got, []string{"a", "b", "c", "d"}) || w.p.Len() != 4 {
				w.t.Error(got, w.p.Len())
			}
		},
		"gives way while it starts": func(w world) {
			waits := 0
			w.f.wait = func(ctx context.Context, l programs.Launch) {
				if l.Spec.Session == programs.SpareSession {
					waits++
					<-ctx.Done()
				}
			}
			for _, s := range []string{"a", "b", "c"} {
				w.use(s, launch(1))
				synctest.Wait()
			}
			if waits != 1 || w.p.Len() != 4 {
				w.t.Error(waits, w.p.Len())
			}
			if n := w.use("d", launch(2)); n != 4 || w.p.Len() != 4 {
				w.t.Error(n, w.p.Len())
			}
		},
		"another shape's start is given up for it": func(w world) {
			w.f.wait = func(ctx context.Context, l programs.Launch) {
				if l.Spec.Session == programs.SpareSession && l.Spec.Limits.CPUs < 3 {
					<-ctx.Done()
				}
			}
			for shape := 1.0; shape <= 3; shape++ {
				w.use("a", launch(shape))
				synctest.Wait()
			}
			// The first was given up; the third waits for the second.
			if len(w.f.made) != 3 {
				w.t.Error(len(w.f.made))
			}
			w.use("a", launch(4))
			synctest.Wait()
			if n := w.take("b", launch(3)); n != 5 {
				w.t.Error(n)
			}
		},
		"one that cannot be started is left until the next": func(w world) {
			starts := 0
			w.f.fail = func(l programs.Launch) error {
				if l.Spec.Session == programs.SpareSession {
					starts++
					return errPlayed
				}
				return nil
			}
			for range 3 {
				w.use("a", launch(1))
				synctest.Wait()
			}
			if starts != 1 || w.p.Len() != 1 {
				w.t.Error(starts, w.p.Len())
			}
			w.use("b", launch(1))
			if synctest.Wait(); starts != 2 || w.p.Len() != 2 {
				w.t.Error(starts, w.p.Len())
			}
		},
		"what served a session never becomes one": func(w world) {
			w.use("a", launch(1))
			synctest.Wait()
			w.p.End("a")
			for i, s := range []string{"b", "c", "d"} {
				if n := w.use(s, launch(1)); n != i+2 {
					w.t.Error(n)
				}
				synctest.Wait()
				w.p.End(s)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 4, 2)
				test(w)
				w.close()
			})
		})
	}
}

// A spare serves nobody whose decision says something else.
func TestSpareHasItsShape(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*programs.Launch)
		same   bool
	}{
		"the same":          {func(*programs.Launch) {}, true},
		"another turn":      {func(l *programs.Launch) { l.Spec.Turn = "turn-9" }, true},
		"another idle time": {func(l *programs.Launch) { l.Times.Idle++ }, true},
		"workspace":         {func(l *programs.Launch) { l.Spec.Workspace.Source = "/other" }, false},
		"read only":         {func(l *programs.Launch) { l.Spec.Workspace.ReadOnly = true }, false},
		"environment":       {func(l *programs.Launch) { l.Spec.Env = map[string]string{"API_KEY": "another"} }, false},
		"limits":            {func(l *programs.Launch) { l.Spec.Limits.Pids++ }, false},
		"mounts":            {func(l *programs.Launch) { l.Spec.Mounts = []sandbox.Mount{{Source: "/x", Target: "/mnt/x"}} }, false},
		"network":           {func(l *programs.Launch) { l.Spec.Network = sandbox.OpenNetwork }, false},
		"user":              {func(l *programs.Launch) { l.Spec.User = "1:1" }, false},
		"runtime":           {func(l *programs.Launch) { l.Spec.Runtime = "runsc" }, false},
		"image":             {func(l *programs.Launch) { l.Spec.Image = "other" }, false},
		"command":           {func(l *programs.Launch) { l.Spec.Command = []string{"agent", "--yes"} }, false},
		"folder":            {func(l *programs.Launch) { l.Cwd = "/workspace" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 4, 1)
				first := launch(1)
				first.Spec.Env = map[string]string{"API_KEY": "one"}
				w.use("a", first)
				synctest.Wait()
				l := launch(1)
				l.Spec.Env = map[string]string{"API_KEY": "one"}
				test.change(&l)
				if n := w.take("b", l); (n == 2) != test.same {
					t.Error(n)
				}
				w.close()
			})
		})
	}
}
