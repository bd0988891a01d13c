package users

import (
	"slices"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	role := []string{RoleMember}
	for _, c := range []struct {
		name string
		p    Person
		// want is in the error; "" for none.
		want string
	}{
		{"telegram", Person{ID: "telegram:123456", Roles: role}, ""},
		{"matrix, a colon in the id", Person{ID: "matrix:@ann:example.org", Roles: role}, ""},
		{"a letter", Person{ID: "c:a", Roles: role}, ""},
		{"not ASCII", Person{ID: "chat:é日", Roles: role}, ""},
		{"every role", Person{ID: "c:a", Roles: Roles()}, ""},
		{"a role of one's own", Person{ID: "c:a", Roles: []string{"night_shift-2"}}, ""},
		{"longest id", Person{ID: "c:" + strings.Repeat("a", 510), Roles: role}, ""},
		{"any name", Person{ID: "c:a", Name: "\x00 owner:telegram", Roles: role}, ""},

		{"nothing", Person{}, "write connector:id"},
		{"no connector", Person{ID: "123456", Roles: role}, "write connector:id"},
		{"empty connector", Person{ID: ":123456", Roles: role}, "write connector:id"},
		{"empty id", Person{ID: "telegram:", Roles: role}, "write connector:id"},
		{"too long", Person{ID: "c:" + strings.Repeat("a", 511), Roles: role}, "at most 512"},
		{"newline", Person{ID: "c:a\nb", Roles: role}, "control and invisible characters"},
		{"NUL", Person{ID: "c:a\x00", Roles: role}, "control and invisible characters"},
		{"escape code", Person{ID: "c:\x1b[2K", Roles: role}, "control and invisible characters"},
		{"delete", Person{ID: "c:a\x7f", Roles: role}, "control and invisible characters"},
		{"escape code of eight bits", Person{ID: "c:\u009b2K", Roles: role}, "control and invisible characters"},
		{"not UTF-8", Person{ID: "c:\xff", Roles: role}, "UTF-8"},
		{"no role", Person{ID: "c:a"}, "at least one role"},
		{"empty role", Person{ID: "c:a", Roles: []string{""}}, "must match"},
		{"upper case", Person{ID: "c:a", Roles: []string{"Owner"}}, "must match"},
		{"homoglyph", Person{ID: "c:a", Roles: []string{"оwner"}}, "must match"},
		{"newline in a role", Person{ID: "c:a", Roles: []string{"owner\n"}}, "must match"},
		{"one bad of two", Person{ID: "c:a", Roles: []string{"owner", "a b"}}, `"a b"`},
		{"long role", Person{ID: "c:a", Roles: []string{strings.Repeat("a", 33)}}, "must match"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.p.Check()
			if (err == nil) != (c.want == "") || (err != nil && !strings.Contains(err.Error(), c.want)) {
				t.Fatalf("check: %v, want %q", err, c.want)
			}
			if err != nil && strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r == 0x7f || r == 0x9b }) {
				t.Errorf("the error carries what it refuses: %q", err)
			}
		})
	}
}

func TestBlockAndUnblock(t *testing.T) {
	for _, c := range []struct{ name, roles, blocked, unblocked string }{
		{"nobody", "", "blocked", "guest"},
		{"member", "member", "member blocked", "member"},
		{"owner too", "owner admin", "owner admin blocked", "owner admin"},
		{"blocked already", "blocked", "blocked", "guest"},
		{"blocked among others", "blocked member", "blocked member", "member"},
		{"blocked twice", "blocked member blocked", "blocked member blocked", "member"},
		{"a role that sounds like it", "blocked_once", "blocked_once blocked", "blocked_once"},
	} {
		t.Run(c.name, func(t *testing.T) {
			// Room behind the roles: an append in place would be seen by the caller.
			roles := append(make([]string, 0, 8), strings.Fields(c.roles)...)
			before := slices.Clone(roles[:cap(roles)])
			blocked := Block(roles)
			if got := strings.Join(blocked, " "); got != c.blocked {
				t.Errorf("blocked: %q, want %q", got, c.blocked)
			}
			if got := strings.Join(Block(blocked), " "); got != c.blocked {
				t.Errorf("blocked twice: %q, want %q", got, c.blocked)
			}
			if got := strings.Join(Unblock(blocked), " "); got != c.unblocked {
				t.Errorf("unblocked: %q, want %q", got, c.unblocked)
			}
			if got := strings.Join(Unblock(roles), " "); got != c.unblocked {
				t.Errorf("unblocked without a block: %q, want %q", got, c.unblocked)
			}
			if !slices.Equal(roles[:cap(roles)], before) {
				t.Errorf("the caller's roles were changed: %q", roles[:cap(roles)])
			}
		})
	}
}
