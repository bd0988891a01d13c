package gate

import (
	"context"
	"errors"
	"fmt"

	"github.com/parachute-gate/parachute/gate/users"
)

// Claim makes the code by which the first owner comes in, and voids those before.
// It gives "" where somebody is owner for ever and everywhere: one of some days, or
// of direct messages alone, must not be the last.
func (g *Gate) Claim(ctx context.Context) (string, error) {
	now := g.Now()
	owners, err := g.Store.LastingOwners(ctx, 1)
	if err != nil || len(owners) > 0 {
		return "", err
	}
	old, _, err := g.Store.Waiting(ctx, WaitingQuery{Now: now, Kind: users.PairClaim, Most: 100})
	if err != nil {
		return "", err
	}
	code := users.NewCode()
	change := &users.Change{Pairings: []users.Pairing{{
		ID: newID(), Kind: users.PairClaim, Code: g.Store.HashCode(code), State: users.PairPending, Created: now, Expires: now.Add(codeTime),
	}}}
	for _, p := range old {
		p.State = users.PairExpired
		change.Pairings = append(change.Pairings, p)
	}
	r, err := g.ownRecord("claim", "claim.offered", "nobody is owner for ever and everywhere: the terminal shows a code")
	if err != nil {
		return "", err
	}
	r.Changes = inRecord(change)
	if err := g.Store.Commit(ctx, Commit{Record: r, Change: change}); err != nil {
		return "", fmt.Errorf("keep the claim code: %w", err)
	}
	g.Log.LogAttrs(ctx, r.Level(), "decision", r.Attrs()...)
	return code, nil
}

// sweepPage is how many people are looked after at once.
const sweepPage = 100

// Expire sees to grants that have ended: the sessions of those who had them end,
// with all that runs in them, and they are told. It is to be called often; what
// ended gives no right in the meantime.
func (g *Gate) Expire(ctx context.Context) error {
	for {
		people, err := g.Store.Expired(ctx, g.Now(), sweepPage)
		if err != nil {
			return err
		}
		for _, p := range people {
			if err := g.expire(ctx, p); err != nil && !errors.Is(err, ErrRaced) {
				return err
			}
		}
		if len(people) < sweepPage {
			return nil
		}
	}
}

func (g *Gate) expire(ctx context.Context, p users.Person) error {
	r, err := g.ownRecord("expired", "grant.expired", "what was granted for some time has ended")
	if err != nil {
		return err
	}
	r.User = clip(p.ID, maxShown)
	c := Commit{Change: &users.Change{Expire: []users.Person{p}, Cut: []string{p.ID}, CutReply: ruled}}
	if err := g.notify(ctx, &c, p.ID, "grant.expired", "What you were granted here for some time has ended."); err != nil {
		return err
	}
	r.Changes = inRecord(c.Change)
	c.Record = r
	if err := g.Store.Commit(ctx, c); err != nil {
		return fmt.Errorf("end the grants of %s: %w", p.ID, err)
	}
	g.Log.LogAttrs(ctx, r.Level(), "decision", r.Attrs()...)
	return nil
}
