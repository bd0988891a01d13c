package agenttest

import (
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/sessions"
)

// holdings are what a process of ours has in hand.
type holdings struct {
	goroutines, files int
	heap              uint64
}

func held() holdings {
	// Twice: what has a finalizer is freed by the second.
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	h := holdings{goroutines: runtime.NumGoroutine(), heap: m.HeapAlloc}
	// Where there is no such folder there are no files to be counted.
	if open, err := os.ReadDir("/dev/fd"); err == nil {
		h.files = len(open)
	}
	return h
}

// mostGrowth is what the heap may differ by, of itself: less than 3 KiB of each
// session.
const mostGrowth = 512 << 10

// NoGrowth opens and ends 200 sessions, and sees that nothing of them stays.
func NoGrowth(tb testing.TB, agent sessions.Agent, end func(session string), hello string) {
	tb.Helper()
	n := 0
	use := func(times int) {
		for range times {
			n++
			turn := Turn("turn-"+strconv.Itoa(n), hello)
			of := *turn.Session
			of.ID = "session-" + strconv.Itoa(n)
			turn.Session = &of
			if _, err := agent.Answer(tb.Context(), turn, func(string) {}); err != nil {
				tb.Fatal(err)
			}
			end(of.ID)
		}
	}
	use(20)
	before := held()
	use(200)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(20 * time.Second)
	for {
		after := held()
		if after.goroutines <= before.goroutines && after.files <= before.files && after.heap <= before.heap+mostGrowth {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			tb.Errorf("before %+v, after 200 sessions %+v", before, after)
			return
		}
	}
}
