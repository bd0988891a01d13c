package driver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/parachute-gate/parachute/connectors"
)

// OutboxDeps are what an Outbox is made of.
type OutboxDeps struct {
	// Writer may be a Signaller too.
	Writer  Writer
	Manners Manners
	// Log is told what went wrong with drafts and signs; an error that matters is
	// given back. It may be nil.
	Log *slog.Logger
	// Redact takes the secrets out of an error's text; nil changes nothing.
	Redact func(string) string
}

// Outbox sends replies through a Writer: it splits, retries and shows drafts.
// A driver embeds it, and so is a Composer. Safe for concurrent use.
type Outbox struct{ deps OutboxDeps }

// NewOutbox makes an Outbox.
func NewOutbox(d OutboxDeps) *Outbox {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	return &Outbox{deps: d}
}

// Send delivers one reply, in as many messages as it needs, one after another;
// each is tried as Retry says, and all together wait 60 s at most.
//
// An error after a part was taken holds connectors.ErrUnconfirmed, as giving the
// reply again would double that part, unless the platform drops doubles. A reply
// without a visible character is a Permanent error: no platform takes it.
func (o *Outbox) Send(ctx context.Context, r connectors.Reply) error {
	parts := o.split(r.Text)
	return o.posts(ctx, newTries(), r, parts, 0)
}

func (o *Outbox) split(text string) []string {
	return Split(text, o.deps.Manners.MaxText, o.deps.Manners.Measure)
}

// posts sends the parts from the one at index first as new messages. Those before
// stand already.
func (o *Outbox) posts(ctx context.Context, t *tries, r connectors.Reply, parts []string, first int) error {
	if len(parts) == 0 {
		return Permanent(errors.New("send reply: it has no text"))
	}
	for i := first; i < len(parts); i++ {
		p := part(r, parts, i)
		err := t.retry(ctx, o.deps.Manners.Idempotent, func(ctx context.Context) error {
			_, err := o.deps.Writer.Post(ctx, p)
			return err
		})
		if err != nil {
			// A draft that became the first part has not that part's key.
			doubles := i > 0 && (first > 0 || !o.deps.Manners.Idempotent)
			return o.partError(inDoubt(doubles, err), i, len(parts))
		}
	}
	return nil
}

// partError says which part an error is about, without secrets.
func (o *Outbox) partError(err error, i, of int) error {
	if of > 1 {
		err = fmt.Errorf("send part %d of %d: %w", i+1, of, err)
	} else {
		err = fmt.Errorf("send reply: %w", err)
	}
	return redact(o.deps.Redact, err)
}

// part is the message for the part at index i: the first one answers, the last
// one has the buttons.
func part(r connectors.Reply, parts []string, i int) Post {
	p := Post{
		Chat: r.Chat, User: r.User, Text: parts[i], Verdict: r.Verdict, Private: r.Private,
		Key: fmt.Sprintf("%s/%d", r.ID, i+1),
	}
	if i == 0 {
		p.ReplyTo = r.ReplyTo
	}
	if i == len(parts)-1 {
		p.Buttons = r.Buttons
	}
	return p
}
