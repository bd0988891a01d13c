package matrix

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/driver"
)

const (
	// roomsBeside is how many rooms are handled at once, roomWaiting how many
	// answers' events of one room may wait.
	roomsBeside = 32
	roomWaiting = 64
	// drainTime is how long a stopped Run lets handlers finish, and lastCall how
	// long it waits for them after their context was cancelled. Together they stay
	// below the 5 s that a stop may take.
	drainTime = 3 * time.Second
	lastCall  = time.Second
	// againMost bounds the wait before an event that was not taken is given again.
	againMost = time.Minute
)

// filter leaves out of an answer what no event comes of. Members are not left out
// (lazy_load_members), as who is in a room decides what kind of chat it is.
func filter(limit int) string {
	const none = `{"not_types":["*"]}`
	return fmt.Sprintf(`{"presence":%[1]s,"account_data":%[1]s,"room":{"account_data":%[1]s,"ephemeral":%[1]s,"timeline":{"limit":%[2]d}}}`, none, limit)
}

// answer is one answer to a request for events. Events stay raw, so that one
// which cannot be read hides no other.
type answer struct {
	Next     string `json:"next_batch"`
	ToDevice struct {
		Events []json.RawMessage `json:"events"`
	} `json:"to_device"`
	Devices mautrix.DeviceLists `json:"device_lists"`
	Keys    mautrix.OTKCount    `json:"device_one_time_keys_count"`
	Rooms   struct {
		Join   map[id.RoomID]joinedRoom  `json:"join"`
		Invite map[id.RoomID]invitedRoom `json:"invite"`
		Leave  map[id.RoomID]struct{}    `json:"leave"`
	} `json:"rooms"`
}

type joinedRoom struct {
	State struct {
		Events []json.RawMessage `json:"events"`
	} `json:"state"`
	Timeline struct {
		Events  []json.RawMessage `json:"events"`
		Limited bool              `json:"limited"`
		Prev    string            `json:"prev_batch"`
	} `json:"timeline"`
}

type invitedRoom struct {
	State struct {
		Events []json.RawMessage `json:"events"`
	} `json:"invite_state"`
}

// run is one call of Run.
type run struct {
	c *Connector
	h connectors.Handler

	ctx context.Context
	// calls is the handlers' context: it outlives ctx while a call finishes.
	calls      context.Context
	endOfCalls context.CancelFunc
	lanes      *driver.Lanes
	line       *line
	beside     sync.WaitGroup // what goes on beside the lanes

	s       *session
	release func()
	since   string
	last    map[id.RoomID]id.EventID

	mu sync.Mutex
	// read is how far the bot has read in the rooms that are being told.
	read map[id.RoomID]id.EventID
	// later are those whose events are given again when their keys may have come.
	later *crowd
}

func newRun(ctx context.Context, c *Connector, h connectors.Handler) *run {
	r := &run{c: c, h: h, ctx: ctx, lanes: driver.NewLanes(roomsBeside, roomWaiting), line: &line{book: c.rooms.book, log: c.log}, read: map[id.RoomID]id.EventID{}, later: newCrowd(laterEach, laterAll)}
	r.calls, r.endOfCalls = context.WithCancel(context.WithoutCancel(ctx))
	return r
}

// end lets what runs finish, for as long as a stop may take.
func (r *run) end() {
	defer r.endOfCalls()
	defer time.AfterFunc(drainTime, r.endOfCalls).Stop()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), drainTime+lastCall)
	defer cancel()
	if r.lanes.Wait(ctx) != nil {
		r.c.log.ErrorContext(ctx, "stopped with calls that did not return", "waited", drainTime+lastCall)
	}
	done := make(chan struct{})
	go func() {
		r.beside.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
	if err := r.c.rooms.book.save(); err != nil {
		r.c.log.ErrorContext(ctx, "state not stored", "error", err)
	}
	if r.release != nil {
		r.release()
	}
}

// connect opens the session where it is not open, and asks for events until that
// fails.
func (r *run) connect(ctx context.Context, up func()) error {
	if err := r.open(ctx); err != nil {
		return err
	}
	if err := r.c.door.sweep(ctx, r.c.rooms); err != nil {
		return err
	}
	if r.since == "" {
		if err := r.first(ctx); err != nil {
			return err
		}
	}
	// The first request of a connection waits for nothing: that it is answered is
	// what shows that the connection stands.
	for wait := time.Duration(0); ; wait = r.c.deps.Sync {
		got, err := r.ask(ctx, wait, 50)
		if err != nil {
			return err
		}
		up()
		if err := r.take(ctx, got); err != nil {
			return err
		}
	}
}

func (r *run) open(ctx context.Context) error {
	if r.s != nil {
		return nil
	}
	s, release, err := r.c.account.use(ctx)
	if err != nil {
		return err
	}
	if err := r.c.rooms.book.open(); err != nil {
		release()
		return driver.Permanent(err)
	}
	r.s, r.release = s, release
	r.since, r.last = r.c.rooms.book.since()
	return nil
}

// first finds the place from where on events count, at the first start of all:
// what was written before it is not played.
func (r *run) first(ctx context.Context) error {
	got, err := r.ask(ctx, 0, 1)
	if err != nil {
		return err
	}
	r.keys(got)
	for at, in := range got.Rooms.Join {
		if last := lastOf(decodeEvents(r.c.log, at, in.Timeline.Events), ""); last != "" {
			r.last[at] = last
		}
	}
	r.invites(got)
	r.since = got.Next
	r.line.add(r.since, r.last, 0)
	return nil
}

// ask requests events. A homeserver that says nothing for longer than it was
// allowed to is taken for gone.
func (r *run) ask(ctx context.Context, wait time.Duration, limit int) (*answer, error) {
	got := &answer{}
	err := r.c.account.call(ctx, "ask for events", func(ctx context.Context, s *session) error {
		ctx, cancel := context.WithTimeout(ctx, wait+min(max(wait, 5*time.Second), 20*time.Second))
		defer cancel()
		query := map[string]string{"timeout": strconv.FormatInt(wait.Milliseconds(), 10), "filter": filter(limit)}
		if r.since != "" {
			query["since"] = r.since
		}
		*got = answer{}
		_, err := s.cli.MakeRequest(ctx, http.MethodGet, s.cli.BuildURLWithQuery(mautrix.ClientURLPath{"v3", "sync"}, query), nil, got)
		return err
	})
	if err == nil && got.Next == "" {
		err = fmt.Errorf("ask for events: the homeserver's answer has no next_batch")
	}
	return got, err
}

// keys takes the keys that came. They are taken to the end: half of it done, and
// the same could not be done again.
func (r *run) keys(got *answer) {
	if r.s.keys == nil {
		return
	}
	resp := &mautrix.RespSync{DeviceLists: got.Devices, DeviceOTKCount: got.Keys}
	resp.ToDevice.Events = decodeEvents(r.c.log, "", got.ToDevice.Events)
	r.s.keys.sync(r.calls, resp)
}

func (r *run) invites(got *answer) {
	for at, in := range got.Rooms.Invite {
		knock := readInvite(at, r.s.cli.UserID, decodeEvents(r.c.log, at, in.State.Events))
		r.c.door.knock(r.ctx, knock, r.beside.Go, r.c.rooms.book)
	}
}

// take hands out what an answer brought.
func (r *run) take(ctx context.Context, got *answer) error {
	r.keys(got)
	for at := range got.Rooms.Leave {
		r.c.rooms.forget(at)
		delete(r.last, at)
	}
	r.invites(got)
	parts := make([]*part, 0, len(got.Rooms.Join))
	came := time.Now()
	for at, in := range got.Rooms.Join {
		if len(in.State.Events)+len(in.Timeline.Events) == 0 && !in.Timeline.Limited {
			continue
		}
		p := &part{
			room: at, known: r.last[at], came: r.c.deps.Now(), until: came.Add(keyWait),
			state: decodeEvents(r.c.log, at, in.State.Events), timeline: decodeEvents(r.c.log, at, in.Timeline.Events),
		}
		if in.Timeline.Limited {
			p.before = in.Timeline.Prev
		}
		if last := lastOf(p.timeline, ""); last != "" {
			r.last[at] = last
		}
		parts = append(parts, p)
	}
	r.since = got.Next
	b := r.line.add(r.since, r.last, len(parts))
	for _, p := range parts {
		//nolint:contextcheck // what is played outlives the connection
		if err := r.lanes.Do(ctx, string(p.room), func() { r.play(b, p) }); err != nil {
			return err
		}
	}
	return nil
}

// again gives what was not taken once more, later and later, until it is taken or
// the run is over.
func (r *run) again(b *batch, at id.RoomID, left func() bool) {
	r.beside.Go(func() {
		for wait := time.Second; ; wait = min(2*wait, againMost) {
			select {
			case <-r.ctx.Done():
				return
			case <-time.After(wait/2 + rand.N(wait/2)): //nolint:gosec // spreads load, guards nothing
			}
			done := make(chan bool, 1)
			if r.lanes.Do(r.ctx, string(at), func() { done <- left() }) != nil {
				return
			}
			if <-done {
				r.line.done(b)
				return
			}
		}
	})
}
