package gate_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/gate/users"
)

// orders gives a command at the terminal, and what is read there.
func (b *bench) orders(text string) string {
	b.tb.Helper()
	words := strings.Fields(text)
	d, reply, err := b.gate.Order(b.tb.Context(), "root", words[0], words[1:]...)
	if err != nil || d.Verdict != engine.Allow {
		b.tb.Fatalf("%s: %+v, %v", text, d, err)
	}
	return reply
}

// TestTheOnlyOwnerStays: whoever is owner for some time, or in some place, is none
// to whom the bot could be left.
func TestTheOnlyOwnerStays(t *testing.T) {
	for _, other := range []string{"add chat:tim member", "add chat:tim owner dm", "add chat:tim owner group", "add chat:tim owner chat:room", "add chat:tim owner for 1h", "block chat:tim"} {
		b := withOwner(t)
		if strings.HasPrefix(other, "block") {
			b.orders("add chat:tim owner")
		}
		b.orders(other)
		goes := []string{"remove chat:olga", "block chat:olga", "role chat:olga member", "role chat:olga owner dm", "role chat:olga owner for 3d"}
		for _, text := range goes {
			if words := b.orders(text); words != gate.Unchanged+": nobody else is owner. Make somebody else owner first." {
				t.Errorf("%s, then %s: %q", other, text, words)
			}
		}
		b.orders("add chat:zoe owner in personal")
		if words := b.orders(goes[len(other)%len(goes)]); strings.HasPrefix(words, gate.Unchanged) {
			t.Errorf("%s, and another owner: %q", other, words)
		}
	}
}

// TestAnOwnerWhoDoesNotStayCanBeTurnedAway: nobody would be left as owner by it who
// was left before.
func TestAnOwnerWhoDoesNotStayCanBeTurnedAway(t *testing.T) {
	for _, text := range []string{"block chat:tim", "remove chat:tim", "role chat:tim guest"} {
		b := newBench(t)
		b.orders("add chat:tim owner for 1h")
		if words := b.orders(text); strings.HasPrefix(words, gate.Unchanged) {
			t.Errorf("%s: %q", text, words)
		}
	}
}

// late is a store in which something happens once it was asked who stays owner.
type late struct {
	gate.Store
	once func()
}

func (s *late) LastingOwners(ctx context.Context, n int) ([]users.Person, error) {
	list, err := s.Store.LastingOwners(ctx, n)
	if do := s.once; do != nil {
		s.once = nil
		do()
	}
	return list, err
}

func TestOfTwoOwnersWhoGoAtOnceOneStays(t *testing.T) {
	for _, text := range []string{"remove chat:olga", "block chat:olga", "role chat:olga guest"} {
		var store *late
		b := withOwner(t, func(b *bench, d *gate.Deps) { store = &late{Store: b.db}; d.Store = store })
		b.person("chat:tim", "owner")
		store.once = func() {
			p, err := b.db.Person(t.Context(), "chat:tim")
			if err != nil {
				t.Fatal(err)
			}
			b.change(users.Change{Remove: []users.Person{p}, KeepOwner: true})
		}
		if words := b.orders(text); !strings.HasPrefix(words, gate.Unchanged) {
			t.Errorf("%s: %q", text, words)
		}
		if list, err := b.db.LastingOwners(t.Context(), 2); err != nil || len(list) != 1 {
			t.Errorf("%s: owners %+v, %v", text, list, err)
		}
	}
}

func TestTheBotIsClaimedWhileNobodyStaysOwner(t *testing.T) {
	b := newBench(t)
	b.orders("add chat:tim owner for 3d")
	b.orders("add chat:zoe owner dm")
	code, err := b.gate.Claim(t.Context())
	if err != nil || code == "" {
		t.Fatal(code, err)
	}
	if _, words := b.said("ana", "/pair "+code); !strings.Contains(words, "You are the owner") {
		t.Errorf("%q", words)
	}
	if again, err := b.gate.Claim(t.Context()); again != "" || err != nil {
		t.Errorf("%q, %v", again, err)
	}
}

func TestWhoIsAddedHearsIt(t *testing.T) {
	b := withOwner(t)
	for _, c := range []struct{ user, how string }{{"bob", "/add chat:bob guest dm"}, {"cem", ""}, {"dee", "import"}} {
		code := b.asks(c.user)
		switch c.how {
		case "":
			b.orders("add chat:cem member for 3d")
		case "import":
			if d, err := b.gate.People(t.Context(), "root", "import", nil, &users.Change{Add: []users.Person{{ID: "chat:dee", Identities: []string{"chat:dee"}, Roles: []string{"guest"}}}, Forget: []string{"chat:dee"}}); err != nil || d.Verdict != engine.Allow {
				t.Fatalf("%+v, %v", d, err)
			}
		default:
			b.said("olga", c.how)
		}
		told := b.notices("pairing.approved")
		if !slices.ContainsFunc(told, func(s string) bool { return strings.HasPrefix(s, "chat:"+c.user+": You are in: ") }) {
			t.Errorf("%s: told %q", c.user, told)
		}
		r, _ := b.said("olga", "/approve "+code)
		want(t, r, "deny", "pairing.used")
	}
	recorded := 0
	for _, r := range b.records() {
		if slices.ContainsFunc(r.Changes, func(s string) bool { return strings.HasPrefix(s, "request ") && strings.HasSuffix(s, ": join used") }) {
			recorded++
		}
	}
	if recorded != 3 {
		t.Errorf("%d records tell of a request that was answered, want 3", recorded)
	}
}

func TestABlockForgetsNoDenial(t *testing.T) {
	b := withOwner(t)
	b.said("olga", "/deny "+b.asks("bob"))
	code := b.asks("eve")
	sent := len(b.sent)
	for _, text := range []string{"/block chat:bob", "/unblock chat:bob", "/block chat:eve", "/unblock chat:eve"} {
		if r, words := b.said("olga", text); r.Verdict != "allow" {
			t.Errorf("%s: %s by %s: %q", text, r.Verdict, r.Rule().ID, words)
		}
	}
	b.now = b.now.Add(time.Minute)
	want(t, b.send(dm("bob", "again", "please")), "deny", "authz.unknown_user")
	if len(b.sent) != sent {
		t.Errorf("a denied person was told %+v", b.sent[sent:])
	}
	r, _ := b.said("olga", "/approve "+code)
	want(t, r, "deny", "pairing.expired")
	if again := b.asks("eve"); again == code {
		t.Error("the same code again")
	}
}

func TestEverywhereIsAWordOfItsOwn(t *testing.T) {
	b := withOwner(t, withData("  # family:\n", "  everywhere: {read_write: {roles: [owner]}}\n  # family:\n"))
	for user, c := range map[string]struct{ words, scope, workspace string }{
		"ann": {" member everywhere", "", ""},
		"bob": {" member", "dm", ""},
		"cem": {" member named everywhere", "dm", ""},
		"dee": {" member in everywhere", "dm", "everywhere"},
		"eve": {" everywhere member dm", "dm", ""},
		"fay": {" everywhere", "", ""},
	} {
		_, words := b.said("olga", "/approve "+b.asks(user)+c.words)
		p, err := b.db.Person(t.Context(), "chat:"+user)
		if err != nil || len(p.Grants) != 1 || p.Grants[0].Scope != c.scope || p.Grants[0].Workspace != c.workspace {
			t.Errorf("/approve CODE%s: %q: %+v, %v", c.words, words, p.Grants, err)
		}
	}
}

func TestTheRoleOfARequestIsChecked(t *testing.T) {
	b := withOwner(t, withData("  role: member\n", "  role: blocked\n", "  guest:\n", "  blocked: {chats: [dm]}\n  guest:\n"))
	_, words := b.said("olga", "/approve "+b.asks("bob"))
	if !strings.HasPrefix(words, gate.Unchanged) || !strings.Contains(words, "blocked is no role to give") {
		t.Errorf("%q", words)
	}
}

func TestALinkIsVoidOnceItsPersonLosesSomething(t *testing.T) {
	for _, text := range []string{"/role chat:pat guest", "/block chat:pat", "/remove chat:pat", "expire"} {
		b := withOwner(t)
		b.person("chat:pat", "member")
		if text == "expire" {
			b.orders("role chat:pat member")
			p, err := b.db.Person(t.Context(), "chat:pat")
			if err != nil {
				t.Fatal(err)
			}
			p.Grants = []users.Grant{{Role: "admin", Scope: "dm", Expires: b.now.Add(time.Minute)}}
			b.change(users.Change{Update: []users.Person{p}})
		}
		_, words := b.said("pat", "/pair")
		code := codeShape.FindString(words)
		if _, words := b.said("friend", "/pair "+code); !strings.Contains(words, "confirm") {
			t.Fatalf("%s: %q", text, words)
		}
		if text == "expire" {
			b.now = b.now.Add(time.Minute)
			if err := b.gate.Expire(t.Context()); err != nil {
				t.Fatal(err)
			}
		} else {
			b.said("olga", text)
		}
		if text == "/block chat:pat" {
			b.said("olga", "/unblock chat:pat")
		}
		_, words = b.said("pat", "/pair "+code)
		if _, err := b.db.Person(t.Context(), "chat:friend"); err == nil {
			t.Errorf("%s: linked: %q", text, words)
		}
	}
}

func TestTheTerminalsLinksAreTold(t *testing.T) {
	b := withOwner(t)
	b.person("chat:bob", "member")
	b.asks("bobby")
	change := &users.Change{
		Add:    []users.Person{{ID: "chat:cem", Identities: []string{"chat:cem", "chat:cemil"}, Roles: []string{"guest"}}},
		Link:   []users.Identity{{ID: "chat:bobby", Person: "chat:bob"}},
		Forget: []string{"chat:bobby"},
	}
	if d, err := b.gate.People(t.Context(), "root", "import", nil, change); err != nil || d.Verdict != engine.Allow {
		t.Fatalf("%+v, %v", d, err)
	}
	told := b.notices("pairing.linked")
	slices.Sort(told)
	if len(told) != 2 || !strings.HasPrefix(told[0], "chat:bobby: This account is linked: here you are chat:bob") ||
		!strings.HasPrefix(told[1], "chat:olga: ") || !strings.Contains(told[1], "chat:bobby is now chat:bob, chat:cemil is now chat:cem.") {
		t.Errorf("told %q", told)
	}
}

func TestWhoseTokenIsRevokedIsSeen(t *testing.T) {
	b := withOwner(t)
	b.person("chat:bob", "member")
	b.change(users.Change{Tokens: []users.Token{{ID: "one", Identity: "chat:bob", Created: b.now}}})
	if d, err := b.gate.People(t.Context(), "root", "token", []string{"revoke", "one"}, &users.Change{Revoke: []users.Token{{ID: "one", Identity: "chat:bob"}}}); err != nil || d.Verdict != engine.Allow {
		t.Fatalf("%+v, %v", d, err)
	}
	records := b.records()
	if r := records[len(records)-1]; !strings.Contains(string(r.Input), `"target":{"kind":"person","id":"chat:bob","known":true`) {
		t.Errorf("%s", r.Input)
	}
}
