package driver

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/parachute-gate/parachute/connectors"
)

const (
	// baseWait and maxWait bound the wait before a connection is tried again.
	baseWait = time.Second
	maxWait  = 60 * time.Second
	// steady is how long a connection must have stood for its end to be taken for
	// a first failure. A platform that greets and hangs up at once would otherwise
	// be asked twice a second, and some take the token away for it.
	steady = 10 * time.Second
	// mostObeyed bounds how long a Throttled error keeps a connection away: the
	// number may come from whatever stands before the platform.
	mostObeyed = time.Hour
)

// ConnectionDeps are what a Connection is made of.
type ConnectionDeps struct {
	// Name is the connector's; each line that is logged has it as "connector".
	Name string
	Log  *slog.Logger
	Now  func() time.Time
	// Redact takes the secrets out of an error's text; nil changes nothing.
	Redact func(string) string
}

// Connection keeps a connection to a platform up, and tells how it is. A driver
// embeds it, and so is a Reporter. Safe for concurrent use.
type Connection struct {
	deps ConnectionDeps

	mu      sync.Mutex
	health  connectors.Health
	attempt int       // counts calls of connect, so that a late up is told apart
	upSince time.Time // of this attempt; zero before up
}

// NewConnection makes a Connection that is stopped.
func NewConnection(d ConnectionDeps) *Connection {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	d.Log = d.Log.With("connector", d.Name)
	return &Connection{deps: d, health: connectors.Health{State: connectors.Stopped, Since: d.Now()}}
}

// Keep calls connect again and again until ctx is done, then it returns nil.
// connect calls up when the connection stands, and returns when it breaks. Between
// two calls it waits with full jitter, at most 1 s at first, twice that the next
// time and 60 s at most, anew after a connection that stood for 10 s; a Throttled
// error is obeyed, for an hour at most. A Permanent error ends it: Keep returns it.
//
// It is called once at a time. A panic of connect is the caller's.
func (c *Connection) Keep(ctx context.Context, connect func(ctx context.Context, up func()) error) error {
	c.become(connectors.Reconnecting)
	for failures := 0; ctx.Err() == nil; failures++ {
		err := connect(ctx, c.begin(ctx))
		stood := c.broke()
		if ctx.Err() != nil {
			break
		}
		if err == nil {
			err = errors.New("the connection ended")
		}
		if IsPermanent(err) {
			c.failed(connectors.Failed, err)
			return redact(c.deps.Redact, err)
		}
		c.failed(connectors.Reconnecting, err)
		if stood >= steady {
			failures = 0
		}
		wait := jitter(failures)
		if after, ok := throttle(err); ok {
			wait = min(after, mostObeyed)
		}
		c.deps.Log.WarnContext(ctx, "connection lost", "error", shown(c.deps.Redact, err), "wait", wait.Round(time.Millisecond))
		if sleep(ctx, wait) != nil {
			break
		}
	}
	c.become(connectors.Stopped)
	return nil
}

// jitter draws from the whole of [0, wait), so that a fleet that lost its
// platform does not come back as one.
func jitter(failures int) time.Duration {
	most := maxWait
	if failures < 6 {
		most = min(maxWait, baseWait<<failures)
	}
	return rand.N(most) //nolint:gosec // spreads load, guards nothing
}

// begin gives up for the next attempt; it does nothing once that is over.
func (c *Connection) begin(ctx context.Context) (up func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.attempt++
	mine := c.attempt
	c.upSince = time.Time{}
	return func() {
		c.mu.Lock()
		late := c.attempt != mine || !c.upSince.IsZero()
		if !late {
			c.upSince = c.deps.Now()
			c.enter(connectors.Running)
		}
		c.mu.Unlock()
		if !late {
			c.deps.Log.InfoContext(ctx, "connected")
		}
	}
}

// broke ends the attempt and tells how long its connection stood.
func (c *Connection) broke() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.attempt++
	if c.upSince.IsZero() {
		return 0
	}
	return c.deps.Now().Sub(c.upSince)
}

func (c *Connection) failed(s connectors.State, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.health.Failures++
	c.health.LastError = shown(c.deps.Redact, err)
	c.enter(s)
}

func (c *Connection) become(s connectors.State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.enter(s)
}

// enter changes the state; c.mu is held.
func (c *Connection) enter(s connectors.State) {
	if c.health.State != s {
		c.health.State, c.health.Since = s, c.deps.Now()
	}
}

// Came notes that an event came in.
func (c *Connection) Came() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.health.LastMessage = c.deps.Now()
}

// Health tells how the connection is.
func (c *Connection) Health() connectors.Health {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.health
}
