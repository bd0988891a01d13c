package gate_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/audit"
	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/gate/users"
)

func TestAnAdmittedMessageOwesATurnInASessionThatItsDecisionMade(t *testing.T) {
	b := newBench(t)
	b.person("chat:ana", "owner")
	r := b.send(dm("ana", "1", "hello"))
	want(t, r, "allow", "authz.role")
	if r.Trust != "sandboxed" || r.Workspace != "personal" || r.Session == "" || r.Turn == "" {
		t.Errorf("record %+v", r)
	}
	turn, err := b.db.Turn(t.Context(), r.Turn)
	if err != nil || turn.Decision != r.ID || turn.Session.ID != r.Session || turn.Text != "hello" {
		t.Errorf("turn %+v, %v", turn, err)
	}
	if again := b.send(dm("ana", "2", "more")); again.Session != r.Session {
		t.Errorf("the next message is in session %s, want %s", again.Session, r.Session)
	}
	if other := b.send(connectors.Message{
		ID: "3", Kind: connectors.EventMessage, Text: "x", MentionsBot: true,
		Chat: connectors.Chat{ID: "g", Kind: connectors.ChatGroup}, User: connectors.User{ID: "ana"},
	}); other.Session == r.Session {
		t.Error("a session of one chat serves another")
	}
}

func TestADeniedMessageOwesNothing(t *testing.T) {
	b := newBench(t)
	r := b.send(dm("stranger", "1", "let me in"))
	want(t, r, "deny", "authz.unknown_user")
	if r.Session != "" || r.Turn != "" || r.Text != nil || strings.Contains(string(r.Input), "let me in") {
		t.Errorf("record %+v, input %s", r, r.Input)
	}
	if r.TextSHA256 != audit.TextDigest("let me in") {
		t.Error("the record does not tell which text it was")
	}
	if owed, err := b.db.Owed(t.Context()); err != nil || owed != 0 {
		t.Errorf("%d turns are owed, %v", owed, err)
	}
	if len(b.sent) != 1 || b.sent[0].Verdict != "deny" || b.sent[0].Decision != r.ID || b.sent[0].ReplyTo != "1" {
		t.Errorf("sent %+v", b.sent)
	}
}

func TestTheTextIsKeptOnlyWhereItWasAskedFor(t *testing.T) {
	b := newBench(t, func(_ *bench, d *gate.Deps) { d.Config.StoreText = true })
	if r := b.send(dm("stranger", "1", "keep me")); r.Text == nil || *r.Text != "keep me" {
		t.Errorf("text %v", r.Text)
	}
}

func TestRedeliveredEventsActOnce(t *testing.T) {
	b := newBench(t)
	b.person("chat:ana", "owner")
	for range 3 {
		b.send(dm("ana", "1", "hello"))
	}
	// A command and a message of one id are one event as well.
	b.send(dm("ana", "1", "/whoami"))
	if n := len(b.records()); n != 1 {
		t.Errorf("%d records, want 1", n)
	}
}

func TestDenialsAreToldOnceInAWhile(t *testing.T) {
	b := newBench(t)
	b.person("chat:bob", "member")
	for i := range 5 {
		want(t, b.send(dm("bob", fmt.Sprint(i), "/users")), "deny", "authz.command")
	}
	if len(b.sent) != 1 {
		t.Errorf("%d denials were told in one minute", len(b.sent))
	}
	b.now = b.now.Add(time.Minute)
	b.send(dm("bob", "later", "/users"))
	if len(b.sent) != 2 {
		t.Errorf("%d denials were told after a minute, want 2", len(b.sent))
	}
}

func TestTheReplyTellsWhenToComeBack(t *testing.T) {
	b := newBench(t, withData("messages_per_minute: 60", "messages_per_minute: 2"))
	b.person("chat:ana", "owner")
	want(t, b.send(dm("ana", "1", "a")), "allow", "authz.role")
	want(t, b.send(dm("ana", "2", "b")), "allow", "authz.role")
	want(t, b.send(dm("ana", "3", "c")), "deny", "limits.exceeded")
	if len(b.sent) != 1 || !strings.Contains(b.sent[0].Text, "1 minute") && !strings.Contains(b.sent[0].Text, "seconds") {
		t.Errorf("sent %+v", b.sent)
	}
}

func TestOnlyWhatIsAdmittedIsCounted(t *testing.T) {
	b := newBench(t, withData("messages_per_minute: 60", "messages_per_minute: 1"))
	b.person("chat:ana", "owner")
	long := dm("ana", "long", strings.Repeat("x", 200_000))
	want(t, b.send(long), "deny", "content.too_long")
	want(t, b.send(dm("ana", "1", "a")), "allow", "authz.role")
	want(t, b.send(dm("ana", "2", "b")), "deny", "limits.exceeded")
}

func TestNeverMoreThanMaxAtOnce(t *testing.T) {
	b := newBench(t, withData("messages_per_minute: 60", "messages_per_minute: 7"))
	b.person("chat:ana", "owner")
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			m := dm("ana", fmt.Sprint(i), "hi")
			m.Chat.ID = fmt.Sprint("chat-", i)
			if err := b.gate.Handle(t.Context(), source, m); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	allowed := 0
	for _, r := range b.records() {
		if r.Verdict == "allow" {
			allowed++
		} else if r.Rule().ID != "limits.exceeded" {
			t.Errorf("denied by %s: %+v", r.Rule().ID, r.Rules)
		}
	}
	if n := len(b.records()); allowed != 7 || n != 64 {
		t.Errorf("%d of %d admitted, want 7 of 64", allowed, n)
	}
}

func TestConcurrentFirstMessagesShareOneSession(t *testing.T) {
	b := newBench(t)
	b.person("chat:ana", "owner")
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			if err := b.gate.Handle(t.Context(), source, dm("ana", fmt.Sprint(i), "hi")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	sessions := map[string]bool{}
	for _, r := range b.records() {
		want(t, r, "allow", "authz.role")
		sessions[r.Session] = true
	}
	if len(sessions) != 1 || len(b.records()) != 16 {
		t.Errorf("%d sessions in %d records, want 1 in 16", len(sessions), len(b.records()))
	}
}

func TestARoleTakenAwayEndsWhatItGave(t *testing.T) {
	b := newBench(t)
	b.person("chat:ana", "owner")
	first := b.send(dm("ana", "1", "hi"))
	p, err := b.db.Person(t.Context(), "chat:ana")
	if err != nil {
		t.Fatal(err)
	}
	p.Roles = []string{"owner", "blocked"}
	b.change(users.Change{Update: []users.Person{p}})
	want(t, b.send(dm("ana", "2", "hi")), "deny", "authz.blocked")
	if len(b.sent) != 0 {
		t.Errorf("a blocked person was told %+v", b.sent)
	}
	// The tools of the turn that was admitted before are asked for anew.
	err = b.gate.Tool(t.Context(), gate.ToolCall{
		Session: gate.Session{ID: first.Session, Connector: "chat", Chat: "chat:dm-ana", ChatKind: "dm", User: "chat:ana", Trust: "sandboxed", Workspace: "personal", Access: "read_write"},
		Tool:    engine.Tool{Name: "notes.read", Kind: "read", Path: "a.md"},
	})
	if _, denied := gate.IsToolDenied(err); !denied {
		t.Errorf("a tool of a blocked person: %v", err)
	}
}

func TestWhatNoPolicyShouldSeeIsDenied(t *testing.T) {
	b := newBench(t)
	b.person("chat:ana", "owner")
	for name, change := range map[string]func(*connectors.Message){
		"no user":           func(m *connectors.Message) { m.User.ID = "" },
		"no message id":     func(m *connectors.Message) { m.ID = "" },
		"no chat":           func(m *connectors.Message) { m.Chat.ID = "" },
		"no kind":           func(m *connectors.Message) { m.Kind = "" },
		"a line in an id":   func(m *connectors.Message) { m.User.ID = "ana\nverdict=allow" },
		"an unseen letter":  func(m *connectors.Message) { m.User.ID = "ana\u3164" },
		"an endless id":     func(m *connectors.Message) { m.User.ID = strings.Repeat("a", 10_000) },
		"text that is none": func(m *connectors.Message) { m.Text = "\xff\xfe" },
		"a huge text":       func(m *connectors.Message) { m.Text = strings.Repeat("x", 2<<20) },
	} {
		m := dm("ana", name, "hi")
		change(&m)
		want(t, b.send(m), "deny", gate.RuleInvalidInput)
	}
}

// failing is a store that breaks on demand.
type failing struct {
	gate.Store
	facts, commit atomic.Bool
}

func (f *failing) Facts(ctx context.Context, p gate.Place, key string) (gate.Facts, error) {
	if f.facts.Load() {
		return gate.Facts{}, errors.New("disk I/O error")
	}
	return f.Store.Facts(ctx, p, key)
}

func (f *failing) Commit(ctx context.Context, c gate.Commit) error {
	if f.commit.Load() {
		return errors.New("database or disk is full")
	}
	return f.Store.Commit(ctx, c)
}

func TestAStoreThatFailsDenies(t *testing.T) {
	var store *failing
	b := newBench(t, withData("messages_per_minute: 60", "messages_per_minute: 1"),
		func(b *bench, d *gate.Deps) { store = &failing{Store: b.db}; d.Store = store })
	b.person("chat:ana", "owner")
	store.commit.Store(true)
	err := b.gate.Handle(t.Context(), source, dm("ana", "1", "hi"))
	if err == nil || !strings.Contains(err.Error(), gate.RuleUnwritable) {
		t.Errorf("an event whose decision is not on disk: %v", err)
	}
	if len(b.sent) != 1 || b.sent[0].Verdict != "deny" {
		t.Errorf("sent %+v", b.sent)
	}
	if !strings.Contains(b.log.String(), "rule="+gate.RuleUnwritable) {
		t.Errorf("the log does not name the rule: %s", b.log)
	}
	store.commit.Store(false)
	store.facts.Store(true)
	want(t, b.send(dm("ana", "2", "hi")), "deny", gate.RuleUnreadable)
	store.facts.Store(false)
	// Neither was counted, and the event may come again.
	want(t, b.send(dm("ana", "1", "hi")), "allow", "authz.role")
	want(t, b.send(dm("ana", "3", "hi")), "deny", "limits.exceeded")
}

func TestToolCallsAreRecordedBeforeTheyAct(t *testing.T) {
	var store *failing
	b := newBench(t, func(b *bench, d *gate.Deps) { store = &failing{Store: b.db}; d.Store = store })
	b.person("chat:ana", "owner")
	call := gate.ToolCall{
		Session: gate.Session{ID: "s", Connector: "chat", Chat: "chat:dm-ana", ChatKind: "dm", User: "chat:ana", Trust: "sandboxed", Workspace: "personal", Access: "read_write"},
		Turn:    "t", Tool: engine.Tool{Name: "notes.write", Kind: "write", Path: "a.md", Bytes: 3},
	}
	if err := b.gate.Tool(t.Context(), call); err != nil {
		t.Fatal(err)
	}
	r := b.records()[0]
	want(t, r, "allow", "tool.role")
	if r.Turn != "t" || r.Session != "s" || r.Point != "tool" {
		t.Errorf("record %+v", r)
	}
	store.commit.Store(true)
	if err := b.gate.Tool(t.Context(), call); err == nil || !strings.Contains(err.Error(), gate.RuleUnwritable) {
		t.Errorf("a tool call that is not on disk: %v", err)
	}
}

func TestCommands(t *testing.T) {
	b := newBench(t, withData("  # family:\n", "  family: {read_write: {roles: [owner]}}\n  # family:\n"))
	b.person("chat:ana", "owner")
	b.person("chat:bob", "member")
	b.send(dm("ana", "0", "hello"))
	for i, tt := range []struct{ user, text, verdict, rule, reply string }{
		{"ana", "/help", "allow", "authz.role", "/whoami"},
		{"ana", "!whoami", "allow", "authz.role", "id: chat:ana\nroles: owner"},
		{"ana", "/status", "allow", "authz.role", "in workspace personal"},
		{"ana", "/workspace", "allow", "authz.role", "You are in workspace personal"},
		{"ana", "/workspace family", "allow", "authz.role", "You are in workspace family now"},
		{"ana", "/stop", "allow", "authz.role", "nothing to stop"},
		{"ana", "/new", "allow", "authz.role", "afresh"},
		{"bob", "/workspace family", "deny", "authz.workspace", ""},
		{"bob", "/users", "deny", "authz.command", ""},
		{"bob", "/frobnicate", "deny", "authz.command", ""},
		{"eve", "/help", "deny", "authz.unknown_user", ""},
	} {
		r := b.send(dm(tt.user, fmt.Sprint("c", i), tt.text))
		want(t, r, tt.verdict, tt.rule)
		if tt.reply == "" {
			continue
		}
		turn, err := b.db.Turn(t.Context(), r.Turn)
		if err != nil || !strings.Contains(turn.Reply, tt.reply) {
			t.Errorf("%s: reply %q, %v; want %q in it", tt.text, turn.Reply, err, tt.reply)
		}
	}
	r := b.send(dm("ana", "after", "hello"))
	if r.Workspace != "family" {
		t.Errorf("after the choice the workspace is %s", r.Workspace)
	}
}

func TestStopEndsTheRunningTurnAndThoseThatWait(t *testing.T) {
	b := newBench(t)
	b.person("chat:ana", "owner")
	first := b.send(dm("ana", "1", "hello"))
	b.send(dm("ana", "2", "more"))
	b.send(dm("ana", "3", "/stop"))
	if len(b.stopped) != 1 || b.stopped[0] != first.Session {
		t.Errorf("stopped %v, want %s", b.stopped, first.Session)
	}
	turn, err := b.db.Turn(t.Context(), first.Turn)
	if err != nil || turn.State != "ready" || turn.Text != "" {
		t.Errorf("turn %+v, %v", turn, err)
	}
}
