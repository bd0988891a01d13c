package gate

import (
	"context"
	"strings"

	"github.com/parachute-gate/parachute/audit"
	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/engine"
)

// pointNotice is the point of records about what the gate itself tells somebody
// or does, on the strength of a decision or of the clock.
const pointNotice = "notice"

// notify tells a person something, wherever they are heard in direct messages.
func (g *Gate) notify(ctx context.Context, c *Commit, person, rule, words string) error {
	addresses, err := g.Store.Heard(ctx, person)
	if err != nil {
		return err
	}
	for _, a := range addresses {
		if err := g.notifyAt(c, a, rule, words); err != nil {
			return err
		}
	}
	return nil
}

// notifyOwners tells the owners something, and gives those who can be told.
func (g *Gate) notifyOwners(ctx context.Context, c *Commit, rule, words string) ([]string, error) {
	owners, err := g.Store.Owners(ctx, g.Now(), maxOwners)
	if err != nil {
		return nil, err
	}
	var told []string
	for _, o := range owners {
		before := len(c.Notices)
		if err := g.notify(ctx, c, o.ID, rule, words); err != nil {
			return nil, err
		}
		if len(c.Notices) > before {
			told = append(told, o.ID)
		}
	}
	return told, nil
}

// notifyAt tells something in one direct chat. It is kept with the decision that
// it follows from, and told as surely as an answer.
func (g *Gate) notifyAt(c *Commit, to Address, rule, words string) error {
	if to.Connector == Terminal {
		return nil // whoever sits there reads the answer of the command
	}
	r, err := g.ownRecord("told", rule, "")
	if err != nil {
		return err
	}
	r.Connector, r.Chat, r.ChatKind = to.Connector, clip(to.Connector+":"+to.Chat, maxShown), string(connectors.ChatDM)
	r.User = clip(to.Identity, maxShown)
	t := Turn{ID: newID(), Chat: to.Chat, User: to.User, Reply: words}
	r.Turn = t.ID
	c.Notices = append(c.Notices, Notice{Record: r, Turn: t})
	return nil
}

// ownRecord is the record of something that the gate does by a rule of its own.
func (g *Gate) ownRecord(event, rule, msg string) (audit.Record, error) {
	id, err := audit.NewID()
	if err != nil {
		return audit.Record{}, err
	}
	return audit.Record{
		ID: id, Time: g.Now().UTC(), Point: pointNotice, Event: event, Verdict: string(engine.Allow),
		Rules: []audit.Rule{{ID: rule, Kind: string(engine.KindAllow), Msg: msg}},
	}, nil
}

// splitID splits an identity into its connector's name and the platform's id.
func splitID(identity string) (connector, id string) {
	connector, id, _ = strings.Cut(identity, ":")
	return connector, id
}
