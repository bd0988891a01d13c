package storagetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/gate/users"
	"github.com/parachute-gate/parachute/sessions"
)

func person(t *testing.T, s Stores, id string) users.Person {
	t.Helper()
	p, err := s.Person(t.Context(), id)
	must(t, err)
	return p
}

func add(t *testing.T, s Stores, id string, roles ...string) users.Person {
	t.Helper()
	must(t, s.AddPerson(t.Context(), users.Person{ID: id, Roles: roles}))
	return person(t, s, id)
}

// changePeople makes every part of a change in one commit.
func changePeople(t *testing.T, s Stores) {
	now := time.Now().UTC()
	bobs := add(t, s, bob.User, "member")
	gone := add(t, s, "chat:gone", "guest")
	bobs.Roles, bobs.Grants, bobs.Attributes = nil, []users.Grant{{Role: "admin", Scope: users.ScopeDM}}, map[string]string{"team": "red"}
	c := changing(now, users.Change{
		Add:    []users.Person{{ID: ann.User, Name: "Ann", Roles: []string{"owner"}, Identities: []string{elsewhere.User}}},
		Update: []users.Person{bobs}, Remove: []users.Person{gone},
		Link: []users.Identity{{ID: "other:bob", Person: bob.User}},
	})
	c.Heard = []gate.Address{{Chat: "room", Identity: ann.User}}
	commit(t, s, c)
	s = reopen(t, s)
	if got := person(t, s, elsewhere.User); got.ID != ann.User || got.Name != "Ann" || !slices.Equal(got.Roles, []string{"owner"}) {
		t.Errorf("added %+v", got)
	}
	if got := person(t, s, "other:bob"); got.ID != bob.User || len(got.Roles) != 0 || len(got.Grants) != 1 || got.Attributes["team"] != "red" {
		t.Errorf("updated %+v", got)
	}
	if _, err := s.Person(t.Context(), gone.ID); !errors.Is(err, users.ErrUnknown) {
		t.Errorf("removed: %v", err)
	}
	equal(t, "direct chat of somebody new", facts(t, s, ann, "").DM, "room")
	commit(t, s, changing(now, users.Change{Unlink: []string{"other:bob"}}))
	if _, err := s.Person(t.Context(), "other:bob"); !errors.Is(err, users.ErrUnknown) {
		t.Errorf("unlinked: %v", err)
	}
}

// changedMeanwhile refuses what is not as it was read.
func changedMeanwhile(t *testing.T, s Stores) {
	// A clock that stands still: versions differ all the same.
	now := time.Now().Add(-time.Hour).UTC()
	read := add(t, s, ann.User, "member")
	linked := add(t, s, bob.User, "guest")
	must(t, s.Link(t.Context(), bob.User, elsewhere.User))
	commit(t, s, changing(now, users.Change{Update: []users.Person{read}}))
	fresh := person(t, s, ann.User)
	if !fresh.Updated.After(read.Updated) {
		t.Errorf("updated %s, before %s", fresh.Updated, read.Updated)
	}
	for name, c := range map[string]users.Change{
		"updated":                   {Update: []users.Person{read}},
		"updated, to be removed":    {Remove: []users.Person{read}},
		"linked":                    {Update: []users.Person{linked}},
		"updated, its grants ended": {Expire: []users.Person{read}},
		"nobody":                    {Update: []users.Person{{ID: "chat:nobody", Roles: []string{"guest"}}}},
		"nobody to remove":          {Remove: []users.Person{{ID: "chat:nobody"}}},
		"there already":             {Add: []users.Person{{ID: ann.User, Roles: []string{"guest"}}}},
		"somebody's identity":       {Add: []users.Person{{ID: elsewhere.User, Roles: []string{"guest"}}}},
		"linked to another":         {Link: []users.Identity{{ID: elsewhere.User, Person: ann.User}}},
		"linked to nobody":          {Link: []users.Identity{{ID: "other:x", Person: "chat:nobody"}}},
		"unlinked already":          {Unlink: []string{"other:x"}},
		"one of two":                {Add: []users.Person{{ID: "chat:new", Roles: []string{"guest"}}}, Update: []users.Person{read}},
		"request of another time":   {Pairings: []users.Pairing{{ID: "x", Kind: users.PairJoin, State: users.PairUsed, Version: 3}}},
		"no token":                  {Revoke: []users.Token{{ID: "none", Identity: ann.User}}},
		"a token of nobody":         {Tokens: []users.Token{{ID: "t", Identity: "chat:nobody"}}},
		"no session":                {Share: []users.Share{{Session: newID(), Guest: ann.User}}},
		"no offer":                  {Join: []users.Share{{Session: newID(), Person: ann.User}}},
	} {
		refuse(t, s, changing(now, c), gate.ErrRaced)
		if p := person(t, s, ann.User); !p.Updated.Equal(fresh.Updated) {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if _, err := s.Person(t.Context(), "chat:new"); !errors.Is(err, users.ErrUnknown) {
		t.Errorf("half of a change was made: %v", err)
	}
	if err := s.Commit(t.Context(), changing(now, users.Change{Unlink: []string{ann.User}})); !errors.Is(err, users.ErrFirst) {
		t.Errorf("unlink the first: %v", err)
	}
	var commits []gate.Commit
	for range 16 {
		commits = append(commits, changing(now, users.Change{Update: []users.Person{fresh}}))
	}
	equal(t, "updates", tally(t, together(t.Context(), s, commits), gate.ErrRaced), 1)
}

// firstOwner lets one of many who claim at once be the first. Who is owner for some
// time, or in some place, is not.
func firstOwner(t *testing.T, s Stores) {
	now := time.Now().UTC()
	add(t, s, "chat:blocked", "owner", "blocked")
	must(t, s.AddPerson(t.Context(), users.Person{ID: "chat:bounded", Grants: []users.Grant{{Role: "owner", Scope: users.ScopeDM}, {Role: "owner", Expires: now.Add(time.Hour)}}}))
	var commits []gate.Commit
	for i := range 16 {
		commits = append(commits, changing(now, users.Change{
			Add: []users.Person{{ID: fmt.Sprintf("chat:%d", i), Roles: []string{"owner"}}}, FirstOwner: true,
		}))
	}
	equal(t, "first owners", tally(t, together(t.Context(), s, commits), gate.ErrRaced), 1)
	list, err := s.LastingOwners(t.Context(), 10)
	must(t, err)
	equal(t, "owners", len(list), 1)
	claim := users.Change{Add: []users.Person{{ID: "chat:next", Roles: []string{"owner"}}}, FirstOwner: true}
	refuse(t, s, changing(now, claim), gate.ErrRaced)
	list[0].Roles, list[0].Grants = []string{"guest"}, []users.Grant{{Role: "owner"}}
	commit(t, s, changing(now, users.Change{Update: list}))
	refuse(t, s, changing(now, claim), gate.ErrRaced)
	list = []users.Person{person(t, s, list[0].ID)}
	list[0].Grants = nil
	commit(t, s, changing(now, users.Change{Update: list}))
	commit(t, s, changing(now, claim))
}

// keepOwner lets all but one of those go who are owners, however many go at once,
// and counts nobody whose being one ends.
func keepOwner(t *testing.T, s Stores) {
	now := time.Now().UTC()
	add(t, s, "chat:blocked", "owner", "blocked")
	must(t, s.AddPerson(t.Context(), users.Person{ID: "chat:bounded", Grants: []users.Grant{
		{Role: "owner", Scope: users.ScopeDM}, {Role: "owner", Scope: "chat:room"}, {Role: "owner", Expires: now.Add(time.Hour)},
	}}))
	var commits []gate.Commit
	for i := range 16 {
		p := add(t, s, fmt.Sprintf("chat:%d", i), "owner")
		c := users.Change{Remove: []users.Person{p}, KeepOwner: true}
		if i%2 == 0 {
			p.Roles = []string{"member", "owner", "blocked"}
			c = users.Change{Update: []users.Person{p}, KeepOwner: true}
		}
		commits = append(commits, changing(now, c))
	}
	equal(t, "who goes", tally(t, together(t.Context(), s, commits), gate.ErrRaced), 15)
	list, err := s.LastingOwners(t.Context(), 10)
	must(t, err)
	equal(t, "owners", len(list), 1)
	heir := users.Change{Add: []users.Person{{ID: "chat:heir", Grants: []users.Grant{{Role: "owner", Workspace: "family"}}}}, Remove: list, KeepOwner: true}
	commit(t, s, changing(now, heir))
}

func owners(t *testing.T, s Stores) {
	now := time.Now().UTC()
	for id, p := range map[string]users.Person{
		"chat:1": {Roles: []string{"owner"}},
		"chat:2": {Roles: []string{"guest", "owner", "member"}},
		"chat:3": {Roles: []string{"co-owner", "owner_", "member"}},
		"chat:4": {Roles: []string{"guest"}, Grants: []users.Grant{{Role: "owner", Scope: users.ScopeDM}}},
		"chat:5": {Grants: []users.Grant{{Role: "owner", Expires: now}}},
		"chat:6": {Grants: []users.Grant{{Role: "owner", Expires: now.Add(1)}}},
		"chat:7": {Roles: []string{"owner", "blocked"}},
		"chat:8": {Grants: []users.Grant{{Role: "owner", Ended: true}}},
		"chat:9": {Roles: []string{"owner"}, Grants: []users.Grant{{Role: "owner"}, {Role: "owner", Scope: "chat:room"}}},
	} {
		p.ID = id
		must(t, s.AddPerson(t.Context(), p))
	}
	for n, want := range map[int][]string{10: {"chat:1", "chat:2", "chat:4", "chat:6", "chat:9"}, 2: {"chat:1", "chat:2"}} {
		list, err := s.Owners(t.Context(), now, n)
		must(t, err)
		var got []string
		for _, p := range list {
			got = append(got, p.ID)
		}
		equal(t, "owners", got, want)
	}
	list, err := s.LastingOwners(t.Context(), 10)
	must(t, err)
	var got []string
	for _, p := range list {
		got = append(got, p.ID)
	}
	equal(t, "owners for ever and everywhere", got, []string{"chat:1", "chat:2", "chat:9"})
}

// expiry sees to each grant that ends once, and keeps it to be looked at.
func expiry(t *testing.T, s Stores) {
	now := time.Now().UTC()
	must(t, s.AddPerson(t.Context(), users.Person{ID: ann.User, Roles: []string{"guest"}, Grants: []users.Grant{
		{Role: "member", Expires: now.Add(-time.Minute)}, {Role: "admin", Expires: now.Add(time.Minute)}, {Role: "family"},
	}}))
	must(t, s.AddPerson(t.Context(), users.Person{ID: bob.User, Grants: []users.Grant{{Role: "member", Expires: now}, {Role: "admin", Expires: now}}}))
	expired := func(at time.Time, n int, want ...string) []users.Person {
		t.Helper()
		list, err := s.Expired(t.Context(), at, n)
		must(t, err)
		var got []string
		for _, p := range list {
			got = append(got, p.ID)
		}
		equal(t, "expired", got, want)
		return list
	}
	expired(now.Add(-time.Hour), 10)
	expired(now, 1, ann.User)
	list := expired(now, 10, ann.User, bob.User)
	commit(t, s, changing(now, users.Change{Expire: list}))
	expired(now, 10)
	refuse(t, s, changing(now, users.Change{Expire: list}), gate.ErrRaced)
	s = reopen(t, s)
	var ended []bool
	for _, g := range facts(t, s, ann, "").Grants {
		ended = append(ended, g.Ended)
	}
	equal(t, "ended", ended, []bool{true, false, false})
	// They stay so when the person is changed.
	p := person(t, s, ann.User)
	commit(t, s, changing(now, users.Change{Update: []users.Person{p}}))
	equal(t, "grants", person(t, s, ann.User).Grants, p.Grants)
	expired(now.Add(time.Hour), 10, ann.User)
}

// notices are kept with the decision that they follow, each on its own record.
func notices(t *testing.T, s Stores) {
	notice := func(p gate.Place, text string) gate.Notice {
		r := record(p)
		return gate.Notice{Record: r, Turn: gate.Turn{ID: newID(), Chat: "dm", User: "o", Reply: text}}
	}
	c := only(ann, "e1")
	c.Notices = []gate.Notice{notice(elsewhere, "one"), notice(bob, "two")}
	commit(t, s, c)
	s = reopen(t, s)
	verify(t, s, 3)
	for i, n := range c.Notices {
		got := turn(t, s, n.Turn.ID)
		if got.State != sessions.Ready || got.Reply != n.Turn.Reply || got.Decision != n.Record.ID ||
			got.Connector != n.Record.Connector || got.Chat != "dm" || got.Session != nil {
			t.Errorf("notice %d: %+v", i, got)
		}
	}
	broken := only(ann, "e2")
	broken.Notices = []gate.Notice{notice(bob, "three"), notice(bob, "four")}
	broken.Notices[1].Turn.ID = c.Notices[0].Turn.ID
	if err := s.Commit(t.Context(), broken); err == nil {
		t.Error("a notice was left out")
	}
	denied := only(ann, "e3")
	denied.Notices = []gate.Notice{notice(bob, "five")}
	denied.Notices[0].Record.Verdict = "deny"
	if err := s.Commit(t.Context(), denied); err == nil {
		t.Error("a notice stands on a denial")
	}
	verify(t, s, 3)
}

// heard remembers the direct chats of known identities, and of nobody else.
func heard(t *testing.T, s Stores) {
	add(t, s, ann.User, "owner")
	must(t, s.Link(t.Context(), ann.User, elsewhere.User))
	must(t, s.Link(t.Context(), ann.User, "matrix:@ann:example.org"))
	in := func(dm, identity string) {
		c := only(ann, "")
		c.Heard = []gate.Address{{Chat: dm, Identity: identity}}
		commit(t, s, c)
	}
	in("1", ann.User)
	in("2", ann.User)
	in("", ann.User)
	in("!x:example.org", "matrix:@ann:example.org")
	in("9", bob.User)
	s = reopen(t, s)
	list, err := s.Heard(t.Context(), ann.User)
	must(t, err)
	equal(t, "heard", list, []gate.Address{
		{Connector: "chat", Chat: "2", User: "ann", Identity: ann.User},
		{Connector: "matrix", Chat: "!x:example.org", User: "@ann:example.org", Identity: "matrix:@ann:example.org"},
	})
	equal(t, "in the facts", facts(t, s, ann, "").DM, "2")
	equal(t, "of another identity", facts(t, s, elsewhere, "").DM, "")
	list, err = s.Heard(t.Context(), bob.User)
	must(t, err)
	equal(t, "a stranger", len(list), 0)
	add(t, s, bob.User, "guest")
	equal(t, "who was a stranger", facts(t, s, bob, "").DM, "")
}
