package programs

import "time"

// Given is what becomes of a process after a turn.
type Given struct {
	// Idle is how long it is kept while nothing is asked of it; not for 0.
	Idle time.Duration
	// Why is set for one that is of no use any more: what ended its turn.
	Why error
	// Unheard says that the person read nothing of the turn: what is to be told is
	// told in the next.
	Unheard bool
}

// Give gives a session's process back. A spare that takes the place of what the
// turn took is started now, in the background.
func (p *Pool[K]) Give(session string, g Given) {
	p.mu.Lock()
	at := p.places[session]
	if at == nil {
		p.mu.Unlock()
		return
	}
	wants, launch := at.wants, at.launch
	at.busy, at.wants = false, false
	at.anew = at.anew && g.Unheard
	if g.Why != nil || g.Idle <= 0 || at.doomed || p.closed || ended(at.kept) {
		if at.why == nil {
			at.why = g.Why
		}
		p.drop(at, ErrIdle)
		p.mu.Unlock()
		p.shut(at)
	} else {
		p.settle(at, g.Idle)
		p.free()
		p.mu.Unlock()
	}
	if wants {
		p.warm(launch)
	}
}

// End closes the process of a session that ended, in the middle of a turn too.
func (p *Pool[K]) End(session string) {
	p.mu.Lock()
	p.served.remove(session)
	at := p.places[session]
	if at == nil {
		p.mu.Unlock()
		return
	}
	made := at.made
	if at.busy {
		// Its place is free when the turn gives it back.
		at.doom(ErrClosed)
	} else {
		p.drop(at, ErrClosed)
	}
	p.mu.Unlock()
	if made {
		p.shut(at)
	}
}
