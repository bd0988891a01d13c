// Package connectors holds the contract between a chat platform and the gate:
// what an incoming event is (Message), what goes back (Reply), and what a
// driver promises (Connector). Each platform is a child folder.
//
// A connector translates; it never decides. It knows nothing of policies,
// people's rights or sessions, answers nothing by itself, and stores no
// attachment.
package connectors

import (
	"context"
	"time"
)

// ChatKind is the kind of place a message was written in.
type ChatKind string

// The kinds of chat. ChatUnknown is what a platform that did not say gives; it
// is never taken for a direct message.
const (
	ChatUnknown ChatKind = ""
	ChatDM      ChatKind = "dm"
	ChatGroup   ChatKind = "group"
	ChatChannel ChatKind = "channel"
)

// EventKind is what happened in the chat.
type EventKind string

// The kinds of event that reach the gate. Each is decided on its own.
const (
	EventMessage  EventKind = "message"
	EventCommand  EventKind = "command"
	EventEdit     EventKind = "edit"
	EventDelete   EventKind = "delete"
	EventCallback EventKind = "callback"
	EventReaction EventKind = "reaction"
)

// Message is one event of a chat, as the platform gave it. Ids are the
// platform's stable ids without a connector prefix; names and text are data and
// never identity.
type Message struct {
	// ID is the platform's id of the message, unique within its chat.
	ID string
	// Revision tells edits of one message apart (an edit's time or counter); it
	// is empty on the first version.
	Revision string
	Chat     Chat
	User     User
	Kind     EventKind
	Text     string
	// Command and Args are set when Kind is EventCommand: the name without its
	// prefix, in lower case, and the words after it.
	Command string
	Args    []string
	// MentionsBot is true only for the platform's own mention entity.
	MentionsBot bool
	// ReplyTo is the id of the message this one replies to, and ReplyToBot
	// whether the bot wrote that one.
	ReplyTo     string
	ReplyToBot  bool
	Forwarded   bool
	Attachments []Attachment
	// Time is the platform's time of the event; zero where it gives none.
	Time time.Time
}

// Chat is the place of a message.
type Chat struct {
	ID   string
	Kind ChatKind
	Name string
}

// User is who sent a message.
type User struct {
	ID   string
	Name string
	// Bot is true for bots, webhooks and the bot itself.
	Bot bool
	// Local is true only for the person who started the process and types at
	// its terminal. A connector that talks over a network never sets it.
	Local bool
}

// Attachment describes a file that came with a message; its content is fetched
// only after an allow decision.
type Attachment struct {
	Name string
	// Type is the media type (RFC 6838) the platform states.
	Type string
	// Bytes is the size the platform states.
	Bytes int64
}

// Reply is one text that goes back to a chat.
type Reply struct {
	// ID is the idempotency key: a platform that can drop doubles is given it.
	ID string
	// Chat and User are the platform's ids, as in the Message answered.
	Chat string
	User string
	// ReplyTo is the id of the message answered.
	ReplyTo string
	Text    string
	// Decision is the id of the decision that this reply follows from.
	Decision string
	// Verdict is "allow", "deny", or "failed" for an admitted message whose
	// turn could not be finished or whose answer may have been lost.
	Verdict string
}

// Handler takes one event. It returns nil when the event's decision is durable
// (or was, earlier: a redelivered event is taken once), and an error when it is
// not: the connector must then not acknowledge the event to its platform.
// Handlers may be called from several goroutines, but the events of one chat
// must come one after another, in their order.
type Handler func(ctx context.Context, m Message) error

// Connector is a driver of one chat platform.
type Connector interface {
	// Name is the configured name, unique among connectors: it prefixes ids.
	Name() string
	// Kind is the platform ("console", "stdio", "telegram", …).
	Kind() string
	// Run reads events and gives them to h until ctx is done or the source has
	// ended (both return nil), or until it fails for good. It calls h with a ctx
	// that outlives a cancelled Run only as long as the one call takes.
	Run(ctx context.Context, h Handler) error
	// Send delivers one reply. It returns nil only when the platform has taken
	// it. Safe for concurrent use, also before Run and after it returned.
	Send(ctx context.Context, r Reply) error
}
