package matrix

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"
)

// maxFacts bounds what is remembered of events.
const maxFacts = 4096

// fact is what is asked of an event that another one speaks of.
type fact struct {
	sender id.UserID
	// thread is the event that its thread began with, empty outside of threads.
	thread id.EventID
}

type factKey struct {
	room  id.RoomID
	event id.EventID
}

// facts remembers the last events. Safe for concurrent use.
type facts struct {
	mu    sync.Mutex
	known map[factKey]fact
	order []factKey // a ring of the keys, oldest at next
	next  int
}

func newFacts() *facts { return &facts{known: map[factKey]fact{}} }

func (f *facts) note(at id.RoomID, ev id.EventID, what fact) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := factKey{at, ev}
	if _, ok := f.known[k]; !ok {
		if len(f.order) < maxFacts {
			f.order = append(f.order, k)
		} else {
			delete(f.known, f.order[f.next])
			f.order[f.next] = k
			f.next = (f.next + 1) % maxFacts
		}
	}
	f.known[k] = what
}

// see notes what an event of the timeline tells. A relation stands outside of
// what is encrypted.
func (f *facts) see(at id.RoomID, e *event.Event) {
	f.note(at, e.ID, fact{sender: e.Sender, thread: content[relating](e).Relates.thread()})
}

// find gives what is known of an event, asking the homeserver where nothing is.
// It gives false for one that does not exist or that the bot may not see.
func (f *facts) find(ctx context.Context, a *account, at id.RoomID, ev id.EventID) (fact, bool, error) {
	f.mu.Lock()
	got, ok := f.known[factKey{at, ev}]
	f.mu.Unlock()
	if ok || ev == "" {
		return got, ok, nil
	}
	e := &event.Event{}
	err := a.short(ctx, "look up an event", func(ctx context.Context, s *session) error {
		_, err := s.cli.MakeRequest(ctx, http.MethodGet, s.cli.BuildClientURL("v3", "rooms", at, "event", ev), nil, e)
		return err
	})
	var h mautrix.HTTPError
	if errors.As(err, &h) && h.Response != nil && (h.IsStatus(http.StatusNotFound) || h.IsStatus(http.StatusForbidden) || h.IsStatus(http.StatusBadRequest)) {
		return fact{}, false, nil
	}
	if err != nil {
		return fact{}, false, err
	}
	if e.ID != ev || e.RoomID != "" && e.RoomID != at {
		return fact{}, false, nil
	}
	f.see(at, e)
	got = fact{sender: e.Sender, thread: content[relating](e).Relates.thread()}
	return got, true, nil
}
