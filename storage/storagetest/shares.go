package storagetest

import (
	"errors"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/gate/users"
	"github.com/parachute-gate/parachute/sessions"
)

// shared lets somebody into a session of this chat to whom it was offered by
// whatever id, and who said yes.
func shared(t *testing.T, s Stores) {
	now := time.Now().UTC()
	add(t, s, ann.User, "owner")
	bobs := add(t, s, bob.User, "guest")
	must(t, s.Link(t.Context(), bob.User, elsewhere.User))
	c := commit(t, s, opening(ann, "1"))
	id := c.Open.ID
	offer, join := users.Share{Session: id, Guest: elsewhere.User}, users.Share{Session: id, Person: bob.User}
	intruder := using(bob, "2", id)
	intruder.Turn.User = "bob"
	offered := func(want string) {
		t.Helper()
		f, err := s.Offered(t.Context(), bob)
		if f.ID != want || (want == "") != errors.Is(err, gate.ErrNoSession) {
			t.Errorf("offered %q, %v; want %q", f.ID, err, want)
		}
	}
	refuse(t, s, intruder, gate.ErrRaced)
	offered("")
	refuse(t, s, changing(now, users.Change{Join: []users.Share{join}}), gate.ErrRaced)
	nobody := users.Share{Session: id, Guest: "chat:nobody"}
	commit(t, s, changing(now, users.Change{Share: []users.Share{offer, nobody}}))
	commit(t, s, changing(now, users.Change{Share: []users.Share{offer}}))
	s = reopen(t, s)
	offered(id)
	equal(t, "before they joined", facts(t, s, bob, "").Session, nil)
	refuse(t, s, intruder, gate.ErrRaced)
	joining := changing(now, users.Change{Join: []users.Share{join}})
	commit(t, s, joining)
	refuse(t, s, changing(now, users.Change{Join: []users.Share{join}}), gate.ErrRaced)
	offered("")
	s = reopen(t, s)
	f := facts(t, s, bob, "")
	if f.Session == nil || f.Session.ID != id || f.Session.User != ann.User || f.Busy {
		t.Fatalf("shared: %+v, busy %v", f.Session, f.Busy)
	}
	dm := bob
	dm.Chat = "chat:dm"
	equal(t, "in another chat", facts(t, s, dm, "").Session, nil)
	commit(t, s, intruder)
	equal(t, "busy with what was said there", facts(t, s, bob, "").Busy, true)
	found, err := s.FindSession(t.Context(), ann.User, id)
	must(t, err)
	equal(t, "found", [][]string{found.Shared, found.Joined}, [][]string{{"chat:nobody", elsewhere.User}, {elsewhere.User}})
	own := commit(t, s, opening(bob, "3"))
	equal(t, "one's own", facts(t, s, bob, "").Session.ID, own.Open.ID)
	end := only(bob, "4")
	end.End = own.Open.ID
	commit(t, s, end)
	equal(t, "without one's own", facts(t, s, bob, "").Session.ID, id)
	for name, out := range map[string]users.Change{
		"cut off":       {Cut: []string{bob.User}, CutReply: "out"},
		"taken back":    {Unshare: []users.Share{{Session: id, Guest: bob.User, Person: bob.User}}, UnshareReply: "out"},
		"as written":    {Unshare: []users.Share{{Session: id, Guest: elsewhere.User, Person: bob.User}}, UnshareReply: "out"},
		"left":          {Unshare: []users.Share{join}, UnshareReply: "out"},
		"lost their id": {Unlink: []string{elsewhere.User}, Cut: []string{bob.User}, CutReply: "out"},
	} {
		t.Run(name, func(t *testing.T) { leaves(t, s, c, join, offer, out) })
	}
	commit(t, s, changing(now, users.Change{Share: []users.Share{{Session: id, Guest: bob.User}}}))
	commit(t, s, changing(now, users.Change{Join: []users.Share{join}}))
	bobs = person(t, s, bobs.ID)
	commit(t, s, changing(now, users.Change{Remove: []users.Person{bobs}}))
	equal(t, "somebody removed", facts(t, s, bob, "").Session, nil)
	over := only(ann, "6")
	over.End = id
	commit(t, s, over)
	refuse(t, s, changing(now, users.Change{Share: []users.Share{offer}}), gate.ErrRaced)
	offered("")
}

// leaves takes somebody out of a session: what they said there and waits, or is
// being answered, has its answer, and its owner's goes on.
func leaves(t *testing.T, s Stores, c gate.Commit, join, offer users.Share, out users.Change) {
	now := time.Now().UTC()
	if _, err := s.Person(t.Context(), offer.Guest); errors.Is(err, users.ErrUnknown) {
		must(t, s.Link(t.Context(), bob.User, offer.Guest))
	}
	if f := facts(t, s, bob, "").Session; f == nil {
		commit(t, s, changing(now, users.Change{Share: []users.Share{offer}}))
		commit(t, s, changing(now, users.Change{Join: []users.Share{join}}))
	}
	running := commit(t, s, using(bob, newID(), c.Open.ID))
	_, err := s.BeginChange(t.Context(), running.Turn.ID, 0, [32]byte{1})
	must(t, err)
	waiting := commit(t, s, using(bob, newID(), c.Open.ID))
	commit(t, s, changing(now, out))
	for _, id := range []string{running.Turn.ID, waiting.Turn.ID} {
		if got := turn(t, s, id); got.State != sessions.Ready || got.Reply != "out" {
			t.Errorf("what was said there: %+v", got)
		}
		if err := s.SendTurn(t.Context(), id, sessions.Pending, "late", false); !errors.Is(err, sessions.ErrAnswered) {
			t.Errorf("it is answered all the same: %v", err)
		}
	}
	equal(t, "the owner's", turn(t, s, c.Turn.ID).State, sessions.Pending)
	equal(t, "out", facts(t, s, bob, "").Session, nil)
	refuse(t, s, using(bob, newID(), c.Open.ID), gate.ErrRaced)
	refuse(t, s, changing(now, users.Change{Join: []users.Share{join}}), gate.ErrRaced)
	standing, err := s.Standings(t.Context(), []string{c.Open.ID})
	must(t, err)
	equal(t, "the session", standing, map[string]sessions.Standing{c.Open.ID: {Owed: true}})
}

// newestShared takes what came last: a session of one's own, or one that was
// joined.
func newestShared(t *testing.T, s Stores) {
	add(t, s, bob.User, "guest")
	cat := gate.Place{Connector: "chat", Chat: ann.Chat, User: "chat:cat"}
	var ids []string
	for _, p := range []gate.Place{cat, ann} {
		c := commit(t, s, opening(p, newID()))
		ids = append(ids, c.Open.ID)
	}
	join := func(at time.Time, id string) {
		t.Helper()
		commit(t, s, changing(at, users.Change{
			Share: []users.Share{{Session: id, Guest: bob.User}}, Join: []users.Share{{Session: id, Person: bob.User}},
		}))
	}
	join(time.Now(), ids[1])
	join(time.Now(), ids[0])
	equal(t, "the one that was joined last", facts(t, s, bob, "").Session.ID, ids[0])
	over := only(cat, "")
	over.End = ids[0]
	commit(t, s, over)
	equal(t, "the one that is open", facts(t, s, bob, "").Session.ID, ids[1])
	own := commit(t, s, opening(gate.Place{Connector: "chat", Chat: ann.Chat, User: bob.User}, newID()))
	equal(t, "one's own that was made since", facts(t, s, bob, "").Session.ID, own.Open.ID)
	commit(t, s, changing(time.Now(), users.Change{Unshare: []users.Share{{Session: ids[1], Guest: bob.User, Person: bob.User}}}))
	join(time.Now().Add(time.Second), ids[1])
	equal(t, "one that was joined since", facts(t, s, bob, "").Session.ID, ids[1])
}

// cutPeople ends all that is alive of a person, and nothing of anybody else.
func cutPeople(t *testing.T, s Stores) {
	now := time.Now().UTC()
	ended := commit(t, s, opening(ann, "1"))
	_, err := s.BeginChange(t.Context(), ended.Turn.ID, 1, [32]byte{1})
	must(t, err)
	over := only(ann, "2")
	over.End = ended.Open.ID
	commit(t, s, over)
	done := commit(t, s, opening(ann, "3"))
	must(t, s.CloseTurn(t.Context(), done.Turn.ID, sessions.Sent))
	over = only(ann, "4")
	over.End = done.Open.ID
	commit(t, s, over)
	open := commit(t, s, opening(ann, "5"))
	dm := ann
	dm.Chat = "chat:dm"
	second := commit(t, s, opening(dm, "6"))
	other := commit(t, s, opening(bob, "7"))
	ids := []string{ended.Open.ID, done.Open.ID, open.Open.ID, second.Open.ID, other.Open.ID}

	commit(t, s, changing(now, users.Change{Cut: []string{ann.User, "chat:nobody"}, CutReply: "You were cut off."}))
	s = reopen(t, s)
	got, err := s.Standings(t.Context(), ids)
	must(t, err)
	equal(t, "standings", got, map[string]sessions.Standing{
		ids[0]: {Ended: true, Cut: true, Words: "You were cut off.", Owed: true}, ids[1]: {Ended: true},
		ids[2]: {Ended: true, Cut: true, Words: "You were cut off.", Owed: true}, ids[3]: {Ended: true, Cut: true, Words: "You were cut off.", Owed: true}, ids[4]: {Owed: true},
	})
	equal(t, "what had begun", turn(t, s, ended.Turn.ID).State, sessions.Pending)
	for _, c := range []gate.Commit{open, second} {
		if got := turn(t, s, c.Turn.ID); got.State != sessions.Ready || got.Reply != "You were cut off." || got.Text != "" {
			t.Errorf("what waited: %+v", got)
		}
	}
	equal(t, "facts", facts(t, s, ann, "").Session, nil)
	refuse(t, s, using(ann, "8", open.Open.ID), gate.ErrRaced)
}

// alive are the sessions that are open or still owe answers.
func alive(t *testing.T, s Stores) {
	over := func(id string) {
		c := only(ann, "")
		c.End = id
		commit(t, s, c)
	}
	done := commit(t, s, opening(ann, "1"))
	must(t, s.CloseTurn(t.Context(), done.Turn.ID, sessions.Sent))
	over(done.Open.ID)
	owing := commit(t, s, opening(ann, "2"))
	over(owing.Open.ID)
	open := commit(t, s, opening(ann, "3"))
	commit(t, s, using(ann, "4", open.Open.ID))
	other := commit(t, s, opening(bob, "5"))
	for name, c := range map[string]struct {
		person string
		n      int
		want   []string
	}{
		"all":     {"", 10, []string{other.Open.ID, open.Open.ID, owing.Open.ID}},
		"newest":  {"", 1, []string{other.Open.ID}},
		"a few":   {ann.User, 1, []string{open.Open.ID}},
		"ann":     {ann.User, 10, []string{open.Open.ID, owing.Open.ID}},
		"nobody":  {"chat:nobody", 10, nil},
		"nothing": {"", 0, nil},
	} {
		list, err := s.AliveSessions(t.Context(), c.person, c.n)
		must(t, err)
		var got []string
		for _, f := range list {
			got = append(got, f.ID)
		}
		equal(t, name, got, c.want)
	}
	f, err := s.FindSession(t.Context(), "", open.Open.ID)
	must(t, err)
	equal(t, "found", f, gate.SessionFacts{Session: *open.Open, Created: open.Record.Time, Owed: 2})
	f, err = s.FindSession(t.Context(), ann.User, owing.Open.ID[:len(owing.Open.ID)-1])
	must(t, err)
	if f.ID != owing.Open.ID || !f.Ended || f.Owed != 1 {
		t.Errorf("by its beginning: %+v", f)
	}
	if f, err := s.FindSession(t.Context(), ann.User, other.Open.ID); !errors.Is(err, gate.ErrNoSession) {
		t.Errorf("somebody else's: %+v, %v", f, err)
	}
	for _, id := range []string{"", done.Open.ID, newID(), open.Open.ID[:2], "%", "~", open.Open.ID + "0"} {
		if f, err := s.FindSession(t.Context(), "", id); !errors.Is(err, gate.ErrNoSession) {
			t.Errorf("%q: %+v, %v", id, f, err)
		}
	}
}

// tokens are found by their text alone, and end with their identity.
func tokens(t *testing.T, s Stores) {
	now := time.Now().UTC()
	anns := add(t, s, ann.User, "owner")
	must(t, s.Link(t.Context(), ann.User, elsewhere.User))
	made := func(id, identity string) (users.Token, string) {
		text := users.NewSecret(id)
		_, hash, err := users.SplitSecret(text)
		must(t, err)
		return users.Token{ID: id, Hash: hash, Identity: identity, Name: "CI ✓", Scope: users.ScopeDM, Expires: now.Add(time.Hour), Created: now, By: "chat:o"}, text
	}
	one, text := made("one", ann.User)
	two, _ := made("two", elsewhere.User)
	two.Created, two.Expires = now.Add(1), time.Time{}
	commit(t, s, changing(now, users.Change{Tokens: []users.Token{one, two}}))
	s = reopen(t, s)
	got, err := s.Token(t.Context(), text)
	must(t, err)
	equal(t, "by its text", got, one)
	_, stolen := made("one", ann.User)
	for _, wrong := range []string{"", "one", stolen, text + "a", text[:len(text)-1], users.NewSecret("three")} {
		if got, err := s.Token(t.Context(), wrong); !errors.Is(err, users.ErrNoToken) {
			t.Errorf("a wrong text: %+v, %v", got, err)
		}
	}
	again, _ := made("one", elsewhere.User)
	refuse(t, s, changing(now, users.Change{Tokens: []users.Token{again}}), gate.ErrRaced)
	list := func(identity string, want ...users.Token) {
		t.Helper()
		got, err := s.LastTokens(t.Context(), identity)
		must(t, err)
		equal(t, "tokens", got, want)
	}
	list("", two, one)
	list(ann.User, one)
	refuse(t, s, changing(now, users.Change{Revoke: []users.Token{{ID: "one", Identity: elsewhere.User}}}), gate.ErrRaced)
	commit(t, s, changing(now, users.Change{Revoke: []users.Token{one}}))
	one.Revoked = now
	list(ann.User, one)
	refuse(t, s, changing(now, users.Change{Revoke: []users.Token{one}}), gate.ErrRaced)
	commit(t, s, changing(now, users.Change{Unlink: []string{elsewhere.User}}))
	list("", one)
	anns = person(t, s, anns.ID)
	commit(t, s, changing(now, users.Change{Remove: []users.Person{anns}}))
	list("")
	if got, err := s.Token(t.Context(), text); !errors.Is(err, users.ErrNoToken) {
		t.Errorf("of somebody removed: %+v, %v", got, err)
	}
}

// removedPersonsRequests end: whoever has the id next finds none to confirm.
func removedPersonsRequests(t *testing.T, s Stores) {
	now := time.Now().UTC()
	p := add(t, s, ann.User, "member")
	q, code := asking(s, elsewhere, now)
	q.Kind, q.Person, q.State = users.PairLink, ann.User, users.PairEntered
	commit(t, s, changing(now, users.Change{Pairings: []users.Pairing{q}}))
	commit(t, s, changing(now, users.Change{Remove: []users.Person{p}}))
	equal(t, "its state", byCode(t, s, code).State, users.PairExpired)
	// So do those of somebody who loses what the other account would have too.
	add(t, s, bob.User, "member")
	q, code = asking(s, elsewhere, now)
	q.Kind, q.Person, q.State = users.PairLink, bob.User, users.PairEntered
	commit(t, s, changing(now, users.Change{Pairings: []users.Pairing{q}}))
	commit(t, s, changing(now, users.Change{Cut: []string{bob.User}}))
	equal(t, "its state once the person is cut off", byCode(t, s, code).State, users.PairExpired)
}
