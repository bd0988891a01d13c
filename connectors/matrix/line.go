package matrix

import (
	"log/slog"
	"maps"
	"sync"

	"maunium.net/go/mautrix/id"
)

// maxBatches bounds the batches that are kept apart while the first of them is not
// handled: later ones are then taken together.
const maxBatches = 256

// batch is what one answer of the homeserver brought.
type batch struct {
	since string
	last  map[id.RoomID]id.EventID
	left  int
}

// line is the batches that are not handled yet, in their order. Rooms go on
// beside one another, so that a later batch may be done first; the place that is
// stored moves only past batches before which nothing is left. Safe for
// concurrent use.
type line struct {
	book *book
	log  *slog.Logger

	mu      sync.Mutex
	batches []*batch
}

// add takes a batch of so many parts.
func (l *line) add(since string, last map[id.RoomID]id.EventID, parts int) *batch {
	b := &batch{since: since, last: maps.Clone(last), left: parts}
	l.mu.Lock()
	if n := len(l.batches); n >= maxBatches {
		// The place moves past both at once, or past neither.
		tail := l.batches[n-1]
		tail.since, tail.last, tail.left = b.since, b.last, tail.left+parts
		b = tail
	} else {
		l.batches = append(l.batches, b)
	}
	l.mu.Unlock()
	if parts == 0 {
		l.move()
	}
	return b
}

// done notes that one part of a batch is handled.
func (l *line) done(b *batch) {
	l.mu.Lock()
	b.left--
	last := b.left == 0
	l.mu.Unlock()
	if last {
		l.move()
	}
}

// move stores how far everything is handled.
func (l *line) move() {
	l.mu.Lock()
	defer l.mu.Unlock()
	moved := false
	for len(l.batches) > 0 && l.batches[0].left == 0 {
		l.book.handled(l.batches[0].since, l.batches[0].last)
		l.batches = l.batches[1:]
		moved = true
	}
	if !moved {
		return
	}
	if err := l.book.save(); err != nil {
		l.log.Error("place in the events not stored: they will come again after a restart", "error", err)
	}
}

// untaken are the events that the handler was given and has not taken. Safe for
// concurrent use.
type untaken struct {
	mu  sync.Mutex
	all map[factKey]bool
}

func newUntaken() *untaken { return &untaken{all: map[factKey]bool{}} }

func (u *untaken) set(at id.RoomID, ev id.EventID, is bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if is {
		u.all[factKey{at, ev}] = true
	} else {
		delete(u.all, factKey{at, ev})
	}
}

func (u *untaken) count() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.all)
}
