package driver

import (
	"context"
	"time"

	"github.com/parachute-gate/parachute/connectors"
)

// Post is one message on its way to a platform: a whole reply, or a part of one.
type Post struct {
	// Chat, User and ReplyTo are as in the Reply. ReplyTo is set on the first part
	// only.
	Chat    string
	User    string
	ReplyTo string
	Text    string
	// Key is the same for each try of one message and for no other message.
	Key string
	// Verdict and Private are the Reply's.
	Verdict string
	Private bool
	// Draft says that the text is not whole yet.
	Draft   bool
	Buttons []connectors.Button
}

// Writer is what a platform can do with a message. Each call is one try; it is
// called with a ctx that bounds it. It is safe for concurrent use.
//
// Errors say what trying again is worth: Permanent, Throttled and Unconfirmed
// mark them, and one without a mark was refused for now.
type Writer interface {
	// Post sends a new message and gives its id.
	Post(ctx context.Context, p Post) (id string, err error)
	// Edit replaces the text and the buttons of a message that Post sent.
	Edit(ctx context.Context, id string, p Post) error
}

// Signaller is a Writer that can show that the bot is at work. Failures are
// logged, no more.
type Signaller interface {
	// Working sets or takes away the sign on the message answered.
	Working(ctx context.Context, chat, message string, on bool) error
	// Typing shows the typing sign for a while.
	Typing(ctx context.Context, chat string) error
}

// Manners are a platform's limits on what is written to it.
type Manners struct {
	// MaxText is the longest text of one message by Measure.
	MaxText int
	// Measure gives a text's length as the platform counts it; nil counts bytes.
	Measure func(string) int
	// Idempotent says that the platform drops a Post whose Key it has seen: a Post
	// that was not confirmed is then tried again.
	Idempotent bool
	// EditEvery is the least time between two edits of a draft; zero means that
	// drafts are not shown.
	EditEvery time.Duration
	// TypingEvery is how often the typing sign must be renewed; zero means never.
	TypingEvery time.Duration
}
