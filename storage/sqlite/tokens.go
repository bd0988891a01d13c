package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/parachute-gate/parachute/gate/users"
)

// Token implements gate.Store.
func (db *DB) Token(ctx context.Context, text string) (users.Token, error) {
	id, hash, err := users.SplitSecret(text)
	if err != nil {
		return users.Token{}, users.ErrNoToken
	}
	list, err := db.tokens(ctx, `WHERE id = ?`, id)
	if err != nil {
		return users.Token{}, err
	}
	if len(list) == 0 || !users.SameHash(list[0].Hash, hash) {
		return users.Token{}, users.ErrNoToken
	}
	return list[0], nil
}

// LastTokens gives the tokens of an identity, or all of them for "", the newest
// first; those too that ended.
func (db *DB) LastTokens(ctx context.Context, identity string) ([]users.Token, error) {
	if identity == "" {
		return db.tokens(ctx, `ORDER BY created DESC, id DESC`)
	}
	return db.tokens(ctx, `WHERE identity = ? ORDER BY created DESC, id DESC`, identity)
}

func (db *DB) tokens(ctx context.Context, where string, args ...any) ([]users.Token, error) {
	var out []users.Token
	err := db.each(ctx, `SELECT id, hash, identity, name, scope, expires, revoked, created, given_by FROM tokens `+where, args, func(rows *sql.Rows) error {
		var t users.Token
		var hash []byte
		var expires, revoked, created int64
		if err := rows.Scan(&t.ID, &hash, &t.Identity, &t.Name, &t.Scope, &expires, &revoked, &created, &t.By); err != nil {
			return fmt.Errorf("read token: %w", err)
		}
		if copy(t.Hash[:], hash) != len(hash) || len(hash) != len(t.Hash) {
			return fmt.Errorf("read token %s: its digest has %d bytes", t.ID, len(hash))
		}
		t.Expires, t.Revoked, t.Created = moment(expires), moment(revoked), moment(created)
		out = append(out, t)
		return nil
	})
	return out, err
}

func keepToken(ctx context.Context, tx *sql.Tx, t users.Token, at int64) error {
	created := at
	if !t.Created.IsZero() {
		created = t.Created.UnixNano()
	}
	return touched(tx.ExecContext(ctx, `
		INSERT INTO tokens (id, hash, identity, name, scope, expires, revoked, created, given_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		t.ID, t.Hash[:], t.Identity, t.Name, t.Scope, nanos(t.Expires), nanos(t.Revoked), created, t.By))("token")
}
