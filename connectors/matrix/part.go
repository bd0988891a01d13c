package matrix

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"github.com/parachute-gate/parachute/connectors/driver"
)

const (
	// gapPage and gapPages bound what is read of events that an answer left out.
	gapPage  = 100
	gapPages = 10
	// maxFailed is how often an event is given again because the homeserver did not
	// tell of its sender's devices: about half a minute.
	maxFailed = 5
	// receiptTime bounds a read receipt, which is only a sign; receiptEvery is the
	// least time between two of a room.
	receiptTime  = 5 * time.Second
	receiptEvery = 500 * time.Millisecond
)

// part is what one answer brought of one room.
type part struct {
	room id.RoomID
	// known is the last event of the room that an earlier answer brought.
	known id.EventID
	// before is where the events that were left out end; empty for none.
	before   string
	state    []*event.Event
	timeline []*event.Event
	// came is when the answer came, by the connector's clock.
	came time.Time
	// until is how long an event waits for its key.
	until time.Time
	ready bool
	// left says that the bot has left the room: nothing more of it counts.
	left bool
}

// given is an event on its way to the handler. settled says that nobody came or
// left after it was written, as far as the part goes: who is in the room now was
// in it then.
type given struct {
	e       *event.Event
	settled bool
	// later says that it is one of run.later, and failed how often the homeserver
	// did not help to decrypt it.
	later  bool
	failed int
}

// play handles a part. What could not be handled is given again.
func (r *run) play(b *batch, p *part) {
	var todo []given
	step := func() (done bool) {
		if r.ctx.Err() != nil {
			return false
		}
		if !p.ready {
			fresh, err := r.prepare(r.calls, p)
			if err != nil {
				r.c.log.ErrorContext(r.calls, "events of a room not read", "room", p.room, "error", err)
				return false
			}
			todo, p.ready = fresh, true
		}
		todo = r.giveAll(p, todo)
		return len(todo) == 0
	}
	switch {
	case step():
		r.line.done(b)
	case r.ctx.Err() == nil:
		r.again(b, p.room, step)
	}
}

// prepare reads what the part needs and gives the events that count, in their
// order: those since the bot came into the room, and none of a room it may not
// be in.
func (r *run) prepare(ctx context.Context, p *part) ([]given, error) {
	c := r.c
	stay := false
	err := driver.Retry(ctx, true, func(ctx context.Context) (err error) {
		if stay, err = c.door.may(ctx, p.room, c.rooms); err != nil || !stay {
			return err
		}
		return c.rooms.load(ctx, p.room)
	})
	if refused(err) {
		c.log.WarnContext(ctx, "events of a room dropped: the bot may not read it", "room", p.room, "error", err)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, e := range p.state {
		r.apply(ctx, p.room, e)
	}
	if !stay || c.rooms.space(p.room) {
		return nil, r.leave(ctx, p)
	}
	if err := r.watch(ctx, p); err != nil || p.left {
		return nil, err
	}
	events, err := r.gap(ctx, p)
	if err != nil {
		return nil, err
	}
	events = append(events, p.timeline...)
	all := make([]given, len(events))
	settled, start := true, 0
	for i, e := range slices.Backward(events) {
		if ownJoin(e, r.s.cli.UserID) {
			start = i + 1
			break
		}
		all[i] = given{e: e, settled: settled}
		settled = settled && !moves(e)
	}
	return all[start:], nil
}

// leave leaves a room that the bot may not be in.
func (r *run) leave(ctx context.Context, p *part) error {
	r.c.log.WarnContext(ctx, "leaving a room that the bot may not be in", "room", p.room)
	err := r.c.door.leave(ctx, p.room)
	p.left = err == nil
	return err
}

// watch leaves a room that is not listed and was a direct message, and is none now.
func (r *run) watch(ctx context.Context, p *part) error {
	if r.c.rooms.book.direct(p.room) == "" {
		return nil
	}
	stay, err := r.c.door.may(ctx, p.room, r.c.rooms)
	if err != nil || stay {
		return err
	}
	return r.leave(ctx, p)
}

// apply takes a state event and lets the next message be encrypted anew for who
// is in the room then.
func (r *run) apply(ctx context.Context, at id.RoomID, e *event.Event) {
	if r.c.rooms.apply(at, e) && r.s.keys != nil {
		if err := r.s.keys.renew(ctx, at); err != nil {
			r.c.log.ErrorContext(ctx, "room key not renewed", "room", at, "error", err)
		}
	}
}

// ownJoin tells whether with this event the bot came into the room.
func ownJoin(e *event.Event, self id.UserID) bool {
	return e.Type.Type == event.StateMember.Type && e.StateKey != nil && *e.StateKey == string(self) &&
		membership(e.Content.VeryRaw) == event.MembershipJoin && before(e) != event.MembershipJoin
}

// moves tells whether with this event somebody came or left, or may have.
func moves(e *event.Event) bool {
	if e.StateKey == nil || e.Type.Type != event.StateMember.Type {
		return e.StateKey != nil && e.Type.Type == unreadable
	}
	now, old := membership(e.Content.VeryRaw), before(e)
	return now == "" || old == "" || inside(now) != inside(old)
}

// before is the membership that an m.room.member replaced, empty where it cannot be
// read.
func before(e *event.Event) event.Membership {
	if e.Unsigned.PrevContent == nil {
		return event.MembershipLeave
	}
	return membership(e.Unsigned.PrevContent.VeryRaw)
}

// gap reads the events between the last one that is known and the answer's, which
// the homeserver left out because they are many, oldest first.
func (r *run) gap(ctx context.Context, p *part) ([]*event.Event, error) {
	var back []*event.Event
	from := p.before
	for range gapPages {
		if from == "" {
			slices.Reverse(back)
			return back, nil
		}
		var page struct {
			Chunk []json.RawMessage `json:"chunk"`
			End   string            `json:"end"`
		}
		err := driver.Retry(ctx, true, func(ctx context.Context) error {
			return r.c.account.short(ctx, "read what was left out", func(ctx context.Context, s *session) error {
				_, err := s.cli.MakeRequest(ctx, http.MethodGet, s.cli.BuildURLWithQuery(
					mautrix.ClientURLPath{"v3", "rooms", p.room, "messages"},
					map[string]string{"dir": "b", "from": from, "limit": strconv.Itoa(gapPage)}), nil, &page)
				return err
			})
		})
		if refused(err) {
			r.c.log.WarnContext(ctx, "what was left out cannot be read", "room", p.room, "error", err)
			break
		}
		if err != nil {
			return nil, err
		}
		from = page.End
		for _, e := range decodeEvents(r.c.log, p.room, page.Chunk) {
			if e.ID != "" && e.ID == p.known || ownJoin(e, r.s.cli.UserID) {
				from = ""
				break
			}
			back = append(back, e)
		}
		if len(page.Chunk) == 0 {
			from = ""
		}
	}
	r.c.log.WarnContext(ctx, "more events were missed than are read again: the oldest are left out", "room", p.room, "read", len(back))
	slices.Reverse(back)
	return back, nil
}

// giveAll gives events one after another and returns those that were not taken.
func (r *run) giveAll(p *part, all []given) (left []given) {
	for i, g := range all {
		switch {
		case p.left:
			return nil
		case r.ctx.Err() != nil:
			return append(left, all[i:]...)
		}
		err := r.give(p, &g)
		if err != nil && g.e.StateKey != nil {
			// Whether the bot may stay is not known: nothing is given until it is.
			r.c.log.ErrorContext(r.calls, "events of a room not read", "room", p.room, "error", err)
			return append(left, all[i:]...)
		}
		if errors.Is(err, errLater) {
			left = append(left, g)
			continue
		}
		if g.later {
			r.later.leave(g.e.Sender)
			g.later = false
		}
		if err != nil {
			r.c.log.ErrorContext(r.calls, "event not taken", "room", p.room, "event", g.e.ID, "error", err)
			r.c.untaken.set(p.room, g.e.ID, true)
			left = append(left, g)
			continue
		}
		r.c.untaken.set(p.room, g.e.ID, false)
	}
	if n := len(all); n > 0 && len(left) == 0 && all[n-1].e.ID != "" {
		r.receipt(p.room, all[n-1].e.ID)
	}
	return left
}

// give gives one event to the handler, unless it is none for it.
func (r *run) give(p *part, g *given) error {
	c, at, e := r.c, p.room, g.e
	c.facts.see(at, e)
	if e.StateKey != nil {
		r.apply(r.calls, at, e)
		if e.Type.Type == event.StateMember.Type || e.Type.Type == unreadable {
			return r.watch(r.calls, p)
		}
		return nil
	}
	if e.Sender == r.s.cli.UserID {
		return nil
	}
	c.Came()
	e, err := r.clear(at, g, p.until)
	if err == nil {
		t := translator{self: r.s.cli.UserID, came: p.came, find: func(ctx context.Context, ev id.EventID) (fact, bool, error) {
			return c.facts.look(ctx, c.account, at, ev)
		}}
		m, terr := t.message(r.calls, e, c.rooms.chat(at, g.settled), c.rooms.person(at, e.Sender))
		if err = terr; err == nil {
			return r.h(r.calls, m)
		}
	}
	if why, ok := whyNot(err); ok {
		c.log.DebugContext(r.calls, "event passed over", "room", at, "event", g.e.ID, "why", why)
		return nil
	}
	return err
}

// clear gives an event as its sender wrote it. With encryption on, what came
// unencrypted into an encrypted room is passed over: the homeserver could have
// made it up. A redaction is never encrypted, as servers act on it.
func (r *run) clear(at id.RoomID, g *given, until time.Time) (*event.Event, error) {
	e := g.e
	warn := func(why string) (*event.Event, error) {
		r.c.log.WarnContext(r.calls, "event dropped", "room", at, "event", e.ID, "sender", e.Sender, "why", why)
		return nil, passedOver(why)
	}
	if e.Type.Type != event.EventEncrypted.Type {
		if r.s.keys != nil && r.c.rooms.encrypted(at) && e.Type.Type != event.EventRedaction.Type {
			return warn("it came unencrypted into an encrypted room")
		}
		return e, nil
	}
	if r.s.keys == nil {
		return warn("it is encrypted, and encryption is off")
	}
	e.Type, e.RoomID = event.EventEncrypted, at
	plain, err := r.s.keys.decrypt(r.ctx, e, until)
	var broken mautrix.HTTPError
	if err == nil {
		return plain, nil
	}
	if errors.Is(err, errLater) && (g.later || r.later.enter(e.Sender)) {
		g.later = true
		return nil, err
	}
	if r.ctx.Err() != nil {
		return nil, failure("decrypt the event", err)
	}
	if errors.As(err, &broken) && !refused(err) && g.failed < maxFailed {
		g.failed++
		return nil, failure("decrypt the event", err)
	}
	return warn(r.c.account.hush.text(failure("decrypt it", err).Error()))
}

// receipt tells the room how far the bot has read, beside everything else, and at
// most twice a second: each receipt is an event to everybody in the room.
func (r *run) receipt(at id.RoomID, ev id.EventID) {
	if r.ctx.Err() != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	_, busy := r.read[at]
	r.read[at] = ev
	if !busy {
		r.beside.Go(func() { r.receipts(at) })
	}
}

func (r *run) receipts(at id.RoomID) {
	for told := id.EventID(""); ; {
		select {
		case <-r.ctx.Done():
			return
		case <-time.After(receiptEvery):
		}
		r.mu.Lock()
		ev := r.read[at]
		if ev == told {
			delete(r.read, at)
		}
		r.mu.Unlock()
		if ev == told {
			return
		}
		told = ev
		ctx, cancel := context.WithTimeout(r.ctx, receiptTime)
		err := r.c.account.call(ctx, "send a read receipt", func(ctx context.Context, s *session) error {
			return s.cli.SendReceipt(ctx, at, ev, event.ReceiptTypeRead, nil)
		})
		cancel()
		if err != nil {
			r.c.log.DebugContext(r.ctx, "read receipt not sent", "room", at, "error", err)
		}
	}
}
