package programs_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parachute-gate/parachute/sandbox"
	"github.com/parachute-gate/parachute/sessions/programs"
)

// Who spoke to a process that is gone is told, once, and nobody else.
func TestPoolTellsThatItForgot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 3, 0)
		for i, step := range []struct {
			do      func()
			session string
			earlier int
			give    programs.Given
			anew    bool
		}{
			{session: "a"},
			{session: "a"},
			{session: "a", do: func() { time.Sleep(2 * idle); synctest.Wait() }, anew: true},
			{session: "a"},
			// What nobody read is told in the next turn.
			{session: "a", do: func() { w.f.made[len(w.f.made)-1].die() }, give: programs.Given{Unheard: true}, anew: true},
			{session: "a", anew: true},
			{session: "a", give: programs.Given{Why: errPlayed}},
			{session: "a", anew: true},
			// Of before this pool.
			{session: "b", earlier: 1, anew: true},
			{session: "b", earlier: 2},
			// A session that ended has nothing to remember.
			{session: "a", do: func() { w.p.End("a") }},
		} {
			if step.do != nil {
				step.do()
			}
			t1 := turn(step.session)
			t1.Session.Earlier = step.earlier
			_, anew, err := w.p.Take(t.Context(), t1, launch(1))
			if err != nil || anew != step.anew {
				t.Errorf("%d: %v, %v", i, anew, err)
			}
			step.give.Idle = idle
			w.p.Give(step.session, step.give)
		}
		// A start that failed is nothing that could be forgotten.
		w.f.fail = func(programs.Launch) error { return errPlayed }
		if _, _, err := w.p.Take(t.Context(), turn("c"), launch(1)); !errors.Is(err, errPlayed) {
			t.Error(err)
		}
		w.f.fail = nil
		if _, anew := w.taken("c", launch(1)); anew {
			t.Error("told of nothing")
		}
		w.close()
	})
}

// Each process is told of once, with why it ended.
func TestPoolTellsOfEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2, 0)
		give := func(session string, why error) { w.p.Give(session, programs.Given{Idle: idle, Why: why}) }
		w.use("died", launch(1))
		w.f.made[0].die()
		synctest.Wait()
		w.take("failed", launch(1))
		give("failed", programs.ErrSilent)
		w.use("idle", launch(1))
		time.Sleep(idle)
		synctest.Wait()
		w.use("other", launch(1))
		w.use("other", launch(2))
		w.p.End("other")
		w.use("ended", launch(1))
		w.p.End("ended")
		w.take("in the middle", launch(1))
		w.p.End("in the middle")
		give("in the middle", errPlayed)
		w.use("crowded", launch(1))
		time.Sleep(time.Second)
		w.use("x", launch(1))
		w.use("y", launch(1))
		w.close()
		ends := w.ends()
		for number, want := range map[int]struct {
			session string
			why     error
		}{
			1: {"died", nil}, 2: {"failed", programs.ErrSilent}, 3: {"idle", programs.ErrIdle}, 4: {"other", programs.ErrReplaced},
			5: {"other", programs.ErrClosed}, 6: {"ended", programs.ErrClosed}, 7: {"in the middle", programs.ErrClosed},
			8: {"crowded", programs.ErrRoom}, 9: {"x", programs.ErrClosed}, 10: {"y", programs.ErrClosed},
		} {
			e := ends[number]
			if e.Session != want.session || e.Turn != "turn-of-"+want.session || e.Program != "agent" || !errors.Is(e.Ending.Err, want.why) || (want.why == nil) != (e.Ending.Err == nil) {
				t.Errorf("%d: %+v, want %+v", number, e, want)
			}
		}
	})
}

// What began and did not come to serve anybody is told of too.
func TestPoolTellsOfStarts(t *testing.T) {
	f := &factory{fail: func(l programs.Launch) error {
		return programs.NewStartError(errPlayed, programs.Ending{Exit: sandbox.Exit{Code: 7}, Err: errPlayed}, l, []byte("no key: sk-123456"))
	}}
	p := programs.NewPool(programs.PoolDeps[*kept]{Start: f.start, Ended: f.tell})
	l := launch(1)
	l.Spec.Env = map[string]string{"KEY": "sk-123456"}
	_, _, err := p.Take(t.Context(), turn("a"), l)
	if want := "played (exit code 7): no key: [KEY]"; !errors.Is(err, errPlayed) || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	p.Close()
	if len(f.told) != 1 || f.told[0].Session != "a" || f.told[0].Ending.Exit.Code != 7 {
		t.Errorf("%+v", f.told)
	}
}

// A hook may ask the pool for anything.
func TestEndedMayUseThePool(t *testing.T) {
	f := &factory{}
	var p *programs.Pool[*kept]
	calls := 0
	p = programs.NewPool(programs.PoolDeps[*kept]{Start: f.start, Most: 2, Ended: func(_ context.Context, e programs.Ended) {
		calls++
		p.End(e.Session)
		p.Give(e.Session, programs.Given{})
		if p.Sessions(); p.Len() < 0 {
			t.Error("none")
		}
	}})
	w := world{t, p, f}
	w.take("a", launch(1))
	p.End("a")
	w.use("b", launch(1))
	p.Close()
	if calls != 2 {
		t.Error(calls)
	}
}
