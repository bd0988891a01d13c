package gate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/parachute-gate/parachute/audit"
	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/gate/limits"
	"github.com/parachute-gate/parachute/gate/users"
)

// Rule ids of the gate's own: it gives them where no policy could be asked, or
// where what a policy said could not be kept.
const (
	RuleInvalidInput = "input.invalid"
	RuleUnwritable   = "store.unwritable"
	RuleUnreadable   = "store.unreadable"
)

// maxRaces is how often an event is decided anew because its session changed
// under the decision. A chat's events come one after another, so once is rare.
const maxRaces = 5

// Policies gives the revision that decides now.
type Policies interface {
	Current() *engine.Policy
}

// Config is what the configuration says about deciding.
type Config struct {
	Input engine.ConfigInput
	// Kinds are the platforms of the connectors, by name.
	Kinds map[string]string
	// StoreText keeps the texts of messages in the decision log.
	StoreText bool
}

// Deps are what a Gate is made of.
type Deps struct {
	Policies Policies
	Store    Store
	Book     *limits.Book
	Config   Config
	Log      *slog.Logger
	Now      func() time.Time
	// Send delivers the words of a denial. Its errors are logged, no more: a
	// denial stands whether or not it is heard.
	Send func(ctx context.Context, connector string, r connectors.Reply) error
	// Stop ends the running turn of a session, if one runs.
	Stop func(session string)
	// Ready tells whether a session could run now, and never waits long. An error
	// denies: by sandbox.unavailable where it wraps ErrNoSandbox, else as an
	// obligation that nothing can keep. It may be nil.
	Ready func(ctx context.Context, s Session) error
	// Status tells what `status` may say in a chat.
	Status func() string
}

// Gate decides events. Safe for concurrent use.
type Gate struct {
	Deps
	quiet *quiet
	// asking lets one request in at a time: how many owners are told of is counted
	// between one and the next.
	asking sync.Mutex
}

// New makes a Gate.
func New(d Deps) *Gate { return &Gate{Deps: d, quiet: newQuiet(d.Now)} }

// Source is the connector that an event came through.
type Source struct {
	Name string
	Kind string
}

// Handle decides one event and makes it so. It returns nil when the decision is
// on disk (or was, for an event seen before), and an error when it is not: the
// event is then denied, and may be given again later.
func (g *Gate) Handle(ctx context.Context, from Source, m connectors.Message) error {
	ev := newEvent(from, m)
	var err error
	for range maxRaces {
		if err = g.handle(ctx, ev); !errors.Is(err, ErrRaced) {
			return err
		}
	}
	return g.unwritable(ctx, ev, err)
}

func (g *Gate) handle(ctx context.Context, ev event) error {
	id, err := audit.NewID()
	if err != nil {
		return err
	}
	facts, err := g.facts(ctx, ev)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return g.conclude(ctx, ev, id, facts, outcome{Decision: denied(RuleUnreadable, err)})
	}
	if facts.Seen {
		g.Log.DebugContext(ctx, "event seen before", "connector", ev.from.Name, "chat", ev.place.Chat, "message", ev.msg.ID)
		return nil
	}
	ev = ev.of(facts)
	out := g.decide(ctx, ev, id, facts)
	if ctx.Err() != nil {
		// The policies were interrupted, so what they said is no decision.
		g.Book.Undo(out.events)
		return ctx.Err()
	}
	return g.conclude(ctx, ev, id, facts, out)
}

// facts are what is known about an event, and about what its command is about.
func (g *Gate) facts(ctx context.Context, ev event) (Facts, error) {
	facts, err := g.Store.Facts(ctx, ev.place, ev.key)
	if err != nil || facts.Seen {
		return facts, err
	}
	if facts.Person == "" {
		facts.Person = ev.place.User
	}
	now := g.Now()
	if ev.msg.Token != "" {
		t, err := g.Store.Token(ctx, ev.msg.Token)
		switch {
		case errors.Is(err, users.ErrNoToken):
			facts.token = users.TokenUnknown
		case err != nil:
			return facts, err
		default:
			facts.token, facts.tokenID = t.StateAt(now, ev.identity, ev.place.Chat, string(ev.msg.Chat.Kind)), t.ID
		}
	}
	if ev.check() != nil {
		// It is refused before any policy is asked, so nobody looks what its words mean.
		return facts, nil
	}
	if facts.target, err = g.target(ctx, ev.of(facts), now); err == nil && facts.target != nil && facts.target.session != nil {
		facts.target.Shared = facts.in(facts.target.session)
	}
	return facts, err
}

// conclude records an outcome and then, only then, acts on it.
func (g *Gate) conclude(ctx context.Context, ev event, id string, facts Facts, out outcome) error {
	if out.asks != nil {
		g.asking.Lock()
		defer g.asking.Unlock()
	}
	c, err := g.commit(ctx, ev, id, facts, out)
	if err != nil {
		g.Book.Undo(out.events)
		return err
	}
	if err := g.Store.Commit(ctx, c); err != nil {
		g.Book.Undo(out.events)
		switch {
		case errors.Is(err, ErrSeen):
			return nil
		case errors.Is(err, ErrRaced), ctx.Err() != nil:
			return err
		default:
			return g.unwritable(ctx, ev, err)
		}
	}
	g.Book.Stored(out.events)
	g.Log.LogAttrs(ctx, c.Record.Level(), "decision", c.Record.Attrs()...)
	switch {
	case out.Verdict == engine.Allow:
	case c.Change != nil:
		// A request and its one reminder are said once by what is kept of them.
		g.say(ctx, ev, id, out.Decision)
		return nil
	default:
		g.tell(ctx, ev, id, out.Decision)
		return nil
	}
	if c.Stop != "" {
		g.Stop(c.Stop)
	}
	return nil
}

// unwritable denies an event whose decision cannot be kept. It is the one
// outcome that stands in the process's log alone.
func (g *Gate) unwritable(ctx context.Context, ev event, cause error) error {
	d := denied(RuleUnwritable, cause)
	r := g.record(ev, "", Facts{}, d)
	g.Log.LogAttrs(ctx, slog.LevelError, "decision", r.Attrs()...)
	g.tell(ctx, ev, "", d)
	return fmt.Errorf("denied by %s: keep the decision: %w", RuleUnwritable, cause)
}

// sorry is what a chat hears when the gate itself cannot do its work.
const sorry = "I cannot answer safely right now, so I must not answer at all. Please try again later."

func denied(rule string, cause error) engine.Decision {
	return engine.Decision{
		Point:   engine.PointMessage,
		Verdict: engine.Deny,
		Rules:   []engine.Rule{{ID: rule, Kind: engine.KindDeny, Msg: cause.Error(), Reply: sorry}},
	}
}
