package storagetest

import (
	"context"
	"errors"
	"testing"

	"github.com/parachute-gate/parachute/audit"
	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/gate/limits"
	"github.com/parachute-gate/parachute/sessions"
)

func emptyStore(t *testing.T, s Stores) {
	equal(t, "the store", look(t, s, ann, "k", "none"), snapshot{Head: audit.Head{Hash: audit.GenesisHash}, Facts: gate.Facts{Person: ann.User}})
	verify(t, s, 0)
	if _, err := s.Turn(t.Context(), newID()); !errors.Is(err, sessions.ErrNoTurn) {
		t.Errorf("a turn that is not there: %v", err)
	}
}

func commitKeeps(t *testing.T, s Stores) {
	c := opening(ann, "e1")
	c.Choose = "notes"
	c = commit(t, s, count(c, "k", 42))
	for range 2 {
		f := facts(t, s, ann, "e1")
		equal(t, "facts", f, gate.Facts{Seen: true, Person: ann.User, Busy: true, Session: c.Open, Workspace: "notes"})
		got := entries(t, s, audit.Filter{})
		want := c.Record
		want.Prev = audit.GenesisHash
		equal(t, "log", got, []audit.Entry{{Seq: 1, Record: want}})
		owed := turn(t, s, c.Turn.ID)
		equal(t, "turn", owed, sessions.Turn{
			ID: c.Turn.ID, Seq: owed.Seq, Decision: c.Record.ID, Connector: "chat", Chat: "room", User: "ann", Name: "Ann",
			Message: "m1", Text: "list notes", State: sessions.Pending,
			Session: &sessions.Session{
				ID: c.Open.ID, Connector: "chat", ConnectorKind: "stdio", Chat: ann.Chat, ChatKind: "dm", Local: true, User: ann.User,
				Workspace: "notes", Trust: "sandboxed", Access: "read_write", Agent: "vault", Obligations: c.Open.Obligations,
			},
		})
		equal(t, "other place", facts(t, s, bob, "e2"), gate.Facts{Person: bob.User})
		s = reopen(t, s)
	}
}

func commitIsAtomic(t *testing.T, s Stores) {
	first := opening(ann, "first")
	first.Choose = "notes"
	commit(t, s, count(first, "k", 1))
	taken := commit(t, s, opening(bob, "taken"))
	for _, c := range []struct {
		name  string
		spoil func(c *gate.Commit)
		// want is nil where any error will do.
		want error
	}{
		{"event decided before", func(c *gate.Commit) { c.EventKey = "first" }, gate.ErrSeen},
		{"decision id used", func(c *gate.Commit) { c.Record.ID = first.Record.ID }, nil},
		{"record that cannot be encoded", func(c *gate.Commit) { c.Record.Input = []byte(`{"half`) }, nil},
		{"event counted twice", func(c *gate.Commit) { c.Events = append(c.Events, c.Events[0]) }, nil},
		{"event of no decision", func(c *gate.Commit) {
			c.Events = append(c.Events, limits.Event{Key: "k", At: 9, ID: newID()})
		}, nil},
		{"session to end is unknown", func(c *gate.Commit) { c.End = newID() }, gate.ErrRaced},
		{"session to end is still open", func(c *gate.Commit) { c.End = "" }, gate.ErrRaced},
		{"session id used", func(c *gate.Commit) { c.Open.ID = taken.Open.ID }, gate.ErrRaced},
		{"session in a taken place", func(c *gate.Commit) { c.Open.User = bob.User }, gate.ErrRaced},
		{"session with an unknown trust", func(c *gate.Commit) { c.Open.Trust = "root" }, nil},
		{"session with an unknown access", func(c *gate.Commit) { c.Open.Access = "" }, nil},
		{"turn in an unknown session", func(c *gate.Commit) { c.Turn.Session = newID() }, nil},
		{"turn in an unknown session, none opened", func(c *gate.Commit) { c.Open, c.Turn.Session = nil, newID() }, gate.ErrRaced},
		{"turn in the session that ends", func(c *gate.Commit) { c.Open, c.Turn.Session = nil, c.End }, gate.ErrRaced},
		{"turn id used", func(c *gate.Commit) { c.Turn.ID = first.Turn.ID }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			broken := opening(ann, newID())
			broken.End, broken.Stop, broken.StopReply, broken.Choose = first.Open.ID, first.Open.ID, "Stopped.", "elsewhere"
			broken = count(broken, "k", 5)
			turnID := broken.Turn.ID
			c.spoil(&broken)
			before := look(t, s, ann, "k", first.Open.ID)
			err := s.Commit(t.Context(), broken)
			if err == nil || (c.want != nil && !errors.Is(err, c.want)) {
				t.Fatalf("commit: %v, want %v", err, c.want)
			}
			if c.want == nil && (errors.Is(err, gate.ErrSeen) || errors.Is(err, gate.ErrRaced)) {
				t.Errorf("commit: %v, which asks to decide anew what cannot be kept", err)
			}
			equal(t, "after a commit that failed", look(t, s, ann, "k", first.Open.ID), before)
			if _, err := s.Turn(t.Context(), turnID); !errors.Is(err, sessions.ErrNoTurn) {
				t.Errorf("the turn of a commit that failed: %v", err)
			}
		})
	}
	// What was refused for its faults goes in without them.
	whole := opening(ann, "whole")
	whole.End, whole.Choose = first.Open.ID, "elsewhere"
	commit(t, s, count(whole, "k", 5))
	verify(t, s, 3)
}

func redelivered(t *testing.T, s Stores) {
	c := commit(t, s, opening(ann, "e1"))
	refuse(t, s, using(ann, "e1", c.Open.ID), gate.ErrSeen)
	if !facts(t, s, bob, "e1").Seen || facts(t, s, ann, "e2").Seen {
		t.Error("seen must follow the event's key alone")
	}
	s = reopen(t, s)
	refuse(t, s, only(ann, "e1"), gate.ErrSeen)
	// Decisions without an event (tool calls) are never the same.
	commit(t, s, only(ann, ""))
	commit(t, s, only(ann, ""))
	if facts(t, s, ann, "").Seen {
		t.Error("no event was seen")
	}
	verify(t, s, 3)
}

func raced(t *testing.T, s Stores) {
	one := commit(t, s, opening(ann, "e1"))
	end := only(ann, "e2")
	end.End = one.Open.ID
	commit(t, s, end)
	again := only(ann, "e3")
	again.End = one.Open.ID
	refuse(t, s, again, gate.ErrRaced)
	refuse(t, s, using(ann, "e4", one.Open.ID), gate.ErrRaced)
	two := commit(t, s, opening(ann, "e5"))
	refuse(t, s, opening(ann, "e6"), gate.ErrRaced)
	// Decided anew by the facts as they are, the same events go in.
	commit(t, s, using(ann, "e4", two.Open.ID))
	verify(t, s, 4)
}

func sessionHasDecision(t *testing.T, s Stores) {
	unknown := newID()
	for name, decision := range map[string]*string{"unknown": &unknown, "none": nil} {
		if err := s.Orphan(context.Background(), decision); err == nil {
			t.Errorf("a session was kept whose decision is %s", name)
		}
	}
	c := commit(t, s, only(bob, "e1"))
	if err := s.Orphan(context.Background(), &c.Record.ID); err != nil {
		t.Errorf("a session with a decision was refused, so the refusals above prove nothing: %v", err)
	}
}

func oneSession(t *testing.T, s Stores) {
	one := commit(t, s, opening(ann, "e1"))
	refuse(t, s, opening(ann, "e2"), gate.ErrRaced)
	elsewhere, other := ann, ann
	elsewhere.Chat, other.Connector = "chat:dm", "other"
	for i, p := range []gate.Place{bob, elsewhere, other} {
		c := commit(t, s, opening(p, newID()))
		if got := facts(t, s, p, "").Session; got == nil || got.ID != c.Open.ID {
			t.Errorf("place %d: session %+v, want %s", i, got, c.Open.ID)
		}
	}
	if got := facts(t, s, ann, "").Session; got.ID != one.Open.ID {
		t.Errorf("session %s, want %s", got.ID, one.Open.ID)
	}
	next := opening(ann, "e2")
	next.End = one.Open.ID
	commit(t, s, next)
	s = reopen(t, s)
	if got := facts(t, s, ann, "").Session; got.ID != next.Open.ID {
		t.Errorf("session %s, want %s", got.ID, next.Open.ID)
	}
}

func choices(t *testing.T, s Stores) {
	for _, w := range []string{"one", "two"} {
		c := only(ann, newID())
		c.Choose = w
		commit(t, s, c)
	}
	commit(t, s, only(ann, "e3"))
	s = reopen(t, s)
	equal(t, "choice", facts(t, s, ann, "").Workspace, "two")
	elsewhere := ann
	elsewhere.Chat = "chat:dm"
	equal(t, "another chat's choice", facts(t, s, elsewhere, "").Workspace, "")
	equal(t, "another's choice", facts(t, s, bob, "").Workspace, "")
}
