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
	// It is asked before anything is made: the first owner is among what is added.
	if c.FirstOwner {
		var owned bool
		if err := tx.QueryRowContext(ctx, `SELECT EXISTS (`+ownersOf+`)`, at).Scan(&owned); err != nil {
			return fmt.Errorf("look for an owner: %w", err)
		}
		if owned {
			return fmt.Errorf("there is an owner: %w", users.ErrChanged)
		}
	}
	for _, part := range []func() error{
		func() error { return changePeople(ctx, tx, c, at) },
		func() error {
			return all(c.Pairings, func(p users.Pairing) error { return keepPairing(ctx, tx, p, at) })
		},
		func() error {
			return all(c.Forget, func(id string) error { return forgetPairings(ctx, tx, id) })
		},
		func() error { return all(c.Tokens, func(t users.Token) error { return keepToken(ctx, tx, t, at) }) },
		func() error {
			return all(c.Revoke, func(id string) error {
				return touched(tx.ExecContext(ctx, `UPDATE tokens SET revoked = ? WHERE id = ? AND revoked = 0`, at, id))("token")
			})
		},
		func() error { return share(ctx, tx, c, at) },
		func() error {
			return all(c.Expire, func(p users.Person) error { return expireGrants(ctx, tx, p, at) })
		},
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

// share opens sessions to people and closes them. One that has ended is nobody's
// to share any more.
func share(ctx context.Context, tx *sql.Tx, c *users.Change, at int64) error {
	if err := all(c.Share, func(s users.Share) error {
		return touched(tx.ExecContext(ctx, `
			INSERT INTO shares (session, person, created) SELECT id, ?2, ?3 FROM sessions WHERE id = ?1 AND ended IS NULL
			ON CONFLICT DO UPDATE SET created = excluded.created`, s.Session, s.Person, at))("session")
	}); err != nil {
		return err
	}
	return all(c.Unshare, func(s users.Share) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM shares WHERE session = ? AND person = ?`, s.Session, s.Person); err != nil {
			return fmt.Errorf("unshare: %w", err)
		}
		return nil
	})
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
