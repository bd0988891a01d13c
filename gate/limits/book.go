package limits

import (
	"context"
	"sync"
)

// DefaultMaxKeys is how many keys a Book keeps in memory unless told otherwise.
const DefaultMaxKeys = 100_000

// Event is one counted event of one key. At is a reading of the limit clock in
// nanoseconds; ID is the id of the decision that admitted it. An event is known
// by all three together.
type Event struct {
	Key string
	At  int64
	ID  string
}

// Store reads what was committed. It must see every event whose transaction has
// ended before the call. Both methods are called by many goroutines at once.
type Store interface {
	// LimitEvents gives the events of key with At > since, in any order; giving
	// older ones too does no harm. since may be negative.
	LimitEvents(ctx context.Context, key string, since int64) ([]Event, error)
	// LimitClock gives the highest At, or saved reading of the limit clock, that
	// was ever stored, also of events deleted since; 0 when there is none.
	LimitClock(ctx context.Context) (int64, error)
}

// Deps is what a Book needs. Store and Clock are required.
type Deps struct {
	Store Store
	Clock Clock
	// MaxKeys bounds the keys in memory; 0 stands for DefaultMaxKeys. Keys that
	// are locked, waited for or have unsettled events are kept above the bound
	// and leave as soon as they may.
	MaxKeys int
}

// Book counts events. It is safe for concurrent use. One store has one Book at
// a time: two would each miss what the other is about to store.
type Book struct {
	store   Store
	clock   Clock
	maxKeys int

	mu   sync.Mutex
	keys map[string]*key
	idle idleList
}

// New makes an empty Book that reads each key from the store when it is first
// asked for. It panics when a dependency is missing.
func New(d Deps) *Book {
	if d.Store == nil || d.Clock == nil {
		panic("limits: New needs a Store and a Clock")
	}
	b := &Book{store: d.Store, clock: d.Clock, maxKeys: d.MaxKeys, keys: make(map[string]*key)}
	if b.maxKeys <= 0 {
		b.maxKeys = DefaultMaxKeys
	}
	return b
}

// ref gives the key of that name, new if need be, and keeps it in memory until
// unref. The caller holds b.mu.
func (b *Book) ref(name []byte, r rank) *key {
	k, ok := b.keys[string(name)]
	if !ok {
		k = &key{name: string(name), rank: r, lock: make(chan struct{}, 1)}
		b.keys[k.name] = k
	}
	if k.isIdle {
		b.idle.remove(k)
	}
	k.refs++
	return k
}

// unref gives up n references to k and notes that pending more of its events
// are unsettled. The caller holds b.mu.
func (b *Book) unref(k *key, n, pending int) {
	k.refs -= n
	k.pending += pending
	if k.refs == 0 && k.pending == 0 && !k.isIdle {
		b.idle.add(k)
	}
	b.evict()
}

func (b *Book) evict() {
	for len(b.keys) > b.maxKeys && b.idle.oldest != nil {
		k := b.idle.oldest
		b.idle.remove(k)
		delete(b.keys, k.name)
	}
}

// Stored tells that the events are in the store, or may be: a commit whose
// outcome is unknown. They go on counting. Events that are not pending are
// passed over.
func (b *Book) Stored(events []Event) { b.settle(events, (*series).settle) }

// Undo tells that the transaction of the events certainly failed: they never
// happened and stop counting at once. Events that are not pending, because they
// were undone before or reported as stored, are passed over.
func (b *Book) Undo(events []Event) { b.settle(events, (*series).remove) }

func (b *Book) settle(events []Event, how func(s *series, at int64, id string) bool) {
	for _, e := range events {
		b.mu.Lock()
		k := b.keys[e.Key]
		b.mu.Unlock()
		// A key with pending events is never evicted: one that is not here, or
		// leaves now, has nothing to settle.
		if k == nil {
			continue
		}
		k.mu.Lock()
		settled := how(&k.series, e.At, e.ID)
		k.mu.Unlock()
		if settled {
			b.mu.Lock()
			b.unref(k, 0, -1)
			b.mu.Unlock()
		}
	}
}
