// Package sessions answers what the gate has admitted: it takes the turns that
// are owed, one at a time for each session and in order of arrival, lets the
// session's agent answer, and sees that each answer is sent once or visibly
// failed.
//
// It admits nobody: a session and a turn exist only because an allow decision
// made them, and every tool call of an agent is decided again.
package sessions

import (
	"context"
	"errors"
)

// Session belongs to one person in one chat in one workspace. Its trust and
// access were fixed when it was made.
type Session struct {
	ID            string
	Connector     string
	ConnectorKind string
	Chat          string
	ChatKind      string
	Local         bool
	// User is the person's id with the connector's prefix.
	User      string
	Workspace string
	Trust     string
	Access    string
	Agent     string
	// Obligations are the JSON of what the decision asks of all that runs in it; see
	// ReadObligations.
	Obligations string
	// Earlier is how many turns of it were ended before.
	Earlier int
}

// State is how far a turn is.
type State string

// The states of a turn. Pending: nothing happened yet, or a crash came between.
// Ready: the reply is known. Sending: the reply is on its way; found after a
// crash, nobody can tell whether it arrived. Sent and failed are the ends.
const (
	Pending State = "pending"
	Ready   State = "ready"
	Sending State = "sending"
	Sent    State = "sent"
	Failed  State = "failed"
)

// Turn is one answer that is owed for one admitted message.
type Turn struct {
	ID       string
	Seq      int64
	Decision string
	// Session is nil for a command, whose reply is known when it is admitted.
	Session   *Session
	Connector string
	// Chat, User and Message are the platform's own ids.
	Chat    string
	User    string
	Name    string
	Message string
	Text    string
	// Attachments came with the message; their content has not been fetched.
	Attachments []Attachment
	Reply       string
	// Failed says that Reply tells of a failure.
	Failed bool
	State  State
}

// Attachment is a file that came with a message, as the platform describes it.
// Ref is what its connector needs to fetch the content.
type Attachment struct {
	Name  string
	Type  string
	Bytes int64
	Ref   string
}

// ErrNoTurn says that there is no such turn.
var ErrNoTurn = errors.New("no such turn")

// ErrAnswered says that a turn was answered otherwise meanwhile.
var ErrAnswered = errors.New("the turn was answered otherwise")

// Store keeps turns.
type Store interface {
	// Turn gives one, or ErrNoTurn.
	Turn(ctx context.Context, id string) (Turn, error)
	// OpenTurns gives the pending turns of a session up to seq, in order.
	OpenTurns(ctx context.Context, session string, seq int64) ([]Turn, error)
	// SendTurn keeps the reply before it is sent; failed says that it tells of a
	// failure. A turn that is not in the state it was read in any more has another
	// answer: that gives ErrAnswered.
	SendTurn(ctx context.Context, id string, read State, reply string, failed bool) error
	// CloseTurn ends a turn as sent or failed and forgets its texts.
	CloseTurn(ctx context.Context, id string, state State) error
}

// Changes remembers what a turn was about to change, so that a turn that is run
// again after a crash does not change it twice.
type Changes interface {
	// BeginChange keeps that change number n of a turn is about to give a note the
	// digest after, and tells whether that change was begun before. It fails for a
	// turn that was stopped meanwhile.
	BeginChange(ctx context.Context, turn string, n int, after [32]byte) (begun bool, err error)
	// BegunChange gives the digest that BeginChange kept last.
	BegunChange(ctx context.Context, turn string, n int) (after [32]byte, begun bool, err error)
}
