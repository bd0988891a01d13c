package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/parachute-gate/parachute/gate/users"
)

// ownersOf gives the ids of those who rule at the moment ?1, and lastingOwners of
// those who do for ever and everywhere. Who is blocked does not.
const (
	ownersOf      = ownersBy + `(expires = 0 OR expires > ?1)` + notBlocked
	lastingOwners = ownersBy + `expires = 0 AND scope = ''` + notBlocked

	ownersBy = `
	SELECT o.id FROM (
	  SELECT id FROM people INDEXED BY people_owners WHERE instr(roles, '"owner"') > 0
	  UNION SELECT person FROM grants INDEXED BY grants_role WHERE role = 'owner' AND ended = 0 AND `
	notBlocked = `
	) o JOIN people b ON b.id = o.id WHERE instr(b.roles, '"blocked"') = 0`
)

// Owners implements gate.Store.
func (db *DB) Owners(ctx context.Context, now time.Time, n int) ([]users.Person, error) {
	return db.persons(ctx, `WHERE p.id IN (`+ownersOf+`) ORDER BY p.id LIMIT ?2`, now.UnixNano(), n)
}

// LastingOwners implements gate.Store.
func (db *DB) LastingOwners(ctx context.Context, n int) ([]users.Person, error) {
	return db.persons(ctx, `WHERE p.id IN (`+lastingOwners+`) ORDER BY p.id LIMIT ?`, n)
}

// Expired gives up to n people who have a grant that has ended and was not seen
// to, those first who wait longest.
func (db *DB) Expired(ctx context.Context, now time.Time, n int) ([]users.Person, error) {
	return db.persons(ctx, `
		JOIN (SELECT person, min(expires) AS since FROM grants INDEXED BY grants_expires
		      WHERE expires > 0 AND ended = 0 AND expires <= ?1 GROUP BY person ORDER BY since, person LIMIT ?2) e ON e.person = p.id
		ORDER BY e.since, p.id`, now.UnixNano(), n)
}

func (db *DB) persons(ctx context.Context, where string, args ...any) ([]users.Person, error) {
	var out []users.Person
	err := db.each(ctx, selectPerson+where, args, func(rows *sql.Rows) error {
		p, err := scanPerson(rows)
		if err != nil {
			return fmt.Errorf("read person: %w", err)
		}
		out = append(out, p)
		return nil
	})
	return out, err
}
