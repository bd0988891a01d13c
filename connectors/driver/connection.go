package driver

import (
	"context"
	"log/slog"
	"time"

	"github.com/parachute-gate/parachute/connectors"
)

// ConnectionDeps are what a Connection is made of.
type ConnectionDeps struct {
	Name string
	Log  *slog.Logger
	Now  func() time.Time
	// Redact takes the secrets out of an error's text; nil changes nothing.
	Redact func(string) string
}

// Connection keeps a connection to a platform up, and tells how it is. A driver
// embeds it, and so is a Reporter. Safe for concurrent use.
type Connection struct{ ConnectionDeps }

// NewConnection makes a Connection that is stopped.
func NewConnection(d ConnectionDeps) *Connection { return &Connection{d} }

// Keep calls connect again and again until ctx is done, then it returns nil.
// connect calls up when the connection stands, and returns when it breaks. Between
// two calls it waits with full jitter, 1 s at first and 60 s at most, anew after
// up; a Throttled error is obeyed. A Permanent error ends it: Keep returns it.
func (c *Connection) Keep(ctx context.Context, connect func(ctx context.Context, up func()) error) error {
	return nil
}

// Came notes that an event came in.
func (c *Connection) Came() {}

// Health tells how the connection is.
func (c *Connection) Health() connectors.Health { return connectors.Health{} }
