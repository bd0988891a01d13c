package limits

import "golang.org/x/sys/unix"

// elapsedSource reads CLOCK_BOOTTIME, which cannot be set and runs on while the
// machine is suspended (clock_gettime(2)). Where a sandbox withholds it, Go's
// monotonic clock stands in. A read that fails later repeats the last reading:
// a clock that stands still keeps limits full. The function must not be called
// by two goroutines at once.
func elapsedSource() func() int64 {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts) != nil {
		return goMonotonic()
	}
	last := ts.Nano()
	return func() int64 {
		if unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts) == nil {
			last = ts.Nano()
		}
		return last
	}
}
