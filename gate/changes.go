package gate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/parachute-gate/parachute/gate/users"
)

// maxChanges is how many changes one record tells of, one by one.
const maxChanges = 1000

// inRecord tells what a change changes, for the record: whom, to what. It holds
// no code and no token, which the change does not hold either.
func inRecord(c *users.Change) []string {
	if c == nil {
		return nil
	}
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for _, p := range c.Add {
		say("add %q: %s", p.ID, personInRecord(p))
	}
	for _, p := range c.Update {
		say("change %q: %s", p.ID, personInRecord(p))
	}
	for _, p := range c.Remove {
		say("remove %q", p.ID)
	}
	for _, i := range c.Link {
		say("link %q to %q", i.ID, i.Person)
	}
	for _, id := range c.Unlink {
		say("unlink %q", id)
	}
	for _, p := range c.Pairings {
		say("request %s of %q: %s %s", p.ID, p.Identity, p.Kind, p.State)
	}
	for _, t := range c.Tokens {
		say("token %s for %q: scope %q, until %s", t.ID, t.Identity, t.Scope, end(t.Expires))
	}
	for _, t := range c.Revoke {
		say("revoke token %s of %q", t.ID, t.Identity)
	}
	for _, s := range c.Share {
		say("offer session %s to %q", s.Session, s.Guest)
	}
	for _, s := range c.Join {
		say("let %q into session %s", s.Person, s.Session)
	}
	for _, s := range c.Unshare {
		say("share session %s no more with %q", s.Session, cmp.Or(s.Guest, s.Person))
	}
	for _, p := range c.Expire {
		say("end what was granted for some time to %q", p.ID)
	}
	for _, id := range c.Cut {
		say("end what runs for %q", id)
	}
	if len(out) > maxChanges {
		out = append(out[:maxChanges], fmt.Sprintf("and %d more", len(out)-maxChanges))
	}
	return out
}

func personInRecord(p users.Person) string {
	list := slices.Clone(p.Roles)
	for _, g := range p.Grants {
		list = append(list, fmt.Sprintf("%s (scope %q, workspace %q, until %s)", g.Role, g.Scope, g.Workspace, end(g.Expires)))
	}
	for _, name := range slices.Sorted(maps.Keys(p.Attributes)) {
		list = append(list, fmt.Sprintf("%s=%q", name, p.Attributes[name]))
	}
	for _, id := range p.Identities {
		if id != p.ID {
			list = append(list, fmt.Sprintf("also %q", id))
		}
	}
	if len(list) == 0 {
		return "no role"
	}
	return strings.Join(list, ", ")
}

func end(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format(time.RFC3339)
}
