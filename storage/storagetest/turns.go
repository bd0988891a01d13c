package storagetest

import (
	"errors"
	"testing"

	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/sessions"
)

func turnLife(t *testing.T, s Stores) {
	ctx := t.Context()
	first := opening(ann, "e1")
	first.Turn.Attachments = []gate.Attachment{{Name: "a.png", Type: "image/png", Bytes: 3, Ref: "ref"}}
	one := commit(t, s, first)
	two := commit(t, s, using(ann, "e2", one.Open.ID))
	equal(t, "attachments", turn(t, s, one.Turn.ID).Attachments,
		[]sessions.Attachment{{Name: "a.png", Type: "image/png", Bytes: 3, Ref: "ref"}})
	equal(t, "no attachments", len(turn(t, s, two.Turn.ID).Attachments), 0)
	for id, end := range map[string]sessions.State{one.Turn.ID: sessions.Sent, two.Turn.ID: sessions.Failed} {
		must(t, s.SendTurn(ctx, id, sessions.Pending, "the reply", false))
		s = reopen(t, s)
		got := turn(t, s, id)
		if got.State != sessions.Sending || got.Reply != "the reply" {
			t.Errorf("on its way: %s, %q", got.State, got.Reply)
		}
		must(t, s.CloseTurn(ctx, id, end))
		s = reopen(t, s)
		got = turn(t, s, id)
		if got.State != end || got.Text != "" || got.Reply != "" || len(got.Attachments) != 0 {
			t.Errorf("closed turn: %+v; want %s and no texts", got, end)
		}
	}
	left, err := s.OpenTurns(ctx, one.Open.ID, 1<<62)
	must(t, err)
	equal(t, "open turns", len(left), 0)
	three := commit(t, s, using(ann, "e3", one.Open.ID))
	if err := s.CloseTurn(ctx, three.Turn.ID, "lost"); err == nil {
		t.Error("a turn was closed with a state that there is not")
	}
	equal(t, "state", turn(t, s, three.Turn.ID).State, sessions.Pending)
}

func commandTurn(t *testing.T, s Stores) {
	c := using(ann, "e1", "")
	c.Turn.Text, c.Turn.Reply = "", "Done."
	commit(t, s, c)
	got := turn(t, s, c.Turn.ID)
	if got.State != sessions.Ready || got.Session != nil || got.Reply != "Done." {
		t.Errorf("turn of a command: %+v", got)
	}
}

func openTurns(t *testing.T, s Stores) {
	ctx := t.Context()
	one := commit(t, s, opening(ann, "e0"))
	other := commit(t, s, opening(bob, "other"))
	want := []string{one.Turn.ID}
	for range 4 {
		want = append(want, commit(t, s, using(ann, newID(), one.Open.ID)).Turn.ID)
		commit(t, s, using(bob, newID(), other.Open.ID))
	}
	must(t, s.SendTurn(ctx, want[1], sessions.Pending, "reply", true))
	must(t, s.CloseTurn(ctx, want[2], sessions.Sent))
	list := func(seq int64) []string {
		turns, err := s.OpenTurns(ctx, one.Open.ID, seq)
		must(t, err)
		var ids []string
		for i, o := range turns {
			ids = append(ids, o.ID)
			equal(t, "turn", o, turn(t, s, o.ID))
			if i > 0 && turns[i-1].Seq >= o.Seq {
				t.Errorf("turn %d stands behind %d", o.Seq, turns[i-1].Seq)
			}
		}
		return ids
	}
	equal(t, "all", list(1<<62), []string{want[0], want[1], want[3], want[4]})
	equal(t, "up to the fourth", list(turn(t, s, want[3]).Seq), []string{want[0], want[1], want[3]})
	s = reopen(t, s)
	equal(t, "after a restart", list(1<<62), []string{want[0], want[1], want[3], want[4]})
}

func stop(t *testing.T, s Stores) {
	ctx := t.Context()
	one := commit(t, s, opening(ann, "e1"))
	waiting := commit(t, s, using(ann, "e2", one.Open.ID))
	late := commit(t, s, using(ann, "e3", one.Open.ID))
	other := commit(t, s, opening(bob, "e4"))
	must(t, s.SendTurn(ctx, one.Turn.ID, sessions.Pending, "on its way", false))
	must(t, s.CloseTurn(ctx, late.Turn.ID, sessions.Failed))
	c := using(ann, "e5", "")
	c.Turn.Reply, c.Stop, c.StopReply = "Stopped.", one.Open.ID, "Stopped before it began."
	commit(t, s, c)
	// What an agent makes of it a moment later comes too late.
	if err := s.SendTurn(ctx, waiting.Turn.ID, sessions.Pending, "the answer", false); !errors.Is(err, sessions.ErrAnswered) {
		t.Errorf("a turn that was stopped is answered: %v", err)
	}
	stopped, err := s.Stopped(ctx, []string{one.Turn.ID, waiting.Turn.ID, late.Turn.ID, other.Turn.ID, newID()})
	must(t, err)
	equal(t, "stopped", stopped, []string{waiting.Turn.ID})
	s = reopen(t, s)
	for _, want := range []struct {
		id, text, reply string
		state           sessions.State
	}{
		{one.Turn.ID, "list notes", "on its way", sessions.Sending},
		{waiting.Turn.ID, "", "Stopped before it began.", sessions.Ready},
		{late.Turn.ID, "", "", sessions.Failed},
		{other.Turn.ID, "list notes", "", sessions.Pending},
		{c.Turn.ID, "list notes", "Stopped.", sessions.Ready},
	} {
		got := turn(t, s, want.id)
		if got.State != want.state || got.Text != want.text || got.Reply != want.reply {
			t.Errorf("turn: %s %q %q, want %+v", got.State, got.Text, got.Reply, want)
		}
	}
}

func changes(t *testing.T, s Stores) {
	ctx := t.Context()
	c := commit(t, s, opening(ann, "e1"))
	other := commit(t, s, opening(bob, "e2"))
	first, second := [32]byte{1}, [32]byte{2, 31: 9}
	begun := func(id string, n int) (after [32]byte, ok bool) {
		after, ok, err := s.BegunChange(ctx, id, n)
		must(t, err)
		return after, ok
	}
	begin := func(id string, n int, after [32]byte, want bool) {
		t.Helper()
		before, err := s.BeginChange(ctx, id, n, after)
		must(t, err)
		equal(t, "begun before", before, want)
	}
	if _, ok := begun(c.Turn.ID, 0); ok {
		t.Error("nothing was begun")
	}
	begin(c.Turn.ID, 0, first, false)
	begin(c.Turn.ID, 1, first, false)
	begin(other.Turn.ID, 0, first, false)
	s = reopen(t, s)
	begin(c.Turn.ID, 0, second, true)
	if after, ok := begun(c.Turn.ID, 0); !ok || after != second {
		t.Errorf("begun %v with %x, want what was kept last", ok, after)
	}
	if after, ok := begun(c.Turn.ID, 1); !ok || after != first {
		t.Errorf("the next change: %v with %x", ok, after)
	}
	must(t, s.CloseTurn(ctx, c.Turn.ID, sessions.Sent))
	if _, ok := begun(c.Turn.ID, 1); ok {
		t.Error("a closed turn's changes are remembered")
	}
	if _, ok := begun(other.Turn.ID, 0); !ok {
		t.Error("another turn's change was forgotten")
	}
	if _, err := s.BeginChange(ctx, newID(), 0, first); err == nil {
		t.Error("a change of no turn was kept")
	}
}

// stopAndChange: a stop and a change of one turn come one after the other, and
// what the person is told is true either way.
func stopAndChange(t *testing.T, s Stores) {
	ctx := t.Context()
	changed := commit(t, s, opening(ann, "e1"))
	stopped := commit(t, s, using(ann, "e2", changed.Open.ID))
	if _, err := s.BeginChange(ctx, changed.Turn.ID, 0, [32]byte{1}); err != nil {
		t.Fatal(err)
	}
	c := using(ann, "e3", "")
	c.Turn.Reply, c.Stop, c.StopReply = "Stopped.", changed.Open.ID, "Stopped."
	commit(t, s, c)
	if got := turn(t, s, changed.Turn.ID); got.State != sessions.Pending {
		t.Errorf("a turn that changed something is %s", got.State)
	}
	if got := turn(t, s, stopped.Turn.ID); got.State != sessions.Ready {
		t.Errorf("a turn that changed nothing is %s", got.State)
	}
	if _, err := s.BeginChange(ctx, stopped.Turn.ID, 0, [32]byte{1}); err == nil {
		t.Error("a turn that was stopped changes something")
	}
	if _, err := s.BeginChange(ctx, changed.Turn.ID, 1, [32]byte{2}); err != nil {
		t.Errorf("a turn that goes on: %v", err)
	}
}
