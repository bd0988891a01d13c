package users

import (
	"slices"
	"testing"
	"time"
)

func TestGrantsHold(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		grant      Grant
		chat, kind string
		want       bool
	}{
		"everywhere":                      {Grant{}, "c:1", "group", true},
		"everywhere, a kind unknown":      {Grant{}, "c:1", "", true},
		"in a direct message":             {Grant{Scope: ScopeDM}, "c:1", "dm", true},
		"from a direct message, in group": {Grant{Scope: ScopeDM}, "c:1", "group", false},
		"from a direct message, unknown":  {Grant{Scope: ScopeDM}, "c:1", "", false},
		"from a direct message, channel":  {Grant{Scope: ScopeDM}, "c:1", "channel", false},
		"in a group":                      {Grant{Scope: ScopeGroup}, "c:1", "group", true},
		"from a group, in a dm":           {Grant{Scope: ScopeGroup}, "c:1", "dm", false},
		"in one chat":                     {Grant{Scope: "c:1"}, "c:1", "group", true},
		"in another chat":                 {Grant{Scope: "c:1"}, "c:2", "group", false},
		"a kind that is named as a chat":  {Grant{Scope: "c:1"}, "c:2", "c:1", false},
		"before it ends":                  {Grant{Expires: now.Add(1)}, "c:1", "dm", true},
		"as it ends":                      {Grant{Expires: now}, "c:1", "dm", false},
		"after it ended":                  {Grant{Expires: now.Add(-1)}, "c:1", "dm", false},
	} {
		if got := c.grant.Holds(now, c.chat, c.kind); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	got := RolesIn([]string{"member"}, []Grant{{Role: "owner"}, {Role: "admin", Scope: ScopeGroup}, {Role: "member"}, {Role: "family"}}, now, "c:1", "dm")
	if !slices.Equal(got, []string{"member", "family", "owner"}) {
		t.Error(got)
	}
}
