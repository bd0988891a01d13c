package driver

import (
	"context"
	"errors"
	"log/slog"

	"github.com/parachute-gate/parachute/connectors"
)

// OutboxDeps are what an Outbox is made of.
type OutboxDeps struct {
	// Writer may be a Signaller too.
	Writer  Writer
	Manners Manners
	Log     *slog.Logger
}

// Outbox sends replies through a Writer: it splits, retries and shows drafts.
// A driver embeds it, and so is a Composer. Safe for concurrent use.
type Outbox struct{ OutboxDeps }

// NewOutbox makes an Outbox.
func NewOutbox(d OutboxDeps) *Outbox { return &Outbox{d} }

// Send delivers one reply, in as many messages as it needs.
func (o *Outbox) Send(ctx context.Context, r connectors.Reply) error {
	return errors.New("to be written")
}

// Compose begins an answer.
func (o *Outbox) Compose(ctx context.Context, r connectors.Reply) connectors.Composition {
	return nil
}
