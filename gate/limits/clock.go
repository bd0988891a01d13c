package limits

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Clock gives readings of the limit clock, in nanoseconds. A reading is never
// smaller than one given before, to any goroutine.
type Clock interface {
	Now() int64
}

// maxReading is 2200-01-01 UTC in nanoseconds. A later reading comes from a
// broken clock or a damaged store; the room above it keeps sums of a reading
// and a window from overflowing.
const maxReading = 7_258_118_400_000_000_000

// MonotonicClock is the limit clock of one process. It starts at the larger of
// the wall clock and the highest reading in the store, and then advances by
// elapsed time that setting the wall clock cannot move. It is safe for
// concurrent use.
//
// What a jump of the wall clock does, and on which side the clock errs:
//
//   - While the process runs: nothing. Windows last their true length,
//     counting suspend on Linux. Elsewhere suspended time may not be counted:
//     windows then last longer, which is conservative.
//   - Back, between two runs: the clock goes on from the highest stored
//     reading. The time the process was down counts as none, so windows last
//     longer; conservative, since counting less than the true time can only
//     keep events in their windows.
//   - Forth, between two runs: taken at its word, for it looks exactly like the
//     process having been down so long. Events leave their windows by as much
//     too early, once: the one case that is not conservative. It is also what
//     happens when a wall clock that was behind at one start (a machine without
//     a battery) is put right before the next. Have the time synchronised
//     before the process starts.
//   - A jump forth that is put right again: the limit clock stays ahead and
//     later starts go on from the highest stored reading, exact while running,
//     conservative across restarts, until the wall has caught up.
//   - The source of elapsed time going back (a restored snapshot of a machine):
//     the clock stands still for that reading and advances from there.
type MonotonicClock struct {
	mu      sync.Mutex
	elapsed func() int64
	now     int64
	last    int64
}

// NewClock starts the limit clock from the store's LimitClock. It fails when
// the store cannot be read, or when the store's or the wall clock's reading is
// no plausible time.
func NewClock(ctx context.Context, s Store) (*MonotonicClock, error) {
	return newClock(ctx, s, time.Now, elapsedSource())
}

func newClock(ctx context.Context, s Store, wall func() time.Time, elapsed func() int64) (*MonotonicClock, error) {
	stored, err := s.LimitClock(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the stored limit clock: %w", err)
	}
	if stored < 0 || stored > maxReading {
		return nil, fmt.Errorf("read the stored limit clock: %d ns is no plausible time: the store is damaged, restore it from a copy", stored)
	}
	start := wall()
	// UnixNano is undefined outside 1678 to 2262, so the year is asked first.
	if start.Year() >= 2200 {
		return nil, errors.New("start the limit clock: the system's clock is past the year 2200: set it right and start again")
	}
	base := stored
	if start.Year() >= 1970 {
		base = max(base, start.UnixNano())
	}
	return &MonotonicClock{elapsed: elapsed, now: base, last: elapsed()}, nil
}

// Now gives the current reading in nanoseconds.
func (c *MonotonicClock) Now() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.elapsed()
	if e > c.last {
		c.now += e - c.last
	}
	c.last = e
	return c.now
}

// goMonotonic reads Go's own monotonic clock, which setting the wall clock does
// not move (package time, "Monotonic Clocks").
func goMonotonic() func() int64 {
	start := time.Now()
	return func() int64 { return int64(time.Since(start)) }
}
