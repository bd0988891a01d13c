package discord

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"

	"github.com/parachute-gate/parachute/connectors/driver"
)

// page is the most that one request gives
// (https://docs.discord.com/developers/resources/message#get-channel-messages).
const page = 100

// fetch handles what a channel missed. It runs in the channel's lane.
func (r *run) fetch(channel string, m mark) {
	r.repeat(channel, m.Again)
	missed, err := r.c.missed(r.calls, channel, m.After)
	switch {
	case r.ctx.Err() != nil:
		return
	case gone(err):
		// The channel was deleted, or the bot thrown out of it.
		r.c.deps.Log.InfoContext(r.calls, "channel no more", "connector", r.c.deps.Name, "chat", channel, "error", err)
		r.c.cursor.forget(channel)
		return
	case err != nil:
		r.c.deps.Log.WarnContext(r.calls, "missed messages not fetched", "connector", r.c.deps.Name, "chat", channel, "error", err)
		return
	}
	ids := map[string]bool{}
	for _, w := range missed {
		ids[w.ID] = true
	}
	r.mu.Lock()
	r.caughtUp[channel] = ids
	r.mu.Unlock()
	for _, w := range missed {
		r.message(w, false)
	}
}

// missed gives the messages of a channel after one, oldest first. Of more than
// one page it gives the first and the last: what is in between is old, and the
// newest are those that somebody waits for.
func (c *Connector) missed(ctx context.Context, channel, after string) ([]wireMessage, error) {
	path := "channels/" + url.PathEscape(channel) + "/messages?limit=" + fmt.Sprint(page)
	var all []wireMessage
	if err := c.api.get(ctx, path+"&after="+url.QueryEscape(after), &all); err != nil {
		return nil, err
	}
	if len(all) >= page {
		var last []wireMessage
		if err := c.api.get(ctx, path, &last); err != nil {
			return nil, err
		}
		if !overlap(all, last) {
			c.deps.Log.WarnContext(ctx, "more messages were missed than are fetched", "connector", c.deps.Name, "chat", channel)
		}
		all = append(all, last...)
	}
	all = slices.DeleteFunc(all, func(w wireMessage) bool {
		return w.ChannelID != channel || snowflake(w.ID) <= snowflake(after)
	})
	slices.SortFunc(all, func(a, b wireMessage) int { return cmp.Compare(snowflake(a.ID), snowflake(b.ID)) })
	return slices.CompactFunc(all, func(a, b wireMessage) bool { return a.ID == b.ID }), nil
}

// overlap tells whether two pages have a message in common.
func overlap(a, b []wireMessage) bool {
	return slices.ContainsFunc(a, func(w wireMessage) bool {
		return slices.ContainsFunc(b, func(x wireMessage) bool { return w.ID == x.ID })
	})
}

// get asks, and asks again where that may help.
func (a *api) get(ctx context.Context, path string, out any) error {
	return driver.Retry(ctx, true, func(ctx context.Context) error { return a.call(ctx, "GET", path, nil, out) })
}
