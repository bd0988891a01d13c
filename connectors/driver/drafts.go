package driver

import (
	"context"
	"errors"
	"time"

	"github.com/parachute-gate/parachute/connectors"
)

// drafts shows the latest text, no more often than the platform lets.
func (c *composition) drafts(ctx context.Context) {
	defer close(c.drafted)
	for next := time.Now().Add(c.draftAfter); ; {
		select {
		case <-c.poke:
		case <-c.whole:
			return
		case <-ctx.Done():
			return
		}
		timer := time.NewTimer(time.Until(next))
		select {
		case <-timer.C:
		case <-c.whole:
			timer.Stop()
			return
		case <-ctx.Done():
			timer.Stop()
			return
		}
		called, worth := c.show(ctx)
		if !worth {
			return
		}
		if called {
			next = time.Now().Add(c.draft.pause(c.out.deps.Manners.EditEvery))
		}
	}
}

// show makes one call for the latest text. It tells whether it made one, and
// whether another is worth it.
func (c *composition) show(ctx context.Context) (called, worth bool) {
	c.mu.Lock()
	text := c.text
	c.mu.Unlock()
	m := c.out.deps.Manners
	text = opening(text, m.MaxText, m.Measure)
	if text == "" || text == c.draft.shown {
		return false, true
	}
	p := part(c.reply, []string{text}, 0)
	// Not the first part's key: a platform that drops doubles would drop that part.
	p.Key = c.reply.ID + "/draft"
	p.Draft = true
	p.Buttons = []connectors.Button{{Label: "Stop", Data: "/stop"}}
	posted := c.draft.id == ""
	call, cancel := outlive(ctx, draftGrace)
	defer cancel()
	err := once(call, draftTime, m.Idempotent || !posted, func(ctx context.Context) error {
		if !posted {
			return c.out.deps.Writer.Edit(ctx, c.draft.id, p)
		}
		id, err := c.out.deps.Writer.Post(ctx, p)
		if err == nil {
			c.draft.id = id
		}
		return err
	})
	if err == nil {
		c.draft.shown, c.draft.fails = text, 0
		return true, true
	}
	c.draft.fails++
	if after, ok := throttle(err); ok {
		c.draft.until = time.Now().Add(after)
	}
	c.out.deps.Log.DebugContext(ctx, "draft not shown", "error", shown(c.out.deps.Redact, err))
	if IsPermanent(err) || posted && !m.Idempotent && errors.Is(err, connectors.ErrUnconfirmed) {
		// Another message could stand beside one that arrived and is not known.
		return true, false
	}
	c.again()
	return true, true
}

// outlive gives a ctx that is done a while after the given one: a call that is cut
// off where the platform acts already leaves a message that nobody knows.
func outlive(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-longer.Done():
		}
	})
	return longer, func() {
		stop()
		cancel()
	}
}

// pause is the time to leave before the next call: longer after each failure.
func (d *draft) pause(every time.Duration) time.Duration {
	pause := max(every, time.Until(d.until))
	if d.fails > 0 {
		pause = max(pause, firstWait<<min(d.fails-1, 5))
	}
	return pause
}
