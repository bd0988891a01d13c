package limits

import (
	"fmt"
	"testing"
	"time"
)

func user(i int) Subject { return Subject{User: fmt.Sprintf("telegram:%d", i)} }

func (f *fixture) keysInMemory() int {
	f.book.mu.Lock()
	defer f.book.mu.Unlock()
	return len(f.book.keys)
}

// A crowd of strangers, each with a key of their own, does not fill the memory,
// and who is evicted is still counted.
func TestStrangersDoNotFillTheMemory(t *testing.T) {
	f := newFixture()
	f.book = New(Deps{Store: f.store, Clock: f.clock, MaxKeys: 10})
	limit := perUser(1, time.Minute)
	for i := range 100 {
		f.admit(t, user(i), limit)
		if n := f.keysInMemory(); n > 10 {
			t.Fatalf("%d keys in memory, want at most 10", n)
		}
	}
	for i := range 100 {
		if got := f.exceeded(t, user(i), limit); len(got) != 1 {
			t.Fatalf("user %d: exceeded = %v, want the limit", i, got)
		}
	}
}

func TestTheLeastRecentlyUsedKeyIsEvicted(t *testing.T) {
	f := newFixture()
	f.book = New(Deps{Store: f.store, Clock: f.clock, MaxKeys: 3})
	limit := perUser(1, time.Minute)
	for _, i := range []int{1, 2, 3, 1, 4, 5} { // 2, then 3, leave
		f.exceeded(t, user(i), limit)
	}
	for _, tt := range []struct {
		user   int
		inside bool
	}{{1, true}, {4, true}, {5, true}, {2, false}} {
		before := f.store.reads
		f.exceeded(t, user(tt.user), limit)
		if inside := f.store.reads == before; inside != tt.inside {
			t.Errorf("user %d in memory: %v, want %v", tt.user, inside, tt.inside)
		}
	}
}

func TestUnsettledAndLockedKeysAreNotEvicted(t *testing.T) {
	f := newFixture()
	f.book = New(Deps{Store: f.store, Clock: f.clock, MaxKeys: 1})
	limit := perUser(1, time.Minute)
	pending := f.take(t, user(1), limit)
	lost := f.take(t, user(2), limit)
	held := f.hold(t, user(3), limit)
	for i := 10; i < 20; i++ {
		f.exceeded(t, user(i), limit)
	}
	if n := f.keysInMemory(); n != 3 {
		t.Fatalf("%d keys in memory, want the three in use", n)
	}
	for i := 1; i <= 2; i++ {
		if got := f.exceeded(t, user(i), limit); len(got) != 1 {
			t.Fatalf("user %d: the pending event was forgotten", i)
		}
	}
	f.store.commit(pending)
	f.book.Stored(pending)
	f.book.Undo(lost)
	held.Release()
	if n := f.keysInMemory(); n != 1 {
		t.Fatalf("%d keys in memory, want 1 when all is settled", n)
	}
	if got := f.exceeded(t, user(1), limit); len(got) != 1 {
		t.Fatalf("user 1: exceeded = %v, want the stored event", got)
	}
}

// A commit that ended nobody knows how: Stored keeps the event counted while
// the key is in memory, and then the store has the last word.
func TestUnknownOutcomeIsReportedAsStored(t *testing.T) {
	f := newFixture()
	f.book = New(Deps{Store: f.store, Clock: f.clock, MaxKeys: 1})
	limit := perUser(1, time.Minute)
	f.book.Stored(f.take(t, user(1), limit))
	if got := f.exceeded(t, user(1), limit); len(got) != 1 {
		t.Fatalf("exceeded = %v, want the event counted", got)
	}
	f.exceeded(t, user(2), limit)
	if got := f.exceeded(t, user(1), limit); len(got) != 0 {
		t.Fatalf("exceeded = %v, want the store's word", got)
	}
}

func TestPendingEventsBeyondEveryWindowAreDropped(t *testing.T) {
	f := newFixture()
	f.book = New(Deps{Store: f.store, Clock: f.clock, MaxKeys: 1})
	limit := perUser(1, time.Second)
	events := f.take(t, user(1), limit) // and never settled
	f.clock.advance(MaxWindow)
	f.exceeded(t, user(1), limit)
	f.exceeded(t, user(2), limit)
	if f.book.keys["user|telegram:1|messages"] != nil || f.keysInMemory() != 1 {
		t.Fatalf("in memory: %v, want user 2 alone", f.book.keys)
	}
	f.book.Stored(events)
	f.book.Undo(events)
	f.exceeded(t, user(3), limit)
	if n := f.keysInMemory(); n != 1 {
		t.Fatalf("%d keys in memory after settling too late, want 1", n)
	}
}

func (f *fixture) entriesOf(name string) (live, capacity int) {
	f.book.mu.Lock()
	defer f.book.mu.Unlock()
	s := &f.book.keys[name].series
	return len(s.live()), cap(s.buf)
}

func TestEventsBeyondTheWindowArePruned(t *testing.T) {
	f := newFixture()
	limit := perUser(1000, time.Minute)
	for range 5000 {
		f.admit(t, alice, limit)
		f.clock.advance(time.Second)
		if live, capacity := f.entriesOf("user|telegram:1|messages"); live > 61 || capacity > 256 {
			t.Fatalf("%d events in room for %d, want those of a minute", live, capacity)
		}
	}
}

func TestABurstGivesItsMemoryBack(t *testing.T) {
	f := newFixture()
	limit := perUser(1000, time.Minute)
	for range 5000 {
		f.admit(t, alice, limit)
	}
	f.clock.advance(time.Minute)
	f.exceeded(t, alice, limit)
	if live, capacity := f.entriesOf("user|telegram:1|messages"); live != 0 || capacity > 64 {
		t.Fatalf("%d events in room for %d, want none", live, capacity)
	}
}

// A policy reload shortens a window: after one more of the old length, what
// only the old one needed is gone; and should it come back, nothing is missing.
func TestAShortenedWindowIsPrunedInTheEnd(t *testing.T) {
	f := newFixture()
	long, short := perUser(1000, time.Hour), perUser(1000, time.Second)
	for range 100 {
		f.admit(t, alice, long)
	}
	f.clock.advance(time.Minute)
	f.exceeded(t, alice, short)
	reads := f.store.reads
	f.exceeded(t, alice, long)
	if f.store.reads != reads {
		t.Fatal("two windows of one key, used in turn, read the store each time")
	}
	for range 61 { // a minute of events a minute
		f.clock.advance(time.Minute)
		f.admit(t, alice, short)
	}
	f.exceeded(t, alice, short)
	if live, _ := f.entriesOf("user|telegram:1|messages"); live != 1 {
		t.Fatalf("%d events in memory, want the last second's", live)
	}
	if got := f.exceeded(t, alice, perUser(60, time.Hour)); len(got) != 1 {
		t.Fatalf("exceeded = %v, want the 60 events of the hour", got)
	}
	if got := f.exceeded(t, alice, perUser(61, time.Hour)); len(got) != 0 {
		t.Fatalf("exceeded = %v, want room for one", got)
	}
}
