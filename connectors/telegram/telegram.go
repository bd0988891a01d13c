// Package telegram connects a Telegram bot to the gate, by long polling or by a
// webhook.
//
// It never decides, answers or fetches by itself, never takes a name for an
// identity or a chat of an unknown kind for a direct message, and tells Telegram
// that an update was taken only after the handler returned nil. The bot's token
// is in every address that it asks: no error, log line or Health holds one.
//
// Of the library it uses the types and the call alone: the library's own polling
// confirms updates before they are handled, and writes addresses to the standard
// logger.
package telegram

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/driver"
)

const (
	// platformAPI is where Telegram's own Bot API is.
	platformAPI = "https://api.telegram.org"
	// defaultPoll is how long a request for updates waits for one.
	defaultPoll = 50 * time.Second
	// pollGrace is how much longer than that an answer may take: a connection that
	// is half open says nothing at all.
	pollGrace = 10 * time.Second
	// lookEvery is how often a webhook is looked after: a token that was revoked, or
	// a webhook that another program took away, shows by silence alone.
	lookEvery = time.Minute
	// callTime bounds every other request.
	callTime = 25 * time.Second

	// maxText is the longest text of a message in UTF-16 units, after entities
	// are parsed (https://core.telegram.org/bots/api#sendmessage).
	maxText = 4096
	// editEvery keeps below the one message a second that Telegram lets pass in a
	// chat (https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this).
	editEvery = time.Second
	// typingEvery renews the sign, which is shown for 5 s
	// (https://core.telegram.org/bots/api#sendchataction).
	typingEvery = 4 * time.Second

	// beside is how many chats are handled at once.
	beside = 16

	// drainTime is how long a stopped Run lets handlers finish, lastCall how long
	// it waits for them after their context was cancelled, and confirmTime bounds
	// the request that tells Telegram what was taken. Together they stay below the
	// 5 s that a stop may take.
	drainTime   = 2000 * time.Millisecond
	lastCall    = 500 * time.Millisecond
	confirmTime = 1500 * time.Millisecond
)

// Deps is what a Connector is made of.
type Deps struct {
	// Name is the configured name, unique among connectors.
	Name string
	// Token is the bot's, as @BotFather gave it; TokenFrom says where it came from
	// ("the environment variable TELEGRAM_TOKEN") and stands in errors about it.
	Token     string
	TokenFrom string
	// API is the Bot API's base URL; Telegram's own where it is empty.
	API string
	// Webhook makes Telegram call; nil means that updates are asked for.
	Webhook *Webhook
	// Poll is how long one request for updates waits for one; 50 s where it is 0.
	Poll time.Duration
	// Commands are the bot's menu.
	Commands []connectors.Command
	// Log and Now may be nil.
	Log *slog.Logger
	Now func() time.Time
}

// Webhook is how Telegram reaches the connector.
type Webhook struct {
	// Listen is the address that the connector listens at, by plain HTTP: a
	// reverse proxy has the certificate.
	Listen string
	// URL is the public address, HTTPS, that Telegram posts to. Its path is the
	// one that is served.
	URL string
	// Secret is 16 to 256 letters, digits, "_" and "-"; SecretFrom says where it
	// came from. Telegram gives it with each update, and nobody else knows it.
	Secret     string
	SecretFrom string
}

// Connector is the Telegram connector. It implements connectors.Connector,
// Composer, Reporter, Fetcher and Checker.
type Connector struct {
	*driver.Outbox
	*driver.Connection

	deps   Deps
	log    *slog.Logger
	api    *api
	places *places
	redact func(string) string
	// self is the bot, known from the first answer of Telegram on.
	self    atomic.Pointer[self]
	running atomic.Bool

	// What tests make shorter, or play.
	grace  time.Duration
	look   time.Duration
	listen func(ctx context.Context, address string) (net.Listener, error)
}

// New makes a connector; it asks nothing of Telegram before Run or Send.
func New(d Deps) *Connector {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.API == "" {
		d.API = platformAPI
	}
	if d.Poll <= 0 {
		d.Poll = defaultPoll
	}
	// Telegram counts whole seconds, and answers a request for none at once.
	d.Poll = max(d.Poll, time.Second)
	c := &Connector{
		deps:   d,
		log:    d.Log.With("connector", d.Name),
		places: newPlaces(),
		redact: driver.Redactor(secrets(d)...),
		grace:  pollGrace,
		look:   lookEvery,
		listen: func(ctx context.Context, address string) (net.Listener, error) {
			var l net.ListenConfig
			return l.Listen(ctx, "tcp", address)
		},
	}
	c.api = newAPI(d.API, d.Token, d.TokenFrom, c.redact)
	c.Connection = driver.NewConnection(driver.ConnectionDeps{Name: d.Name, Log: d.Log, Now: d.Now, Redact: c.redact})
	c.Outbox = driver.NewOutbox(driver.OutboxDeps{
		Writer: &writer{api: c.api, places: c.places, log: c.log},
		Manners: driver.Manners{
			MaxText: maxText, Measure: driver.UTF16Len, EditEvery: editEvery, TypingEvery: typingEvery,
		},
		Log: c.log, Redact: c.redact,
	})
	return c
}

// secrets are what no text may hold. What has not the form of one is refused
// before it is used, and a letter or two would be found in every text.
func secrets(d Deps) []string {
	var found []string
	if tokenForm.MatchString(d.Token) {
		found = append(found, d.Token)
	}
	if d.Webhook != nil && secretForm.MatchString(d.Webhook.Secret) {
		found = append(found, d.Webhook.Secret)
	}
	return found
}

// Name gives the configured name.
func (c *Connector) Name() string { return c.deps.Name }

// Kind gives "telegram".
func (c *Connector) Kind() string { return "telegram" }

// Run takes updates until ctx is done, and returns nil then, at most 5 s later:
// the calls that run may finish, and Telegram is told of what was taken. What was
// not taken stays with Telegram for a day. Run fails for good when the token is
// not valid or the configuration cannot work, and when it runs already.
func (c *Connector) Run(ctx context.Context, h connectors.Handler) error {
	if !c.running.CompareAndSwap(false, true) {
		return errors.New("run telegram connector: it is running already")
	}
	defer c.running.Store(false)
	defer c.api.client.CloseIdleConnections()
	r := newRun(ctx, c, h)
	defer r.end()
	if c.deps.Webhook != nil {
		err := c.Keep(ctx, r.serveOnce)
		r.drain(ctx)
		return err
	}
	p := newPoller(r)
	err := c.Keep(ctx, p.poll)
	r.drain(ctx)
	if err == nil {
		p.confirm(ctx)
	}
	return err
}

// Send delivers one reply. A basic group that became a supergroup is followed
// once, and a reply to a message in a topic goes to that topic.
func (c *Connector) Send(ctx context.Context, r connectors.Reply) error {
	r.Chat = address(r)
	return c.Outbox.Send(ctx, r)
}

// Compose begins an answer.
func (c *Connector) Compose(ctx context.Context, r connectors.Reply, draftAfter time.Duration) connectors.Composition {
	r.Chat = address(r)
	return composition{c.Outbox.Compose(ctx, r, draftAfter)}
}

// composition keeps the address of Compose for the whole answer.
type composition struct{ connectors.Composition }

// Finish delivers the whole answer.
func (c composition) Finish(ctx context.Context, r connectors.Reply) error {
	r.Chat = address(r)
	return c.Composition.Finish(ctx, r)
}
