package storagetest

import (
	"errors"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/sessions"
)

func overview(t *testing.T, s Stores, id string) sessions.Overview {
	t.Helper()
	o, err := s.Find(t.Context(), id)
	must(t, err)
	return o
}

// register keeps what the programs of a session used, and counts its turns.
func register(t *testing.T, s Stores) {
	c := commit(t, s, opening(ann, "1"))
	id := c.Open.ID
	for _, u := range []gate.Used{
		{Session: id, CPU: time.Second, Ran: time.Minute, PeakMemoryBytes: 10},
		{Session: id, CPU: 2 * time.Second, Ran: time.Hour, PeakMemoryBytes: 5},
		{Session: newID(), CPU: time.Hour},
	} {
		used := only(ann, "")
		used.Used = &u
		commit(t, s, used)
	}
	must(t, s.CloseTurn(t.Context(), c.Turn.ID, sessions.Sent))
	next := commit(t, s, using(ann, "2", id))
	s = reopen(t, s)
	o := overview(t, s, id)
	equal(t, "usage", o.Usage, sessions.Usage{Programs: 2, CPU: 3 * time.Second, Ran: time.Minute + time.Hour, PeakMemoryBytes: 10})
	if o.Turns != 1 || o.Owed != 1 || o.Decision != c.Record.ID || !o.Ended.IsZero() || o.Created.UnixNano() != c.Record.Time.UnixNano() {
		t.Errorf("%+v", o)
	}
	if got := turn(t, s, next.Turn.ID).Session; got.Earlier != 1 || got.Obligations != c.Open.Obligations {
		t.Errorf("%+v", got)
	}
}

// found lists sessions, the newest first, and finds them by the beginning of
// their ids.
func found(t *testing.T, s Stores) {
	first := commit(t, s, opening(ann, "1")).Open.ID
	ended := only(ann, "2")
	ended.End = first
	commit(t, s, ended)
	second := commit(t, s, opening(ann, "3")).Open.ID
	third := commit(t, s, opening(bob, "4")).Open.ID
	for name, c := range map[string]struct {
		filter sessions.Filter
		want   []string
	}{
		"all":       {sessions.Filter{}, []string{third, second, first}},
		"open":      {sessions.Filter{Open: true}, []string{third, second}},
		"somebody":  {sessions.Filter{User: ann.User}, []string{second, first}},
		"no agent":  {sessions.Filter{Agent: "coder"}, nil},
		"connector": {sessions.Filter{Connector: ann.Connector, Most: 1}, []string{third}},
		"older":     {sessions.Filter{Before: overview(t, s, second).Created}, []string{first}},
	} {
		list, err := s.Sessions(t.Context(), c.filter)
		must(t, err)
		var got []string
		for _, o := range list {
			got = append(got, o.ID)
		}
		equal(t, name, got, c.want)
	}
	if o := overview(t, s, first[:len(first)-1]); o.ID != first || o.Ended.IsZero() {
		t.Errorf("%+v", o)
	}
	for _, id := range []string{"", newID(), first[:4], "%", "~"} {
		if o, err := s.Find(t.Context(), id); !errors.Is(err, sessions.ErrNoSession) {
			t.Errorf("%q: %+v, %v", id, o, err)
		}
	}
}

// cut ends a session with the turns that wait in it, and says so of the one that
// runs.
func cut(t *testing.T, s Stores) {
	c := commit(t, s, opening(ann, "1"))
	id := c.Open.ID
	waiting := commit(t, s, using(ann, "2", id))
	other := commit(t, s, opening(bob, "3"))
	_, err := s.BeginChange(t.Context(), c.Turn.ID, 1, [32]byte{1})
	must(t, err)
	standings, err := s.Standings(t.Context(), []string{id, other.Open.ID, newID()})
	must(t, err)
	equal(t, "standings", standings, map[string]sessions.Standing{id: {Owed: true}, other.Open.ID: {Owed: true}})

	end := only(ann, "")
	end.End, end.Cut, end.Stop, end.StopReply = id, true, id, "ended"
	commit(t, s, end)
	s = reopen(t, s)
	standings, err = s.Standings(t.Context(), []string{id, other.Open.ID})
	must(t, err)
	equal(t, "standings", standings, map[string]sessions.Standing{id: {Ended: true, Cut: true, Words: "ended", Owed: true}, other.Open.ID: {Owed: true}})
	if got := turn(t, s, waiting.Turn.ID); got.State != sessions.Ready || got.Reply != "ended" {
		t.Errorf("the turn that waited: %+v", got)
	}
	if got := turn(t, s, c.Turn.ID); got.State != sessions.Pending {
		t.Errorf("the turn that began: %+v", got)
	}
	again := only(ann, "")
	again.End, again.Cut = id, true
	refuse(t, s, again, gate.ErrRaced)
	for _, turn := range []string{c.Turn.ID, waiting.Turn.ID} {
		must(t, s.CloseTurn(t.Context(), turn, sessions.Failed))
	}
	standings, err = s.Standings(t.Context(), []string{id})
	must(t, err)
	equal(t, "standings", standings, map[string]sessions.Standing{id: {Ended: true, Cut: true, Words: "ended"}})
}

// stopEnded reaches what goes on in sessions that ended, from the place and from
// outside, and nothing of anybody else.
func stopEnded(t *testing.T, s Stores) {
	begun := func(key string) gate.Commit {
		c := commit(t, s, opening(ann, key))
		_, err := s.BeginChange(t.Context(), c.Turn.ID, 1, [32]byte{1})
		must(t, err)
		ended := only(ann, key+" new")
		ended.End = c.Open.ID
		commit(t, s, ended)
		return c
	}
	first, second := begun("1"), begun("2")
	other := commit(t, s, opening(bob, "3"))
	cuts := func(want ...bool) {
		t.Helper()
		standings, err := s.Standings(t.Context(), []string{first.Open.ID, second.Open.ID, other.Open.ID})
		must(t, err)
		var got []bool
		for _, id := range []string{first.Open.ID, second.Open.ID, other.Open.ID} {
			got = append(got, standings[id].Cut)
		}
		equal(t, "cut", got, want)
	}
	if f := facts(t, s, ann, ""); !f.Busy || f.Session != nil {
		t.Errorf("%+v", f)
	}
	outside := only(ann, "")
	outside.End, outside.Cut = first.Open.ID, true
	commit(t, s, outside)
	cuts(true, false, false)
	again := only(ann, "")
	again.End, again.Cut = first.Open.ID, true
	refuse(t, s, again, gate.ErrRaced)
	soft := only(ann, "")
	soft.End = second.Open.ID
	refuse(t, s, soft, gate.ErrRaced)
	stop := only(ann, "")
	stop.StopEnded, stop.StopReply = true, "stopped"
	commit(t, s, stop)
	cuts(true, true, false)
	if got := turn(t, s, other.Turn.ID); got.State != sessions.Pending {
		t.Errorf("somebody else's: %+v", got)
	}
	must(t, s.CloseTurn(t.Context(), first.Turn.ID, sessions.Failed))
	must(t, s.CloseTurn(t.Context(), second.Turn.ID, sessions.Failed))
	if facts(t, s, ann, "").Busy {
		t.Error("busy with nothing")
	}
}
