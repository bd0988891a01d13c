package driver

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/parachute-gate/parachute/connectors"
)

const (
	// draftTime bounds one call for a draft, and so how long Finish waits for one.
	draftTime = 10 * time.Second
	// draftGrace is how long a call for a draft may outlive the ctx of Compose.
	draftGrace = 2 * time.Second
	// leaveTime is how long Close waits for the signs to be taken away.
	leaveTime = 2 * time.Second
)

// composition shows an answer while it is made. The drafts and the signs have a
// goroutine each, which end with it, or with the ctx of Compose.
type composition struct {
	out   *Outbox
	reply connectors.Reply
	// draftAfter is how long the answer has before its first draft is shown.
	draftAfter time.Duration

	poke    chan struct{} // holds one token when there is news
	whole   chan struct{} // closed when no more drafts are wanted
	over    chan struct{} // closed when the signs may go
	drafted chan struct{} // closed when the last call for a draft has ended
	cleared chan struct{} // closed when the signs are away

	mu    sync.Mutex
	text  string
	ended bool

	draft draft
}

// draft is what stands in the chat. It belongs to the goroutine of the drafts
// until drafted is closed.
type draft struct {
	id    string
	shown string
	// fails counts failures since the last success, and until is when the platform
	// wants to hear more.
	fails int
	until time.Time
}

// Compose begins an answer. The sign that the bot is at work comes when the
// answer is not there after 250 ms; the first draft when there is text and
// draftAfter has passed, with a button that stops the turn. What fails is logged.
func (o *Outbox) Compose(ctx context.Context, r connectors.Reply, draftAfter time.Duration) connectors.Composition {
	c := &composition{
		out: o, reply: r, draftAfter: draftAfter,
		poke: make(chan struct{}, 1), whole: make(chan struct{}), over: make(chan struct{}),
		drafted: make(chan struct{}), cleared: make(chan struct{}),
	}
	if s, ok := o.deps.Writer.(Signaller); ok {
		go c.signs(ctx, s)
	} else {
		close(c.cleared)
	}
	if o.deps.Manners.EditEvery > 0 {
		go c.drafts(ctx)
	} else {
		close(c.drafted)
	}
	return c
}

// Update shows text, the whole of the answer so far: the latest wins.
func (c *composition) Update(text string) {
	c.mu.Lock()
	c.text = text
	c.mu.Unlock()
	c.again()
}

func (c *composition) again() {
	select {
	case c.poke <- struct{}{}:
	default:
	}
}

// Finish delivers the whole answer: a draft that stands becomes its first part.
// Its errors are those of Send.
func (c *composition) Finish(ctx context.Context, r connectors.Reply) error {
	if !c.end() {
		return c.out.Send(ctx, r)
	}
	defer close(c.over)
	// A call in flight is waited for: one that came late would put a draft over the
	// whole answer, or leave a message that nobody knows.
	select {
	case <-c.drafted:
	case <-ctx.Done():
		return c.out.partError(ctx.Err(), 0, 1)
	}
	t := newTries()
	if err := t.pause(ctx, time.Until(c.draft.until)); err != nil {
		return c.out.partError(err, 0, 1)
	}
	parts := c.out.split(r.Text)
	if c.draft.id == "" || len(parts) == 0 {
		return c.out.posts(ctx, t, r, parts, 0)
	}
	// The same edit twice harms nothing.
	err := t.retry(ctx, true, func(ctx context.Context) error {
		return c.out.deps.Writer.Edit(ctx, c.draft.id, part(r, parts, 0))
	})
	switch {
	case err == nil:
		return c.out.posts(ctx, t, r, parts, 1)
	case ctx.Err() != nil, errors.Is(err, connectors.ErrUnconfirmed):
		return c.out.partError(err, 0, len(parts))
	}
	// The draft cannot be changed: somebody deleted it, or it is too old. It may
	// still stand, so that its beginning is there twice. That is better than an
	// answer that ends in the middle and looks whole.
	c.out.deps.Log.WarnContext(ctx, "draft not replaced: the answer is sent anew", "error", shown(c.out.deps.Redact, err))
	return c.out.posts(ctx, t, r, parts, 0)
}

// Close takes the signs away and waits a little for that; a draft that stands
// stays as it is. After Finish it does nothing.
func (c *composition) Close() {
	if !c.end() {
		return
	}
	close(c.over)
	timer := time.NewTimer(leaveTime)
	defer timer.Stop()
	select {
	case <-c.cleared:
	case <-timer.C:
	}
}

// end stops the drafts; it reports false when that was done before.
func (c *composition) end() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return false
	}
	c.ended = true
	close(c.whole)
	return true
}
