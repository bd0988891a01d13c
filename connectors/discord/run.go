package discord

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/driver"
)

// run is one call of Run. connect and what it calls belong to one goroutine;
// calls in the lanes run beside it.
type run struct {
	c *Connector
	h connectors.Handler
	// ctx ends with the caller's, or when Keep gave up; calls is the handlers' context, which a stop lets
	// finish.
	ctx        context.Context
	calls      context.Context
	endOfCalls context.CancelFunc
	lanes      *driver.Lanes
	others     sync.WaitGroup

	session session
	// seq is the number of the last event that a lane holds.
	seq atomic.Int64
	// caughtUp are the messages that were just fetched, of which the gateway may
	// still give some: channel → set of ids.
	mu       sync.Mutex
	caughtUp map[string]map[string]bool
}

func newRun(ctx context.Context, c *Connector, h connectors.Handler) *run {
	r := &run{c: c, h: h, ctx: ctx, lanes: driver.NewLanes(besides, waiting), caughtUp: map[string]map[string]bool{}}
	r.calls, r.endOfCalls = context.WithCancel(context.WithoutCancel(ctx))
	r.others.Go(r.retry)
	return r
}

// end lets the handlers finish what they began.
func (r *run) end() {
	defer r.c.cursor.flush()
	defer r.others.Wait()
	defer r.endOfCalls()
	drain, cancel := context.WithTimeout(r.calls, drainTime)
	err := r.lanes.Wait(drain)
	cancel()
	if err == nil {
		return
	}
	r.endOfCalls()
	last, cancel := context.WithTimeout(context.WithoutCancel(r.calls), lastCall)
	defer cancel()
	if r.lanes.Wait(last) != nil {
		r.c.deps.Log.ErrorContext(last, "stopped with calls that did not return", "connector", r.c.deps.Name, "waited", drainTime+lastCall)
	}
}

// retry gives messages that were not taken to the handler again, as Discord does
// not.
func (r *run) retry() {
	tick := time.NewTicker(retryEvery)
	defer tick.Stop()
	for {
		select {
		case <-r.ctx.Done():
			return
		case <-tick.C:
			r.again(r.ctx)
		}
	}
}

// dispatch gives an event to the lane of its channel. Its error says that a lane
// had no room before ctx ended: the event is not taken.
func (r *run) dispatch(ctx context.Context, f frame, up func()) error {
	if f.Type == "READY" {
		return r.ready(ctx, f, up)
	}
	do, key := r.plan(ctx, f, up)
	if do == nil {
		return nil
	}
	if err := r.lanes.Do(ctx, key, do); err != nil {
		return fmt.Errorf("take an event: %w", err)
	}
	return nil
}

// plan says what is to be done for an event, and in which channel's lane; nil for
// what is done already, or is nothing.
func (r *run) plan(ctx context.Context, f frame, up func()) (do func(), key string) {
	switch f.Type {
	case "RESUMED":
		up()
		r.again(ctx)
	case "MESSAGE_CREATE":
		if w, ok := read[wireMessage](r, f); ok {
			return func() { r.message(w, true) }, w.ChannelID
		}
	case "MESSAGE_UPDATE":
		if w, ok := read[wireMessage](r, f); ok {
			return func() { r.edit(w) }, w.ChannelID
		}
	case "MESSAGE_DELETE", "MESSAGE_DELETE_BULK":
		if w, ok := read[wireDelete](r, f); ok {
			return func() { r.deletion(w) }, w.ChannelID
		}
	case "MESSAGE_REACTION_ADD":
		if w, ok := read[wireReaction](r, f); ok {
			id := w.MessageID + "-" + r.eventID(f)
			return func() { r.reaction(w, id) }, w.ChannelID
		}
	case "INTERACTION_CREATE":
		if w, ok := read[wireInteraction](r, f); ok {
			return r.interaction(ctx, w), w.ChannelID
		}
	default:
		r.place(f)
	}
	return nil, ""
}

// eventID tells an event that Discord gives no id from all others, and is the
// same when it is replayed.
func (r *run) eventID(f frame) string {
	var n int64
	if f.Seq != nil {
		n = *f.Seq
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", r.session.id, n))
	return hex.EncodeToString(sum[:8])
}

// place keeps up with what channels there are.
func (r *run) place(f frame) {
	switch f.Type {
	case "GUILD_CREATE":
		if w, ok := read[wireGuild](r, f); ok {
			r.c.places.note(w.ID, w.Channels...)
			r.c.places.note(w.ID, w.Threads...)
		}
	case "CHANNEL_CREATE", "CHANNEL_UPDATE", "THREAD_CREATE", "THREAD_UPDATE":
		if w, ok := read[wireChannel](r, f); ok {
			r.c.places.note(w.GuildID, w)
		}
	case "CHANNEL_DELETE", "THREAD_DELETE":
		if w, ok := read[wireChannel](r, f); ok {
			r.c.places.forget(w.ID)
			r.c.cursor.forget(w.ID)
		}
	default:
		// What was not asked for, or is new.
	}
}

// read decodes an event. One that is not of the protocol is passed over: the
// session would give it again and again.
func read[T any](r *run, f frame) (T, bool) {
	var w T
	if err := json.Unmarshal(f.Data, &w); err != nil {
		// The error is not told: it could quote a token.
		r.c.deps.Log.WarnContext(r.ctx, "event not understood", "connector", r.c.deps.Name, "event", f.Type)
		return w, false
	}
	return w, true
}
