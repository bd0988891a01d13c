package programs

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// Kept is a process that serves the turns of one session, one after another.
type Kept interface {
	// Ended is closed when it serves no more, and at the latest by Close.
	Ended() <-chan struct{}
	// Close ends it; it may be called again, and beside everything else.
	Close() error
}

// ErrClosed says that a Pool was closed, or the session ended.
var ErrClosed = errors.New("programs: closed")

// PoolDeps are what a Pool is made of.
type PoolDeps struct {
	// Most is how many processes there are at a time, at least 1.
	Most int
	Log  *slog.Logger
}

// Pool keeps processes by session. When there are as many as there may be, the
// one that was idle for longest is closed; while all work, who comes waits. Its
// methods may be called beside one another.
type Pool[K Kept] struct {
	deps   PoolDeps
	life   context.Context
	cancel context.CancelFunc

	mu     sync.Mutex
	places map[string]*place[K]
	// freed is closed, and made anew, when a place may be free.
	freed  chan struct{}
	closed bool
	work   sync.WaitGroup
}

// place is a session's. It is busy from Take to Give.
type place[K Kept] struct {
	kept   K
	made   bool
	shape  string
	busy   bool
	doomed bool
	since  time.Time
	idle   *time.Timer
}

// NewPool makes a Pool; Close it.
func NewPool[K Kept](d PoolDeps) *Pool[K] {
	life, cancel := context.WithCancel(context.Background()) //nolint:gosec // Close calls it
	d.Most = max(d.Most, 1)
	return &Pool[K]{deps: d, life: life, cancel: cancel, places: map[string]*place[K]{}, freed: make(chan struct{})}
}

// Take gives the process of a session, which has it until Give. One that ended,
// or was started for another Launch, is replaced: start makes it anew, for the
// life that it is given.
func (p *Pool[K]) Take(ctx context.Context, session string, l Launch, start func(life context.Context) (K, error)) (K, error) {
	var none K
	shape := l.shape()
	for {
		found, old, wait, err := p.look(session, shape)
		if err != nil {
			return none, err
		}
		if old != nil {
			p.shut(old)
		}
		switch {
		case wait != nil:
			select {
			case <-wait:
			case <-ctx.Done():
				return none, context.Cause(ctx)
			}
		case found.made:
			return found.kept, nil
		default:
			return p.start(session, found, start)
		}
	}
}

// look takes a place, or says what to wait for. old is to be closed first.
func (p *Pool[K]) look(session, shape string) (found, old *place[K], wait <-chan struct{}, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, nil, nil, ErrClosed
	}
	at := p.places[session]
	switch {
	case at != nil && at.busy:
		return nil, nil, p.freed, nil
	case at != nil && at.shape == shape && !ended(at.kept):
		at.idle.Stop()
		at.busy = true
		return at, nil, nil, nil
	case at != nil:
		p.drop(session, at)
		old = at
	case len(p.places) >= p.deps.Most:
		name, idlest := p.idlest()
		if idlest == nil {
			return nil, nil, p.freed, nil
		}
		p.drop(name, idlest)
		old = idlest
	}
	found = &place[K]{busy: true, shape: shape}
	p.places[session] = found
	return found, old, nil, nil
}

func (p *Pool[K]) idlest() (name string, idlest *place[K]) {
	for session, at := range p.places {
		if !at.busy && (idlest == nil || at.since.Before(idlest.since)) {
			name, idlest = session, at
		}
	}
	return name, idlest
}

// drop forgets a place, which its caller closes. The caller holds mu.
func (p *Pool[K]) drop(session string, at *place[K]) {
	if p.places[session] == at {
		delete(p.places, session)
	}
	if at.idle != nil {
		at.idle.Stop()
	}
	at.doomed = true
	close(p.freed)
	p.freed = make(chan struct{})
}

func (p *Pool[K]) start(session string, at *place[K], start func(context.Context) (K, error)) (K, error) {
	var none K
	kept, err := start(p.life)
	p.mu.Lock()
	if err != nil {
		p.drop(session, at)
		p.mu.Unlock()
		return none, err
	}
	at.kept, at.made = kept, true
	if at.doomed {
		p.drop(session, at)
		p.mu.Unlock()
		p.shut(at)
		return none, ErrClosed
	}
	// Close waits for those that were counted before it.
	p.work.Go(func() { p.watch(session, at) })
	p.mu.Unlock()
	return kept, nil
}

// watch closes a process that ended while nobody used it.
func (p *Pool[K]) watch(session string, at *place[K]) {
	<-at.kept.Ended()
	p.mu.Lock()
	idle := !at.busy && !at.doomed
	if idle {
		p.drop(session, at)
	}
	p.mu.Unlock()
	if idle {
		p.shut(at)
	}
}

// Give gives a session's process back, to be kept for so long; without keep, or
// when it ended, it is closed.
func (p *Pool[K]) Give(session string, keep bool, idle time.Duration) {
	p.mu.Lock()
	at := p.places[session]
	if at == nil {
		p.mu.Unlock()
		return
	}
	at.busy = false
	if !keep || idle <= 0 || at.doomed || p.closed || ended(at.kept) {
		p.drop(session, at)
		p.mu.Unlock()
		p.shut(at)
		return
	}
	since := time.Now()
	at.since = since
	at.idle = time.AfterFunc(idle, func() { p.expire(session, at, since) })
	close(p.freed)
	p.freed = make(chan struct{})
	p.mu.Unlock()
}

// expire closes a process that was idle since then, and was not taken meanwhile.
func (p *Pool[K]) expire(session string, at *place[K], since time.Time) {
	p.mu.Lock()
	if at.busy || at.doomed || p.closed || !at.since.Equal(since) {
		p.mu.Unlock()
		return
	}
	p.drop(session, at)
	p.work.Add(1)
	p.mu.Unlock()
	defer p.work.Done()
	p.shut(at)
}

// End closes the process of a session that ended, in the middle of a turn too.
func (p *Pool[K]) End(session string) {
	p.mu.Lock()
	at := p.places[session]
	if at == nil {
		p.mu.Unlock()
		return
	}
	made := at.made
	if at.busy {
		// Its place is free when the turn gives it back.
		at.doomed = true
	} else {
		p.drop(session, at)
	}
	p.mu.Unlock()
	if made {
		p.shut(at)
	}
}

// Len is how many processes there are.
func (p *Pool[K]) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.places)
}

// Close ends all processes, and waits for that.
func (p *Pool[K]) Close() {
	p.mu.Lock()
	p.closed = true
	close(p.freed)
	p.freed = make(chan struct{})
	var all []*place[K]
	for session, at := range p.places {
		at.doomed = true
		if at.made {
			all = append(all, at)
		}
		if !at.busy {
			p.drop(session, at)
		}
	}
	p.mu.Unlock()
	p.cancel()
	for _, at := range all {
		p.shut(at)
	}
	p.work.Wait()
}

func (p *Pool[K]) shut(at *place[K]) {
	if err := at.kept.Close(); err != nil {
		p.deps.Log.WarnContext(context.WithoutCancel(p.life), "program not removed", "error", err)
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
