package programs

import (
	"context"
	"slices"
	"time"
)

// SpareSession is the session that a spare is started for. A spare served nobody:
// what served a session never becomes one.
const SpareSession = "spare"

// spare gives one of a shape, where there is one that can be taken. The caller
// holds mu.
func (p *Pool[K]) spare(shape string) *place[K] {
	for _, at := range p.spares {
		if !at.busy && at.shape == shape && !ended(at.kept) {
			p.forgetSpare(at)
			return at
		}
	}
	return nil
}

func (p *Pool[K]) forgetSpare(at *place[K]) {
	p.spares = slices.DeleteFunc(p.spares, func(other *place[K]) bool { return other == at })
}

// dismiss ends a spare. One that starts yet goes by itself, soon: it is not given
// back. The caller holds mu, and closes what it is given.
func (p *Pool[K]) dismiss(at *place[K], why error) *place[K] {
	if at.busy {
		at.doom(why)
		at.cancel()
		return nil
	}
	p.drop(at, why)
	return at
}

// warm starts a spare like a process that was started, unless there is one, or no
// room. The oldest spare goes where there are enough.
func (p *Pool[K]) warm(l Launch) {
	l.Spec.Session, l.Spec.Turn = SpareSession, ""
	shape := l.shape()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.deps.Spares <= 0 || l.Times.Idle <= 0 {
		return
	}
	var lasting []*place[K]
	for _, at := range p.spares {
		switch {
		case at.doomed:
		case at.shape == shape && (!at.made || !ended(at.kept)):
			return
		default:
			lasting = append(lasting, at)
		}
	}
	full := len(p.places)+len(p.spares) >= p.deps.Most
	var old *place[K]
	switch {
	case len(lasting) >= p.deps.Spares:
		if full && lasting[0].busy {
			return
		}
		old = p.dismiss(lasting[0], ErrReplaced)
	case full:
		return
	}
	at := newPlace[K](l, shape)
	at.since = time.Now()
	var ctx context.Context
	ctx, at.cancel = context.WithCancel(p.life) //nolint:gosec // prepare calls it
	p.spares = append(p.spares, at)
	p.work.Go(func() { p.prepare(ctx, at, old) })
}

// prepare starts a spare, one at a time, where old was.
func (p *Pool[K]) prepare(ctx context.Context, at, old *place[K]) {
	defer at.cancel()
	if old != nil {
		p.shut(old)
	}
	select {
	case p.warming <- struct{}{}:
		defer func() { <-p.warming }()
	case <-ctx.Done():
		p.mu.Lock()
		defer p.mu.Unlock()
		p.drop(at, nil)
		return
	}
	if err := p.start(ctx, at); err != nil {
		p.deps.Log.DebugContext(ctx, "spare program not started", "error", err)
		return
	}
	p.mu.Lock()
	at.busy = false
	if at.doomed || ended(at.kept) {
		p.drop(at, nil)
		p.mu.Unlock()
		p.shut(at)
		return
	}
	p.settle(at, at.launch.Times.Idle)
	p.free()
	p.mu.Unlock()
}
