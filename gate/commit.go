package gate

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"github.com/parachute-gate/parachute/audit"
	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/engine"
)

// commit gathers everything that one outcome changes.
func (g *Gate) commit(ctx context.Context, ev event, id string, facts Facts, out outcome) (Commit, error) {
	c := Commit{EventKey: ev.key, Place: ev.place, Events: out.events}
	if err := g.keepRequest(ctx, &c, facts, out); err != nil {
		return c, err
	}
	if out.Verdict == engine.Allow {
		c.As = &As{Identity: ev.identity, Person: ev.place.User, Version: facts.Version}
		if ev.dm() && len(facts.Identities) > 0 && facts.DM != ev.msg.Chat.ID {
			c.Heard = append(c.Heard, ev.address())
		}
		switch {
		case ev.msg.Command != "":
			if err := g.command(ctx, &c, ev, facts, out); err != nil {
				return c, err
			}
		case ev.opens():
			c.message(ev, facts, out)
		}
	}
	return g.recorded(c, ev, id, facts, out)
}

// recorded adds the record of an outcome to what it changes.
func (g *Gate) recorded(c Commit, ev event, id string, facts Facts, out outcome) (Commit, error) {
	c.Record = g.record(ev, id, facts, out.Decision)
	c.Record.Changes = inRecord(c.Change)
	if c.Turn != nil {
		c.Record.Turn = c.Turn.ID
		if c.Turn.Session != "" {
			c.Record.Session = c.Turn.Session
		}
	}
	// What people wrote is kept only where the operator asked for it; what a
	// command was told is a part of that.
	out.input.Message.Text = ""
	if !g.Config.StoreText {
		out.input.Message.Args = nil
		if out.Verdict == engine.Deny {
			known(&out.input, g.Policies.Current())
		}
	}
	var err error
	if c.Record.Input, err = json.Marshal(out.input); err != nil {
		return c, err
	}
	return c, nil
}

// message owes a turn, in the session that the decision asks for. A session's
// obligations never change: where the decision says others, a new one begins.
func (c *Commit) message(ev event, facts Facts, out outcome) {
	c.Turn = ev.turn()
	c.Turn.Text, c.Turn.Attachments = ev.msg.Text, ev.msg.Attachments
	if s := facts.Session; s != nil {
		if facts.shared() || s.serves(out.session) {
			c.Turn.Session = s.ID
			return
		}
		c.End = s.ID
	}
	open := out.session
	open.ID = newID()
	c.Open, c.Turn.Session = &open, open.ID
}

func (ev event) turn() *Turn {
	return &Turn{
		ID: newID(), Chat: ev.msg.Chat.ID, User: ev.msg.User.ID,
		Name: clip(ev.msg.User.Name, maxName), Message: ev.answered(),
	}
}

// answered is the message that an answer stands below.
func (ev event) answered() string {
	switch ev.msg.Kind {
	case connectors.EventCallback, connectors.EventReaction:
		return clip(ev.msg.ReplyTo, maxID)
	default:
		return ev.msg.ID
	}
}

// newID names a session or a turn. Only a broken source of randomness fails, and
// then nothing should go on.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// record is the decision as it is kept.
func (g *Gate) record(ev event, id string, facts Facts, d engine.Decision) audit.Record {
	m := ev.msg
	r := audit.Record{
		ID: id, Time: g.Now().UTC(), Point: string(d.Point),
		Connector: ev.from.Name, Chat: clip(ev.place.Chat, maxShown), ChatKind: string(m.Chat.Kind),
		User: clip(ev.place.User, maxShown), Message: clip(m.ID, maxID), Event: string(m.Kind),
		TextSHA256: audit.TextDigest(m.Text),
		Verdict:    string(d.Verdict),
		Trust:      string(d.Obligations.Trust), Workspace: d.Obligations.Workspace, Access: d.Obligations.Access,
		Rules: recordRules(d.Rules), Revision: d.Revision, Duration: d.Duration,
	}
	if facts.Session != nil {
		r.Session = facts.Session.ID
	}
	if t := facts.target; t != nil && t.session != nil && d.Verdict == engine.Allow {
		r.Session = t.session.ID
	}
	if ev.identity != ev.place.User {
		r.Identity = clip(ev.identity, maxShown)
	}
	if g.Config.StoreText {
		text := clip(m.Text, maxText)
		r.Text = &text
	}
	return r
}

func recordRules(rules []engine.Rule) []audit.Rule {
	out := make([]audit.Rule, len(rules))
	for i, r := range rules {
		out[i] = audit.Rule{ID: r.ID, Kind: string(r.Kind), Msg: r.Msg, File: r.File, Line: r.Line}
	}
	return out
}
