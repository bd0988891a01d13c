package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/parachute-gate/parachute/gate/users"
)

// Person implements users.Store.
func (db *DB) Person(ctx context.Context, id string) (users.Person, error) {
	p, err := scanPerson(db.read.QueryRowContext(ctx, `SELECT id, name, roles, created, updated FROM people WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return p, fmt.Errorf("%s: %w", id, users.ErrUnknown)
	}
	return p, err
}

// People implements users.Store.
func (db *DB) People(ctx context.Context, after string, n int) ([]users.Person, error) {
	var out []users.Person
	err := db.each(ctx, `SELECT id, name, roles, created, updated FROM people WHERE id > ? ORDER BY id LIMIT ?`, []any{after, n},
		func(rows *sql.Rows) error {
			p, err := scanPerson(rows)
			out = append(out, p)
			return err
		})
	return out, err
}

// AddPerson implements users.Store.
func (db *DB) AddPerson(ctx context.Context, p users.Person) error {
	roles, err := json.Marshal(p.Roles)
	if err != nil {
		return fmt.Errorf("encode roles: %w", err)
	}
	return db.writer.do(ctx, func(ctx context.Context, tx *sql.Tx) error {
		now := time.Now().UnixNano()
		_, err := tx.ExecContext(ctx, `INSERT INTO people (id, name, roles, created, updated) VALUES (?, ?, ?, ?, ?)`,
			p.ID, p.Name, string(roles), now, now)
		if isUnique(err) {
			return fmt.Errorf("%s %w", p.ID, users.ErrExists)
		}
		return err
	})
}

// UpdatePerson implements users.Store.
func (db *DB) UpdatePerson(ctx context.Context, p users.Person) error {
	roles, err := json.Marshal(p.Roles)
	if err != nil {
		return fmt.Errorf("encode roles: %w", err)
	}
	return db.writer.do(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return changed(tx.ExecContext(ctx, `UPDATE people SET name = ?, roles = ?, updated = ? WHERE id = ?`,
			p.Name, string(roles), time.Now().UnixNano(), p.ID))(p.ID)
	})
}

// RemovePerson implements users.Store.
func (db *DB) RemovePerson(ctx context.Context, id string) error {
	return db.writer.do(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return changed(tx.ExecContext(ctx, `DELETE FROM people WHERE id = ?`, id))(id)
	})
}

// changed gives ErrUnknown where a statement found nobody.
func changed(res sql.Result, err error) func(id string) error {
	return func(id string) error {
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(fmt.Errorf("%s: %w", id, users.ErrUnknown), err)
		}
		return nil
	}
}

func scanPerson(row interface{ Scan(...any) error }) (users.Person, error) {
	var p users.Person
	var roles string
	var created, updated int64
	if err := row.Scan(&p.ID, &p.Name, &roles, &created, &updated); err != nil {
		return p, err
	}
	if err := json.Unmarshal([]byte(roles), &p.Roles); err != nil {
		return p, fmt.Errorf("read roles of %s: %w", p.ID, err)
	}
	p.Created, p.Updated = time.Unix(0, created).UTC(), time.Unix(0, updated).UTC()
	return p, nil
}
