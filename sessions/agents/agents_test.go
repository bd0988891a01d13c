package agents_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parachute-gate/parachute/sessions/agents"
	"github.com/parachute-gate/parachute/sessions/vault"
)

var _ agents.Notes = (*vault.Vault)(nil)

// rule is an Authorizer that refuses some kinds of call.
type rule map[string]error

func (r rule) Authorize(_ context.Context, c vault.Call) error { return r[c.Kind] }

func open(t testing.TB, dir string, auth vault.Authorizer) *vault.Vault {
	t.Helper()
	v, err := vault.New(vault.Deps{Dir: dir, Access: vault.ReadWrite, Authorizer: auth})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Close() })
	return v
}

func put(t testing.TB, dir, name, text string) {
	t.Helper()
	p := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func say(t *testing.T, notes agents.Notes, text string) string {
	t.Helper()
	reply, err := agents.NewVault(agents.Deps{}).Answer(t.Context(), agents.Request{
		Text: text, Person: "Ana", Workspace: "personal", Access: vault.ReadWrite,
	}, notes)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return reply
}

// A conversation from the first hello; each answer holds the words beside it.
func TestConversation(t *testing.T) {
	notes := open(t, t.TempDir(), rule{})
	for _, turn := range [][2]string{
		{"hello", "Hello, Ana! I look after your notes in \"personal\""},
		{"help", "write shopping: milk, eggs"},
		{"list", "no notes here yet"},
		{"read shopping", "none yet"},
		{"write shopping: milk, eggs", "Saved shopping (1 line)"},
		{"read shopping", "shopping:\n\nmilk, eggs"},
		{"Read Shopping", "shopping:\n\nmilk, eggs"},
		{"show me my shopping note", "shopping:\n\nmilk, eggs"},
		{"add to Shopping: bread", "Added to shopping."},
		{"add honey to shopping", "Added to shopping."},
		{"read shopping", "milk, eggs\nbread\nhoney"},
		{"write Shopping: gone", "There is \"shopping\" already"},
		{"write todo:\n- bank\n- post", "Saved todo (2 lines)"},
		{"remember to call mum", "Noted in inbox"},
		{"remember two\nlines", "Noted in inbox"},
		{"read inbox", "- call mum\n- two\n  lines"},
		{"search MILK", "Found \"MILK\" in:\n- shopping\n    line 1: milk, eggs"},
		{"find wine", "Nothing found for \"wine\""},
		{"read shoping", "Did you mean:\n  shopping"},
		{"read shop", "Did you mean:\n  shopping"},
		{"raed shopping", "Did you mean this?\n  read shopping"},
		{"shopping", "read shopping"},
		{"what is the weather like in Rome", "read inbox\n  search inbox"},
		{"move shopping to archive/", "now archive/shopping"},
		{"read shopping", "archive/shopping:\n\nmilk, eggs"},
		{"rename todo to inbox", "There is a note called \"inbox\" already"},
		{"rename TODO to errands", "now errands"},
		{"rename nothing here to x", "no note called \"nothing here\""},
		{"list", "3 notes:\n- archive/shopping\n- errands\n- inbox"},
		{"list archive", "1 note in archive:\n- archive/shopping"},
		{"list nowhere", "no folder called \"nowhere\""},
		{"move how to cook to recipes", "in quotes"},
		{"move errands", "what should it be called"},
		{"write errands", "write errands: milk, eggs"},
		{"add to errands", "add to errands: bread"},
		{"read", "Which note?"},
		{"search", "What should I look for?"},
		{"remember", "What should I remember?"},
		{"write ../../etc/passwd: x", "stay in their own folder"},
		{"read /etc/passwd", "Leave the first \"/\" out"},
		{"write virus.exe: x", "end in .md or .txt"},
		{"thanks!", "welcome"},
		{"", "no text"},
	} {
		if got := say(t, notes, turn[0]); !strings.Contains(got, turn[1]) {
			t.Errorf("> %s\n%s\nwant words %q", turn[0], got, turn[1])
		}
	}
}

func TestGreetingIsShort(t *testing.T) {
	for _, access := range []vault.Access{vault.ReadOnly, vault.ReadWrite} {
		got, err := agents.NewVault(agents.Deps{}).Answer(t.Context(), agents.Request{
			Text: "hi", Person: strings.Repeat("A\n", 500), Workspace: "w\x1b[2J", Access: access,
		}, open(t, t.TempDir(), rule{}))
		if lines := strings.Count(got, "\n") + 1; err != nil || lines < 2 || lines > 4 || len(got) > 500 {
			t.Errorf("%s: %q, %v", access, got, err)
		}
	}
}

func TestHelpTellsOnlyWhatIsAllowed(t *testing.T) {
	a := agents.NewVault(agents.Deps{Inbox: "memory"})
	for access, want := range map[vault.Access]bool{vault.ReadWrite: true, vault.ReadOnly: false, "": false} {
		got, err := a.Answer(t.Context(), agents.Request{Text: "help", Access: access}, nil)
		if err != nil || strings.Contains(got, "write shopping") != want || strings.Contains(got, "memory") != want {
			t.Errorf("%q: %s, %v", access, got, err)
		}
	}
}

func TestRefusalIsAnsweredInItsWords(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "a.md", "the text\n")
	refused := &vault.Refused{Reply: "Not in this chat.", Rule: "tool.no"}
	silent := &vault.Refused{Rule: "tool.no"}
	for text, kind := range map[string]string{
		"read a": "read", "list": "list", "search text": "search", "write b: x": "write", "add to a: x": "append", "move a to b": "move", "remember x": "append",
	} {
		if got := say(t, open(t, dir, rule{kind: refused}), text); got != refused.Reply {
			t.Errorf("%q: %q", text, got)
		}
		if got := say(t, open(t, dir, rule{kind: silent}), text); !strings.Contains(got, "not allowed") || strings.Contains(got, "tool.no") {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// Where listing is refused, a nudge and a missing note tell no names.
func TestSuggestionsObeyThePolicy(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "salaries.md", "x\n")
	notes := open(t, dir, rule{"list": &vault.Refused{Reply: "No list.", Rule: "tool.no"}})
	for _, text := range []string{"read salarie", "what about the weather", "salaries"} {
		if got := say(t, notes, text); strings.Contains(got, "salaries") {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestUnexpectedErrorFailsTheTurn(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "a.md", "x\n")
	away := errors.New("the store is away")
	for text, kind := range map[string]string{
		"read a": "read", "list": "list", "search x": "search", "write b: x": "write", "add to a: x": "append", "move a to b": "move",
		"tell me more of this": "list", "read missing": "list",
	} {
		got, err := agents.NewVault(agents.Deps{}).Answer(t.Context(), agents.Request{Text: text}, open(t, dir, rule{kind: away}))
		if !errors.Is(err, away) || got != "" {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}

func TestAttackEscapeCodesInNotesAndNames(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "evil.md", "before\x1b]0;title\x07\x1b[31mred\x00\u009b2J\rover\u202ereversed needle\xff after\n")
	put(t, dir, "line.md", "needle \x1b[1A\x1b[2K\u2066hidden\n")
	put(t, dir, "\x1b[31mred.md", "needle\n")
	notes := open(t, dir, rule{})
	for _, text := range []string{
		"read evil", "read line", "search needle", "list", "read \x1b[31mred", "\x1b[2J", "raed \x1b[2J\u202e", "write a\x1b[2J: x", "search \x07\x1b[0m", "list \x1b[2J", "move \x1b[2J to \x1b[2K", "write x\x1b", "add to x\x1b",
	} {
		got := say(t, notes, text)
		if i := strings.IndexFunc(got, unsafeToPrint); i >= 0 {
			t.Errorf("%q: %q", text, got)
		}
	}
	if got := say(t, notes, "read line"); !strings.Contains(got, "hidden") {
		t.Errorf("what can be shown is shown: %q", got)
	}
}

func unsafeToPrint(r rune) bool {
	return r < 0x20 && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

func TestReplyIsBounded(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "lines.md", strings.Repeat("a line of it ä\n", 20000))
	put(t, dir, "one.md", strings.Repeat("ä", 200000))
	for i := range 400 {
		put(t, dir, fmt.Sprintf("many/%03d-%s.md", i, strings.Repeat("n", 150)), "needle "+strings.Repeat("x", 300)+"\n")
	}
	notes := open(t, dir, rule{})
	for text, most := range map[string]int{"read lines": 64 << 10, "read one": 64 << 10, "list": 64 << 10, "search needle": 64 << 10} {
		got := say(t, notes, text)
		if len(got) > most || len(got) < 1000 || strings.ToValidUTF8(got, "") != got {
			t.Errorf("%q: %d bytes", text, len(got))
		}
		if strings.HasPrefix(text, "read") && !strings.Contains(got, "cut here") {
			t.Errorf("%q: no notice of the cut: %q", text, got[len(got)-200:])
		}
	}
	got, err := agents.NewVault(agents.Deps{MaxReply: 2000}).Answer(t.Context(), agents.Request{Text: "read lines"}, notes)
	if err != nil || len(got) > 2000 || !strings.Contains(got, "a line of it ä\n\n… (cut here") {
		t.Errorf("%d bytes, %v: %q", len(got), err, got)
	}
}

func TestSameWordsSameAnswer(t *testing.T) {
	dir := t.TempDir()
	for _, n := range []string{"shopping", "shipping", "chopping", "shop/ping"} {
		put(t, dir, n+".md", "milk\n")
	}
	notes := open(t, dir, rule{})
	for _, text := range []string{"list", "search milk", "read shoppin", "what now my friend", "read ping"} {
		first := say(t, notes, text)
		for range 5 {
			if got := say(t, notes, text); got != first {
				t.Errorf("%q: %q, then %q", text, first, got)
			}
		}
	}
}

func TestBinaryAndEmptyNotesAreToldOf(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "bin.md", "\x7fELF\x00\x01")
	put(t, dir, "empty.md", " \n")
	notes := open(t, dir, rule{})
	for text, want := range map[string]string{"read bin": "not plain text (6 bytes)", "read empty": "empty is empty.", "add to bin: x": "nothing was added"} {
		if got := say(t, notes, text); !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// Whatever is said, nothing outside of the vault changes or is shown, and the
// answer is fit to print.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{
		"hello", "write a: b", "write ../secret: x", "read ../secret", "cat /etc/passwd", "move a to ../b", "move ../secret.md to mine", "search bank", "add to ../secret: x",
		"save x as ../../y", "list ..", "remember \x1b[2J", "write \"a\nb\": c", "read \xff", "write a\x00: b", "list " + strings.Repeat("a/", 40),
	} {
		f.Add(s)
	}
	const secret = "the bank password"
	f.Fuzz(func(t *testing.T, text string) {
		top := t.TempDir()
		dir := filepath.Join(top, "vault")
		put(t, top, "secret.md", secret)
		put(t, dir, "mine.md", "mine\n")
		reply, err := agents.NewVault(agents.Deps{}).Answer(t.Context(), agents.Request{Text: text, Access: vault.ReadWrite}, open(t, dir, rule{}))
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if reply == "" || len(reply) > 64<<10 || strings.ContainsFunc(reply, unsafeToPrint) || strings.ToValidUTF8(reply, "") != reply {
			t.Fatalf("%q: %q", text, reply)
		}
		if strings.Contains(reply, secret) && !strings.Contains(text, secret) {
			t.Fatalf("%q tells the secret: %q", text, reply)
		}
		entries, err := os.ReadDir(top)
		if err != nil || len(entries) != 2 {
			t.Fatalf("%q: outside holds %v, %v", text, entries, err)
		}
		if data, err := os.ReadFile(filepath.Join(top, "secret.md")); err != nil || string(data) != secret {
			t.Fatalf("%q: the secret is %q, %v", text, data, err)
		}
	})
}
