package driver

import (
	"context"
	"sync"
)

// Lanes runs calls of one key one after another, in the order they came, and
// calls of different keys beside one another. Safe for concurrent use. A panic
// of a call is not caught.
type Lanes struct {
	beside, waiting int

	mu      sync.Mutex
	lanes   map[string]*lane
	ready   []*lane // those with calls of which none runs, longest ready first
	workers int
	held    int           // calls that wait, in all lanes
	moved   chan struct{} // closed when a call has begun or ended; nil while nobody waits for that
}

// lane holds the calls of one key that have not begun. It is there as long as
// one of them waits or runs.
type lane struct {
	key   string
	calls []func()
}

// NewLanes makes Lanes that hold at most waiting calls for each key and run at
// most beside of them at once: Do waits when they are full, and so does the
// platform. All keys together hold at most beside times waiting, so that a crowd
// of chats fills no memory. Numbers below 1 count as 1.
func NewLanes(beside, waiting int) *Lanes {
	return &Lanes{beside: max(beside, 1), waiting: max(waiting, 1), lanes: map[string]*lane{}}
}

// Do takes one call for its key. It gives ctx's error when there was no room
// before ctx was done: call was then not taken. Calls of one key keep the order
// of their Do when one goroutine makes them.
func (l *Lanes) Do(ctx context.Context, key string, call func()) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.full(key) {
		if err := l.wait(ctx); err != nil {
			return err
		}
	}
	at := l.lanes[key]
	if at == nil {
		at = &lane{key: key}
		l.lanes[key] = at
		l.ready = append(l.ready, at)
	}
	at.calls = append(at.calls, call)
	l.held++
	if l.workers < l.beside && len(l.ready) > 0 {
		l.workers++
		go l.work()
	}
	return nil
}

// full tells whether a key has no room; l.mu is held.
func (l *Lanes) full(key string) bool {
	at := l.lanes[key]
	return at != nil && len(at.calls) >= l.waiting || l.held >= l.beside*l.waiting
}

// Wait returns when all calls that were taken are done, or ctx is: then it gives
// ctx's error.
func (l *Lanes) Wait(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.lanes) > 0 {
		if err := l.wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

// wait gives l.mu back until a call has begun or ended, or ctx is done.
func (l *Lanes) wait(ctx context.Context) error {
	if l.moved == nil {
		l.moved = make(chan struct{})
	}
	moved := l.moved
	l.mu.Unlock()
	defer l.mu.Lock()
	select {
	case <-moved:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// work runs calls, one of each lane in turn, until none is ready.
func (l *Lanes) work() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.ready) > 0 {
		at := l.ready[0]
		l.ready[0] = nil
		l.ready = l.ready[1:]
		call := at.calls[0]
		at.calls[0] = nil
		at.calls = at.calls[1:]
		l.held--
		l.tell()
		l.mu.Unlock()
		call()
		l.mu.Lock()
		if len(at.calls) > 0 {
			l.ready = append(l.ready, at)
		} else {
			delete(l.lanes, at.key)
		}
		l.tell()
	}
	l.workers--
}

// tell wakes who waits; l.mu is held.
func (l *Lanes) tell() {
	if l.moved != nil {
		close(l.moved)
		l.moved = nil
	}
}
