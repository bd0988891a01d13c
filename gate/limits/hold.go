package limits

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// Exceeded is a limit that is full. RetryAfter, always above 0, is exactly how
// long after the Hold there is room again if nothing else is counted: when the
// oldest event that fills the limit leaves the window. For a Max of 0 it is the
// Window. Limits that share a key are full together, with the longest wait.
type Exceeded struct {
	Limit
	RetryAfter time.Duration
}

// Hold has the keys of one decision locked. It ends with Take or Release.
type Hold struct {
	book  *Book
	items []item // in the order of their keys
	ended atomic.Bool
	// now is the moment of the Hold.
	now int64
	// locked is how many items, from the first, have their key locked.
	locked   int
	exceeded []Exceeded
}

type item struct {
	Limit
	k *key
}

// Hold locks the counters of the limits for the subject, reads from the store
// what is not in memory, and finds which limits are full. It waits for other
// Holds of the same counters, first come, first served; when ctx ends first, or
// a limit or the subject is not valid, or the store fails, it returns an error
// and nothing stays locked.
//
// Keys are locked from narrow to shared (user, chat, connector, all) and by
// name, the same for everyone, so Holds cannot wait for each other in a circle.
// A goroutine must not take a second Hold before the first has ended.
func (b *Book) Hold(ctx context.Context, limits []Limit, s Subject) (*Hold, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("hold limits: %w", err)
	}
	for _, l := range limits {
		if err := l.Validate(); err != nil {
			return nil, fmt.Errorf("hold limits: %w", err)
		}
		if _, err := s.id(l); err != nil {
			return nil, fmt.Errorf("hold limits: %w", err)
		}
	}
	h := b.find(limits, s)
	held := false
	defer func() {
		if !held { // an error, or a panic of the store
			h.Release()
		}
	}()
	if err := h.lock(ctx); err != nil {
		return nil, fmt.Errorf("hold limits: %w", err)
	}
	h.measure()
	held = true
	return h, nil
}

// find refers to the limits' keys, which keeps them in memory.
func (b *Book) find(limits []Limit, s Subject) *Hold {
	h := &Hold{book: b, items: make([]item, 0, len(limits))}
	var buf [256]byte
	b.mu.Lock()
	for _, l := range limits {
		id, _ := s.id(l) // checked by Hold
		h.items = append(h.items, item{l, b.ref(appendKey(buf[:0], l.Per, id, l.Name), rankOf(l.Per))})
	}
	b.evict()
	b.mu.Unlock()
	slices.SortFunc(h.items, func(x, y item) int {
		return cmp.Or(cmp.Compare(x.k.rank, y.k.rank), strings.Compare(x.k.name, y.k.name), compareLimits(x.Limit, y.Limit))
	})
	return h
}

// group gives the end of the run of items, from i, that share a key.
func (h *Hold) group(i int) int {
	end := i + 1
	for end < len(h.items) && h.items[end].k == h.items[i].k {
		end++
	}
	return end
}

// lock locks and loads key by key, so that a key is read from the store while
// nothing wider is locked than itself.
func (h *Hold) lock(ctx context.Context) error {
	for i, end := 0, 0; i < len(h.items); i = end {
		end = h.group(i)
		k := h.items[i].k
		if err := k.acquire(ctx); err != nil {
			return err
		}
		h.locked = end
		var window time.Duration
		for _, it := range h.items[i:end] {
			window = max(window, it.Window)
		}
		if err := k.cover(ctx, h.book.store, h.book.clock.Now(), window); err != nil {
			return err
		}
	}
	return nil
}

func (h *Hold) measure() {
	now := h.book.clock.Now()
	h.now = now
	for i, end := 0, 0; i < len(h.items); i = end {
		end = h.group(i)
		k := h.items[i].k
		if expired := k.prune(now); expired > 0 {
			h.book.mu.Lock()
			h.book.unref(k, 0, -expired)
			h.book.mu.Unlock()
		}
		var wait time.Duration
		for _, it := range h.items[i:end] {
			wait = max(wait, k.wait(it.Limit, now))
		}
		if wait == 0 {
			continue
		}
		for _, it := range h.items[i:end] {
			h.exceeded = append(h.exceeded, Exceeded{it.Limit, wait})
		}
	}
	slices.SortStableFunc(h.exceeded, func(x, y Exceeded) int { return compareLimits(x.Limit, y.Limit) })
	h.exceeded = slices.Compact(h.exceeded)
}

// Exceeded gives the limits that were full when they were locked, sorted by
// name, then per, max and window. When several limits share a key, the stricter
// holds for each: if one is full, each is reported. The slice is the caller's.
func (h *Hold) Exceeded() []Exceeded { return slices.Clone(h.exceeded) }

// Take counts the event with that decision id now on every key, full or not,
// and unlocks. It returns one event a key, which belong in the decision's
// transaction and are settled afterwards by Stored or Undo. The id must be the
// decision's own. Take panics on a Hold that has ended: what it would count
// could no longer be exact, and not counting would admit for free.
func (h *Hold) Take(id string) []Event {
	if !h.ended.CompareAndSwap(false, true) {
		panic("limits: Take on a Hold that has ended")
	}
	events := make([]Event, 0, len(h.items))
	now := h.book.clock.Now()
	for i := 0; i < len(h.items); i = h.group(i) {
		k := h.items[i].k
		k.mu.Lock()
		k.series.insert(now, id)
		k.mu.Unlock()
		events = append(events, Event{Key: k.name, At: now, ID: id})
	}
	h.end(1)
	return events
}

// Release unlocks without counting. On a Hold that has ended it does nothing.
func (h *Hold) Release() {
	if h.ended.CompareAndSwap(false, true) {
		h.end(0)
	}
}

// end unlocks the keys, widest first, and lets go of them. Each has pending
// more unsettled events than before.
func (h *Hold) end(pending int) {
	for i := h.locked - 1; i >= 0; i-- {
		if i == 0 || h.items[i-1].k != h.items[i].k {
			h.items[i].k.release()
		}
	}
	b := h.book
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, end := 0, 0; i < len(h.items); i = end {
		end = h.group(i)
		b.unref(h.items[i].k, end-i, pending)
	}
}

// Left is how much of a limit there was when it was locked. Left is never below
// 0, whatever a policy admitted beyond Max.
type Left struct {
	Limit
	Left int
}

// Left gives what was left of each limit at the moment of the Hold, sorted by
// name, then per, max and window. It is called before Take or Release.
func (h *Hold) Left() []Left {
	out := make([]Left, 0, len(h.items))
	for _, it := range h.items {
		it.k.mu.Lock()
		counted := len(it.k.series.within(h.now - int64(it.Window)))
		it.k.mu.Unlock()
		out = append(out, Left{it.Limit, max(0, it.Max-counted)})
	}
	slices.SortFunc(out, func(x, y Left) int { return compareLimits(x.Limit, y.Limit) })
	return out
}
