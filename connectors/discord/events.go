package discord

import (
	"context"
	"errors"
	"net/url"

	"github.com/parachute-gate/parachute/connectors"
)

// ready notes who the bot is, registers its commands, and fetches what was
// missed.
func (r *run) ready(ctx context.Context, f frame, up func()) error {
	w, ok := read[wireReady](r, f)
	if !ok || w.User.ID == "" || w.SessionID == "" {
		// Whoever does not know who it is would answer itself.
		return errors.New("the gateway's READY does not say who the bot is")
	}
	r.session = session{id: w.SessionID, url: w.ResumeURL}
	r.c.self.Store(&w.User.ID)
	r.c.app.Store(&w.Application.ID)
	r.others.Go(func() { r.c.register(ctx) })
	up()
	r.catchUp(ctx)
	return nil
}

func (r *run) translator() translator {
	return translator{self: r.c.selfID(), files: r.c.files}
}

// take gives an event to the handler. It reports whether the handler took it;
// after a stop none is given.
func (r *run) take(m connectors.Message) bool {
	if m.Chat.Kind == connectors.ChatUnknown {
		m.Chat = r.c.chat(r.calls, m.Chat.ID, "")
	}
	return r.give(m)
}

func (r *run) give(m connectors.Message) bool {
	if r.ctx.Err() != nil {
		return false
	}
	r.c.Came()
	err := r.h(r.calls, m)
	if err != nil {
		r.c.deps.Log.ErrorContext(r.calls, "event not taken", "connector", r.c.deps.Name, "event", string(m.Kind), "message", m.ID, "error", err)
	}
	return err == nil
}

// message handles one message, live from the gateway or fetched.
func (r *run) message(w wireMessage, live bool) {
	if r.ctx.Err() != nil || live && r.wasFetched(w) {
		return
	}
	m, ok := r.translator().message(w)
	if ok {
		m.Chat = r.c.chat(r.calls, w.ChannelID, w.GuildID)
	}
	if !ok || r.withheld(w, m) {
		r.c.cursor.passed(w.ChannelID, w.ID)
		return
	}
	taken := r.give(m)
	if taken || r.ctx.Err() == nil {
		r.c.cursor.handled(w.ChannelID, w.ID, taken)
	}
}

// withheld holds for a message of which the bot sees no more than that it was
// written, because the bot is not addressed and has not the intent for it
// (https://docs.discord.com/developers/events/gateway#message-content-intent).
func (r *run) withheld(w wireMessage, m connectors.Message) bool {
	return !r.c.deps.AllMessages && m.Chat.Kind != connectors.ChatDM &&
		w.Content == "" && len(m.Attachments) == 0 && len(w.Snapshots) == 0 && !m.ReplyToBot
}

// wasFetched holds once for a message that was fetched after the connection came
// up, and that the gateway gives as well.
func (r *run) wasFetched(w wireMessage) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	ids := r.caughtUp[w.ChannelID]
	was := ids[w.ID]
	delete(ids, w.ID)
	if !was {
		// The gateway gives them in order: it is beyond what was fetched.
		delete(r.caughtUp, w.ChannelID)
	}
	return was
}

func (r *run) edit(w wireMessage) {
	m, ok := r.translator().edit(w)
	if !ok || r.ctx.Err() != nil {
		return
	}
	m.Chat = r.c.chat(r.calls, w.ChannelID, w.GuildID)
	if !r.withheld(w, m) {
		r.give(m)
	}
}

func (r *run) deletion(w wireDelete) {
	ids := w.IDs
	if w.ID != "" {
		ids = []string{w.ID}
	}
	if len(ids) == 0 || w.ChannelID == "" {
		return
	}
	chat := r.c.chat(r.calls, w.ChannelID, w.GuildID)
	for _, id := range ids {
		m := r.translator().deletion(id, w.ChannelID)
		m.Chat = chat
		r.give(m)
	}
}

func (r *run) reaction(w wireReaction, id string) {
	m, ok := r.translator().reaction(w, id, r.c.deps.Now())
	if !ok || r.ctx.Err() != nil {
		return
	}
	m.Chat = r.c.chat(r.calls, w.ChannelID, w.GuildID)
	r.give(m)
}

// interaction begins the clock of an interaction, which must be acknowledged
// within three seconds however long its channel's lane is.
func (r *run) interaction(ctx context.Context, w wireInteraction) func() {
	m, ok := r.translator().interaction(w)
	if !ok {
		return nil
	}
	p := r.c.open(context.WithoutCancel(ctx), w)
	return func() { //nolint:contextcheck // an interaction's clock has a context of its own
		if r.take(m) {
			r.c.cursor.handled(w.ChannelID, w.ID, true)
			p.taken()
		} else {
			p.abandon()
		}
	}
}

// catchUp fetches what was written while the connector was away, in each known
// channel's lane, before what the gateway gives now.
func (r *run) catchUp(ctx context.Context) {
	for channel, m := range r.c.cursor.all() {
		if err := r.lanes.Do(ctx, channel, func() { r.fetch(channel, m) }); err != nil {
			return
		}
	}
}

// again gives the messages that the handler did not take to it once more.
func (r *run) again(ctx context.Context) {
	for channel, m := range r.c.cursor.all() {
		if len(m.Again) == 0 {
			continue
		}
		if err := r.lanes.Do(ctx, channel, func() { r.repeat(channel, m.Again) }); err != nil {
			return
		}
	}
}

// repeat fetches single messages.
func (r *run) repeat(channel string, ids []string) {
	for _, id := range ids {
		if r.ctx.Err() != nil {
			return
		}
		var w wireMessage
		err := r.c.api.get(r.calls, "channels/"+url.PathEscape(channel)+"/messages/"+url.PathEscape(id), &w)
		switch {
		case err == nil && w.ID == id && w.ChannelID == channel:
			r.message(w, false)
		case gone(err):
			r.c.deps.Log.WarnContext(r.calls, "message gone before it was taken", "connector", r.c.deps.Name, "chat", channel, "message", id)
			r.c.cursor.handled(channel, id, true)
		default:
			r.c.deps.Log.WarnContext(r.calls, "message not fetched again", "connector", r.c.deps.Name, "chat", channel, "message", id, "error", err)
		}
	}
}
