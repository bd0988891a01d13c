package connectortest

import "time"

// Server is a platform's server that a test plays with: a fake on loopback, or
// a real one. A driver's Platform and the tests of the whole program share it.
// Safe for concurrent use.
type Server interface {
	// URL is where a connector finds it, for the key api_url or homeserver.
	URL() string
	// Inject plays one event, as Platform.Inject.
	Inject(e Event) (IDs, error)
	// Sent is every message that the bot sent so far, oldest first, as it reads now.
	Sent() []Sent
	// Signs are the signs that the bot set and took away so far, oldest first.
	Signs() []Sign
	Close() error
}

// Sign is a reaction or a typing sign of the bot.
type Sign struct {
	// Message is empty for the typing sign.
	Chat, Message string
	// Name is the emoji, or "typing".
	Name string
	On   bool
}

// FaultKind is what goes wrong on the platform's side.
type FaultKind string

// What a fault can be on: the calls that write or edit a message, and how events
// come in.
const (
	OnSend    = "send"
	OnReceive = "receive"
)

// The faults.
const (
	// ServerError answers with 5xx.
	ServerError FaultKind = "server_error"
	// Throttle answers 429 (or the platform's own word for it); For is the time to
	// wait that it names.
	Throttle FaultKind = "throttle"
	// Drop closes the connection without an answer, before acting.
	Drop FaultKind = "drop"
	// Lost acts, then closes the connection without an answer.
	Lost FaultKind = "lost"
	// Garbage answers, or sends as an event, what is not of the protocol.
	Garbage FaultKind = "garbage"
	// Stall takes the request or the connection and says nothing for the time For.
	Stall FaultKind = "stall"
	// Revoke makes the token invalid from now on, for every call.
	Revoke FaultKind = "revoke"
)

// Fault is a fault to play on the next Times calls (1 for zero).
type Fault struct {
	Kind  FaultKind
	On    string
	Times int
	For   time.Duration
}

// Faulter is a Platform that can play faults. Where a platform has no such
// fault it reports false.
type Faulter interface {
	// Fault may be called beside anything.
	Fault(f Fault) bool
}

// Secretive is a Platform whose connector holds secrets: none may show in an
// error, in the log, or in Health.
type Secretive interface {
	Secrets() []string
	// Logged is what the connector has logged so far.
	Logged() string
}
