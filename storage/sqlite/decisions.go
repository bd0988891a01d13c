package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/parachute-gate/parachute/audit"
)

// appendRecord puts a record at the end of the chain.
func appendRecord(ctx context.Context, tx *sql.Tx, r audit.Record, eventKey string) error {
	head := audit.Head{Hash: audit.GenesisHash}
	err := tx.QueryRowContext(ctx, `SELECT seq, hash FROM audit_head`).Scan(&head.Seq, &head.Hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("read head of the log: %w", err)
	}
	sealed, err := r.Seal(head.Seq+1, head.Hash)
	if err != nil {
		return err
	}
	c := r.Columns()
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO decisions (seq, id, at, point, event_key, connector, chat, user, message, verdict, rule, session, record, hash)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		sealed.Seq, c.ID, c.At, c.Point, sql.NullString{String: eventKey, Valid: eventKey != ""},
		c.Connector, c.Chat, c.User, c.Message, c.Verdict, c.Rule, c.Session, sealed.JSON, sealed.Hash); err != nil {
		return fmt.Errorf("add record: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO audit_head (one, seq, hash) VALUES (1, ?, ?)
		ON CONFLICT (one) DO UPDATE SET seq = excluded.seq, hash = excluded.hash`, sealed.Seq, sealed.Hash); err != nil {
		return fmt.Errorf("move head of the log: %w", err)
	}
	return nil
}

// Entries implements audit.Log.
func (db *DB) Entries(ctx context.Context, f audit.Filter, yield func(audit.Entry) error) error {
	where, args := []string{"seq > ?"}, []any{f.After}
	for _, c := range []struct{ column, value string }{
		{"connector", f.Connector}, {"user", f.User}, {"chat", f.Chat}, {"verdict", f.Verdict},
		{"rule", f.Rule}, {"session", f.Session}, {"point", f.Point},
	} {
		if c.value != "" {
			where, args = append(where, c.column+" = ?"), append(args, c.value)
		}
	}
	if !f.Since.IsZero() {
		where, args = append(where, "at >= ?"), append(args, f.Since.UnixNano())
	}
	query := "SELECT seq, record FROM decisions WHERE " + strings.Join(where, " AND ")
	if f.Last > 0 {
		query = "SELECT * FROM (" + query + " ORDER BY seq DESC LIMIT ?)"
		args = append(args, f.Last)
	}
	return db.each(ctx, query+" ORDER BY seq", args, func(rows *sql.Rows) error {
		var e audit.Entry
		var data []byte
		if err := rows.Scan(&e.Seq, &data); err != nil {
			return fmt.Errorf("read log: %w", err)
		}
		if err := json.Unmarshal(data, &e.Record); err != nil {
			return fmt.Errorf("read record %d: %w", e.Seq, err)
		}
		return yield(e)
	})
}

// Chain implements audit.Log.
func (db *DB) Chain(ctx context.Context, yield func(audit.Sealed) error) error {
	return db.each(ctx, `
		SELECT seq, record, hash, id, point, connector, chat, user, message, verdict, rule, session, at
		FROM decisions ORDER BY seq`, nil, func(rows *sql.Rows) error {
		var s audit.Sealed
		var c audit.Columns
		s.Columns = &c
		if err := rows.Scan(&s.Seq, &s.JSON, &s.Hash,
			&c.ID, &c.Point, &c.Connector, &c.Chat, &c.User, &c.Message, &c.Verdict, &c.Rule, &c.Session, &c.At); err != nil {
			return fmt.Errorf("read log: %w", err)
		}
		return yield(s)
	})
}

// Head implements audit.Log.
func (db *DB) Head(ctx context.Context) (audit.Head, error) {
	head := audit.Head{Hash: audit.GenesisHash}
	err := db.read.QueryRowContext(ctx, `SELECT seq, hash FROM audit_head`).Scan(&head.Seq, &head.Hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return head, fmt.Errorf("read head of the log: %w", err)
	}
	return head, nil
}

// each runs a query and calls fn for each row.
func (db *DB) each(ctx context.Context, query string, args []any, fn func(*sql.Rows) error) (err error) {
	rows, err := db.read.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("read database: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read database: %w", err)
	}
	return nil
}
