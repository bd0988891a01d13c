//go:build !linux

package limits

// elapsedSource reads Go's monotonic clock. Whether it counts suspended time
// depends on the system; where it does not, windows last longer.
func elapsedSource() func() int64 { return goMonotonic() }
