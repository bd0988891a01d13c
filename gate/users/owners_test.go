package users

import (
	"testing"
	"time"
)

func TestWhoStaysOwner(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	role := func(roles ...string) Person { return Person{Roles: roles} }
	grant := func(g Grant) Person {
		g.Role = RoleOwner
		return Person{Roles: []string{RoleGuest}, Grants: []Grant{g}}
	}
	for name, c := range map[string]struct {
		p     Person
		stays bool
	}{
		"nobody":                   {Person{}, false},
		"a member":                 {role(RoleMember), false},
		"by role":                  {role(RoleGuest, RoleOwner), true},
		"by role, blocked":         {role(RoleOwner, RoleBlocked), false},
		"by a grant":               {grant(Grant{}), true},
		"by a grant, with a place": {grant(Grant{Workspace: "family"}), true},
		"in direct messages":       {grant(Grant{Scope: ScopeDM}), false},
		"in one chat":              {grant(Grant{Scope: "c:1"}), false},
		"for some time":            {grant(Grant{Expires: now.Add(1)}), false},
		"until now":                {grant(Grant{Expires: now}), false},
		"ended":                    {grant(Grant{Ended: true}), false},
	} {
		if got := c.p.Stays(); got != c.stays {
			t.Errorf("%s: %v", name, got)
		}
	}
	for name, c := range map[string]struct {
		before, after Person
		want          bool
	}{
		"removed":               {role(RoleOwner), Person{}, true},
		"blocked":               {role(RoleOwner), role(RoleOwner, RoleBlocked), true},
		"demoted":               {role(RoleOwner), role(RoleMember), true},
		"bounded":               {role(RoleOwner), grant(Grant{Scope: ScopeDM}), true},
		"bounded, and demoted":  {grant(Grant{Scope: ScopeDM}), role(RoleMember), false},
		"as before":             {role(RoleOwner), role(RoleOwner, RoleAdmin), false},
		"bounded as before":     {grant(Grant{Scope: ScopeDM}), grant(Grant{Scope: ScopeDM}), false},
		"made owner":            {role(RoleMember), role(RoleOwner), false},
		"who never was":         {role(RoleMember), Person{}, false},
		"who was blocked":       {role(RoleOwner, RoleBlocked), Person{}, false},
		"by a grant for a role": {role(RoleOwner), grant(Grant{}), false},
	} {
		if got := Deposes(c.before, c.after); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
