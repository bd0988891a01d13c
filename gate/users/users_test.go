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
		{"Hangul filler", Person{ID: "c:a\u3164", Roles: role}, "control and invisible characters"},
		{"Hangul choseong filler", Person{ID: "c:a\u115f", Roles: role}, "control and invisible characters"},
		{"Hangul jungseong filler", Person{ID: "c:a\u1160", Roles: role}, "control and invisible characters"},
		{"halfwidth Hangul filler", Person{ID: "c:a\uffa0", Roles: role}, "control and invisible characters"},
		{"blank Braille pattern", Person{ID: "c:a\u2800", Roles: role}, "control and invisible characters"},
		{"combining grapheme joiner", Person{ID: "c:a\u034f", Roles: role}, "control and invisible characters"},
		{"variation selector", Person{ID: "c:a\ufe0f", Roles: role}, "control and invisible characters"},
		{"variation selector of the supplement", Person{ID: "c:a\U000e0101", Roles: role}, "control and invisible characters"},
		{"Mongolian variation selector", Person{ID: "c:a\u180b", Roles: role}, "control and invisible characters"},
		{"tag", Person{ID: "c:a\U000e0041", Roles: role}, "control and invisible characters"},
		{"zero width space", Person{ID: "c:a\u200b", Roles: role}, "control and invisible characters"},
		{"Hangul and Braille that show", Person{ID: "c:한글\u2801", Roles: role}, ""},
		{"not UTF-8", Person{ID: "c:\xff", Roles: role}, "UTF-8"},
		{"empty role", Person{ID: "c:a", Roles: []string{""}}, "must match"},
		{"upper case", Person{ID: "c:a", Roles: []string{"Owner"}}, "must match"},
		{"homoglyph", Person{ID: "c:a", Roles: []string{"оwner"}}, "must match"},
		{"newline in a role", Person{ID: "c:a", Roles: []string{"owner\n"}}, "must match"},
		{"one bad of two", Person{ID: "c:a", Roles: []string{"owner", "a b"}}, `"a b"`},
		{"long role", Person{ID: "c:a", Roles: []string{strings.Repeat("a", 33)}}, "must match"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := CheckID(c.p.ID)
			for _, role := range c.p.Roles {
				if err == nil && role != RoleBlocked {
					err = Grant{Role: role}.Check()
				}
			}
			if (err == nil) != (c.want == "") || (err != nil && !strings.Contains(err.Error(), c.want)) {
				t.Fatalf("check: %v, want %q", err, c.want)
			}
			if err != nil && strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r == 0x7f || r == 0x9b }) {
				t.Errorf("the error carries what it refuses: %q", err)
			}
		})
	}
}

func TestBlock(t *testing.T) {
	for _, c := range []struct{ name, roles, blocked string }{
		{"nobody", "", "blocked"},
		{"member", "member", "member blocked"},
		{"owner too", "owner admin", "owner admin blocked"},
		{"blocked already", "blocked", "blocked"},
		{"blocked among others", "blocked member", "blocked member"},
		{"a role that sounds like it", "blocked_once", "blocked_once blocked"},
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
			if !slices.Equal(roles[:cap(roles)], before) {
				t.Errorf("the caller's roles were changed: %q", roles[:cap(roles)])
			}
		})
	}
}
