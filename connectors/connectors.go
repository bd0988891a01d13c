// Package connectors holds the contract between a chat platform and the gate:
// what an incoming event is (Message), what goes back (Reply), and what a
// driver promises (Connector). Each platform is a child folder.
//
// A connector translates; it never decides. It knows nothing of policies,
// people's rights or sessions, answers nothing by itself, and stores no
// attachment. What drivers have in common is in connectors/driver.
package connectors

import (
	"context"
	"errors"
	"io"
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
	// Token is the API token that came with the event, "" for none. It is a secret:
	// only the gate reads it.
	Token string
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
	// Ref is what the connector needs to fetch the content, opaque to all others.
	// It may hold a key to the content, so it is neither logged nor shown to the
	// policies. Empty when the content cannot be fetched.
	Ref string
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
	// Private says that User alone may read it: a connector of a platform where others
	// can come into a direct message gives a permanent error while they are in it.
	Private bool
	// Decision is the id of the decision that this reply follows from.
	Decision string
	// Verdict is "allow", "deny", or "failed" for an admitted message whose
	// turn could not be finished or whose answer may have been lost.
	Verdict string
	// Buttons are offered below the text where the platform has buttons. A press
	// comes back as an EventCallback whose Text is the button's Data.
	Buttons []Button
}

// Button is something to press below a message.
type Button struct {
	Label string
	// Data is at most 64 bytes. Whoever presses can send any other data as well:
	// a press is decided like a text.
	Data string
}

// Command is one entry of the menus that some platforms show.
type Command struct {
	// Name is in lower case; Args shows its words ("[NAME]"), empty for none.
	Name  string
	Args  string
	About string
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

// ErrUnconfirmed says that a reply may or may not have arrived, and that giving
// it again could double it.
var ErrUnconfirmed = errors.New("the platform did not confirm what it was sent")

// Composer is a Connector that shows an answer while it is made.
type Composer interface {
	// Compose begins the answer to one message: r is the Reply to come, without
	// its text. It returns at once; its signs (a reaction, the typing sign) and
	// drafts go out beside the caller, and their failures harm nothing. No draft is
	// shown before draftAfter has passed: a quick answer comes whole.
	Compose(ctx context.Context, r Reply, draftAfter time.Duration) Composition
}

// Composition is one answer that is being made. Its methods are called from one
// goroutine at a time.
type Composition interface {
	// Update shows text, the whole of the answer so far. It never waits: what the
	// platform's limits do not let through is skipped.
	Update(text string)
	// Finish delivers the whole answer, as Send does: a draft becomes its first
	// part. Its signs are taken away afterwards.
	Finish(ctx context.Context, r Reply) error
	// Close takes the signs away; after Finish it does nothing.
	Close()
}

// Fetcher is a Connector whose attachments can be fetched.
type Fetcher interface {
	// Fetch opens the content of an attachment by its Ref. The caller bounds what
	// it reads, and closes.
	Fetch(ctx context.Context, ref string) (io.ReadCloser, error)
}

// State is how a connector is.
type State string

// The states. A connector that failed does not come back by itself.
const (
	Stopped      State = "stopped"
	Running      State = "running"
	Reconnecting State = "reconnecting"
	Failed       State = "failed"
)

// Health is how a connector is, and was.
type Health struct {
	State State `json:"state"`
	// Since is when State began.
	Since time.Time `json:"since"`
	// Failures counts connections that failed or broke since the start; LastError
	// is the last one's, without secrets.
	Failures  int    `json:"failures"`
	LastError string `json:"last_error,omitempty"`
	// LastMessage is when the last event came in, zero for none yet.
	LastMessage time.Time `json:"last_message,omitzero"`
}

// Reporter is a Connector that tells how it is.
type Reporter interface {
	// Health is safe for concurrent use.
	Health() Health
}

// Finding is one thing that a Checker saw.
type Finding struct {
	// OK is true for what is as it should be.
	OK bool
	// About is what was looked at ("token", "permission to read messages"), and
	// Detail what was seen and, where it is not OK, the mend.
	About  string
	Detail string
}

// Checker is a Connector that can test its credentials and permissions.
type Checker interface {
	// Check asks the platform. It changes nothing there, and gives a Finding, not
	// an error, for a platform that cannot be reached.
	Check(ctx context.Context) []Finding
}
