package limits

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// key is one counter. Three locks guard three things: lock is held by one Hold
// at a time, for as long as a decision takes; mu guards the series for the
// moment of a change, so that settling never waits for a decision; and the
// Book's mu guards what eviction asks for.
type key struct {
	name string
	rank rank
	lock chan struct{} // holds one element while locked; waiters are served in order

	// Guarded by lock.
	loaded bool
	since  int64         // the series has everything stored later than this
	window time.Duration // the longest window asked for lately: how far back the series is kept
	wideAt int64         // when a window that long was last asked for

	mu     sync.Mutex
	series series

	// Guarded by Book.mu.
	refs       int // holds that have or await the lock
	pending    int
	isIdle     bool
	prev, next *key
}

func (k *key) acquire(ctx context.Context) error {
	select {
	case k.lock <- struct{}{}:
		return nil
	default:
	}
	select {
	case k.lock <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for limit key %q: %w", k.name, ctx.Err())
	}
}

func (k *key) release() { <-k.lock }

// cover sees that the series has all events of a window that ends now or later.
// The caller holds the lock.
func (k *key) cover(ctx context.Context, s Store, now int64, window time.Duration) error {
	since := now - int64(window)
	if !k.loaded || since < k.since {
		stored, err := load(ctx, s, k.name, since)
		if err != nil {
			return err
		}
		k.mu.Lock()
		k.series.merge(stored)
		k.mu.Unlock()
		k.loaded, k.since = true, since
	}
	// After a reload that shortens a window, the longer one is kept up for its
	// own length in case another rule, or the policy before, still asks for it.
	if window >= k.window || now-k.wideAt > int64(k.window) {
		k.window, k.wideAt = window, now
	}
	return nil
}

func load(ctx context.Context, s Store, name string, since int64) ([]entry, error) {
	events, err := s.LimitEvents(ctx, name, since)
	if err != nil {
		return nil, fmt.Errorf("read the events of limit key %q: %w", name, err)
	}
	entries := make([]entry, 0, len(events))
	for _, e := range events {
		if e.Key != name {
			return nil, fmt.Errorf("read the events of limit key %q: the store gave one of key %q", name, e.Key)
		}
		if e.At < 0 || e.At > maxReading+int64(MaxWindow) {
			return nil, fmt.Errorf("read the events of limit key %q: %d ns is no plausible time: the store is damaged, restore it from a copy", name, e.At)
		}
		if e.At > since {
			entries = append(entries, entry{at: e.At, id: e.ID})
		}
	}
	slices.SortFunc(entries, compareEntries)
	return entries, nil
}

// prune drops what no window asks for any more and says how many pending events
// went with it. The caller holds the lock.
func (k *key) prune(now int64) (expired int) {
	cutoff := now - int64(k.window)
	k.mu.Lock()
	expired = k.series.prune(cutoff, now-int64(MaxWindow))
	k.mu.Unlock()
	k.since = max(k.since, cutoff)
	return expired
}

// wait tells how long from now until the limit has room again, 0 when it has
// some now. The caller holds the lock.
func (k *key) wait(l Limit, now int64) time.Duration {
	if l.Max == 0 {
		return l.Window
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	counted := k.series.within(now - int64(l.Window))
	if len(counted) < l.Max {
		return 0
	}
	// Of events counted beyond Max, those that must leave before there is room
	// are passed over: the oldest of the last Max is the one that makes it.
	return time.Duration(counted[len(counted)-l.Max].at - now + int64(l.Window))
}

// idleList orders the keys that may be evicted by when they were last used.
type idleList struct{ newest, oldest *key }

func (l *idleList) add(k *key) {
	k.isIdle, k.prev, k.next = true, nil, l.newest
	if l.newest != nil {
		l.newest.prev = k
	} else {
		l.oldest = k
	}
	l.newest = k
}

func (l *idleList) remove(k *key) {
	if k.prev != nil {
		k.prev.next = k.next
	} else {
		l.newest = k.next
	}
	if k.next != nil {
		k.next.prev = k.prev
	} else {
		l.oldest = k.prev
	}
	k.isIdle, k.prev, k.next = false, nil, nil
}
