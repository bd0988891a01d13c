package limits

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const flooders = 64

// town is a machine that many goroutines use at once. Its elapsed time only
// goes on; its wall clock is moved by anyone.
type town struct {
	elapsed atomic.Int64
	wallOff atomic.Int64
	store   *memStore
}

func (w *town) wall() time.Time { return time.Unix(0, int64(1e18)+w.elapsed.Load()+w.wallOff.Load()) }

type admission struct {
	Event
	elapsed int64 // the true time of At
}

type refusal struct {
	key           string
	limit         Limit
	before, after int64 // readings around the Hold
}

// run is one life of the process: from a start to a crash or a quiet end.
type run struct {
	*town
	book   *Book
	clock  *MonotonicClock
	limits []Limit
	base   int64 // limit clock minus elapsed time
	number int
	life   int64 // crash when so many commits were made

	mu       sync.Mutex
	taken    []Event
	admitted []admission
	refused  []refusal
	commits  atomic.Int64
}

func (r *run) flood(rng *rand.Rand, who, arrivals int) error {
	for i := range arrivals {
		switch rng.IntN(6) {
		case 0:
			r.elapsed.Add(rng.Int64N(int64(time.Second)))
		case 1:
			r.wallOff.Add(rng.Int64N(int64(time.Hour)) - int64(30*time.Minute))
		case 2:
			runtime.Gosched()
		}
		u := rng.IntN(4)
		s := Subject{User: fmt.Sprintf("telegram:%d", u), Chat: fmt.Sprintf("telegram:-%d", u%2), Connector: "telegram"}
		before := r.clock.Now()
		h, err := r.book.Hold(context.Background(), r.limits, s)
		if err != nil {
			return err
		}
		if over := h.Exceeded(); len(over) > 0 {
			h.Release()
			r.note(s, over, before)
			continue
		}
		events := h.Take(fmt.Sprintf("%d-%d-%d", r.number, who, i))
		r.mu.Lock()
		r.taken = append(r.taken, events...)
		r.mu.Unlock()
		runtime.Gosched() // the transaction
		if rng.IntN(5) == 0 {
			r.book.Undo(events)
			continue
		}
		if r.commits.Add(1) >= r.life {
			r.store.setDown(true)
		}
		if !r.store.commit(events) {
			return nil // kill -9: neither Stored nor Undo
		}
		r.mu.Lock()
		for _, e := range events {
			r.admitted = append(r.admitted, admission{e, e.At - r.base})
		}
		r.mu.Unlock()
		r.book.Stored(events)
	}
	return nil
}

func (r *run) note(s Subject, over []Exceeded, before int64) {
	after := r.clock.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range over {
		id, _ := s.id(e.Limit)
		r.refused = append(r.refused, refusal{string(appendKey(nil, e.Per, id, e.Name)), e.Limit, before, after})
	}
}

// 64 goroutines, commits that fail, crashes, wall clocks that jump: what is
// admitted, taken together over all lives of the process, never has more than
// Max in a window, and nobody is refused where there was room.
func TestNeverMoreThanMaxUnderConcurrencyAndCrashes(t *testing.T) {
	limitGen := rapid.Custom(func(t *rapid.T) Limit {
		return Limit{
			Per:    rapid.SampledFrom([]string{PerUser, PerChat, PerConnector, PerAll}).Draw(t, "per"),
			Max:    rapid.IntRange(1, 6).Draw(t, "max"),
			Window: time.Duration(rapid.IntRange(1, 60).Draw(t, "window")) * time.Second,
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		w := &town{store: newMemStore()}
		limits := rapid.SliceOfN(limitGen, 1, 3).Draw(t, "limits")
		for i := range limits {
			limits[i].Name = fmt.Sprintf("limit%d", i)
		}
		// Where the wall clock at a start is never further ahead than at the start
		// before, the bound holds in true time too.
		trueTime := rapid.Bool().Draw(t, "no jump forth between lives")
		var ahead int64
		keys := rapid.IntRange(1, 12).Draw(t, "keys")
		var admitted []admission
		for number := range rapid.IntRange(1, 4).Draw(t, "lives") {
			w.store.setDown(false)
			if trueTime {
				ahead = min(ahead, w.wallOff.Load())
				w.wallOff.Store(ahead)
			}
			clock, err := newClock(context.Background(), w.store, w.wall, w.elapsed.Load)
			if err != nil {
				t.Fatalf("newClock: %v", err)
			}
			r := &run{
				town: w, clock: clock, limits: limits, number: number,
				book: New(Deps{Store: w.store, Clock: clock, MaxKeys: keys}),
				base: clock.Now() - w.elapsed.Load(),
				life: rapid.Int64Range(1, 300).Draw(t, "commits before the crash"),
			}
			seed := rapid.Uint64().Draw(t, "seed")
			arrivals := rapid.IntRange(1, 8).Draw(t, "arrivals")
			errs := make(chan error, flooders)
			for who := range flooders {
				go func() { errs <- r.flood(rand.New(rand.NewPCG(seed, uint64(who))), who, arrivals) }()
			}
			for range flooders {
				if err := <-errs; err != nil {
					t.Fatalf("Hold: %v", err)
				}
			}
			checkRefusals(t, r, admitted)
			checkAtRest(t, r.book)
			admitted = append(admitted, r.admitted...)
			w.elapsed.Add(rapid.Int64Range(0, int64(10*time.Second)).Draw(t, "down for"))
		}
		checkBound(t, limits, admitted, func(a admission) int64 { return a.At })
		if trueTime {
			checkBound(t, limits, admitted, func(a admission) int64 { return a.elapsed })
		}
	})
}

// checkBound looks at each event and the one Max places after it: they must be
// a window apart.
func checkBound(t *rapid.T, limits []Limit, admitted []admission, timeOf func(admission) int64) {
	byKey := map[string][]int64{}
	for _, a := range admitted {
		byKey[a.Key] = append(byKey[a.Key], timeOf(a))
	}
	for key, times := range byKey {
		slices.Sort(times)
		i := slices.IndexFunc(limits, func(l Limit) bool { return key[len(key)-len(l.Name):] == l.Name })
		l := limits[i]
		for j := l.Max; j < len(times); j++ {
			if gap := time.Duration(times[j] - times[j-l.Max]); gap < l.Window {
				t.Fatalf("%s: %d events within %v, at most %d allowed in %v", key, l.Max+1, gap, l.Max, l.Window)
			}
		}
	}
}

// checkRefusals: where a limit was called full, Max events were counted, those
// included that were undone or lost afterwards.
func checkRefusals(t *rapid.T, r *run, before []admission) {
	counted := map[string][]int64{}
	for _, a := range before {
		counted[a.Key] = append(counted[a.Key], a.At)
	}
	for _, e := range r.taken {
		counted[e.Key] = append(counted[e.Key], e.At)
	}
	for _, f := range r.refused {
		n := 0
		for _, at := range counted[f.key] {
			if at > f.before-int64(f.limit.Window) && at <= f.after {
				n++
			}
		}
		if n < f.limit.Max {
			t.Fatalf("%s: refused with %d of %d in the window", f.key, n, f.limit.Max)
		}
	}
}

// checkAtRest: no lock and no reference outlives its Hold, and what may be
// evicted is exactly what has nothing pending.
func checkAtRest(t fataler, b *Book) {
	t.Helper()
	idle := 0
	for name, k := range b.keys {
		pending := 0
		for _, e := range k.series.live() {
			if e.pending {
				pending++
			}
		}
		if k.refs != 0 || len(k.lock) != 0 || k.pending != pending || k.isIdle != (pending == 0) {
			t.Fatalf("key %s: refs %d, locked %d, pending %d of %d, idle %v", name, k.refs, len(k.lock), k.pending, pending, k.isIdle)
		}
		if k.isIdle {
			idle++
		}
	}
	if idle > 0 && len(b.keys) > b.maxKeys {
		t.Fatalf("%d keys in memory, %d of them idle, want at most %d", len(b.keys), idle, b.maxKeys)
	}
	for k := b.idle.newest; k != nil; k = k.next {
		idle--
	}
	if idle != 0 {
		t.Fatalf("the idle list has %d keys too few", idle)
	}
}
