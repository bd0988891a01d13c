package gate

import (
	"context"
	"fmt"
	"slices"
	"strings"

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
		if err := g.tellOfChange(ctx, &c); err != nil {
			return out.Decision, err
		}
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
	for _, token := range slices.Concat(change.Tokens, change.Revoke) {
		ids = append(ids, token.Identity)
	}
	ids = append(ids, change.Unlink...)
	if len(ids) != 1 {
		return t, nil
	}
	t.Kind = targetPerson
	return t, t.readPerson(ctx, g.Store, ids[0])
}

// maxLinks is how many links one message tells of, one by one.
const maxLinks = 10

// tellOfChange tells the owners which accounts the terminal makes known as whom,
// without a code; and whoever waits to be let in, that they are.
func (g *Gate) tellOfChange(ctx context.Context, c *Commit) error {
	links := slices.Clone(c.Change.Link)
	for _, i := range links {
		if err := g.closeRequest(ctx, c, i.ID, "pairing.linked", linked(i.Person)); err != nil {
			return err
		}
	}
	for _, p := range c.Change.Add {
		for _, id := range p.Identities {
			if id != p.ID {
				links = append(links, users.Identity{ID: id, Person: p.ID})
			}
			if p.Blocked() {
				continue
			}
			if err := g.closeRequest(ctx, c, id, "pairing.approved", letIn(RolesInWords(p))); err != nil {
				return err
			}
		}
	}
	if len(links) == 0 {
		return nil
	}
	var lines []string
	for _, i := range links[:min(len(links), maxLinks)] {
		lines = append(lines, fmt.Sprintf("%s is now %s", i.ID, i.Person))
	}
	if more := len(links) - len(lines); more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	_, err := g.notifyOwners(ctx, c, "pairing.linked", fmt.Sprintf(
		"At the terminal, accounts were made known as the same person, with all their rights: %s. `parachute users unlink` takes it back.", strings.Join(lines, ", ")))
	return err
}
