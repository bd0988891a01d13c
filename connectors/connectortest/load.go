package connectortest

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	"github.com/parachute-gate/parachute/connectors"
)

func loadCases() []testCase {
	return []testCase{
		{"ManyMessagesLeaveNothingBehind", []Feature{Load}, load},
	}
}

const (
	soakChats    = 50
	soakMessages = 10_000
	// soakWarm is when all that is made once has been made.
	soakWarm = 1_000
	// soakHeap is what 9,000 messages may leave on the heap, some for what the
	// platform keeps of them.
	soakHeap = 12 << 20
	// soakGoroutines is what may be left of goroutines after a stop: connections
	// that are kept for the next call.
	soakGoroutines = 12
)

// load plays many messages, and holds their order, the heap and the goroutines.
func load(b *bench) error {
	before := runtime.NumGoroutine()
	var mu sync.Mutex
	next, wrong := map[string]int{}, ""
	taken := 0
	b.startUnrecorded(func(_ context.Context, m connectors.Message) error {
		var chat, n int
		_, err := fmt.Sscanf(m.Text, "chat %d number %d", &chat, &n)
		mu.Lock()
		defer mu.Unlock()
		taken++
		if wrong == "" && (err != nil || n != next[m.Chat.ID]) {
			wrong = fmt.Sprintf("chat %q: number %d came as %.40q", m.Chat.ID, next[m.Chat.ID], m.Text)
		}
		next[m.Chat.ID]++
		return nil
	})
	handled := func(n int) func() bool {
		return func() bool {
			mu.Lock()
			defer mu.Unlock()
			return taken >= n
		}
	}
	var warm uint64
	for i := range soakMessages {
		text := fmt.Sprintf("chat %d number %d", i%soakChats, i/soakChats)
		if _, err := b.inject(Event{Chat: fmt.Sprint("room", i%soakChats), ChatKind: connectors.ChatGroup, Person: fmt.Sprint("person", i%7), Text: text}); err != nil {
			return err
		}
		if i+1 == soakWarm {
			if err := b.until("wait for the first messages", handled(soakWarm)); err != nil {
				return err
			}
			warm = heap()
		}
	}
	if err := b.until("wait for all messages", handled(soakMessages)); err != nil {
		return err
	}
	end := heap()
	if err := b.halt(); err != nil {
		return err
	}
	var x expect
	mu.Lock()
	x.that(wrong == "", "%s", wrong)
	x.that(taken == soakMessages && len(next) == soakChats, "%d messages of %d chats came, want %d of %d", taken, len(next), soakMessages, soakChats)
	mu.Unlock()
	x.that(end <= warm+soakHeap, "the heap is %d KiB after %d messages, and was %d KiB after %d", end>>10, soakMessages, warm>>10, soakWarm)
	if err := x.err(); err != nil {
		return err
	}
	return b.until("wait for the goroutines to end", func() bool { return runtime.NumGoroutine() <= before+soakGoroutines })
}

// heap is what is in use after a collection.
func heap() uint64 {
	runtime.GC() // what was pooled goes at the second
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
