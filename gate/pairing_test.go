package gate_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/audit"
	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/gate/users"
)

var codeShape = regexp.MustCompile(`[2-9B-DF-HJ-NP-TV-XZ]{4}-[2-9B-DF-HJ-NP-TV-XZ]{4}`)

// asks lets somebody ask to be let in, and gives their code.
func (b *bench) asks(user string) string {
	b.tb.Helper()
	b.send(dm(user, "asks-"+b.now.String(), "hello"))
	return b.lastCode()
}

// lastCode is the code in the last words that were sent.
func (b *bench) lastCode() string {
	b.tb.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.sent) == 0 {
		b.tb.Fatal("nobody was told anything")
	}
	code := codeShape.FindString(b.sent[len(b.sent)-1].Text)
	if code == "" {
		b.tb.Fatalf("no code in %q", b.sent[len(b.sent)-1].Text)
	}
	return code
}

// said sends a command and gives its record and its words.
func (b *bench) said(user, text string) (audit.Record, string) {
	b.tb.Helper()
	b.spoken++
	r := b.send(dm(user, fmt.Sprint("said-", b.spoken), text))
	return r, b.reply(r)
}

func (b *bench) reply(r audit.Record) string {
	b.tb.Helper()
	if r.Turn == "" {
		return ""
	}
	turn, err := b.db.Turn(b.tb.Context(), r.Turn)
	if err != nil {
		b.tb.Fatal(err)
	}
	return turn.Reply
}

// notices are what others were told, by the rule that it was told by.
func (b *bench) notices(rule string) []string {
	b.tb.Helper()
	var out []string
	for _, r := range b.records() {
		if r.Point == "notice" && r.Rule().ID == rule && r.Turn != "" {
			out = append(out, r.User+": "+b.reply(r))
		}
	}
	return out
}

// withOwner is a bench whose owner was heard in a direct message.
func withOwner(t *testing.T, opts ...option) *bench {
	b := newBench(t, opts...)
	b.person("chat:olga", "owner")
	b.send(dm("olga", "first", "hello"))
	return b
}

func TestAStrangerIsLetIn(t *testing.T) {
	b := withOwner(t)
	r := b.send(dm("bob", "1", "hello"))
	want(t, r, "deny", "authz.unknown_user")
	code := b.lastCode()
	told := b.notices("pairing.asked")
	if len(told) != 1 || !strings.HasPrefix(told[0], "chat:olga: ") || !strings.Contains(told[0], code) ||
		!strings.Contains(told[0], "chat:bob") || !strings.Contains(told[0], "through chat") || !strings.Contains(told[0], "member") {
		t.Errorf("owners were told %q", told)
	}
	r, words := b.said("olga", "/approve "+strings.ToLower(code))
	want(t, r, "allow", "authz.role")
	if !strings.Contains(words, "chat:bob") || !strings.Contains(words, "member in direct messages") {
		t.Errorf("the owner reads %q", words)
	}
	if told := b.notices("pairing.approved"); len(told) != 1 || !strings.Contains(told[0], "You are in") {
		t.Errorf("who asked is told %q", told)
	}
	want(t, b.send(dm("bob", "2", "hello")), "allow", "authz.role")
	group := dm("bob", "3", "hello")
	group.Chat.ID, group.Chat.Kind, group.MentionsBot = "team", "group", true
	want(t, b.send(group), "deny", "authz.unknown_user")
	for _, r := range b.records() {
		if strings.Contains(string(r.Input), code) || r.Text != nil {
			t.Errorf("a record holds the code: %s", r.Input)
		}
	}
	if strings.Contains(b.log.String(), code) {
		t.Error("the log holds the code")
	}
}

// TestNamesAreNothingButText: no stranger's name makes links or hides words in what
// others read of them.
func TestNamesAreNothingButText(t *testing.T) {
	for _, c := range []struct{ user, name, words string }{
		{"bob", "Bob Müller-日", `: chat:bob, who goes by the name "Bob Müller-日", in a direct message`},
		{"bob", "[approve here](http://e.vil)", `: chat:bob, who goes by the name "approve here http: e.vil", in`},
		{"bob", "||x|| ~~y~~ **z** __u__ `v` <@1> # w \\", `: chat:bob, who goes by the name "x y z u v 1 w", in`},
		{"bob", "Bob\nowner: yes\r\x00\u202e\u3164\u200b", `: chat:bob, who goes by the name "Bob owner: yes", in`},
		{"bob", `Bob", the owner, "`, `: chat:bob, who goes by the name "Bob , the owner,", in`},
		{"bob", "", ": chat:bob in a direct message"},
		{"bob", "||", ": chat:bob in a direct message"},
		{"[a](http://e.vil)", "Bob", ": `chat:[a](http://e.vil)`, who goes by the name"},
		{"_ana_`x", "Bob", ": `chat:_ana_'x`, who goes by the name"},
	} {
		b := withOwner(t)
		m := dm(c.user, "1", "hello")
		m.User.Name = c.name
		want(t, b.send(m), "deny", "authz.unknown_user")
		if told := b.notices("pairing.asked"); len(told) != 1 || !strings.Contains(told[0], "let in"+c.words) {
			t.Errorf("%q: the owner was told %q", c.name, told)
		}
		code := b.lastCode()
		if _, words := b.said("olga", "/approve "+code); strings.ContainsAny(words, "[]|*<>#\\") && c.user == "bob" {
			t.Errorf("%q: the owner reads %q", c.name, words)
		}
		if p, err := b.db.Person(t.Context(), "chat:"+c.user); err != nil || strings.ContainsAny(p.Name, "[]|*<>#\\\n`") {
			t.Errorf("%q: kept as %q, %v", c.name, p.Name, err)
		}
		_, words := b.said("olga", "/pair")
		link := dm("x"+c.user, "2", "/pair "+codeShape.FindString(words))
		link.User.Name = c.name
		b.send(link)
		if told := b.notices("pairing.entered"); len(told) != 1 || strings.ContainsAny(told[0], "|*<>#\\") {
			t.Errorf("%q: told %q", c.name, told)
		}
	}
}

func TestACodeUsedTwice_CVE_2026_32987(t *testing.T) {
	b := withOwner(t)
	code := b.asks("bob")
	b.said("olga", "/approve "+code)
	r, _ := b.said("olga", "/approve "+code+" owner")
	want(t, r, "deny", "pairing.used")
	p, err := b.db.Person(t.Context(), "chat:bob")
	if err != nil || len(p.Roles) != 0 || len(p.Grants) != 1 || p.Grants[0].Role != "member" || p.Grants[0].Scope != users.ScopeDM {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestACodeEnds(t *testing.T) {
	b := withOwner(t)
	code := b.asks("bob")
	b.now = b.now.Add(time.Hour)
	r, _ := b.said("olga", "/approve "+code)
	want(t, r, "deny", "pairing.expired")
	// They may ask again.
	if again := b.asks("bob"); again == code {
		t.Error("the same code again")
	}
}

func TestADenialIsRemembered(t *testing.T) {
	b := withOwner(t)
	code := b.asks("bob")
	b.said("olga", "/deny "+code)
	if told := b.notices("pairing.denied"); len(told) != 1 {
		t.Errorf("told %q", told)
	}
	b.now = b.now.Add(48 * time.Hour)
	sent := len(b.sent)
	for i := range 3 {
		b.now = b.now.Add(time.Hour)
		want(t, b.send(dm("bob", fmt.Sprint("again", i), "please")), "deny", "authz.unknown_user")
	}
	if len(b.sent) != sent {
		t.Errorf("a denied person was told %+v", b.sent[sent:])
	}
	if told := b.notices("pairing.asked"); len(told) != 1 {
		t.Errorf("the owner was told %q", told)
	}
	r, _ := b.said("olga", "/approve "+code)
	want(t, r, "deny", "pairing.denied")
}

func TestWhoWaitsIsRemindedOnce(t *testing.T) {
	b := withOwner(t)
	b.asks("bob")
	sent := len(b.sent)
	for i := range 4 {
		b.now = b.now.Add(2 * time.Minute)
		want(t, b.send(dm("bob", fmt.Sprint(i), "hello?")), "deny", "authz.unknown_user")
	}
	if len(b.sent) != sent+1 || !strings.Contains(b.sent[sent].Text, "waits") {
		t.Errorf("told %+v", b.sent[sent:])
	}
}

func TestAnApprovalOfANonOwner_CVE_2026_32905(t *testing.T) {
	b := withOwner(t)
	b.person("chat:mia", "member")
	code := b.asks("bob")
	for _, user := range []string{"mia", "bob", "eve"} {
		for _, text := range []string{"/approve " + code, "/approve " + code + " owner", "/deny " + code, "/role chat:" + user + " owner", "/add chat:x owner", "/users", "/unblock chat:" + user} {
			b.now = b.now.Add(time.Minute)
			r, _ := b.said(user, text)
			if r.Verdict != "deny" {
				t.Errorf("%s sends %s: %s by %s", user, text, r.Verdict, r.Rule().ID)
			}
		}
	}
	if _, err := b.db.Person(t.Context(), "chat:bob"); err == nil {
		t.Error("the stranger is known")
	}
	r, _ := b.said("olga", "/approve "+code)
	want(t, r, "allow", "authz.role")
}

func TestGuessesAreLimited(t *testing.T) {
	b := withOwner(t)
	admitted, refused := 0, 0
	for i := range 100 {
		b.now = b.now.Add(time.Second)
		r, words := b.said("eve", fmt.Sprintf("/pair BCDF-%04d", 2222+i))
		switch {
		case r.Verdict == "allow" && strings.Contains(words, "does not work"):
			admitted++
		case r.Verdict == "deny" && r.Rule().ID == "limits.exceeded":
			refused++
		default:
			t.Fatalf("guess %d: %s by %+v: %q", i, r.Verdict, r.Rules, words)
		}
	}
	if admitted != 5 || refused != 95 {
		t.Errorf("%d guesses were looked at, %d refused", admitted, refused)
	}
}

func TestCrowdingOut_GHSA_wwfp_w96m_c6x8(t *testing.T) {
	b := withOwner(t)
	for i := range 50 {
		b.asks(fmt.Sprint("crowd", i))
	}
	code := b.asks("bob")
	r, _ := b.said("olga", "/approve "+code)
	want(t, r, "allow", "authz.role")
	// Beyond the first, nobody was told who asks, so it is shown before it is done.
	_, words := b.said("olga", "/approve "+code)
	if !strings.Contains(words, "is in now") {
		t.Errorf("%q", words)
	}
	if told := b.notices("pairing.asked"); len(told) != 11 {
		t.Errorf("the owner was told %d times of 51 strangers", len(told))
	}
	want(t, b.send(dm("bob", "in", "hello")), "allow", "authz.role")
}

func TestAnotherAccountIsLinkedByBothSides(t *testing.T) {
	b := withOwner(t)
	_, words := b.said("olga", "/pair")
	code := codeShape.FindString(words)
	if code == "" {
		t.Fatalf("no code in %q", words)
	}
	r, words := b.said("other", "/pair "+code)
	want(t, r, "allow", "authz.pair")
	if !strings.Contains(words, "confirm") {
		t.Errorf("%q", words)
	}
	// Nothing is linked yet; nobody else can confirm it.
	r, _ = b.said("other", "hello")
	want(t, r, "deny", "authz.unknown_user")
	if r, words := b.said("eve", "/pair "+code); strings.Contains(words, "is you") {
		t.Errorf("%s by %s: %q", r.Verdict, r.Rule().ID, words)
	}
	if told := b.notices("pairing.entered"); len(told) != 1 || !strings.Contains(told[0], "chat:other") {
		t.Errorf("told %q", told)
	}
	r, words = b.said("olga", "/pair "+code)
	want(t, r, "allow", "authz.role")
	if !strings.Contains(words, "chat:other is you now") {
		t.Errorf("%q", words)
	}
	r = b.send(dm("other", "x2", "hello"))
	want(t, r, "allow", "authz.role")
	if r.User != "chat:olga" || r.Identity != "chat:other" {
		t.Errorf("record of %s, %s", r.User, r.Identity)
	}
	b.toolTellsWhoSpeaks(r.Session)
	if r, words := b.said("other", "/pair "+code); strings.Contains(words, "is you") {
		t.Errorf("used twice: %s by %s: %q", r.Verdict, r.Rule().ID, words)
	}
}

// toolTellsWhoSpeaks holds that a tool call is decided, and recorded, with the
// account that speaks beside its person.
func (b *bench) toolTellsWhoSpeaks(session string) {
	b.tb.Helper()
	err := b.gate.Tool(b.tb.Context(), gate.ToolCall{
		Session: gate.Session{ID: session, Connector: "chat", Chat: "chat:dm-other", ChatKind: "dm", User: "chat:olga", Trust: "sandboxed", Workspace: "personal", Access: "read_write"},
		User:    "chat:other", Tool: engine.Tool{Name: "notes.read", Kind: "read", Path: "a.md"},
	})
	if err != nil {
		b.tb.Fatal(err)
	}
	all := b.records()
	r := all[len(all)-1]
	if r.User != "chat:olga" || r.Identity != "chat:other" || !strings.Contains(string(r.Input), `"identity":"chat:other"`) {
		b.tb.Errorf("record of %s, %s: %s", r.User, r.Identity, r.Input)
	}
}

func TestTheFirstOwnerClaims(t *testing.T) {
	b := newBench(t)
	old, err := b.gate.Claim(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	code, err := b.gate.Claim(t.Context())
	if err != nil || code == old {
		t.Fatal(code, err)
	}
	if _, words := b.said("eve", "/pair "+old); strings.Contains(words, "owner") {
		t.Errorf("an old claim code: %q", words)
	}
	r, words := b.said("ana", "/pair "+code)
	if r.Verdict != "allow" || !strings.Contains(words, "You are the owner") {
		t.Errorf("%s by %+v: %q", r.Verdict, r.Rules, words)
	}
	want(t, b.send(dm("ana", "1", "hello")), "allow", "authz.role")
	if _, words := b.said("eve", "/pair "+code); !strings.Contains(words, "does not work") {
		t.Errorf("claimed twice: %q", words)
	}
	if again, err := b.gate.Claim(t.Context()); again != "" || err != nil {
		t.Errorf("%q, %v", again, err)
	}
}
