package limits

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

var errDisk = errors.New("disk is on fire")

// memStore is what a database is to the package: committed events survive a
// restart, everything else does not.
type memStore struct {
	mu     sync.Mutex
	events map[string][]Event
	clock  int64
	fail   error
	reads  int
	onRead func(ctx context.Context, key string) error
	down   bool
}

func newMemStore() *memStore { return &memStore{events: map[string][]Event{}} }

func (s *memStore) LimitEvents(ctx context.Context, key string, since int64) ([]Event, error) {
	if s.onRead != nil {
		if err := s.onRead(ctx, key); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	if s.fail != nil {
		return nil, s.fail
	}
	var out []Event
	for _, e := range s.events[key] {
		if e.At > since {
			out = append(out, e)
		}
	}
	slices.Reverse(out) // any order is allowed
	return out, nil
}

func (s *memStore) LimitClock(context.Context) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clock, s.fail
}

// commit plays the decision's transaction; it reports false when the process
// has crashed, and then nothing is stored.
func (s *memStore) commit(events []Event) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return false
	}
	for _, e := range events {
		s.events[e.Key] = append(s.events[e.Key], e)
		s.clock = max(s.clock, e.At)
	}
	return true
}

func (s *memStore) setDown(down bool) {
	s.mu.Lock()
	s.down = down
	s.mu.Unlock()
}

func (s *memStore) setFail(err error) {
	s.mu.Lock()
	s.fail = err
	s.mu.Unlock()
}

// handClock is a limit clock moved by hand.
type handClock struct{ now atomic.Int64 }

func newHandClock() *handClock {
	c := &handClock{}
	c.now.Store(int64(1000 * time.Hour))
	return c
}

func (c *handClock) Now() int64              { return c.now.Load() }
func (c *handClock) advance(d time.Duration) { c.now.Add(int64(d)) }

// fixture is a book over fakes, with a count of the ids it gave.
type fixture struct {
	store *memStore
	clock *handClock
	book  *Book
	ids   int
}

func newFixture() *fixture {
	f := &fixture{store: newMemStore(), clock: newHandClock()}
	f.restart()
	return f
}

func (f *fixture) restart() { f.book = New(Deps{Store: f.store, Clock: f.clock}) }

func (f *fixture) id() string {
	f.ids++
	return fmt.Sprintf("decision-%d", f.ids)
}

type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

func (f *fixture) hold(t fataler, s Subject, limits ...Limit) *Hold {
	t.Helper()
	h, err := f.book.Hold(context.Background(), limits, s)
	if err != nil {
		t.Fatalf("Hold: %v", err)
	}
	return h
}

// take counts one event whatever is exceeded, and leaves it pending.
func (f *fixture) take(t fataler, s Subject, limits ...Limit) []Event {
	t.Helper()
	return f.hold(t, s, limits...).Take(f.id())
}

// admit counts one event and stores it.
func (f *fixture) admit(t fataler, s Subject, limits ...Limit) {
	t.Helper()
	events := f.take(t, s, limits...)
	f.store.commit(events)
	f.book.Stored(events)
}

// exceeded looks without counting.
func (f *fixture) exceeded(t fataler, s Subject, limits ...Limit) []Exceeded {
	t.Helper()
	h := f.hold(t, s, limits...)
	defer h.Release()
	return h.Exceeded()
}

func perUser(max int, window time.Duration) Limit {
	return Limit{Name: "messages", Per: PerUser, Max: max, Window: window}
}

var alice = Subject{User: "telegram:1", Chat: "telegram:-100", Connector: "telegram"}
var bob = Subject{User: "telegram:2", Chat: "telegram:-100", Connector: "telegram"}
