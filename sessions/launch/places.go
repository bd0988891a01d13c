package launch

import (
	"context"
	"sync"

	"github.com/parachute-gate/parachute/sessions"
)

// What a person reads while their turn waits for a place.
const (
	waitsForOthers = "(Many programs run here at the moment. Yours begins as soon as there is room.)"
	waitsForOwn    = "(Other programs of yours are still running. This one begins when one of them has ended, or is stopped.)"
)

// Places bound how many programs work on turns at a time: all together, and those
// of one person. It is safe for concurrent use.
type Places struct {
	most, each int

	mu    sync.Mutex
	taken int
	by    map[string]int
	// freed is closed, and made anew, when a place is given back.
	freed chan struct{}
}

// NewPlaces makes room for most at a time, each person having at most so many.
func NewPlaces(most, each int) *Places {
	return &Places{most: max(most, 1), each: max(each, 1), by: map[string]int{}, freed: make(chan struct{})}
}

// Bound lets an agent answer when there is a place for it; who waits is told.
func (p *Places) Bound(a sessions.Agent) sessions.Agent { return bounded{a, p} }

type bounded struct {
	sessions.Agent
	places *Places
}

// Answer implements sessions.Agent.
func (b bounded) Answer(ctx context.Context, t sessions.Turn, show func(string)) (string, error) {
	user := t.Session.User
	told := ""
	for {
		wait, why := b.places.take(user)
		if wait == nil {
			break
		}
		if why != told && show != nil {
			told = why
			show(why)
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
	defer b.places.give(user)
	return b.Agent.Answer(ctx, t, show)
}

// take takes a place, or says what to wait for and why.
func (p *Places) take(user string) (wait <-chan struct{}, why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.by[user] >= p.each:
		return p.freed, waitsForOwn
	case p.taken >= p.most:
		return p.freed, waitsForOthers
	}
	p.taken++
	p.by[user]++
	return nil, ""
}

func (p *Places) give(user string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken--
	if p.by[user]--; p.by[user] == 0 {
		delete(p.by, user)
	}
	close(p.freed)
	p.freed = make(chan struct{})
}
