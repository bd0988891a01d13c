package gate_test

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/parachute-gate/parachute/audit"
	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/gate/users"
)

// The tables below have a cell for each command and tool, role, and whose it is
// about. Mia, a member, is everybody else: what she has is never anybody's to
// list, read, write, join or stop, but for those who oversee the bot. Zoe, an
// owner, stands above all but owners. The actor has sessions of their own in a direct
// message and in the group team; in the group club Mia shares hers with the actor, who
// joined it, in the group porch she offers it, and in the group attic she does not.

// actors are the columns of the tables, in order.
var actors = []string{"owner", "admin", "member", "guest", "stranger", "blocked"}

// all says that each role that is known gets the same.
func all(rule string) [4]string { return [4]string{rule, rule, rule, rule} }

// yes is an allow by whatever role somebody has.
const yes = ""

// authzCase is a row: what is sent where, and by which rule each of owner, admin,
// member and guest is refused, "" for nobody.
type authzCase struct {
	whose, text, chat string
	by                [4]string
	// stranger is what a stranger gets in the place of authz.unknown_user.
	stranger string
	// touches tells that what is Mia's is changed where the command is allowed.
	touches bool
}

// oversight is what those who do not oversee are refused by.
func oversight(rule string) [4]string { return [4]string{yes, yes, rule, rule} }

var authzCases = []authzCase{
	{whose: "own", text: "hello"},
	{whose: "own", text: "/help"},
	{whose: "own", text: "/start"},
	{whose: "own", text: "/new"},
	{whose: "own", text: "/stop"},
	{whose: "own", text: "/status"},
	{whose: "own", text: "/whoami"},
	{whose: "own", text: "/workspace"},
	{whose: "own", text: "/workspace personal"},
	{whose: "shared", text: "/workspace family"},
	{whose: "other's", text: "/workspace secret", by: all("authz.workspace")},
	{whose: "nobody's", text: "/workspace nosuch", by: all("authz.workspace")},
	{whose: "nobody's", text: "/workspace ../personal", by: all("authz.workspace")},
	{whose: "nobody's", text: "/madeup", by: all("authz.command")},

	// Sessions: by the chat, by the id, by the beginning of the id.
	{whose: "own", text: "/sessions"},
	{whose: "all", text: "/sessions all", by: oversight("people.others")},
	{whose: "own", text: "/stop {own}"},
	{whose: "other's", text: "/stop {mia's}", by: oversight("people.others"), touches: true},
	{whose: "other's", text: "/stop {mia's short}", by: oversight("people.others"), touches: true},
	{whose: "other's", text: "/stop {attic}", by: oversight("people.others"), touches: true},
	{whose: "nobody's", text: "/stop 00000000-0000", by: oversight("people.others")},
	{whose: "shared", text: "/stop {club}", by: oversight("people.others"), touches: true},
	{whose: "own", text: "hello", chat: "team"},
	{whose: "shared", text: "hello", chat: "club", by: [4]string{yes, yes, yes, "session.access"}},
	{whose: "other's", text: "hello", chat: "attic"},
	{whose: "shared", text: "/new", chat: "club", touches: true},
	{whose: "shared", text: "/stop", chat: "club"},
	{whose: "shared", text: "/status", chat: "club"},
	{whose: "shared", text: "/workspace personal", chat: "club", touches: true},
	{whose: "shared", text: "/workspace family", chat: "club"},
	{whose: "shared", text: "/join", chat: "club"},
	{whose: "shared", text: "/join", chat: "porch", touches: true},
	{whose: "offered", text: "hello", chat: "porch"},
	{whose: "offered", text: "/stop", chat: "porch"},
	{whose: "offered", text: "/status", chat: "porch"},
	{whose: "other's", text: "/join", chat: "attic"},
	{whose: "nobody's", text: "/join"},
	{whose: "other's", text: "/new", chat: "attic"},
	{whose: "other's", text: "/stop", chat: "attic"},
	{whose: "other's", text: "/status", chat: "attic"},

	{whose: "nobody's", text: "/share", chat: "team"},
	{whose: "own", text: "/share chat:mia", chat: "team"},
	{whose: "own", text: "/unshare chat:mia", chat: "team"},
	{whose: "own", text: "/share chat:nobody", chat: "team"},
	{whose: "own", text: "/share chat:mia", by: all("session.share_personal")},
	{whose: "shared", text: "/share chat:zoe", chat: "club", by: all("session.share")},
	{whose: "shared", text: "/unshare chat:actor", chat: "club", by: all("session.share")},
	{whose: "other's", text: "/share chat:actor", chat: "attic", by: all("session.share")},
	{whose: "other's", text: "/unshare chat:actor", chat: "attic", by: all("session.share")},

	// People.
	{whose: "own", text: "/limits"},
	{whose: "own", text: "/limits chat:actor"},
	{whose: "other's", text: "/limits chat:mia", by: oversight("people.others")},
	{whose: "nobody's", text: "/limits chat:nobody", by: oversight("people.others")},
	{whose: "all", text: "/users", by: oversight("authz.command")},
	{whose: "all", text: "/users after chat:a", by: oversight("authz.command")},
	{whose: "own", text: "/users chat:actor", by: oversight("authz.command")},
	{whose: "other's", text: "/users chat:mia", by: oversight("authz.command")},
	{whose: "other's", text: "/role chat:mia guest", by: oversight("authz.command"), touches: true},
	{whose: "other's", text: "/role chat:mia guest in secret", by: [4]string{"people.workspace", "people.workspace", "authz.command", "authz.command"}},
	{whose: "other's", text: "/role chat:mia admin", by: [4]string{yes, "people.role", "authz.command", "authz.command"}, touches: true},
	{whose: "other's", text: "/role chat:mia owner", by: [4]string{yes, "people.role", "authz.command", "authz.command"}, touches: true},
	{whose: "other's", text: "/role chat:mia king", by: [4]string{"people.role", "people.role", "authz.command", "authz.command"}},
	{whose: "other's, above", text: "/role chat:zoe guest", by: [4]string{yes, "people.rank", "authz.command", "authz.command"}},
	{whose: "own", text: "/role chat:actor owner", by: [4]string{"people.self", "people.role", "authz.command", "authz.command"}},
	{whose: "own", text: "/unblock chat:actor", by: [4]string{"people.self", "people.rank", "authz.command", "authz.command"}},
	{whose: "own", text: "/block chat:actor", by: [4]string{"people.self", "people.rank", "authz.command", "authz.command"}},
	{whose: "own", text: "/remove chat:actor", by: [4]string{"people.self", "people.rank", "authz.command", "authz.command"}},
	{whose: "other's", text: "/block chat:mia", by: oversight("authz.command"), touches: true},
	{whose: "other's", text: "/unblock chat:mia", by: oversight("authz.command")},
	{whose: "other's", text: "/remove chat:mia", by: oversight("authz.command"), touches: true},
	{whose: "other's, above", text: "/block chat:zoe", by: [4]string{yes, "people.rank", "authz.command", "authz.command"}},
	{whose: "other's, above", text: "/remove chat:zoe", by: [4]string{yes, "people.rank", "authz.command", "authz.command"}},
	{whose: "nobody's", text: "/add chat:new member", by: oversight("authz.command")},
	{whose: "nobody's", text: "/add chat:new admin", by: [4]string{yes, "people.role", "authz.command", "authz.command"}},
	{whose: "nobody's", text: "/add chat:new owner", by: [4]string{yes, "people.role", "authz.command", "authz.command"}},
	{whose: "other's", text: "/add chat:mia guest", by: oversight("authz.command")},

	// Codes: Joe waits to be let in, and Mia has one for another account of hers.
	{whose: "other's", text: "/approve {joe's}", by: oversight("authz.command")},
	{whose: "other's", text: "/approve {joe's} owner", by: [4]string{yes, "people.role", "authz.command", "authz.command"}},
	{whose: "other's", text: "/approve {joe's} in secret", by: [4]string{"people.workspace", "people.workspace", "authz.command", "authz.command"}},
	{whose: "other's", text: "/deny {joe's}", by: oversight("authz.command")},
	{whose: "other's", text: "/approve {mia's code}", by: [4]string{"pairing.kind", "pairing.kind", "authz.command", "authz.command"}},
	{whose: "nobody's", text: "/approve BCDF-2345", by: [4]string{"pairing.unknown", "pairing.unknown", "authz.command", "authz.command"}},
	{whose: "other's", text: "/approve {joe's}", chat: "team", by: [4]string{"pairing.dm", "pairing.dm", "authz.command", "authz.command"}},
	{whose: "own", text: "/pair"},
	{whose: "own", text: "/pair", chat: "team", by: all("pairing.dm")},
	{whose: "other's", text: "/pair {joe's}", by: all("pairing.join"), stranger: "pairing.join"},
	{whose: "other's", text: "/pair {mia's code}", by: all("pairing.known"), stranger: "authz.pair"},
	{whose: "nobody's", text: "/pair BCDF-2345", stranger: "authz.pair"},
}

// authzData is where the tables play: guests talk in groups as well, so that no
// cell is denied by the place alone.
var authzData = []string{
	"  # family:\n", "  family: {read_write: {roles: [owner, admin, member]}, read_only: {roles: [guest]}}\n  secret: {read_write: {people: [\"chat:mia\"]}}\n  # family:\n",
	"  guest:\n    chats: [dm]\n", "  guest:\n    chats: [dm, group]\n",
}

// house is one world of the tables, kept so that each cell begins in a copy of it.
type house struct {
	dir    string
	engine *engine.Engine
	names  map[string]string
}

func newHouse(t *testing.T, role string, e *engine.Engine) *house {
	t.Helper()
	h := &house{engine: e, names: map[string]string{}}
	b := newBench(t, func(_ *bench, d *gate.Deps) { d.Policies = e })
	h.dir = b.dir
	b.person("chat:mia", "member")
	b.person("chat:zoe", "owner")
	sits := []string{"mia", "zoe"}
	if role != "stranger" {
		// Who is blocked was somebody before: what they had is still there.
		b.person("chat:actor", cmp.Or(strings.TrimPrefix(role, "blocked"), "member"))
		sits = append(sits, "actor")
	}
	for _, user := range sits {
		r := b.send(dm(user, "hello-"+user, "hello"))
		want(t, r, "allow", "authz.role")
		h.names[user+"'s"] = r.Session
	}
	enter := func(user, chat, text string) audit.Record {
		r := b.send(in(chat, dm(user, chat+user+text, text)))
		want(t, r, "allow", "authz.role")
		return r
	}
	for _, chat := range []string{"team", "club", "porch", "attic"} {
		enter("mia", chat, "/workspace family")
		h.names[chat] = enter("mia", chat, "hello").Session
	}
	if role != "stranger" {
		enter("actor", "team", "/workspace family")
		enter("actor", "team", "hello")
		enter("mia", "club", "/share chat:actor")
		enter("actor", "club", "/join")
		enter("mia", "porch", "/share chat:actor")
		h.names["own"] = h.names["actor's"]
	} else {
		h.names["own"] = "11111111-1111"
	}
	// No other session's id begins so.
	h.names["mia's short"] = h.names["mia's"][:len(h.names["mia's"])-4]
	h.names["joe's"] = b.asks("joe")
	_, words := b.said("mia", "/pair")
	h.names["mia's code"] = codeShape.FindString(words)
	if role == "blocked" {
		p, err := b.db.Person(t.Context(), "chat:actor")
		if err != nil {
			t.Fatal(err)
		}
		p.Roles = users.Block(p.Roles)
		b.change(users.Change{Update: []users.Person{p}})
	}
	if err := b.db.Close(); err != nil {
		t.Fatal(err)
	}
	return h
}

// in moves a message into a group, where it speaks to the bot.
func in(chat string, m connectors.Message) connectors.Message {
	if chat != "" {
		m.Chat.ID, m.Chat.Kind, m.MentionsBot = chat, connectors.ChatGroup, true
	}
	return m
}

// copied is a bench over a copy of the house.
func (h *house) copied(t *testing.T) *bench {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(h.dir)); err != nil {
		t.Fatal(err)
	}
	return newBenchIn(t, dir, func(_ *bench, d *gate.Deps) { d.Policies = h.engine })
}

// fill puts the names of the house into a text.
func (h *house) fill(text string) string {
	for name, value := range h.names {
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}

// hers is all that is Mia's, as it is kept; and what no command may change for
// whom the policies refuse it.
func hers(t *testing.T, b *bench) (mias, everything string) {
	t.Helper()
	sits, err := b.db.AliveSessions(t.Context(), "chat:mia", 100)
	if err != nil {
		t.Fatal(err)
	}
	for i := range sits {
		sits[i].Owed = 0 // what others say in a shared session is owed there
	}
	mia, err := b.db.Person(t.Context(), "chat:mia")
	if err != nil && !errors.Is(err, users.ErrUnknown) {
		t.Fatal(err)
	}
	mias = fmt.Sprintf("%+v\n%+v", sits, mia)
	others, err := b.db.AliveSessions(t.Context(), "", 100)
	if err != nil {
		t.Fatal(err)
	}
	people, err := b.db.People(t.Context(), "", 100)
	if err != nil {
		t.Fatal(err)
	}
	waiting, n, err := b.db.Waiting(t.Context(), gate.WaitingQuery{Now: b.now, Most: 100})
	if err != nil {
		t.Fatal(err)
	}
	waiting = slices.DeleteFunc(waiting, func(p users.Pairing) bool {
		own := p.Identity == "chat:actor" && p.Kind == users.PairJoin
		if own {
			n-- // a stranger who is denied asks to be let in by that
		}
		return own
	})
	return mias, fmt.Sprintf("%s\n%+v\n%+v\n%+v %d", mias, others, people, waiting, n)
}

// secrets are what only Mia and those who oversee the bot may read.
func (h *house) secrets(c authzCase) []string {
	out := []string{"chat:zoe", "chat:joe", h.names["mia's"], h.names["attic"], h.names["team"], h.names["porch"], h.names["zoe's"], "secret"}
	if c.whose != "shared" {
		out = append(out, h.names["club"])
	}
	// Nobody is told what they wrote themselves.
	return slices.DeleteFunc(out, func(s string) bool { return strings.Contains(h.fill(c.text), s) })
}

func TestNobodyReachesWhatIsAnothers_Commands(t *testing.T) {
	h := newHouses(t)
	for _, c := range authzCases {
		for i, role := range actors {
			t.Run(strings.Join([]string{c.text, cmp.Or(c.chat, "dm"), c.whose, role}, " "), func(t *testing.T) {
				t.Parallel()
				h[role].play(t, c, role, i)
			})
		}
	}
}

func newHouses(t *testing.T) map[string]*house {
	var e *engine.Engine
	newBench(t, withData(authzData...), func(b *bench, _ *gate.Deps) { e = b.engine })
	out := map[string]*house{}
	for _, role := range actors {
		out[role] = newHouse(t, role, e)
	}
	return out
}

// play plays one cell.
func (h *house) play(t *testing.T, c authzCase, role string, column int) {
	b := h.copied(t)
	mias, everything := hers(t, b)
	m := in(c.chat, dm("actor", "cell", h.fill(c.text)))
	if err := b.gate.Handle(t.Context(), source, m); err != nil {
		t.Fatal(err)
	}
	var r audit.Record
	for _, one := range b.records() {
		if one.Message == "cell" {
			r = one
		}
	}
	verdict, rule := c.expected(role, column)
	want(t, r, verdict, rule)
	words := b.reply(r)
	for _, s := range b.sent {
		words += s.Text
	}
	after, all := hers(t, b)
	if r.Verdict == "deny" && all != everything {
		t.Errorf("it is denied and changes something:\n%s\n%s", everything, all)
	}
	if after != mias && (!c.touches || r.Verdict != "allow") {
		t.Errorf("it changes what is Mia's:\n%s\n%s", mias, after)
	}
	if c.touches && r.Verdict == "allow" && after == mias {
		t.Error("nothing of Mia's has changed")
	}
	if own := m.Command == "" && c.whose != "shared" && r.Session != ""; own {
		s, err := b.db.FindSession(t.Context(), "", r.Session)
		if err != nil || s.User != "chat:actor" {
			t.Errorf("answered in %+v, %v", s, err)
		}
	}
	if c.whose == "shared" && m.Command == "" && r.Verdict == "allow" && r.Session != h.names[c.chat] {
		t.Errorf("answered in %s, not in %s", r.Session, h.names[c.chat])
	}
	if role == "owner" || role == "admin" {
		return
	}
	for _, secret := range h.secrets(c) {
		if strings.Contains(words, secret) {
			t.Errorf("%s reads %q", role, words)
		}
	}
}

// expected is the outcome of a cell.
func (c authzCase) expected(role string, column int) (verdict, rule string) {
	switch role {
	case "stranger":
		rule = cmp.Or(c.stranger, "authz.unknown_user")
	case "blocked":
		rule = "authz.blocked"
	default:
		rule = cmp.Or(c.by[column], "authz.role")
	}
	if rule == "authz.role" || rule == "authz.pair" {
		return "allow", rule
	}
	return "deny", rule
}

// TestEveryCommandIsInTheTable: a command that is new is decided for everybody.
func TestEveryCommandIsInTheTable(t *testing.T) {
	for _, known := range gate.Commands() {
		if !slices.ContainsFunc(authzCases, func(c authzCase) bool {
			name, _, _ := strings.Cut(c.text, " ")
			return name == "/"+known.Name
		}) {
			t.Errorf("no row for /%s", known.Name)
		}
	}
}

// TestWhatIsAnothersAndWhatIsNotThereReadAlike: by the words, nobody learns what
// there is.
func TestWhatIsAnothersAndWhatIsNotThereReadAlike(t *testing.T) {
	h := newHouses(t)["member"]
	for _, pair := range [][2]string{
		{"/workspace secret", "/workspace nosuch"},
		{"/stop {mia's}", "/stop 00000000-0000"},
		{"/limits chat:mia", "/limits chat:nobody"},
		{"/users chat:mia", "/users chat:nobody"},
		{"/block chat:mia", "/madeup"},
		{"/approve {joe's}", "/approve BCDF-2345"},
		{"/sessions all", "/madeup"},
	} {
		var read [2]string
		for i, text := range pair {
			b := h.copied(t)
			r := b.send(dm("actor", "cell", h.fill(text)))
			if len(b.sent) != 1 {
				t.Fatalf("%s: told %+v", text, b.sent)
			}
			read[i] = r.Verdict + " " + b.sent[0].Text
		}
		if read[0] != read[1] {
			t.Errorf("%s reads %q, and %s %q", pair[0], read[0], pair[1], read[1])
		}
	}
}

// toolsOf are the tools of a role that is known, by data.yaml.
var toolsOf = map[string][]string{
	"owner":  {"list", "read", "search", "write", "append", "move", "delete", "execute", "fetch", "other"},
	"admin":  {"list", "read", "search", "write", "append", "move", "delete", "execute", "fetch", "other"},
	"member": {"list", "read", "search", "write", "append", "move", "delete", "execute", "fetch", "other"},
	"guest":  {"list", "read", "search", "write", "append", "move"},
}

// toolRules are the rules by which a tool call is refused; none for an allow.
func toolRules(role, whose, kind string) []string {
	var out []string
	add := func(when bool, rule string) {
		if when {
			out = append(out, rule)
		}
	}
	changes := !slices.Contains([]string{"list", "read", "search", "fetch"}, kind)
	nobody := role == "stranger" || role == "blocked"
	add(role == "blocked", "tool.blocked")
	add(!slices.Contains(toolsOf[role], kind), "tool.kind")
	// All shared sessions of the house may write in workspace family, where guests read;
	// the actor's own in a direct message is in their personal one.
	add(changes && (nobody || role == "guest" && whose != "own"), "tool.read_only")
	add(whose == "other's" || whose == "shared" && role == "stranger", "tool.session_owner")
	add(nobody, "tool.workspace")
	return out
}

func TestNobodyReachesWhatIsAnothers_Tools(t *testing.T) {
	houses := newHouses(t)
	for _, role := range actors {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			h := houses[role]
			b := h.copied(t)
			for whose, name := range map[string]string{"own": "actor's", "other's": "attic", "shared": "club"} {
				if whose == "own" && role == "stranger" {
					continue // has none
				}
				s, err := b.db.FindSession(t.Context(), "", h.names[name])
				if err != nil {
					t.Fatal(err)
				}
				for _, kind := range toolsOf["owner"] {
					h.call(t, b, s.Session, role, whose, kind)
				}
			}
		})
	}
}

func (h *house) call(t *testing.T, b *bench, s gate.Session, role, whose, kind string) {
	t.Helper()
	before := len(b.records())
	err := b.gate.Tool(t.Context(), gate.ToolCall{
		Session: s, User: "chat:actor", Tool: engine.Tool{Name: "any", Kind: kind, Path: "note.md", To: "other.md", Bytes: 1},
	})
	d, denied := gate.IsToolDenied(err)
	if err != nil && !denied {
		t.Fatal(err)
	}
	var got []string
	if denied {
		for _, r := range d.Decision.Rules {
			got = append(got, r.ID)
		}
	}
	slices.Sort(got) // their order is that of the files
	if rules := toolRules(role, whose, kind); !slices.Equal(got, rules) {
		t.Errorf("%s of a session that is %s, for %s: refused by %q, want %q", kind, whose, role, got, rules)
	}
	records := b.records()
	if len(records) != before+1 || records[before].User != "chat:actor" || records[before].Session != s.ID || (records[before].Verdict == "deny") != denied {
		t.Errorf("%s, %s, %s: recorded as %+v", kind, whose, role, records[before:])
	}
}

// TestASharedSessionWorksForOthersNoLongerThanItIsShared: the next tool call of a
// turn that runs is refused, once the session is not shared any more.
func TestASharedSessionWorksForOthersNoLongerThanItIsShared(t *testing.T) {
	h := newHouses(t)["member"]
	b := h.copied(t)
	s, err := b.db.FindSession(t.Context(), "", h.names["club"])
	if err != nil {
		t.Fatal(err)
	}
	call := gate.ToolCall{Session: s.Session, User: "chat:actor", Tool: engine.Tool{Name: "any", Kind: "read", Path: "note.md"}}
	if err := b.gate.Tool(t.Context(), call); err != nil {
		t.Error(err)
	}
	want(t, b.send(in("club", dm("mia", "un", "/unshare chat:actor"))), "allow", "authz.role")
	d, denied := gate.IsToolDenied(b.gate.Tool(t.Context(), call))
	if !denied || d.Decision.Rule().ID != "tool.session_owner" {
		t.Errorf("%+v", d)
	}
	r := b.send(in("club", dm("actor", "next", "hello")))
	want(t, r, "allow", "authz.role")
	if own, err := b.db.FindSession(t.Context(), "", r.Session); err != nil || own.User != "chat:actor" {
		t.Errorf("answered in %+v, %v", own, err)
	}
}

// TestTheSameNumberElsewhereIsSomebodyElse: rights and limits belong to a person.
// An account with the same number on another platform has neither, until it is
// linked.
func TestTheSameNumberElsewhereIsSomebodyElse(t *testing.T) {
	b := newBench(t, withData("      messages_per_minute: 20\n      messages_per_day: 500\n", "      messages_per_day: 3\n"))
	b.person("telegram:42", "member")
	b.person("discord:42", "member")
	sent := 0
	says := func(connector string) audit.Record {
		sent++
		id := fmt.Sprint("says-", sent)
		if err := b.gate.Handle(t.Context(), gate.Source{Name: connector, Kind: connector}, dm("42", id, "hello")); err != nil {
			t.Fatal(err)
		}
		records := b.records()
		return records[slices.IndexFunc(records, func(r audit.Record) bool { return r.Message == id })]
	}
	seen := map[string]string{}
	for range 3 {
		r := says("telegram")
		want(t, r, "allow", "authz.role")
		seen["telegram"] = r.Session
	}
	want(t, says("telegram"), "deny", "limits.exceeded")
	want(t, says("matrix"), "deny", "authz.unknown_user")
	for range 2 {
		r := says("discord")
		want(t, r, "allow", "authz.role")
		seen["discord"] = r.Session
	}
	if seen["telegram"] == seen["discord"] {
		t.Error("one session for two people")
	}
	b.change(users.Change{Link: []users.Identity{{ID: "matrix:42", Person: "discord:42"}}})
	r := says("matrix")
	want(t, r, "allow", "authz.role")
	if r.User != "discord:42" || r.Identity != "matrix:42" {
		t.Errorf("recorded as %s, by %s", r.User, r.Identity)
	}
	for _, connector := range []string{"matrix", "discord", "telegram"} {
		want(t, says(connector), "deny", "limits.exceeded")
	}
}
