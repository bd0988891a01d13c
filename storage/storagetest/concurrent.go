package storagetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/parachute-gate/parachute/audit"
	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/gate/users"
	"github.com/parachute-gate/parachute/sessions"
)

const many = 64

// together commits all at once and gives each its error.
func together(ctx context.Context, s Stores, commits []gate.Commit) []error {
	errs := make([]error, len(commits))
	var wg sync.WaitGroup
	for i, c := range commits {
		wg.Go(func() { errs[i] = s.Commit(ctx, c) })
	}
	wg.Wait()
	return errs
}

// sideBySide commits good and bad together: the bad fail alone.
func sideBySide(t *testing.T, s Stores) {
	commit(t, s, only(ann, "before"))
	var commits []gate.Commit
	bad := func(i int) bool { return i%8 == 3 }
	for i := range many {
		p := gate.Place{Connector: "chat", Chat: "chat:room", User: fmt.Sprintf("chat:%d", i)}
		c := count(opening(p, newID()), "all||m", int64(i+1))
		switch {
		case bad(i) && i%16 == 3:
			c.EventKey = "before"
		case bad(i):
			c.Open.Trust = "root"
		}
		commits = append(commits, c)
	}
	stored := int64(1)
	for i, err := range together(t.Context(), s, commits) {
		c := commits[i]
		_, turnErr := s.Turn(t.Context(), c.Turn.ID)
		f := facts(t, s, c.Place, c.EventKey)
		if bad(i) {
			if err == nil || f.Session != nil || !errors.Is(turnErr, sessions.ErrNoTurn) {
				t.Errorf("commit %d should have failed and left nothing: %v, %v, %v", i, err, f.Session, turnErr)
			}
			continue
		}
		stored++
		if err != nil || turnErr != nil || f.Session == nil || !f.Seen {
			t.Errorf("commit %d was taken down by others: %v, %v, %+v", i, err, turnErr, f)
		}
	}
	events, err := s.LimitEvents(t.Context(), "all||m", -1)
	must(t, err)
	equal(t, "events", int64(len(events)), stored-1)
	verify(t, s, stored)
}

func tally(t *testing.T, errs []error, refused error) (stored int) {
	t.Helper()
	for _, err := range errs {
		switch {
		case err == nil:
			stored++
		case !errors.Is(err, refused):
			t.Errorf("commit: %v, want %v", err, refused)
		}
	}
	return stored
}

// sameEvent plays a redelivery that races with the first delivery.
func sameEvent(t *testing.T, s Stores) {
	var commits []gate.Commit
	for i := range many {
		commits = append(commits, opening(gate.Place{Connector: "chat", Chat: "chat:room", User: fmt.Sprintf("chat:%d", i)}, "one"))
	}
	equal(t, "stored", tally(t, together(t.Context(), s, commits), gate.ErrSeen), 1)
	verify(t, s, 1)
}

func samePlace(t *testing.T, s Stores) {
	var commits []gate.Commit
	for range many {
		commits = append(commits, opening(ann, newID()))
	}
	equal(t, "opened", tally(t, together(t.Context(), s, commits), gate.ErrRaced), 1)
	verify(t, s, 1)
	open := facts(t, s, ann, "").Session.ID
	for i := range commits {
		commits[i] = only(ann, newID())
		commits[i].End = open
	}
	equal(t, "ended", tally(t, together(t.Context(), s, commits), gate.ErrRaced), 1)
	verify(t, s, 2)
}

// factsOfOneMoment changes session and choice together, and reads them
// meanwhile: they must always fit.
func factsOfOneMoment(t *testing.T, s Stores) {
	step := func(i int, end string) gate.Commit {
		c := opening(ann, fmt.Sprintf("e%d", i))
		c.End, c.Open.Workspace = end, fmt.Sprintf("w%d", i)
		c.Choose = c.Open.Workspace
		return commit(t, s, c)
	}
	last := step(0, "")
	var done atomic.Bool
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for !done.Load() {
				f, err := s.Facts(context.Background(), ann, "")
				if err != nil || f.Session == nil || f.Session.Workspace != f.Workspace {
					t.Errorf("facts of two moments: session %+v, choice %q, %v", f.Session, f.Workspace, err)
					return
				}
			}
		})
	}
	for i := range 40 {
		last = step(i+1, last.Open.ID)
	}
	done.Store(true)
	wg.Wait()
}

// cancelled holds a store to the truth: an error means that nothing was kept,
// none means that all was.
func cancelled(t *testing.T, s Stores) {
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 {
		if err := s.Commit(over, only(ann, newID())); !errors.Is(err, context.Canceled) {
			t.Fatalf("commit for a caller who is gone: %v", err)
		}
	}
	verify(t, s, 0)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	commits := make([]gate.Commit, 4*many)
	for i := range commits {
		commits[i] = only(ann, newID())
	}
	var first sync.Once
	errs := make([]error, len(commits))
	var wg sync.WaitGroup
	for i, c := range commits {
		wg.Go(func() {
			errs[i] = s.Commit(ctx, c)
			first.Do(cancel)
		})
	}
	wg.Wait()
	inLog := kept(t, s)
	for i, err := range errs {
		if inLog[commits[i].Record.ID] != (err == nil) {
			t.Errorf("commit gave %v, kept is %v", err, inLog[commits[i].Record.ID])
		}
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("commit: %v", err)
		}
	}
	verify(t, s, int64(len(inLog)))
}

func closed(t *testing.T, s Stores) {
	c := commit(t, s, opening(ann, "e1"))
	must(t, s.Close())
	must(t, s.Close())
	ctx := t.Context()
	for name, err := range map[string]error{
		"Facts":        second(s.Facts(ctx, ann, "e1")),
		"Commit":       s.Commit(ctx, only(ann, "e2")),
		"Person":       second(s.Person(ctx, ann.User)),
		"People":       second(s.People(ctx, "", 10)),
		"AddPerson":    s.AddPerson(ctx, users.Person{ID: ann.User, Roles: []string{"guest"}}),
		"UpdatePerson": s.UpdatePerson(ctx, users.Person{ID: ann.User, Roles: []string{"guest"}}),
		"RemovePerson": s.RemovePerson(ctx, ann.User),
		"Owners":       second(s.Owners(ctx, c.Record.Time, 9)),
		"Lasting":      second(s.LastingOwners(ctx, 9)),
		"Heard":        second(s.Heard(ctx, ann.User)),
		"ByCode":       second(s.PairingByCode(ctx, users.NewCode())),
		"Waiting":      third(s.Waiting(ctx, gate.WaitingQuery{})),
		"Token":        second(s.Token(ctx, users.NewSecret("one"))),
		"FindSession":  second(s.FindSession(ctx, "", c.Open.ID)),
		"Offered":      second(s.Offered(ctx, ann)),
		"Stopped":      second(s.Stopped(ctx, []string{c.Turn.ID})),
		"Alive":        second(s.AliveSessions(ctx, "", 9)),
		"Expired":      second(s.Expired(ctx, c.Record.Time, 9)),
		"Prune":        s.PrunePairings(ctx, c.Record.Time),
		"LastTokens":   second(s.LastTokens(ctx, "")),
		"LimitEvents":  second(s.LimitEvents(ctx, "k", 0)),
		"LimitClock":   second(s.LimitClock(ctx)),
		"Turn":         second(s.Turn(ctx, c.Turn.ID)),
		"OpenTurns":    second(s.OpenTurns(ctx, c.Open.ID, 9)),
		"SendTurn":     s.SendTurn(ctx, c.Turn.ID, sessions.Pending, "r", false),
		"CloseTurn":    s.CloseTurn(ctx, c.Turn.ID, sessions.Sent),
		"BeginChange":  second(s.BeginChange(ctx, c.Turn.ID, 0, [32]byte{})),
		"Entries":      s.Entries(ctx, audit.Filter{}, func(audit.Entry) error { return nil }),
		"Chain":        s.Chain(ctx, func(audit.Sealed) error { return nil }),
		"Head":         second(s.Head(ctx)),
	} {
		if err == nil {
			t.Errorf("%s works on a closed store", name)
		}
		if errors.Is(err, users.ErrUnknown) || errors.Is(err, sessions.ErrNoTurn) ||
			errors.Is(err, users.ErrNoPairing) || errors.Is(err, users.ErrNoToken) || errors.Is(err, gate.ErrNoSession) {
			t.Errorf("%s of a closed store: %v, which says that nothing is there", name, err)
		}
	}
	verify(t, s.Reopen(t), 1)
}

// closedUnderLoad closes the store while many write: whoever was told that a
// commit is kept finds it kept.
func closedUnderLoad(t *testing.T, s Stores) {
	var mu sync.Mutex
	told, refused := map[string]bool{}, map[string]bool{}
	started := make(chan struct{}, many)
	var wg sync.WaitGroup
	for range many {
		wg.Go(func() {
			for {
				c := only(ann, newID())
				err := s.Commit(context.Background(), c)
				mu.Lock()
				if err == nil {
					told[c.Record.ID] = true
				} else {
					refused[c.Record.ID] = true
				}
				mu.Unlock()
				if err != nil {
					return
				}
				select {
				case started <- struct{}{}:
				default:
				}
			}
		})
	}
	<-started
	must(t, s.Close())
	wg.Wait()
	s = s.Reopen(t)
	inLog := kept(t, s)
	for id := range told {
		if !inLog[id] {
			t.Errorf("commit %s was acknowledged and is lost", id)
		}
	}
	for id := range refused {
		if inLog[id] {
			t.Errorf("commit %s was refused and is kept", id)
		}
	}
	verify(t, s, int64(len(told)))
}
