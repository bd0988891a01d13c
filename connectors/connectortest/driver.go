// Package connectortest is the conformance suite that every connector passes.
// A connector's test implements Driver over its platform, real or played, and
// calls Run. What a platform cannot do, its driver does not list in Supports;
// the cases that no platform is excused from need no feature.
//
// The suite never looks inside a connector: it plays events on the platform's
// side, takes what the handler is given, and sees what the platform was sent.
// A new platform's ability is a new Feature and the cases that need it; one that
// needs more of the platform than Platform has is an optional interface beside
// Redeliverer. Who implements such an interface must list its feature: a case
// that is forgotten proves nothing.
package connectortest

import (
	"context"

	"github.com/parachute-gate/parachute/connectors"
)

// Feature is an ability of a platform that some cases need.
type Feature string

// The features. Each says what Inject, Sent or the connector can do.
const (
	// DM, Group, Channel and UnknownChat are the chat kinds that can be played.
	DM          Feature = "dm"
	Group       Feature = "group"
	Channel     Feature = "channel"
	UnknownChat Feature = "unknown_chat"
	// DisplayNames: people have a name apart from their id.
	DisplayNames Feature = "display_names"
	// Bots: a sender can be a bot.
	Bots Feature = "bots"
	// Local: the person at the process's terminal can write.
	Local Feature = "local"
	// Mention, Replies, Forwards and Attachments are parts of a message.
	Mention     Feature = "mention"
	Replies     Feature = "replies"
	Forwards    Feature = "forwards"
	Attachments Feature = "attachments"
	// Edits, Deletes, Callbacks and Reactions are kinds of event.
	Edits     Feature = "edits"
	Deletes   Feature = "deletes"
	Callbacks Feature = "callbacks"
	Reactions Feature = "reactions"
	// Multiline: a text can hold a newline.
	Multiline Feature = "multiline"
	// SideBySide: the handler is called for several chats at once.
	SideBySide Feature = "side_by_side"
	// Redelivery: the platform can give an event twice; it is a Redeliverer.
	Redelivery Feature = "redelivery"
	// Ends: the source of events can end while the connector runs.
	Ends Feature = "ends"
	// ReplyTargets: Sent tells chat and message of a reply.
	ReplyTargets Feature = "reply_targets"
	// ExactReplies: a reply's text is given to the platform as it is, control
	// characters included.
	ExactReplies Feature = "exact_replies"
	// SeveralAttachments: one message can carry several files.
	SeveralAttachments Feature = "several_attachments"
	// ChatNames: a chat has a name apart from its id, Event.ChatName.
	ChatNames Feature = "chat_names"
	// CommandAddress: a command can name the bot that it is for ("/help@bot"); the
	// platform is Addressed.
	CommandAddress Feature = "command_address"
	// OwnEcho: the platform gives the bot its own messages as events.
	OwnEcho Feature = "own_echo"
	// Buttons: a reply's buttons are shown, and Sent tells them.
	Buttons Feature = "buttons"
	// Fences: Sent.Text has a reply's code fences as they were sent.
	Fences Feature = "fences"
	// DropsDoubles: a reply that is sent twice with one id arrives once.
	DropsDoubles Feature = "drops_doubles"
	// Composes: the connector is a Composer.
	Composes Feature = "composes"
	// Drafts: it shows drafts, and Sent tells them.
	Drafts Feature = "drafts"
	// Signs: it sets signs; the platform is a Signer.
	Signs Feature = "signs"
	// Health: the connector is a Reporter.
	Health Feature = "health"
	// Faults: the platform can fail; it is a Faulter.
	Faults Feature = "faults"
	// Secrets: the connector holds secrets; the platform is Secretive.
	Secrets Feature = "secrets"
	// Load: 10,000 events of 50 chats can be played in a minute.
	Load Feature = "load"
)

// Driver opens platforms of one kind for the suite.
type Driver interface {
	Supports(f Feature) bool
	// MaxText is the longest incoming text the platform carries, in bytes.
	MaxText() int
	// Open makes a platform with no events and a connector to it, not yet run.
	// ctx lasts as long as the case.
	Open(ctx context.Context) (Platform, error)
}

// Platform is one platform, played for one case. Its methods are called from
// one goroutine at a time, except that Sent and Refused may be called beside
// anything.
type Platform interface {
	// Connector is the connector under test, the same at every call.
	Connector() connectors.Connector
	// Inject plays one event. It returns when the platform has it, not when the
	// connector took it: before Run it must not block.
	Inject(e Event) (IDs, error)
	// Sent is every reply that the platform was given so far, oldest first.
	Sent() []Sent
	// Refused is the number of events so far that the platform was told were not
	// taken, or that it keeps because they were not acknowledged.
	Refused() int
	// End ends the source of events. It is called only with the feature Ends.
	End() error
	// Close frees what Open took; Run may have returned or not been called.
	Close() error
}

// Redeliverer is a Platform that can play its last event once more, unchanged,
// as platforms do that got no acknowledgement in time.
type Redeliverer interface {
	Redeliver() error
}

// Addressed is a Platform whose commands can name the bot that they are for.
type Addressed interface {
	// BotName is what follows the @ in a command for the bot.
	BotName() string
}

// Signer is a Platform that knows the signs that the bot set.
type Signer interface {
	// Signs are those set and taken away so far, oldest first. It may be called
	// beside anything.
	Signs() []Sign
}

// Event is what a person does on the platform. Chat and Person are labels of
// the suite: the platform turns each into one id of its own, the same every time.
type Event struct {
	Chat     string
	ChatKind connectors.ChatKind
	// ChatName is the chat's name; empty means the platform's choice.
	ChatName string
	Person   string
	// Name is the display name; empty means the platform's choice.
	Name  string
	Bot   bool
	Local bool
	// Kind is the kind of event; empty means a message. The suite never sets
	// EventCommand: a text makes a command.
	Kind connectors.EventKind
	// About is the message (by the id that the handler was given, or by Sent.ID)
	// that an edit or a deletion changes, a button is pressed below, or a reaction
	// is to. Of the last two ReplyToBot says that the bot wrote it.
	About       string
	Text        string
	Mention     bool
	ReplyTo     string
	ReplyToBot  bool
	Forwarded   bool
	Attachments []connectors.Attachment
}

// IDs are the platform's own ids of an event. Message is empty when only the
// connector knows it.
type IDs struct {
	Message, Chat, User string
}

// Sent is one message that the platform was given, as it reads now. Chat and
// ReplyTo are set with the feature ReplyTargets. ID is the platform's, empty where
// only the connector knows it.
type Sent struct {
	ID, Chat, ReplyTo, Text string
	// Drafts are the texts that edits replaced, oldest first.
	Drafts []string
	// Private says that only the person answered can read it.
	Private bool
	Buttons []connectors.Button
}
