package gate_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/sessions"
)

func press(user, id, data string) connectors.Message {
	m := dm(user, id, "")
	m.Kind, m.Text, m.Command, m.Args = connectors.EventCallback, data, "", nil
	m.ReplyTo, m.ReplyToBot = "draft", true
	return m
}

// TestButtonsAreDecidedForWhoeverPresses plays CVE-2026-35652: a press gives the rights
// of nobody but the presser, and no more than the same words would.
func TestButtonsAreDecidedForWhoeverPresses(t *testing.T) {
	b := newBench(t)
	b.person("chat:ana", "owner")
	b.person("chat:bob", "member")
	first := b.send(dm("ana", "1", "hello"))
	for _, c := range []struct{ user, data, verdict, rule string }{
		{"eve", "/stop", "deny", "authz.unknown_user"},
		{"bob", "/users", "deny", "authz.command"},
		{"ana", "approve", "deny", "events.callback"},
		{"ana", "", "deny", "events.callback"},
	} {
		want(t, b.send(press(c.user, c.user+c.data, c.data)), c.verdict, c.rule)
	}
	// Bob's stop stops what is Bob's: nothing.
	want(t, b.send(press("bob", "b", "/stop")), "allow", "authz.role")
	if len(b.stopped) != 0 {
		t.Errorf("Bob stopped %v", b.stopped)
	}
	r := b.send(press("ana", "a", "/stop"))
	want(t, r, "allow", "authz.role")
	if len(b.stopped) != 1 || b.stopped[0] != first.Session {
		t.Errorf("stopped %v, want %s", b.stopped, first.Session)
	}
	turn, err := b.db.Turn(t.Context(), r.Turn)
	if err != nil || turn.Message != "draft" || turn.Reply != "Stopped." {
		t.Errorf("turn %+v, %v", turn, err)
	}
}

func TestForwardedCommandsAreNotCarriedOut(t *testing.T) {
	b := newBench(t)
	b.person("chat:ana", "owner")
	m := dm("ana", "1", "/new")
	m.Forwarded = true
	want(t, b.send(m), "deny", "events.forwarded_command")
}

func TestWhatWaitedForLongIsNotAnswered(t *testing.T) {
	b := newBench(t)
	b.person("chat:ana", "owner")
	for i, c := range []struct {
		age           time.Duration
		verdict, rule string
	}{
		{0, "allow", "authz.role"},
		{-time.Hour, "allow", "authz.role"},
		{5 * time.Minute, "allow", "authz.role"},
		{5*time.Minute + time.Second, "deny", "content.stale"},
		{1000 * time.Hour, "deny", "content.stale"},
	} {
		m := dm("ana", "m"+string(rune('a'+i)), "hello")
		m.Time = b.now.Add(-c.age)
		want(t, b.send(m), c.verdict, c.rule)
	}
	if len(b.sent) != 1 || !strings.Contains(b.sent[0].Text, "I was away") {
		t.Errorf("told %+v", b.sent)
	}
}

func TestAttachmentsGoAlongWithTheirTurn(t *testing.T) {
	b := newBench(t)
	b.person("chat:ana", "owner")
	m := dm("ana", "1", "look")
	m.Attachments = []connectors.Attachment{{Name: "a.png", Type: "image/png", Bytes: 3, Ref: "the key"}}
	r := b.send(m)
	turn, err := b.db.Turn(t.Context(), r.Turn)
	if err != nil || !reflect.DeepEqual(turn.Attachments, []sessions.Attachment{{Name: "a.png", Type: "image/png", Bytes: 3, Ref: "the key"}}) {
		t.Errorf("turn %+v, %v", turn, err)
	}
	if strings.Contains(string(r.Input), "the key") || strings.Contains(b.log.String(), "the key") {
		t.Error("what opens the attachment is in the record or the log")
	}
	if err := b.db.CloseTurn(t.Context(), r.Turn, sessions.Sent); err != nil {
		t.Fatal(err)
	}
	if turn, err = b.db.Turn(t.Context(), r.Turn); err != nil || len(turn.Attachments) != 0 {
		t.Errorf("closed turn %+v, %v", turn, err)
	}
	m.ID, m.Attachments[0].Bytes = "2", 10_000_001
	want(t, b.send(m), "deny", "content.attachment_size")
}
