package gate

import (
	"time"

	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/gate/users"
)

// principal is a person as the policies see them in one place at one moment.
func (f Facts) principal(now time.Time, p Place, kind string) engine.UserInput {
	in := engine.UserInput{
		ID: clip(p.User, maxShown), Identities: f.Identities, Attributes: f.Attributes,
		Roles: append([]string{}, users.RolesIn(f.Roles, f.Grants, now, p.Chat, kind)...), Lasting: users.Lasting(users.ScopeAll, f.Roles, f.Grants),
		LastingDM: users.Lasting(users.ScopeDM, nil, f.Grants),
	}
	for _, g := range f.Grants {
		if !g.Holds(now, p.Chat, kind) {
			continue
		}
		if g.Workspace != "" {
			in.Workspaces = append(in.Workspaces, engine.GrantedWorkspace{Name: g.Workspace, Role: g.Role})
		}
		if g.Expires.IsZero() {
			continue
		}
		left := int64(g.Expires.Sub(now) / time.Second)
		if in.GrantSeconds == nil || left < *in.GrantSeconds {
			in.GrantSeconds = &left
		}
	}
	return in
}

// pairingState is how a request of a stranger stands, as the policies see it.
func pairingState(p users.Pairing, now time.Time) string {
	switch {
	case p.State == users.PairDenied:
		return users.PairDenied
	case p.StateAt(now) != users.PairPending:
		return ""
	case p.Reminded:
		return "reminded"
	default:
		return users.PairPending
	}
}

// person is who the facts are about, as far as they tell.
func (f Facts) person() users.Person {
	return users.Person{ID: f.Person, Identities: f.Identities, Roles: f.Roles, Grants: f.Grants, Attributes: f.Attributes}
}
