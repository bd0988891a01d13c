package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/parachute-gate/parachute/gate/users"
)

// applyChange makes a change of people. What is not as it was read gives
// users.ErrChanged.
func applyChange(ctx context.Context, tx *sql.Tx, c *users.Change, at int64) error {
	if c == nil {
		return nil
	}
	for _, part := range []func() error{
		// It is asked before anything is made: the first owner is among what is added.
		func() error { return owned(ctx, tx, c.FirstOwner, false) },
		func() error { return changePeople(ctx, tx, c, at) },
		func() error { return owned(ctx, tx, c.KeepOwner, true) },
		func() error {
			return all(c.Pairings, func(p users.Pairing) error { return keepPairing(ctx, tx, p, at) })
		},
		func() error {
			return all(c.Forget, func(id string) error { return forgetPairings(ctx, tx, id) })
		},
		func() error {
			return all(c.Withdraw, func(id string) error { return endRequests(ctx, tx, endAsked, id) })
		},
		func() error { return all(c.Tokens, func(t users.Token) error { return keepToken(ctx, tx, t, at) }) },
		func() error {
			return all(c.Revoke, func(t users.Token) error {
				return touched(tx.ExecContext(ctx, `UPDATE tokens SET revoked = ? WHERE id = ? AND identity = ? AND revoked = 0`, at, t.ID, t.Identity))("token")
			})
		},
		func() error { return share(ctx, tx, c, at) },
		func() error {
			return all(c.Expire, func(p users.Person) error { return expireGrants(ctx, tx, p, at) })
		},
		func() error { return all(c.Cut, func(id string) error { return endRequests(ctx, tx, endLinks, id) }) },
		func() error { return cutSessions(ctx, tx, c.Cut, c.CutReply, at) },
	} {
		if err := part(); err != nil {
			// Whoever came first has it, or has taken it away.
			if errors.Is(err, users.ErrExists) || errors.Is(err, users.ErrUnknown) {
				return fmt.Errorf("%w: %w", users.ErrChanged, err)
			}
			return err
		}
	}
	return nil
}

// owned holds a change to whether somebody is owner for ever and everywhere, where
// that is asked.
func owned(ctx context.Context, tx *sql.Tx, asked, want bool) error {
	if !asked {
		return nil
	}
	var is bool
	if err := tx.QueryRowContext(ctx, `SELECT EXISTS (`+lastingOwners+`)`).Scan(&is); err != nil {
		return fmt.Errorf("look for an owner: %w", err)
	}
	if is != want {
		return fmt.Errorf("somebody is owner (%v): %w", is, users.ErrChanged)
	}
	return nil
}

func all[T any](list []T, do func(T) error) error {
	for _, v := range list {
		if err := do(v); err != nil {
			return err
		}
	}
	return nil
}

func changePeople(ctx context.Context, tx *sql.Tx, c *users.Change, at int64) error {
	if err := all(c.Add, func(p users.Person) error { return addPerson(ctx, tx, p, at) }); err != nil {
		return err
	}
	if err := all(c.Update, func(p users.Person) error {
		if err := unchanged(ctx, tx, p); err != nil {
			return err
		}
		return updatePerson(ctx, tx, p, at)
	}); err != nil {
		return err
	}
	if err := all(c.Remove, func(p users.Person) error {
		if err := unchanged(ctx, tx, p); err != nil {
			return err
		}
		return removePerson(ctx, tx, p.ID)
	}); err != nil {
		return err
	}
	if err := all(c.Link, func(i users.Identity) error { return link(ctx, tx, i.Person, i.ID, at) }); err != nil {
		return err
	}
	return all(c.Unlink, func(id string) error { return unlink(ctx, tx, id, at) })
}

// unchanged holds a person to what was read.
func unchanged(ctx context.Context, tx *sql.Tx, p users.Person) error {
	var same bool
	if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM people WHERE id = ? AND updated = ?)`, p.ID, nanos(p.Updated)).Scan(&same); err != nil {
		return fmt.Errorf("look for person: %w", err)
	}
	if !same {
		return fmt.Errorf("%s %w", p.ID, users.ErrChanged)
	}
	return nil
}

// share offers sessions to people, lets them in and takes that back. One that has
// ended is nobody's to share any more.
func share(ctx context.Context, tx *sql.Tx, c *users.Change, at int64) error {
	if err := all(c.Share, func(s users.Share) error {
		return touched(tx.ExecContext(ctx, `
			INSERT INTO shares (session, guest, created) SELECT id, ?2, ?3 FROM sessions WHERE id = ?1 AND ended IS NULL
			ON CONFLICT DO UPDATE SET created = excluded.created`, s.Session, s.Guest, at))("session")
	}); err != nil {
		return err
	}
	if err := all(c.Join, func(s users.Share) error {
		return touched(tx.ExecContext(ctx, `
			UPDATE shares SET joined = ?3 WHERE session = (SELECT id FROM sessions WHERE id = ?1 AND ended IS NULL) AND guest = (
			  SELECT guest FROM shares WHERE session = ?1 AND joined = 0 AND guest IN `+selves+` ORDER BY created DESC, guest LIMIT 1)`,
			s.Session, s.Person, at))("offer")
	}); err != nil {
		return err
	}
	return all(c.Unshare, func(s users.Share) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM shares WHERE session = ?1 AND (guest = ?3 OR joined > 0 AND guest IN `+selves+`)`,
			s.Session, s.Person, s.Guest); err != nil {
			return fmt.Errorf("unshare: %w", err)
		}
		if _, err := tx.ExecContext(ctx, stopSpoken+`= ?4`, c.UnshareReply, at, s.Person, s.Session); err != nil {
			return fmt.Errorf("stop turns in a session that was shared: %w", err)
		}
		return nil
	})
}

// selves are the ids by which the person ?2 can be named.
const selves = `(SELECT id FROM identities WHERE person = ?2 UNION ALL SELECT ?2)`

// leaveAll takes a person out of the sessions of others that they are in.
func leaveAll(ctx context.Context, tx *sql.Tx, person string) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM shares WHERE joined > ?1 AND guest IN `+selves, 0, person); err != nil {
		return fmt.Errorf("leave sessions of others: %w", err)
	}
	return nil
}

// expireGrants marks the grants of a person that have ended. A person who was
// changed meanwhile is to be looked at anew.
func expireGrants(ctx context.Context, tx *sql.Tx, p users.Person, at int64) error {
	if err := unchanged(ctx, tx, p); err != nil {
		return err
	}
	if err := touched(tx.ExecContext(ctx, `
		UPDATE grants SET ended = 1 WHERE person = ? AND expires > 0 AND ended = 0 AND expires <= ?`, p.ID, at))("grants of " + p.ID); err != nil {
		return err
	}
	return touch(ctx, tx, p.ID, at)
}

// touched gives users.ErrChanged where a statement found nothing, or something in
// its place.
func touched(res sql.Result, err error) func(what string) error {
	return func(what string) error {
		if isUnique(err) || isOrphan(err) {
			return fmt.Errorf("%s %w", what, users.ErrChanged)
		}
		if err != nil {
			return fmt.Errorf("keep %s: %w", what, err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(fmt.Errorf("%s %w", what, users.ErrChanged), err)
		}
		return nil
	}
}
