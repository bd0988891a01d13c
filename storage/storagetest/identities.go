package storagetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/gate/users"
)

// elsewhere is Ann on another platform.
var elsewhere = gate.Place{Connector: "other", Chat: "other:room", User: "other:ann"}

// identities lets a person come in by several ids, and nobody by somebody
// else's.
func identities(t *testing.T, s Stores) {
	ctx := t.Context()
	must(t, s.AddPerson(ctx, users.Person{ID: ann.User, Roles: []string{"owner"}}))
	must(t, s.AddPerson(ctx, users.Person{ID: bob.User, Roles: []string{"guest"}}))
	if f := facts(t, s, elsewhere, ""); f.Person != elsewhere.User || len(f.Roles) != 0 || len(f.Identities) != 0 {
		t.Errorf("an id that is nobody's: %+v", f)
	}
	must(t, s.Link(ctx, ann.User, elsewhere.User))
	s = reopen(t, s)
	f := facts(t, s, elsewhere, "")
	if f.Person != ann.User || !slices.Equal(f.Roles, []string{"owner"}) || !slices.Equal(f.Identities, []string{ann.User, elsewhere.User}) {
		t.Errorf("the other id: %+v", f)
	}
	for _, id := range []string{ann.User, elsewhere.User} {
		p, err := s.Person(ctx, id)
		must(t, err)
		if p.ID != ann.User || !slices.Equal(p.Identities, []string{ann.User, elsewhere.User}) {
			t.Errorf("by %s: %+v", id, p)
		}
	}
	for name, err := range map[string]error{
		"somebody's":         s.Link(ctx, bob.User, elsewhere.User),
		"one's own again":    s.Link(ctx, ann.User, elsewhere.User),
		"another person's":   s.Link(ctx, bob.User, ann.User),
		"a person's, as new": s.AddPerson(ctx, users.Person{ID: elsewhere.User, Roles: []string{"guest"}}),
	} {
		if !errors.Is(err, users.ErrExists) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.Link(ctx, "other:nobody", "other:x"); !errors.Is(err, users.ErrUnknown) {
		t.Errorf("to nobody: %v", err)
	}
	// Whoever had that id next would be that person.
	if err := s.Unlink(ctx, ann.User); !errors.Is(err, users.ErrFirst) {
		t.Errorf("the first: %v", err)
	}
	must(t, s.Unlink(ctx, elsewhere.User))
	if err := s.Unlink(ctx, elsewhere.User); !errors.Is(err, users.ErrUnknown) {
		t.Errorf("twice: %v", err)
	}
	if f := facts(t, s, elsewhere, ""); f.Person != elsewhere.User || len(f.Roles) != 0 {
		t.Errorf("taken away: %+v", f)
	}
	must(t, s.Link(ctx, bob.User, elsewhere.User))
	must(t, s.RemovePerson(ctx, bob.User))
	if f := facts(t, s, elsewhere, ""); f.Person != elsewhere.User || len(f.Identities) != 0 {
		t.Errorf("whose person is gone: %+v", f)
	}
	// A session is the person's, by whichever id it was made.
	c := opening(ann, "e1")
	commit(t, s, c)
	if f := facts(t, s, ann, ""); f.Session == nil || f.Session.User != ann.User {
		t.Errorf("session: %+v", f.Session)
	}
}

func grants(t *testing.T, s Stores) {
	ctx := t.Context()
	end := time.Now().Add(time.Hour).UTC()
	p := users.Person{
		ID: ann.User, Roles: []string{"guest"}, Attributes: map[string]string{"team": "blue", "": "empty"},
		Grants: []users.Grant{
			{Role: "member", Scope: users.ScopeDM, Workspace: "family", Expires: end, By: "chat:owner"},
			{Role: "admin", Scope: "chat:room"},
		},
	}
	must(t, s.AddPerson(ctx, p))
	s = reopen(t, s)
	got, err := s.Person(ctx, p.ID)
	must(t, err)
	equal(t, "grants", got.Grants, p.Grants)
	equal(t, "attributes", got.Attributes, p.Attributes)
	f := facts(t, s, ann, "")
	equal(t, "grants in the facts", f.Grants, p.Grants)
	equal(t, "attributes in the facts", f.Attributes, p.Attributes)
	equal(t, "somebody else's", len(facts(t, s, bob, "").Grants), 0)
	p.Grants, p.Attributes = p.Grants[1:], nil
	must(t, s.UpdatePerson(ctx, p))
	f = facts(t, s, ann, "")
	equal(t, "grants that were changed", f.Grants, p.Grants)
	equal(t, "attributes that were changed", len(f.Attributes), 0)
	must(t, s.RemovePerson(ctx, p.ID))
	equal(t, "grants of nobody", len(facts(t, s, ann, "").Grants), 0)
}
