package matrix

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"github.com/parachute-gate/parachute/connectors/driver"
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
	if e.ID != "" {
		f.note(at, e.ID, fact{sender: e.Sender, thread: content[relating](e).Relates.thread()})
	}
}

// validEvent tells whether an id can be an event's. What others write into a
// relation goes into the address of a request.
func validEvent(ev id.EventID) bool {
	return strings.HasPrefix(string(ev), "$") && len(ev) <= 255 && utf8.ValidString(string(ev)) && !strings.ContainsFunc(string(ev), unicode.IsControl)
}

// refused tells whether the homeserver answered that it will not do something, and
// neither that it wants another token nor that it is asked too much. A proxy before
// it answers so as well, in its own words.
func refused(err error) bool {
	var h mautrix.HTTPError
	if !errors.As(err, &h) || h.Response == nil {
		return false
	}
	status := h.Response.StatusCode
	return status >= 400 && status < 500 && status != http.StatusUnauthorized && status != http.StatusTooManyRequests
}

// find gives what is known of an event, asking the homeserver where nothing is.
// It gives false for one that does not exist or that the bot may not see.
func (f *facts) find(ctx context.Context, a *account, at id.RoomID, ev id.EventID) (fact, bool, error) {
	f.mu.Lock()
	got, ok := f.known[factKey{at, ev}]
	f.mu.Unlock()
	if ok || !validEvent(ev) {
		return got, ok, nil
	}
	var raw json.RawMessage
	err := a.short(ctx, "look up an event", func(ctx context.Context, s *session) error {
		_, err := s.cli.MakeRequest(ctx, http.MethodGet, s.cli.BuildClientURL("v3", "rooms", at, "event", ev), nil, &raw)
		return err
	})
	if refused(err) {
		return fact{}, false, nil
	}
	if err != nil {
		return fact{}, false, err
	}
	e, err := decodeEvent(raw)
	if err != nil || e.ID != ev || e.RoomID != "" && e.RoomID != at {
		return fact{}, false, nil //nolint:nilerr // what cannot be read tells nothing
	}
	f.see(at, e)
	got = fact{sender: e.Sender, thread: content[relating](e).Relates.thread()}
	return got, true, nil
}

const (
	// lookUps is how often an event is looked up for another one that speaks of it,
	// lookUpTime bounds one time, and lookUpWait what lies between two.
	lookUps    = 2
	lookUpTime = 10 * time.Second
	lookUpWait = time.Second
)

// look is find for an event on its way to the handler: it tries no more than twice,
// so that what somebody wrote into a relation holds up nothing for ever, and takes
// the event for unknown then.
func (f *facts) look(ctx context.Context, a *account, at id.RoomID, ev id.EventID) (fact, bool, error) {
	for n := 1; ; n++ {
		got, known, err := func() (fact, bool, error) {
			ctx, cancel := context.WithTimeout(ctx, lookUpTime)
			defer cancel()
			return f.find(ctx, a, at, ev)
		}()
		var h mautrix.HTTPError
		switch {
		case err == nil, ctx.Err() != nil, driver.IsPermanent(err) && !errors.As(err, &h):
			return got, known, err
		case n == lookUps:
			a.log.WarnContext(ctx, "event not looked up, taken for unknown", "room", at, "event", ev, "error", a.hush.err(err))
			return fact{}, false, nil
		}
		select {
		case <-ctx.Done():
			return fact{}, false, ctx.Err()
		case <-time.After(lookUpWait):
		}
	}
}
