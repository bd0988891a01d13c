package gate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/parachute-gate/parachute/audit"
	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/gate/users"
)

// People carries out a change of people that only the terminal makes. The
// policies decide about the command, and, for an import, about each entry as if
// it were a command of its own; the record keeps what is changed.
func (g *Gate) People(ctx context.Context, who, command string, words []string, change *users.Change) (engine.Decision, error) {
	ev := terminalEvent(who, command, words)
	facts, err := g.facts(ctx, ev)
	if err != nil {
		return engine.Decision{}, fmt.Errorf("denied by %s: %w", RuleUnreadable, err)
	}
	ev = ev.of(facts)
	if facts.target, err = g.changed(ctx, change); err != nil {
		return engine.Decision{}, fmt.Errorf("denied by %s: %w", RuleUnreadable, err)
	}
	out := g.decide(ctx, ev, "", facts)
	if command == "import" && out.Verdict == engine.Allow {
		if out, err = g.decideEntries(ctx, ev, facts, change, out); err != nil {
			return out.Decision, err
		}
	}
	if err := ctx.Err(); err != nil {
		return out.Decision, err
	}
	id, err := audit.NewID()
	if err != nil {
		return out.Decision, err
	}
	c := Commit{EventKey: ev.key, Place: ev.place}
	if out.Verdict == engine.Allow {
		c.Change = change
	}
	if c, err = g.recorded(c, ev, id, facts, out); err != nil {
		return out.Decision, err
	}
	if err := g.Store.Commit(ctx, c); err != nil {
		return out.Decision, fmt.Errorf("%s: %w", command, err)
	}
	return out.Decision, nil
}

// changed is whom a change is about: one person, or everybody.
func (g *Gate) changed(ctx context.Context, change *users.Change) (*target, error) {
	t := &target{TargetInput: engine.TargetInput{Kind: targetEverybody, Roles: []string{}}}
	var ids []string
	for _, list := range [][]users.Person{change.Add, change.Update, change.Remove} {
		for _, p := range list {
			ids = append(ids, p.ID)
		}
	}
	for _, i := range change.Link {
		ids = append(ids, i.Person)
	}
	for _, token := range change.Tokens {
		ids = append(ids, token.Identity)
	}
	ids = append(ids, change.Unlink...)
	if len(ids) != 1 {
		return t, nil
	}
	t.Kind = targetPerson
	return t, t.readPerson(ctx, g.Store, ids[0])
}

// decideEntries gives the first denial of an entry, or the outcome that there is
// already.
func (g *Gate) decideEntries(ctx context.Context, ev event, facts Facts, change *users.Change, admitted outcome) (outcome, error) {
	for _, part := range []struct {
		command string
		people  []users.Person
	}{{"add", change.Add}, {"role", change.Update}, {"remove", change.Remove}} {
		for _, p := range part.people {
			out, err := g.decideEntry(ctx, ev, facts, part.command, p)
			if err != nil || out.Verdict != engine.Allow {
				return out, err
			}
		}
	}
	return admitted, nil
}

// decideEntry decides about one person, with each role that they are to have.
func (g *Gate) decideEntry(ctx context.Context, ev event, facts Facts, command string, p users.Person) (out outcome, err error) {
	now := g.Now()
	grants := slices.DeleteFunc(held(p), func(grant users.Grant) bool { return grant.Ended || grant.Role == users.RoleBlocked })
	if len(grants) == 0 || command == "remove" {
		grants = []users.Grant{{}}
	}
	for _, grant := range grants {
		t := &target{TargetInput: engine.TargetInput{Kind: targetPerson, Roles: []string{}}}
		if err := t.readPerson(ctx, g.Store, p.ID); err != nil {
			return out, fmt.Errorf("denied by %s: %w", RuleUnreadable, err)
		}
		if grant.Role != "" {
			t.Grants, t.Scope, t.Workspace = []string{grant.Role}, grant.Scope, grant.Workspace
		}
		if !grant.Expires.IsZero() {
			left := int64(grant.Expires.Sub(now) / time.Second)
			t.GrantSeconds = &left
		}
		facts.target = t
		if out = g.decide(ctx, ev.command(command), "", facts); out.Verdict != engine.Allow {
			for i := range out.Rules {
				out.Rules[i].Msg = fmt.Sprintf("%s: %s", p.ID, out.Rules[i].Msg)
			}
			return out, nil
		}
	}
	return out, nil
}

// Describe tells what somebody may do and by which rules, for whoever sits at the
// terminal. It changes nothing, and is no decision.
func (g *Gate) Describe(ctx context.Context, who, id string) (string, error) {
	t := &target{TargetInput: engine.TargetInput{Kind: targetPerson}}
	if err := t.readPerson(ctx, g.Store, id); err != nil && !errors.Is(err, users.ErrUnknown) {
		return "", err
	}
	return g.describe(ctx, terminalEvent(who, "users", nil), t)
}
