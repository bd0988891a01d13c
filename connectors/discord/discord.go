// Package discord connects a Discord bot to the gate: it keeps a gateway
// session, translates its events, and posts the replies.
//
// It never decides, never answers by itself, never takes a name for an identity
// or an absent channel type for a direct message, and keeps no attachment. The
// tokens of interactions, which let anybody speak as the bot for 15 minutes, stay
// in memory and are in no Message, log or error.
//
// # The gateway
//
// Requests go through discordgo; the gateway session is the package's own. A
// resume tells Discord which events were taken, a close code whether trying again
// is worth anything, and a heartbeat that is not acknowledged that the connection
// is dead: discordgo decides the first two by itself and shows neither, ends the
// session where it only means to reconnect (it closes with 1000), waits five
// heartbeats, and does not survive a frame that is null.
//
// # What is not delivered while the connector is away
//
// A short break is bridged by the gateway's resume. After a longer one the
// messages of the channels it knows, at most 1000, are fetched; a cursor in
// Deps.Dir says from where. Edits, reactions and presses of that time are lost, as
// are messages in a channel that it has never seen one in.
package discord

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/driver"
)

const (
	// maxText is the longest content of a message, in characters
	// (https://docs.discord.com/developers/resources/message#create-message).
	maxText = 2000
	// editEvery keeps a draft's edits below the usual five a channel in five
	// seconds, of which the answer itself needs some.
	editEvery = 1500 * time.Millisecond
	// typingEvery renews the typing sign, which lasts ten seconds
	// (https://docs.discord.com/developers/resources/channel#trigger-typing-indicator).
	typingEvery = 8 * time.Second
	// drainTime is how long a stopped Run lets handlers finish, and lastCall how
	// long it waits for them after their context was cancelled. Together they stay
	// below the 5 s that a stop may take.
	drainTime = 3 * time.Second
	lastCall  = time.Second
	// retryEvery is how often messages that the handler did not take are given to
	// it again while the connector runs.
	retryEvery = time.Minute
	// besides and waiting bound the events that are handled at once, and that wait
	// in one channel.
	besides = 64
	waiting = 256
)

// Deps is what a Connector is made of.
type Deps struct {
	// Name is the configured name, unique among connectors.
	Name string
	// Token is the bot's token, without "Bot " before it, and TokenFrom says where
	// it came from ("the environment variable DISCORD_TOKEN"), for errors.
	Token     string
	TokenFrom string
	// API is the base URL of a stand-in for https://discord.com; empty means Discord.
	API string
	// Dir is a folder of the connector's own, for its cursor. It is made where it
	// does not exist.
	Dir string
	// AllMessages asks for the text of messages that do not address the bot, which
	// needs the privileged Message Content Intent. Without it they are no events.
	AllMessages bool
	// Commands are registered with Discord at start; none leaves what is there.
	Commands []connectors.Command
	Log      *slog.Logger
	Now      func() time.Time
}

// Connector is a Discord bot. It is safe for concurrent use, except that one Run
// is called at a time.
type Connector struct {
	*driver.Outbox
	*driver.Connection

	deps    Deps
	api     *api
	files   files
	places  *places
	pending *interactions
	cursor  *cursor

	// self and app are the ids of the bot's user and application, known from the
	// first READY on.
	self atomic.Pointer[string]
	app  atomic.Pointer[string]
	// registered says that Discord has the commands.
	registered atomic.Bool
}

var (
	_ connectors.Connector = (*Connector)(nil)
	_ connectors.Composer  = (*Connector)(nil)
	_ connectors.Reporter  = (*Connector)(nil)
	_ connectors.Fetcher   = (*Connector)(nil)
	_ connectors.Checker   = (*Connector)(nil)
)

// New makes a Connector. It asks Discord nothing.
func New(d Deps) *Connector {
	d.Token = strings.TrimPrefix(strings.TrimSpace(d.Token), "Bot ")
	if d.TokenFrom == "" {
		d.TokenFrom = "the configuration"
	}
	redact := driver.Redactor(d.Token)
	c := &Connector{deps: d, api: newAPI(d), places: newPlaces(), pending: newInteractions(d.Now)}
	c.files = files{base: c.api.override, client: &http.Client{CheckRedirect: sameHost}}
	c.cursor = newCursor(d.Dir, d.Log)
	c.Connection = driver.NewConnection(driver.ConnectionDeps{Name: d.Name, Log: d.Log, Now: d.Now, Redact: redact})
	c.Outbox = driver.NewOutbox(driver.OutboxDeps{
		Writer: &writer{c: c},
		Log:    d.Log.With("connector", d.Name),
		Redact: redact,
		Manners: driver.Manners{
			MaxText: maxText,
			// The documentation counts "characters". UTF-16 units are never fewer than
			// code points, so a part fits whichever of them is meant.
			Measure:     driver.UTF16Len,
			Idempotent:  true,
			EditEvery:   editEvery,
			TypingEvery: typingEvery,
		},
	})
	return c
}

// Name is the configured name.
func (c *Connector) Name() string { return c.deps.Name }

// Kind is "discord".
func (*Connector) Kind() string { return "discord" }

// Run keeps the gateway connected and gives its events to h until ctx is done. It
// fails where the token or the intents are refused, or Discord says that trying
// again is of no use.
func (c *Connector) Run(ctx context.Context, h connectors.Handler) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := newRun(ctx, c, h)
	err := c.Keep(ctx, r.connect)
	// Keep may have given up: nothing is to begin any more.
	cancel()
	r.end() //nolint:contextcheck // its context is over, and the handlers have theirs
	return err
}

func (c *Connector) selfID() string { return value(&c.self) }

func (c *Connector) appID() string { return value(&c.app) }

func value(p *atomic.Pointer[string]) string {
	if s := p.Load(); s != nil {
		return *s
	}
	return ""
}

// overrideOf reads Deps.API; nil means Discord itself.
func overrideOf(raw string) *url.URL {
	if raw == "" {
		return nil
	}
	u, err := url.Parse(strings.TrimSuffix(raw, "/"))
	if err != nil {
		// The first request tells it, with words.
		return &url.URL{Scheme: "invalid", Host: "api_url"}
	}
	return u
}
