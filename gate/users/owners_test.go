package users

import (
	"testing"
	"time"
)

func TestWhoOwns(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	role := func(roles ...string) Person { return Person{Roles: roles} }
	grant := func(g Grant) Person {
		g.Role = RoleOwner
		return Person{Roles: []string{RoleGuest}, Grants: []Grant{g}}
	}
	for name, c := range map[string]struct {
		p           Person
		owns, stays bool
	}{
		"nobody":                   {Person{}, false, false},
		"a member":                 {role(RoleMember), false, false},
		"by role":                  {role(RoleGuest, RoleOwner), true, true},
		"by role, blocked":         {role(RoleOwner, RoleBlocked), false, false},
		"by a grant":               {grant(Grant{}), true, true},
		"by a grant, with a place": {grant(Grant{Workspace: "family"}), true, true},
		"in direct messages":       {grant(Grant{Scope: ScopeDM}), true, false},
		"in one chat":              {grant(Grant{Scope: "c:1"}), true, false},
		"for some time":            {grant(Grant{Expires: now.Add(1)}), true, false},
		"until now":                {grant(Grant{Expires: now}), false, false},
		"ended":                    {grant(Grant{Ended: true}), false, false},
	} {
		if owns, stays := c.p.Owns(now); owns != c.owns || stays != c.stays {
			t.Errorf("%s: owns %v, stays %v", name, owns, stays)
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
		"bounded, and demoted":  {grant(Grant{Scope: ScopeDM}), role(RoleMember), true},
		"as before":             {role(RoleOwner), role(RoleOwner, RoleAdmin), false},
		"bounded as before":     {grant(Grant{Scope: ScopeDM}), grant(Grant{Scope: ScopeDM}), false},
		"made owner":            {role(RoleMember), role(RoleOwner), false},
		"who never was":         {role(RoleMember), Person{}, false},
		"who was blocked":       {role(RoleOwner, RoleBlocked), Person{}, false},
		"by a grant for a role": {role(RoleOwner), grant(Grant{}), false},
	} {
		if got := Deposes(c.before, c.after, now); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
