package limits

import (
	"context"
	"errors"
	"math"
	"strings"
	"sync"
	"testing"
	"time"
)

// machine is a computer's clocks, moved by hand.
type machine struct {
	wall    time.Time
	elapsed int64
}

func (m *machine) pass(d time.Duration) {
	m.wall = m.wall.Add(d)
	m.elapsed += int64(d)
}

func (m *machine) start(t fataler, s Store) *MonotonicClock {
	t.Helper()
	c, err := newClock(context.Background(), s, func() time.Time { return m.wall }, func() int64 { return m.elapsed })
	if err != nil {
		t.Fatalf("newClock: %v", err)
	}
	return c
}

func TestClockUnderJumps(t *testing.T) {
	type world struct {
		*machine
		store *memStore
		clock *MonotonicClock
	}
	restart := func(w *world) { w.clock = w.start(t, w.store) }
	tests := []struct {
		name string
		do   func(*world)
		want time.Duration // since the first start
	}{
		{"time passes", func(w *world) { w.pass(time.Minute) }, time.Minute},
		{"the wall jumps forth while running", func(w *world) {
			w.wall = w.wall.Add(time.Hour)
			w.pass(time.Second)
		}, time.Second},
		{"the wall jumps back while running", func(w *world) {
			w.wall = w.wall.Add(-time.Hour)
			w.pass(time.Second)
		}, time.Second},
		{"restart: the time it was down counts", func(w *world) {
			w.store.clock = w.clock.Now()
			w.wall = w.wall.Add(time.Hour)
			w.elapsed = 5 // a new boot
			restart(w)
			w.pass(time.Second)
		}, time.Hour + time.Second},
		{"restart after a jump back: on from the stored reading", func(w *world) {
			w.pass(time.Minute)
			w.store.clock = w.clock.Now()
			w.wall = w.wall.Add(-24 * time.Hour)
			restart(w)
			w.pass(time.Second)
		}, time.Minute + time.Second},
		{"restart after a jump forth: taken at its word", func(w *world) {
			w.store.clock = w.clock.Now()
			w.wall = w.wall.Add(24 * time.Hour)
			restart(w)
		}, 24 * time.Hour},
		{"the jump forth is put right: stays ahead, and steady", func(w *world) {
			w.wall = w.wall.Add(24 * time.Hour)
			restart(w)
			w.store.clock = w.clock.Now()
			w.wall = w.wall.Add(-24 * time.Hour)
			restart(w)
			w.pass(time.Second)
		}, 24*time.Hour + time.Second},
		{"a wall that was behind is put right: as a jump forth", func(w *world) {
			w.store.clock = w.clock.Now()
			w.wall = w.wall.Add(-24 * time.Hour)
			restart(w)
			w.pass(time.Second)
			w.wall = w.wall.Add(24 * time.Hour)
			restart(w)
		}, time.Second},
		{"a jump forth while running shows at the next start", func(w *world) {
			w.wall = w.wall.Add(time.Hour)
			w.store.clock = w.clock.Now()
			restart(w)
		}, time.Hour},
		{"restart before 1970 without a stored reading later", func(w *world) {
			w.store.clock = w.clock.Now()
			w.wall = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
			restart(w)
			w.pass(time.Second)
		}, time.Second},
		{"elapsed time goes back: stands still, then advances", func(w *world) {
			w.pass(time.Minute)
			w.clock.Now()
			w.elapsed -= int64(time.Hour)
			w.clock.Now()
			w.elapsed += int64(time.Second)
		}, time.Minute + time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			start := time.Date(2030, 1, 2, 3, 4, 5, 6, time.UTC)
			w := &world{machine: &machine{wall: start, elapsed: int64(time.Hour)}, store: newMemStore()}
			restart(w)
			if got := w.clock.Now(); got != start.UnixNano() {
				t.Fatalf("the first reading is %d, want the wall clock's %d", got, start.UnixNano())
			}
			tt.do(w)
			if got := time.Duration(w.clock.Now() - start.UnixNano()); got != tt.want {
				t.Fatalf("the clock advanced %v, want %v", got, tt.want)
			}
		})
	}
}

func TestClockRefusesImplausibleStarts(t *testing.T) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		name   string
		stored int64
		fail   error
		wall   time.Time
		want   string
	}{
		{"unreadable store", 0, errDisk, now, "on fire"},
		{"negative reading", -1, nil, now, "damaged"},
		{"reading without end", math.MaxInt64, nil, now, "damaged"},
		{"wall in the year 2300, where nanoseconds overflow", 0, nil, time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC), "set it right"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newMemStore()
			s.clock, s.fail = tt.stored, tt.fail
			_, err := newClock(context.Background(), s, func() time.Time { return tt.wall }, func() int64 { return 0 })
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("newClock = %v, want an error with %q", err, tt.want)
			}
			if tt.fail != nil && !errors.Is(err, tt.fail) {
				t.Fatalf("%v does not wrap the store's error", err)
			}
		})
	}
}

// The real sources: never back, for any goroutine, and not before the wall.
func TestNewClockNeverGoesBack(t *testing.T) {
	before := time.Now().UnixNano()
	c, err := NewClock(context.Background(), newMemStore())
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Now(); got < before {
		t.Fatalf("the clock starts at %d, before the wall clock's %d", got, before)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			last := c.Now()
			for range 2000 {
				now := c.Now()
				if now < last {
					t.Errorf("%d after %d", now, last)
					return
				}
				last = now
			}
		})
	}
	wg.Wait()
}

func TestElapsedSourcesAdvance(t *testing.T) {
	for name, source := range map[string]func() int64{"system": elapsedSource(), "go": goMonotonic()} {
		first := source()
		for range 1_000_000 {
			if source() > first {
				break
			}
		}
		if now := source(); now <= first {
			t.Errorf("%s: still %d", name, now)
		}
	}
}
