package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/gate/users"
)

func link(ctx context.Context, tx *sql.Tx, person, identity string, at int64) error {
	if err := touch(ctx, tx, person, at); err != nil {
		return err
	}
	return linkIdentity(ctx, tx, person, identity, at)
}

func linkIdentity(ctx context.Context, tx *sql.Tx, person, identity string, at int64) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO identities (id, person, created) VALUES (?, ?, ?)`, identity, person, at)
	if isUnique(err) {
		return fmt.Errorf("%s %w", identity, users.ErrExists)
	}
	if err != nil {
		return fmt.Errorf("link identity: %w", err)
	}
	return nil
}

func unlink(ctx context.Context, tx *sql.Tx, identity string, at int64) error {
	var person string
	err := tx.QueryRowContext(ctx, `SELECT person FROM identities WHERE id = ?`, identity).Scan(&person)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("%s: %w", identity, users.ErrUnknown)
	case err != nil:
		return fmt.Errorf("look for identity: %w", err)
	case identity == person:
		return fmt.Errorf("%s %w", identity, users.ErrFirst)
	}
	// By which of their ids they came in does not matter: a stranger must not be in.
	if err := leaveAll(ctx, tx, person); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM identities WHERE id = ?`, identity); err != nil {
		return fmt.Errorf("unlink identity: %w", err)
	}
	return touch(ctx, tx, person, at)
}

// Heard implements gate.Store.
func (db *DB) Heard(ctx context.Context, person string) ([]gate.Address, error) {
	var out []gate.Address
	err := db.each(ctx, `SELECT id, dm FROM identities WHERE person = ? AND dm <> '' ORDER BY id`, []any{person}, func(rows *sql.Rows) error {
		var a gate.Address
		if err := rows.Scan(&a.Identity, &a.Chat); err != nil {
			return fmt.Errorf("read direct chats: %w", err)
		}
		a.Connector, a.User, _ = strings.Cut(a.Identity, ":")
		out = append(out, a)
		return nil
	})
	return out, err
}
