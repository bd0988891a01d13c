package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/parachute-gate/parachute/gate/limits"
)

// LimitEvents implements limits.Store.
func (db *DB) LimitEvents(ctx context.Context, key string, since int64) ([]limits.Event, error) {
	var out []limits.Event
	err := db.each(ctx, `SELECT at, decision FROM limit_events WHERE key = ? AND at >= ? ORDER BY at`, []any{key, since},
		func(rows *sql.Rows) error {
			e := limits.Event{Key: key}
			if err := rows.Scan(&e.At, &e.ID); err != nil {
				return fmt.Errorf("read limits: %w", err)
			}
			out = append(out, e)
			return nil
		})
	return out, err
}

// LimitClock implements limits.Store.
func (db *DB) LimitClock(ctx context.Context) (int64, error) {
	var at sql.NullInt64
	if err := db.read.QueryRowContext(ctx, `SELECT max(at) FROM limit_events`).Scan(&at); err != nil {
		return 0, fmt.Errorf("read clock of the limits: %w", err)
	}
	return at.Int64, nil
}

// PruneLimits forgets the events that no window reaches any more. The newest
// stays: it holds the clock.
func (db *DB) PruneLimits(ctx context.Context, now int64) error {
	return db.writer.do(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx,
			`DELETE FROM limit_events WHERE at < ? AND at < (SELECT max(at) FROM limit_events)`, now-int64(limits.MaxWindow+time.Hour))
		return err
	})
}

func insertEvents(ctx context.Context, tx *sql.Tx, events []limits.Event) error {
	for _, e := range events {
		if _, err := tx.ExecContext(ctx, `INSERT INTO limit_events (key, at, decision) VALUES (?, ?, ?)`, e.Key, e.At, e.ID); err != nil {
			return fmt.Errorf("count: %w", err)
		}
	}
	return nil
}
