package gate

import (
	"context"
	"errors"
	"time"

	"github.com/parachute-gate/parachute/audit"
	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/gate/limits"
	"github.com/parachute-gate/parachute/gate/users"
)

// Session is what the gate knows of a session: whose it is, where, and with
// which trust it was made.
type Session struct {
	ID        string
	Connector string
	// ConnectorKind, ChatKind and Local are as they were when it was made: the
	// policies that judge its tool calls want them.
	ConnectorKind string
	ChatKind      string
	Local         bool
	Chat          string
	User          string
	Workspace     string
	Trust         string
	Access        string
	Agent         string
	// Obligations are what the decision asks of all that runs in the session, as
	// the JSON of an object: the same obligations are the same text.
	Obligations string
}

// Place is who speaks where: a person has at most one open session in it. Chat
// and User carry the connector's prefix.
type Place struct {
	Connector string
	Chat      string
	User      string
}

// Facts are what the store knows about an event's place.
type Facts struct {
	// Seen is true when this very event was decided before.
	Seen bool
	// Person is who the sender is: the person whose identity it is, or a stranger's
	// own id.
	Person string
	// Identities are all that the person has; none for a stranger.
	Identities []string
	// Roles are the sender's that hold everywhere, and Grants those that may not;
	// both are empty for a stranger.
	Roles  []string
	Grants []users.Grant
	// Attributes are what policies know of the person beside that.
	Attributes map[string]string
	// Busy tells whether an answer to the person is still to be made here, in
	// whichever session.
	Busy bool
	// Session is the sender's open session in this chat, nil when there is none.
	Session *Session
	// Workspace is the one that the person chose in this chat, "" for none.
	Workspace string
}

// Attachment is a file that came with a message.
type Attachment = connectors.Attachment

// Turn is one answer that is owed. Chat, User and Message are the platform's own
// ids, for the connector.
type Turn struct {
	ID      string
	Session string
	Chat    string
	User    string
	Name    string
	Message string
	Text    string
	// Attachments are those of the message; their content has not been fetched.
	Attachments []Attachment
	// Reply is set when the answer is known already (a command's).
	Reply string
}

// Commit is all that one decision changes. It happens as one transaction, or
// not at all.
type Commit struct {
	// EventKey tells this event from all others; empty for a decision that has
	// no event (a tool call).
	EventKey string
	Place    Place
	Record   audit.Record
	Events   []limits.Event
	// End is the id of the session that ends; Open is the one that begins, on the
	// strength of Record. With Cut the running turn of End is ended too, by the
	// process that runs it; End may then be one that has ended and still owes answers.
	End  string
	Cut  bool
	Open *Session
	// Used is what a program of a session used that ended.
	Used *Used
	// Stop answers the turns of this session that have changed nothing with
	// StopReply, and they never will. StopEnded does so for all sessions of Place that
	// have ended and still owe answers, and cuts them.
	Stop      string
	StopEnded bool
	StopReply string
	// Choose is the workspace that the person chose.
	Choose string
	Turn   *Turn
}

// Used is what a program used, to be added to what its session used.
type Used struct {
	Session         string
	CPU, Ran        time.Duration
	PeakMemoryBytes int64
}

// Errors of Store.Commit.
var (
	// ErrSeen says that the event was decided meanwhile.
	ErrSeen = errors.New("the event was decided already")
	// ErrRaced says that the session is not as the facts said any more: the event
	// must be decided anew.
	ErrRaced = errors.New("the session changed meanwhile")
)

// Store keeps what the gate decides.
type Store interface {
	Facts(ctx context.Context, p Place, eventKey string) (Facts, error)
	// Commit returns nil only when everything is on disk.
	Commit(ctx context.Context, c Commit) error
}
