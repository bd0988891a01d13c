package gate_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/audit"
	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/gate/users"
	"github.com/parachute-gate/parachute/sessions"
)

func hasRule(rules []audit.Rule, id string) bool {
	return slices.ContainsFunc(rules, func(r audit.Rule) bool { return r.ID == id })
}

// standing tells how a session stands now.
func (b *bench) standing(id string) sessions.Standing {
	b.tb.Helper()
	all, err := b.db.Standings(b.tb.Context(), []string{id})
	if err != nil {
		b.tb.Fatal(err)
	}
	return all[id]
}

func TestBlockEndsWhatRunsAndWhatWaits(t *testing.T) {
	b := withOwner(t)
	b.person("chat:bob", "member")
	first := b.send(dm("bob", "1", "hello"))
	r, words := b.said("olga", "/block chat:bob")
	want(t, r, "allow", "authz.role")
	if !strings.Contains(words, "is blocked") {
		t.Errorf("%q", words)
	}
	if s := b.standing(first.Session); !s.Ended || !s.Cut {
		t.Errorf("the session of a blocked person: %+v", s)
	}
	want(t, b.send(dm("bob", "2", "hello")), "deny", "authz.blocked")
	_, words = b.said("olga", "/unblock chat:bob")
	if !strings.Contains(words, "member") {
		t.Errorf("%q", words)
	}
	want(t, b.send(dm("bob", "3", "hello")), "allow", "authz.role")
}

func TestAStrangerWhoWasBlockedIsAStrangerAgain(t *testing.T) {
	b := withOwner(t)
	b.said("olga", "/block chat:eve")
	want(t, b.send(dm("eve", "1", "hello")), "deny", "authz.blocked")
	b.said("olga", "/unblock chat:eve")
	want(t, b.send(dm("eve", "2", "hello")), "deny", "authz.unknown_user")
}

func TestRolesAndGrants(t *testing.T) {
	b := withOwner(t)
	for _, c := range []struct{ text, verdict, rule, words string }{
		{"/add chat:bob member named Bob the Builder", "allow", "authz.role", "chat:bob is now member"},
		{"/add chat:bob member", "allow", "authz.role", "I know chat:bob already"},
		{"/add chat:cem member in nowhere", "deny", "people.workspace", ""},
		{"/add chat:cem wizard", "deny", "people.role", ""},
		{"/add chat:cem", "allow", "authz.role", "say which role"},
		{"/add cem member", "allow", "authz.role", "connector:id"},
		{"/add chat:cem guest for 3x", "allow", "authz.role", `"3x" is no duration`},
		{"/add chat:cem blocked", "deny", "people.role", ""},
		{"/add chat:cem Owner", "allow", "authz.role", "must match"},
		{"/add chat:cem member in ../x", "allow", "authz.role", "must match"},
		{"/add chat:cem member chat:", "allow", "authz.role", "connector:id"},
		{"/role chat:cem member", "allow", "authz.role", "I do not know chat:cem"},
		{"/role chat:bob guest for 3d dm", "allow", "authz.role", "guest in direct messages, until 4 Mar 2026 12:00 UTC"},
		{"/role chat:olga guest", "deny", "people.self", ""},
		{"/users", "allow", "authz.role", `chat:bob  "Bob the Builder"  guest in direct messages`},
		{"/users chat:bob", "allow", "authz.role", "direct messages: allow by authz.role"},
		{"/users chat:eve", "allow", "authz.role", "direct messages: deny by authz.unknown_user"},
		{"/limits chat:bob", "allow", "authz.role", "messages_per_minute: 5 of 5"},
		{"/limits", "allow", "authz.role", "limits of chat:olga"},
		{"/sessions all", "allow", "authz.role", "chat:olga"},
		{"/stop nothing", "allow", "authz.role", "no such session"},
		{"/remove chat:bob", "allow", "authz.role", "a stranger now"},
		{"/remove chat:bob", "allow", "authz.role", "I do not know"},
	} {
		r, words := b.said("olga", c.text)
		if r.Verdict != c.verdict || !strings.HasPrefix(r.Rule().ID, c.rule) && !hasRule(r.Rules, c.rule) || !strings.Contains(words, c.words) {
			t.Errorf("%s: %s by %+v: %q, want %s by %s: %q", c.text, r.Verdict, r.Rules, words, c.verdict, c.rule, c.words)
		}
		b.now = b.now.Add(time.Second)
	}
}

func TestAGrantEnds(t *testing.T) {
	b := withOwner(t)
	b.said("olga", "/add chat:bob member for 90m")
	first := b.send(dm("bob", "1", "hello"))
	want(t, first, "allow", "authz.role")
	if err := b.gate.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := b.standing(first.Session); s.Ended {
		t.Error("ended too early")
	}
	b.now = b.now.Add(90 * time.Minute)
	// Also before anybody has looked.
	want(t, b.send(dm("bob", "2", "hello")), "deny", "authz.unknown_user")
	for range 2 {
		if err := b.gate.Expire(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if s := b.standing(first.Session); !s.Ended || !s.Cut {
		t.Errorf("a session after its grant: %+v", s)
	}
	if told := b.notices("grant.expired"); len(told) != 1 || !strings.HasPrefix(told[0], "chat:bob") {
		t.Errorf("told %q", told)
	}
}

func TestASharedSession(t *testing.T) {
	b := withOwner(t, withData("  # family:\n", "  family: {read_write: {roles: [owner, member]}, read_only: {roles: [guest]}}\n  # family:\n"))
	b.person("chat:ana", "member")
	b.person("chat:bob", "member")
	in := func(user, id, text string) (r string, rule string) {
		m := dm(user, id, text)
		m.Chat.ID, m.Chat.Kind, m.MentionsBot = "team", "group", true
		record := b.send(m)
		return record.Session, record.Verdict + " " + record.Rule().ID
	}
	in("ana", "1", "/workspace family")
	session, _ := in("ana", "2", "hello")
	if _, rule := in("ana", "3", "/share chat:bob"); rule != "allow authz.role" {
		t.Fatal(rule)
	}
	if got, _ := in("bob", "3a", "hello"); got == session {
		t.Error("an offer alone draws somebody into the session")
	}
	b.now = b.now.Add(time.Second)
	if _, rule := in("bob", "3b", "/join"); rule != "allow authz.role" {
		t.Fatal(rule)
	}
	if got, rule := in("bob", "4", "hello"); got != session {
		t.Errorf("bob is in %s by %s, want %s", got, rule, session)
	}
	if got, _ := in("olga", "5", "hello"); got == session {
		t.Error("the session serves somebody with whom it was not shared")
	}
	call := gate.ToolCall{
		Session: gate.Session{ID: session, Connector: "chat", Chat: "chat:team", ChatKind: "group", User: "chat:ana", Trust: "sandboxed", Workspace: "family", Access: "read_write"},
		User:    "chat:bob", Tool: engine.Tool{Name: "notes.read", Kind: "read", Path: "a.md"},
	}
	if err := b.gate.Tool(t.Context(), call); err != nil {
		t.Errorf("a tool for whom the session is shared with: %v", err)
	}
	call.User = "chat:olga"
	if _, denied := gate.IsToolDenied(b.gate.Tool(t.Context(), call)); !denied {
		t.Error("a tool in the session of somebody else")
	}
	in("ana", "6", "/unshare chat:bob")
	call.User = "chat:bob"
	if _, denied := gate.IsToolDenied(b.gate.Tool(t.Context(), call)); !denied {
		t.Error("a tool in a session that is shared no more")
	}
	if got, _ := in("bob", "7", "hello"); got == session {
		t.Error("the session is shared no more")
	}
	if s := b.standing(session); s.Ended {
		t.Error("somebody else's new session ended this one")
	}
}

func TestOrdersOfTheTerminal(t *testing.T) {
	b := newBench(t)
	d, words, err := b.gate.Order(t.Context(), "root", "add", "chat:ana", "owner", "named", "Ana")
	if err != nil || d.Verdict != engine.Allow || !strings.Contains(words, "chat:ana is now owner") {
		t.Fatalf("%+v, %q, %v", d, words, err)
	}
	want(t, b.send(dm("ana", "1", "hello")), "allow", "authz.role")
	if r := b.records()[0]; r.Connector != gate.Terminal || r.Event != "command" {
		t.Errorf("%+v", r)
	}
	// Nobody comes in by that name from elsewhere.
	m := dm("root", "2", "/add chat:eve owner")
	if err := b.gate.Handle(t.Context(), gate.Source{Name: gate.Terminal, Kind: "stdio"}, m); err != nil {
		t.Fatal(err)
	}
	if _, err := b.db.Person(t.Context(), "chat:eve"); err == nil {
		t.Error("a connector that is named like the terminal rules")
	}
}

// between is a store in which something happens once facts were read.
type between struct {
	gate.Store
	once func()
}

func (s *between) Facts(ctx context.Context, p gate.Place, key string) (gate.Facts, error) {
	f, err := s.Store.Facts(ctx, p, key)
	if do := s.once; do != nil {
		s.once = nil
		do()
	}
	return f, err
}

func TestNobodyIsAdmittedWhoWasBlockedMeanwhile(t *testing.T) {
	var store *between
	b := newBench(t, func(b *bench, d *gate.Deps) { store = &between{Store: b.db}; d.Store = store })
	b.person("chat:bob", "member")
	block := func() {
		p, err := b.db.Person(t.Context(), "chat:bob")
		if err != nil {
			t.Fatal(err)
		}
		p.Roles = []string{"blocked"}
		b.change(users.Change{Update: []users.Person{p}})
	}
	store.once = block
	want(t, b.send(dm("bob", "1", "hello")), "deny", "authz.blocked")
	call := gate.ToolCall{
		Session: gate.Session{ID: "s", Connector: "chat", Chat: "chat:dm-bob", ChatKind: "dm", User: "chat:bob", Trust: "sandboxed", Workspace: "personal", Access: "read_write"},
		Tool:    engine.Tool{Name: "notes.read", Kind: "read", Path: "a.md"},
	}
	p, err := b.db.Person(t.Context(), "chat:bob")
	if err != nil {
		t.Fatal(err)
	}
	p.Roles = []string{"member"}
	b.change(users.Change{Update: []users.Person{p}})
	store.once = block
	if _, denied := gate.IsToolDenied(b.gate.Tool(t.Context(), call)); !denied {
		t.Error("a tool of somebody who was blocked meanwhile")
	}
}
