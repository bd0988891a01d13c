package matrix

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"maunium.net/go/mautrix/id"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/driver"
)

const (
	// maxText is the longest text of one message, in bytes of JSON. An event is at
	// most 65,536 bytes (client-server API, "Size limits"); an encrypted edit needs
	// four thirds of its text and some room beside it.
	maxText = 25_000
	// editEvery keeps drafts below what homeservers let one account send.
	editEvery = 2 * time.Second
	// typingTime is how long a typing sign stands, and typingEvery when it is
	// renewed.
	typingTime  = 30 * time.Second
	typingEvery = 20 * time.Second
	// defaultSync is how long the homeserver may hold a request for events.
	defaultSync = 30 * time.Second
)

// Deps is what a Connector is made of.
type Deps struct {
	// Name is the configured name, unique among connectors.
	Name string
	// Homeserver is the address of the client-server API, User the bot's whole id
	// ("@bot:example.org").
	Homeserver string
	User       string
	// Password or Token, or both: a token that is no longer valid is then replaced
	// by a new login. PasswordFrom and TokenFrom say where they came from.
	Password     string
	PasswordFrom string
	Token        string
	TokenFrom    string
	// Dir is a folder of this connector alone. It is made with mode 0700.
	Dir string
	// Rooms are the ids and aliases of the rooms the bot may be in; empty allows
	// none.
	Rooms []string
	// DirectMessages lets the bot join whoever invites it to a direct message.
	DirectMessages bool
	// Encrypted turns end-to-end encryption on. It needs the build tag goolm.
	Encrypted bool
	// Sync is how long the homeserver may hold a request for events; 30 s when
	// zero.
	Sync time.Duration
	// Commands are the gate's. Matrix has no menu of commands that a bot fills.
	Commands []connectors.Command
	// Log and Now may be nil.
	Log *slog.Logger
	Now func() time.Time
}

// Connector is the Matrix connector. It implements connectors.Connector,
// Composer, Reporter, Fetcher and Checker. Safe for concurrent use.
type Connector struct {
	*driver.Outbox
	*driver.Connection

	deps    Deps
	log     *slog.Logger
	account *account
	rooms   *rooms
	facts   *facts
	door    *door
	untaken *untaken
	running atomic.Bool
	warned  atomic.Bool
}

// New makes a connector; it neither connects nor touches Dir before it is used.
func New(d Deps) *Connector {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Sync <= 0 {
		d.Sync = defaultSync
	}
	c := &Connector{deps: d, log: d.Log.With("connector", d.Name), facts: newFacts(), untaken: newUntaken()}
	c.account = newAccount(d, c.log)
	c.rooms = newRooms(c.account, id.UserID(d.User))
	c.account.states = c.rooms
	c.door = newDoor(d, c.account, c.log)
	c.Connection = driver.NewConnection(driver.ConnectionDeps{Name: d.Name, Log: d.Log, Now: d.Now, Redact: c.account.hush.text})
	c.Outbox = driver.NewOutbox(driver.OutboxDeps{
		Writer: &writer{account: c.account, rooms: c.rooms, facts: c.facts, signs: newSigns()},
		Manners: driver.Manners{
			MaxText: maxText, Measure: jsonLen, Idempotent: true,
			EditEvery: editEvery, TypingEvery: typingEvery,
		},
		Log:    c.log,
		Redact: c.account.hush.text,
	})
	return c
}

// Name gives the configured name.
func (c *Connector) Name() string { return c.deps.Name }

// Kind gives "matrix".
func (c *Connector) Kind() string { return "matrix" }

// Run connects and gives events to h until ctx is done, then it returns nil, at
// most 5 s later. It fails when the homeserver refuses the credentials, naming
// where they came from, when encryption is asked for and was not built in, and
// when it is called while it runs.
func (c *Connector) Run(ctx context.Context, h connectors.Handler) error {
	if !c.running.CompareAndSwap(false, true) {
		return errors.New("run matrix connector: it is running already")
	}
	defer c.running.Store(false)
	if len(c.deps.Rooms) == 0 && !c.deps.DirectMessages && c.warned.CompareAndSwap(false, true) {
		c.log.WarnContext(ctx, "no room is allowed and no direct messages: the bot joins nothing", "mend", "list rooms, or set direct_messages: true")
	}
	r := newRun(ctx, c, h)
	defer r.end() //nolint:contextcheck // it works on after ctx is done
	return c.Keep(ctx, r.connect)
}
