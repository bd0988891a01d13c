package gate

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/gate/users"
)

// entry is a part of an import, as the command that would make it alone.
type entry struct {
	command, id string
	words       []string
	grants      []users.Grant
}

// entries are the commands that would make what an import makes.
func (g *Gate) entries(ctx context.Context, change *users.Change) ([]entry, error) {
	var out []entry
	for _, p := range change.Add {
		if given := given(p); len(given) > 0 {
			out = append(out, entry{command: "add", id: p.ID, grants: given})
		}
		if p.Blocked() {
			out = append(out, entry{command: "block", id: p.ID})
		}
		for _, id := range p.Identities {
			if id != p.ID {
				out = append(out, entry{command: "link", id: p.ID, words: []string{p.ID, id}})
			}
		}
	}
	for _, p := range change.Update {
		var was target
		if err := was.readPerson(ctx, g.Store, p.ID); err != nil {
			return nil, err
		}
		out = append(out, updates(was.person, p)...)
	}
	for _, p := range change.Remove {
		out = append(out, entry{command: "remove", id: p.ID})
	}
	for _, i := range change.Link {
		out = append(out, entry{command: "link", id: i.Person, words: []string{i.Person, i.ID}})
	}
	for _, id := range change.Unlink {
		out = append(out, entry{command: "unlink", id: id, words: []string{id}})
	}
	return out, nil
}

// updates are the commands that would make a person another.
func updates(was, is users.Person) []entry {
	var out []entry
	before, after := given(was), given(is)
	same := !lost(before, after) && !lost(after, before) && was.Name == is.Name && maps.Equal(was.Attributes, is.Attributes)
	if !same || was.Blocked() == is.Blocked() {
		out = append(out, entry{command: "role", id: is.ID, grants: after})
	}
	switch {
	case is.Blocked() && !was.Blocked():
		out = append(out, entry{command: "block", id: is.ID})
	case was.Blocked() && !is.Blocked():
		out = append(out, entry{command: "unblock", id: is.ID})
	}
	return out
}

// given is what somebody has by add and role.
func given(p users.Person) []users.Grant {
	return slices.DeleteFunc(held(p), func(g users.Grant) bool { return g.Ended || g.Role == users.RoleBlocked })
}

// decideEntries gives the first denial of an entry, or the outcome that there is
// already.
func (g *Gate) decideEntries(ctx context.Context, ev event, facts Facts, change *users.Change, admitted outcome) (outcome, error) {
	list, err := g.entries(ctx, change)
	if err != nil {
		return outcome{}, fmt.Errorf("denied by %s: %w", RuleUnreadable, err)
	}
	for _, e := range list {
		out, err := g.decideEntry(ctx, ev, facts, e)
		if err != nil || out.Verdict != engine.Allow {
			return out, err
		}
	}
	return admitted, nil
}

// decideEntry decides about one entry, with each role that is to be had by it.
func (g *Gate) decideEntry(ctx context.Context, ev event, facts Facts, e entry) (out outcome, err error) {
	grants := e.grants
	if len(grants) == 0 {
		grants = []users.Grant{{}}
	}
	ev = ev.command(e.command)
	ev.msg.Args = e.words
	now := g.Now()
	for _, grant := range grants {
		t := &target{TargetInput: engine.TargetInput{Kind: targetPerson, Roles: []string{}}}
		if err := t.readPerson(ctx, g.Store, e.id); err != nil {
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
		if out = g.decide(ctx, ev, "", facts); out.Verdict != engine.Allow {
			for i := range out.Rules {
				out.Rules[i].Msg = fmt.Sprintf("%s: %s", t.ID, out.Rules[i].Msg)
			}
			return out, nil
		}
	}
	return out, nil
}
