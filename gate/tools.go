package gate

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/parachute-gate/parachute/audit"
	"github.com/parachute-gate/parachute/engine"
)

// ToolCall is what an agent wants to do in a session.
type ToolCall struct {
	Session Session
	Turn    string
	// User is the identity that spoke, whom the call is for; "" is the session's own
	// person.
	User string
	Tool engine.Tool
}

// Tool decides a tool call of an agent, for the person who spoke, with the roles
// that person has now. It returns nil only for an allow decision that
// is on disk; a denial is a *ToolDenied.
func (g *Gate) Tool(ctx context.Context, call ToolCall) error {
	var err error
	for range maxRaces {
		if err = g.tool(ctx, call); !errors.Is(err, ErrRaced) {
			return err
		}
	}
	return err
}

func (g *Gate) tool(ctx context.Context, call ToolCall) error {
	id, err := audit.NewID()
	if err != nil {
		return err
	}
	s := call.Session
	place := Place{Connector: s.Connector, Chat: s.Chat, User: cmp.Or(call.User, s.User)}
	facts, err := g.Store.Facts(ctx, place, "")
	if err != nil {
		return fmt.Errorf("denied by %s: %w", RuleUnreadable, err)
	}
	as := As{Identity: place.User, Person: cmp.Or(facts.Person, place.User), Version: facts.Version}
	place.User = as.Person
	own := place.User == s.User
	now := g.Now()
	in := engine.ToolInput{
		Version:   engine.InputVersion,
		Time:      now.UnixNano(),
		Config:    g.Config.Input,
		Connector: engine.ConnectorInput{Name: s.Connector, Kind: s.ConnectorKind},
		Chat:      engine.ChatInput{ID: s.Chat, Kind: s.ChatKind},
		User:      facts.principal(now, place, s.ChatKind),
		Session: engine.SessionInput{ID: s.ID, User: s.User, Trust: s.Trust, Workspace: s.Workspace, Access: s.Access, Agent: s.Agent,
			Shared: !own && facts.Session != nil && facts.Session.ID == s.ID},
		Tool: call.Tool,
	}
	in.User.Local, in.User.Identity = s.Local && own, clip(as.Identity, maxShown)
	d := g.Policies.Current().Tool(ctx, in)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	r := audit.Record{
		ID: id, Time: g.Now().UTC(), Point: string(d.Point),
		Connector: s.Connector, Chat: s.Chat, ChatKind: s.ChatKind, User: place.User,
		Event: call.Tool.Name, Session: s.ID, Turn: call.Turn,
		Verdict: string(d.Verdict), Trust: s.Trust, Workspace: s.Workspace, Access: s.Access,
		Rules: recordRules(d.Rules), Revision: d.Revision, Duration: d.Duration,
	}
	if as.Identity != as.Person {
		r.Identity = in.User.Identity
	}
	if r.Input, err = json.Marshal(in); err != nil {
		return fmt.Errorf("encode input: %w", err)
	}
	c := Commit{Place: place, Record: r}
	if d.Verdict == engine.Allow {
		c.As = &as
	}
	if err := g.Store.Commit(ctx, c); err != nil {
		return fmt.Errorf("denied by %s: keep the decision: %w", RuleUnwritable, err)
	}
	g.Log.LogAttrs(ctx, r.Level(), "decision", r.Attrs()...)
	if d.Verdict != engine.Allow {
		return &ToolDenied{Decision: d}
	}
	return nil
}

// ToolDenied is a tool call that the policies did not allow. A verdict of ask is
// one too for as long as nobody is there to be asked.
type ToolDenied struct{ Decision engine.Decision }

// Error implements error.
func (e *ToolDenied) Error() string {
	r := e.Decision.Rule()
	return fmt.Sprintf("denied by %s: %s", r.ID, r.Msg)
}

// IsToolDenied gives the denial in err, if there is one.
func IsToolDenied(err error) (*ToolDenied, bool) {
	var d *ToolDenied
	ok := errors.As(err, &d)
	return d, ok
}
