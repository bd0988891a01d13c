package programs

import (
	"context"
	"slices"

	"github.com/parachute-gate/parachute/sessions"
)

// Take gives the process of the turn's session, which has it until Give. One that
// ended, or was started for another Launch, is replaced. anew says that the
// process does not know what the session said before, and that nobody was told.
func (p *Pool[K]) Take(ctx context.Context, t sessions.Turn, l Launch) (kept K, anew bool, err error) {
	var none K
	shape := l.shape()
	for {
		at, old, wait, err := p.look(t, l, shape)
		if err != nil {
			return none, false, err
		}
		if old != nil {
			p.shut(old)
		}
		switch {
		case wait != nil:
			select {
			case <-wait:
				continue
			case <-ctx.Done():
				return none, false, context.Cause(ctx)
			}
		case !at.made:
			if err := p.start(ctx, at); err != nil {
				return none, false, err
			}
		}
		err = p.wake(ctx, at)
		switch {
		case err == nil:
			p.serves(at)
			return at.kept, at.anew, nil
		case ctx.Err() != nil:
			p.Give(at.session, Given{Idle: l.Times.Idle, Unheard: true})
			return none, false, context.Cause(ctx)
		case !p.replace(ctx, at, err):
			return none, false, ErrClosed
		}
	}
}

// look takes a place, or says what to wait for. old is to be closed first.
func (p *Pool[K]) look(t sessions.Turn, l Launch, shape string) (found, old *place[K], wait <-chan struct{}, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, nil, nil, ErrClosed
	}
	session := t.Session.ID
	at := p.places[session]
	switch {
	case at != nil && at.busy:
		return nil, nil, p.freed, nil
	case at != nil && at.shape == shape && !ended(at.kept):
		at.take(t, l)
		return at, nil, nil, nil
	case at != nil:
		p.drop(at, ErrReplaced)
		old = at
	}
	found = p.spare(shape)
	if found == nil && len(p.places)+len(p.spares) >= p.deps.Most {
		// Where there is an old one, there is room too.
		if old, wait = p.room(); wait != nil {
			return nil, nil, wait, nil
		}
	}
	if found == nil {
		found = newPlace[K](l, shape)
	}
	found.session, found.anew = session, p.served.has(session) || t.Session.Earlier > 0
	found.take(t, l)
	p.places[session] = found
	if found.made {
		found.wants = true
	}
	return found, old, nil, nil
}

// room makes room for one process more, or says what to wait for. The caller
// holds mu, and closes old.
func (p *Pool[K]) room() (old *place[K], wait <-chan struct{}) {
	if len(p.spares) > 0 {
		oldest := p.spares[0]
		if i := slices.IndexFunc(p.spares, func(s *place[K]) bool { return !s.busy }); i >= 0 {
			oldest = p.spares[i]
		}
		if old = p.dismiss(oldest, ErrRoom); old != nil {
			return old, nil
		}
		return nil, p.freed
	}
	for _, at := range p.places {
		if !at.busy && (old == nil || at.since.Before(old.since)) {
			old = at
		}
	}
	if old == nil {
		return nil, p.freed
	}
	p.drop(old, ErrRoom)
	return old, nil
}
