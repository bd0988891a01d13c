package gate

import (
	"context"
	"errors"
	"slices"
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
	// Version changes with everything that changes about the person; 0 for a stranger.
	Version int64
	// Identities are all that the person has; none for a stranger.
	Identities []string
	// Roles are the sender's that hold everywhere, and Grants those that may not;
	// both are empty for a stranger.
	Roles  []string
	Grants []users.Grant
	// Attributes are what policies know of the person beside that.
	Attributes map[string]string
	// Pairing is the request of this identity to be let in that waits or was denied;
	// nil where there is none.
	Pairing *users.Pairing
	// DM is the direct chat in which a known identity was last heard, with the
	// platform's own id.
	DM string
	// Busy tells whether an answer to the person is still to be made here, in
	// whichever session.
	Busy bool
	// Session is the sender's open session in this chat, or one of somebody else there
	// that they joined since that was made; nil when there is neither.
	Session *Session
	// Workspace is the one that the person chose in this chat, "" for none.
	Workspace string

	// The gate adds what it reads beside: the state and the id of the API token that
	// came with the event, and what its command is about.
	token, tokenID string
	target         *target
}

// shared tells whether the session is somebody else's, who shares it.
func (f Facts) shared() bool { return f.Session != nil && f.Session.User != f.Person }

// in tells whether the sender came into a session.
func (f Facts) in(s *SessionFacts) bool {
	return slices.ContainsFunc(s.Joined, func(id string) bool { return id == f.Person || slices.Contains(f.Identities, id) })
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
	// As is who was admitted; where that identity is another's meanwhile, or something
	// changed about the person, the commit fails with ErrRaced. It is nil for what
	// admits nobody.
	As     *As
	Place  Place
	Record audit.Record
	Events []limits.Event
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
	// Change is what changes about people.
	Change *users.Change
	// Heard are the direct chats in which known identities were heard.
	Heard []Address
	// Notices go to others than the sender, each on a record of its own. They are
	// kept in the same transaction.
	Notices []Notice
}

// As is a person as the facts had them.
type As struct {
	Identity, Person string
	Version          int64
}

// Notice is something that somebody is told.
type Notice struct {
	Record audit.Record
	Turn   Turn
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
	// ErrRaced says that the session, or somebody, is not as the facts said any more:
	// the event must be decided anew.
	ErrRaced = errors.New("what was decided about changed meanwhile")
)

// Store keeps what the gate decides.
type Store interface {
	Facts(ctx context.Context, p Place, eventKey string) (Facts, error)
	// Commit returns nil only when everything is on disk. users.ErrChanged is given as
	// ErrRaced.
	Commit(ctx context.Context, c Commit) error
	// Person gives one by their id or any of their identities, or users.ErrUnknown.
	Person(ctx context.Context, id string) (users.Person, error)
	// People gives up to n people whose id is greater than after, in order of id.
	People(ctx context.Context, after string, n int) ([]users.Person, error)
	// Owners gives the people who are owners now, wherever that holds: at most n.
	Owners(ctx context.Context, now time.Time, n int) ([]users.Person, error)
	// LastingOwners gives those who are owners for ever and everywhere: at most n.
	LastingOwners(ctx context.Context, n int) ([]users.Person, error)
	// Expired gives people with a grant that has ended and whose end was not seen to
	// (users.Change.Expire does that, up to Record.Time): at most n.
	Expired(ctx context.Context, now time.Time, n int) ([]users.Person, error)
	// Heard gives where the identities of a person are to be told something: the
	// direct chats in which they were last heard.
	Heard(ctx context.Context, person string) ([]Address, error)
	// PairingByCode gives the request with a code, or users.ErrNoPairing. The digests
	// are compared in constant time.
	PairingByCode(ctx context.Context, code string) (users.Pairing, error)
	// Waiting gives the newest requests of a kind that wait, at most n, and how many
	// there are. With a person it gives only theirs.
	Waiting(ctx context.Context, q WaitingQuery) ([]users.Pairing, int, error)
	// HashCode is the digest of a code, as Pairing.Code keeps it.
	HashCode(code string) [32]byte
	// Token gives the token with this text, or users.ErrNoToken.
	Token(ctx context.Context, text string) (users.Token, error)
	// FindSession gives a session of a person, or of everybody, by its id or by the
	// beginning of its id that no other alive one of theirs has, or ErrNoSession;
	// AliveSessions gives those that are alive (open, or still owing answers), the
	// newest first.
	FindSession(ctx context.Context, person, id string) (SessionFacts, error)
	// Offered gives the open session in this chat that was offered last to a person
	// who is not in it, or ErrNoSession.
	Offered(ctx context.Context, p Place) (SessionFacts, error)
	AliveSessions(ctx context.Context, person string, n int) ([]SessionFacts, error)
}

// Address is a chat to which something can be said, in the platform's own ids.
type Address struct {
	Connector, Chat, User string
	// Identity is the one that is heard there.
	Identity string
}

// MaxWaiting is how many requests are counted: more are told as so many.
const MaxWaiting = 1000

// WaitingQuery picks requests. Since leaves out those that were made before it,
// Connector and Kind all others; "" is any.
type WaitingQuery struct {
	Now             time.Time
	Kind, Connector string
	Person          string
	Since           time.Time
	Most            int
}

// SessionFacts is a session that is alive.
type SessionFacts struct {
	Session
	Created time.Time
	Owed    int
	// Ended tells that it has ended and still owes answers.
	Ended bool
	// Shared are the ids to which its owner offered it, as they wrote them, and Joined
	// those of them by which somebody came in.
	Shared, Joined []string
}

// ErrNoSession says that there is no such session.
var ErrNoSession = errors.New("no such session")
