package programs

import (
	"context"
	"errors"
	"time"

	"github.com/parachute-gate/parachute/sandbox"
	"github.com/parachute-gate/parachute/sessions"
)

// place is a process and whose it is. It is busy from Take to Give, and while it
// starts.
type place[K Kept] struct {
	// session and turn are those that it served last; empty for a spare.
	session, turn string
	launch        Launch
	shape         string
	kept          K
	made          bool
	busy          bool
	doomed        bool
	// anew says that somebody is to be told that it remembers nothing.
	anew bool
	// wants says that a spare is to be started when it was given back.
	wants bool
	// why it was ended, where it did not end by itself.
	why  error
	told bool

	since  time.Time
	timers []*time.Timer
	// still has a token while it is paused or unpaused; paused is that one's.
	still  chan struct{}
	paused bool
	// cancel ends the start of a spare.
	cancel context.CancelFunc
}

func newPlace[K Kept](l Launch, shape string) *place[K] {
	return &place[K]{launch: l, shape: shape, busy: true, still: make(chan struct{}, 1)}
}

// take makes it the turn's. The caller holds mu.
func (at *place[K]) take(t sessions.Turn, l Launch) {
	at.turn, at.launch, at.busy = t.ID, l, true
	at.calm()
}

// calm stops what would be done to it when it is idle for longer.
func (at *place[K]) calm() {
	for _, timer := range at.timers {
		timer.Stop()
	}
	at.timers = nil
}

// doom says that it serves no more. What ended by itself has no other reason.
func (at *place[K]) doom(why error) {
	if at.why == nil && (!at.made || !ended(at.kept)) {
		at.why = why
	}
	at.doomed = true
}

// idle tells whether nobody took it since then.
func (at *place[K]) idle(since time.Time) bool {
	return !at.busy && !at.doomed && at.since.Equal(since)
}

// free tells those that wait. The caller holds mu.
func (p *Pool[K]) free() {
	close(p.freed)
	p.freed = make(chan struct{})
}

// drop forgets a place, which its caller closes. The caller holds mu.
func (p *Pool[K]) drop(at *place[K], why error) {
	if p.places[at.session] == at {
		delete(p.places, at.session)
	}
	p.forgetSpare(at)
	at.calm()
	at.doom(why)
	p.free()
}

// start makes the process of a place that is taken. Close waits for it.
func (p *Pool[K]) start(ctx context.Context, at *place[K]) error {
	p.mu.Lock()
	if p.closed {
		p.drop(at, nil)
		p.mu.Unlock()
		return ErrClosed
	}
	p.work.Add(1)
	p.mu.Unlock()
	defer p.work.Done()
	kept, err := p.deps.Start(ctx, p.life, at.launch)
	p.mu.Lock()
	if err != nil {
		p.drop(at, nil)
		p.mu.Unlock()
		p.tellUnstarted(ctx, at, err)
		return err
	}
	at.kept, at.made, at.wants = kept, true, true
	if at.doomed {
		p.drop(at, nil)
		p.mu.Unlock()
		p.shut(at)
		return ErrClosed
	}
	p.work.Go(func() { p.watch(at) })
	p.mu.Unlock()
	return nil
}

// watch closes a process that ended while nobody used it.
func (p *Pool[K]) watch(at *place[K]) {
	<-at.kept.Ended()
	p.mu.Lock()
	idle := !at.busy && !at.doomed
	if idle {
		p.drop(at, nil)
	}
	p.mu.Unlock()
	if idle {
		p.shut(at)
	}
}

// settle begins the idleness of a place: it is paused, then closed. The caller
// holds mu.
func (p *Pool[K]) settle(at *place[K], idle time.Duration) {
	since := time.Now()
	at.since = since
	at.timers = append(at.timers, time.AfterFunc(idle, func() { p.expire(at, since) }))
	if after := p.deps.PauseAfter; after > 0 && after < idle {
		at.timers = append(at.timers, time.AfterFunc(after, func() { p.rest(at, since) }))
	}
}

// expire closes a process that was idle since then, and was not taken meanwhile.
func (p *Pool[K]) expire(at *place[K], since time.Time) {
	p.mu.Lock()
	if p.closed || !at.idle(since) {
		p.mu.Unlock()
		return
	}
	p.drop(at, ErrIdle)
	p.work.Add(1)
	p.mu.Unlock()
	defer p.work.Done()
	p.shut(at)
}

// shut closes a process, and tells how it ended when it is the first to.
func (p *Pool[K]) shut(at *place[K]) {
	ctx := context.WithoutCancel(p.life)
	if err := at.kept.Close(); err != nil {
		p.deps.Log.WarnContext(ctx, "program not removed", "session", at.launch.Spec.Session, "error", err)
	}
	end := at.kept.Ending()
	p.mu.Lock()
	switch {
	case at.why != nil && errors.Is(end.Err, sandbox.ErrUnavailable):
		// Nobody knows what it used; why is no reason to say that it used nothing.
		end.Err = errors.Join(at.why, end.Err)
	case at.why != nil:
		end.Err = at.why
	}
	first := !at.told
	at.told = true
	e := Ended{Session: at.session, Turn: at.turn, Program: at.launch.program(), Ending: end}
	p.mu.Unlock()
	if first && p.deps.Ended != nil {
		p.deps.Ended(ctx, e)
	}
}

func ended(k Kept) bool {
	select {
	case <-k.Ended():
		return true
	default:
		return false
	}
}
