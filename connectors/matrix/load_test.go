package matrix

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/connectors"
)

// What is played, as in the suite's case for platforms that are fast enough.
const (
	loadRooms    = 50
	loadMessages = 10_000
	loadBatch    = 500
	loadHeap     = 12 << 20
	loadLeft     = 12 // goroutines that come and go with requests
)

// TestTenThousandMessages plays them as answers to requests for events: the real
// homeserver would need many minutes to take them. Rooms, requests and tokens are
// real.
func TestTenThousandMessages(t *testing.T) {
	var rooms []string
	s := newStage(t, false, func(d *Deps, p *platform) {
		d.Sync = 20 * time.Millisecond
		warden, err := p.Home.Person(t.Context(), "warden")
		if err != nil {
			t.Fatal(err)
		}
		for i := range loadRooms {
			label := fmt.Sprint("load", i)
			room, err := p.Place(t.Context(), label, "", connectors.ChatGroup, warden)
			if err != nil {
				t.Fatal(err)
			}
			rooms = append(rooms, string(room))
			d.Rooms = append(d.Rooms, string(room))
		}
	})
	var mu sync.Mutex
	next, taken, wrong := map[string]int{}, 0, ""
	ctx, stop := context.WithCancel(s.ctx)
	done := make(chan error, 1)
	go func() {
		done <- s.connector.Run(ctx, func(_ context.Context, m connectors.Message) error {
			mu.Lock()
			defer mu.Unlock()
			if want := fmt.Sprint("number ", next[m.Chat.ID]); m.Text != want && wrong == "" {
				wrong = fmt.Sprintf("room %s: %q where %q was due", m.Chat.ID, m.Text, want)
			}
			next[m.Chat.ID]++
			taken++
			return nil
		})
	}()
	s.ok(s.connected(s.ctx))
	reached := func(n int) func() bool {
		return func() bool {
			mu.Lock()
			defer mu.Unlock()
			return taken >= n || wrong != ""
		}
	}
	played := 0
	upTo := func(most int) {
		s.Lie(func(answer map[string]any) {
			if played < most {
				played += loadBatch
				answer["rooms"] = answerWith(rooms, played-loadBatch)
			}
		})
		s.until("the messages did not come", reached(most))
	}
	upTo(1000)
	warm, running := inUse(), runtime.NumGoroutine()
	upTo(loadMessages)
	end := inUse()
	s.until("goroutines were left", func() bool { return runtime.NumGoroutine() <= running+loadLeft })
	s.Lie(nil)
	stop()
	s.ok(<-done)
	if wrong != "" || taken != loadMessages || len(next) != loadRooms {
		t.Errorf("%d messages of %d rooms: %s", taken, len(next), wrong)
	}
	if end > warm+loadHeap {
		t.Errorf("the heap is %d KiB after %d messages, and was %d KiB after 1000", end>>10, loadMessages, warm>>10)
	}
}

// answerWith is the part "rooms" of an answer with the messages from number on, each
// room's in order.
func answerWith(rooms []string, number int) map[string]any {
	join := map[string]any{}
	each := loadBatch / len(rooms)
	for _, room := range rooms {
		var events []any
		for i := range each {
			n := number/len(rooms) + i
			events = append(events, map[string]any{
				"type": "m.room.message", "event_id": fmt.Sprintf("$%d-%s", n, room[1:10]), "sender": "@ana:localhost",
				"origin_server_ts": time.Now().UnixMilli(),
				"content":          map[string]any{"msgtype": "m.text", "body": fmt.Sprint("number ", n)},
			})
		}
		join[room] = map[string]any{"timeline": map[string]any{"events": events, "limited": false, "prev_batch": "p"}}
	}
	return map[string]any{"join": join}
}

// inUse is the heap after a collection.
func inUse() uint64 {
	runtime.GC() // what was pooled goes at the second
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
