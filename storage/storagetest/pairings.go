package storagetest

import (
	"errors"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/gate/users"
)

// asking is a request to be let in, with its code.
func asking(s Stores, p gate.Place, now time.Time) (users.Pairing, string) {
	code := users.NewCode()
	return users.Pairing{
		ID: newID(), Kind: users.PairJoin, Code: s.HashCode(code), Identity: p.User,
		Connector: p.Connector, Chat: "dm", User: "7", Name: "Ann ✓ \x00 </b>", Role: "guest",
		State: users.PairPending, Created: now, Expires: now.Add(time.Hour),
	}, code
}

// changing is a commit of a change and nothing else, decided at a moment.
func changing(now time.Time, c users.Change) gate.Commit {
	out := only(ann, "")
	out.Record.Time, out.Change = now, &c
	return out
}

func byCode(t *testing.T, s Stores, code string) users.Pairing {
	t.Helper()
	p, err := s.PairingByCode(t.Context(), code)
	must(t, err)
	return p
}

func waiting(t *testing.T, s Stores, q gate.WaitingQuery) ([]string, int) {
	t.Helper()
	list, n, err := s.Waiting(t.Context(), q)
	must(t, err)
	var ids []string
	for _, p := range list {
		ids = append(ids, p.ID)
	}
	return ids, n
}

// pairings are found by their codes, and kept as they are to be.
func pairings(t *testing.T, s Stores) {
	now := time.Now().UTC()
	p, code := asking(s, ann, now)
	equal(t, "no request", facts(t, s, ann, "").Pairing, nil)
	commit(t, s, changing(now, users.Change{Pairings: []users.Pairing{p}}))
	s = reopen(t, s)
	p.Version = 1
	equal(t, "by its code", byCode(t, s, code), p)
	equal(t, "in the facts", facts(t, s, ann, "").Pairing, &p)
	equal(t, "another's", facts(t, s, bob, "").Pairing, nil)
	for _, wrong := range []string{"", "2222-2222", users.NewCode(), p.ID, string(p.Code[:])} {
		if got, err := s.PairingByCode(t.Context(), wrong); !errors.Is(err, users.ErrNoPairing) {
			t.Errorf("a wrong code: %+v, %v", got, err)
		}
	}
	// Too late: it stays as it is kept, and says so at the moment.
	if got := byCode(t, s, code); got.State != users.PairPending || got.StateAt(p.Expires) != users.PairExpired {
		t.Errorf("too late: %s, %s", got.State, got.StateAt(p.Expires))
	}
	p.Reminded, p.Shown, p.OtherChat, p.Person = true, []string{"chat:olga"}, "other", "chat:x"
	commit(t, s, changing(now, users.Change{Pairings: []users.Pairing{p}}))
	p.Version = 2
	equal(t, "changed", byCode(t, s, code), p)
}

// usedOnce: a code is used once (CVE-2026-32987): of two who use it, one does, and
// nothing makes it new.
func usedOnce(t *testing.T, s Stores) {
	now := time.Now().UTC()
	p, code := asking(s, ann, now)
	commit(t, s, changing(now, users.Change{Pairings: []users.Pairing{p}}))
	p = byCode(t, s, code)
	p.State = users.PairUsed
	var commits []gate.Commit
	for range 8 {
		commits = append(commits, changing(now, users.Change{Pairings: []users.Pairing{p}}))
	}
	equal(t, "used", tally(t, together(t.Context(), s, commits), gate.ErrRaced), 1)
	p = byCode(t, s, code)
	for _, state := range []string{users.PairUsed, users.PairPending, users.PairDenied} {
		p.State = state
		refuse(t, s, changing(now, users.Change{Pairings: []users.Pairing{p}}), gate.ErrRaced)
	}
	equal(t, "in the facts", facts(t, s, ann, "").Pairing, nil)
}

// oneJoin lets one request of each stranger wait.
func oneJoin(t *testing.T, s Stores) {
	now := time.Now().UTC()
	first, code := asking(s, ann, now)
	keep := func(at time.Time, p users.Pairing) gate.Commit {
		return changing(at, users.Change{Pairings: []users.Pairing{p}})
	}
	commit(t, s, keep(now, first))
	second, never := asking(s, ann, now)
	refuse(t, s, keep(now, second), gate.ErrRaced)
	same, _ := asking(s, bob, now)
	same.ID = first.ID
	refuse(t, s, keep(now, same), gate.ErrRaced)
	his, _ := asking(s, bob, now)
	commit(t, s, keep(now, his))
	for range 3 {
		link, _ := asking(s, ann, now)
		link.Kind, link.Person = users.PairLink, ann.User
		commit(t, s, keep(now, link))
	}
	var commits []gate.Commit
	late := first.Expires
	for range 8 {
		p, _ := asking(s, ann, late)
		commits = append(commits, keep(late, p))
	}
	equal(t, "after it ended", tally(t, together(t.Context(), s, commits), gate.ErrRaced), 1)
	equal(t, "the one that ended", byCode(t, s, code).State, users.PairExpired)
	if f := facts(t, s, ann, ""); f.Pairing == nil || f.Pairing.ID == first.ID || f.Pairing.State != users.PairPending {
		t.Errorf("in the facts: %+v", f.Pairing)
	}
	if _, err := s.PairingByCode(t.Context(), never); !errors.Is(err, users.ErrNoPairing) {
		t.Errorf("the code that was refused: %v", err)
	}
}

// deniedIsRemembered until it is forgotten on purpose.
func deniedIsRemembered(t *testing.T, s Stores) {
	now := time.Now().UTC()
	p, code := asking(s, ann, now)
	commit(t, s, changing(now, users.Change{Pairings: []users.Pairing{p}}))
	p = byCode(t, s, code)
	p.State = users.PairDenied
	commit(t, s, changing(now, users.Change{Pairings: []users.Pairing{p}}))
	must(t, s.PrunePairings(t.Context(), now.Add(365*24*time.Hour)))
	s = reopen(t, s)
	if f := facts(t, s, ann, ""); f.Pairing == nil || f.Pairing.State != users.PairDenied {
		t.Errorf("denied: %+v", f.Pairing)
	}
	commit(t, s, changing(now, users.Change{Withdraw: []string{ann.User}}))
	if f := facts(t, s, ann, ""); f.Pairing == nil || f.Pairing.State != users.PairDenied {
		t.Errorf("withdrawn: %+v", f.Pairing)
	}
	commit(t, s, changing(now, users.Change{Forget: []string{bob.User, ann.User}}))
	equal(t, "forgotten", facts(t, s, ann, "").Pairing, nil)
	p, code = asking(s, ann, now)
	commit(t, s, changing(now, users.Change{Pairings: []users.Pairing{p}}))
	commit(t, s, changing(now, users.Change{Withdraw: []string{bob.User, ann.User}}))
	equal(t, "withdrawn while it waits", byCode(t, s, code).State, users.PairExpired)
}

// whoWaits picks requests and counts them.
func whoWaits(t *testing.T, s Stores) {
	now := time.Now().UTC()
	var ids []string
	for i, change := range []func(*users.Pairing){
		func(*users.Pairing) {},
		func(p *users.Pairing) { p.Kind, p.Identity, p.Person = users.PairLink, "", ann.User },
		func(p *users.Pairing) { p.Kind, p.Person, p.State = users.PairLink, ann.User, users.PairEntered },
		func(p *users.Pairing) { p.Kind, p.Connector = users.PairClaim, "terminal" },
		func(p *users.Pairing) { p.Kind, p.Expires = users.PairLink, now },
		func(p *users.Pairing) { p.Kind, p.State = users.PairLink, users.PairUsed },
		func(p *users.Pairing) { p.Identity, p.State = bob.User, users.PairDenied },
	} {
		p, _ := asking(s, ann, now)
		p.Created = now.Add(time.Duration(i) * time.Second)
		change(&p)
		ids = append(ids, p.ID)
		commit(t, s, changing(now, users.Change{Pairings: []users.Pairing{p}}))
	}
	for name, c := range map[string]struct {
		q     gate.WaitingQuery
		want  []string
		total int
	}{
		"all":        {gate.WaitingQuery{Now: now, Most: 10}, []string{ids[3], ids[2], ids[1], ids[0]}, 4},
		"two":        {gate.WaitingQuery{Now: now, Most: 2}, []string{ids[3], ids[2]}, 4},
		"a count":    {gate.WaitingQuery{Now: now}, nil, 4},
		"a kind":     {gate.WaitingQuery{Now: now, Most: 10, Kind: users.PairJoin}, []string{ids[0]}, 1},
		"connector":  {gate.WaitingQuery{Now: now, Most: 10, Connector: "terminal"}, []string{ids[3]}, 1},
		"person":     {gate.WaitingQuery{Now: now, Most: 10, Person: ann.User}, []string{ids[2], ids[1]}, 2},
		"since":      {gate.WaitingQuery{Now: now, Most: 10, Since: now.Add(2 * time.Second)}, []string{ids[3], ids[2]}, 2},
		"later":      {gate.WaitingQuery{Now: now.Add(time.Hour), Most: 10}, nil, 0},
		"by nobody":  {gate.WaitingQuery{Now: now, Most: 10, Person: "chat:nobody"}, nil, 0},
		"everything": {gate.WaitingQuery{Now: now, Most: 10, Kind: users.PairLink, Person: ann.User, Since: now.Add(2 * time.Second)}, []string{ids[2]}, 1},
	} {
		got, n := waiting(t, s, c.q)
		equal(t, name, got, c.want)
		equal(t, name+", counted", n, c.total)
	}
	must(t, s.PrunePairings(t.Context(), now.Add(time.Hour+1)))
	if _, n := waiting(t, s, gate.WaitingQuery{Now: now}); n != 0 {
		t.Errorf("%d wait after they were forgotten", n)
	}
}
