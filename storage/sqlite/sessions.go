package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/parachute-gate/parachute/sessions"
)

// Installation is a name that no other installation has, and that stays.
func (db *DB) Installation(ctx context.Context) (string, error) {
	var id string
	if err := db.read.QueryRowContext(ctx, `SELECT id FROM installation`).Scan(&id); err != nil {
		return "", fmt.Errorf("read the installation's name: %w", err)
	}
	return id, nil
}

const selectSession = `
	SELECT s.id, s.connector, s.kind, s.chat, s.chat_kind, s.local, s.user, s.workspace, s.trust, s.access, s.agent, s.obligations,
	       s.decision, s.created, s.ended, s.turns, s.programs, s.cpu_ns, s.ran_ns, s.peak_bytes,
	       (SELECT count(*) FROM turns t WHERE t.session = s.id AND t.state IN ('pending', 'ready', 'sending')),
	       (SELECT json_group_array(h.guest) FROM shares h WHERE h.session = s.id)
	FROM sessions s `

// Sessions implements sessions.Register.
func (db *DB) Sessions(ctx context.Context, f sessions.Filter) ([]sessions.Overview, error) {
	where, args := []string{"1"}, []any{}
	for _, c := range []struct{ column, value string }{{"user", f.User}, {"connector", f.Connector}, {"agent", f.Agent}} {
		if c.value != "" {
			where, args = append(where, "s."+c.column+" = ?"), append(args, c.value)
		}
	}
	if f.Open {
		where = append(where, "s.ended IS NULL")
	}
	if f.Alive {
		where = append(where, `(s.ended IS NULL OR EXISTS (SELECT 1 FROM turns t WHERE t.session = s.id AND t.state IN ('pending', 'ready', 'sending')))`)
	}
	if !f.Before.IsZero() {
		where, args = append(where, "s.created < ?"), append(args, f.Before.UnixNano())
	}
	query := selectSession + "WHERE " + strings.Join(where, " AND ") + " ORDER BY s.created DESC, s.id DESC"
	if f.Most > 0 {
		query, args = query+" LIMIT ?", append(args, f.Most)
	}
	var out []sessions.Overview
	err := db.each(ctx, query, args, func(rows *sql.Rows) error {
		o, err := scanSession(rows)
		out = append(out, o)
		return err
	})
	return out, err
}

// Find implements sessions.Register.
func (db *DB) Find(ctx context.Context, id string) (sessions.Overview, error) {
	var found []sessions.Overview
	// An id is below its beginning with a byte that no id has.
	err := db.each(ctx, selectSession+`WHERE s.id >= ?1 AND s.id < ?1 || '~' ORDER BY s.id LIMIT 2`, []any{id}, func(rows *sql.Rows) error {
		o, err := scanSession(rows)
		found = append(found, o)
		return err
	})
	switch {
	case err != nil:
		return sessions.Overview{}, err
	case id == "" || len(found) == 0:
		return sessions.Overview{}, fmt.Errorf("%w: %s", sessions.ErrNoSession, id)
	case len(found) > 1 && found[0].ID != id:
		return sessions.Overview{}, fmt.Errorf("%w: several begin with %s; write more of the id", sessions.ErrNoSession, id)
	}
	return found[0], nil
}

func scanSession(row interface{ Scan(...any) error }) (sessions.Overview, error) {
	var o sessions.Overview
	var created int64
	var ended sql.NullInt64
	var shared []byte
	if err := row.Scan(&o.ID, &o.Connector, &o.ConnectorKind, &o.Chat, &o.ChatKind, &o.Local, &o.User, &o.Workspace, &o.Trust, &o.Access, &o.Agent, &o.Obligations,
		&o.Decision, &created, &ended, &o.Turns, &o.Usage.Programs, &o.Usage.CPU, &o.Usage.Ran, &o.Usage.PeakMemoryBytes, &o.Owed, &shared); err != nil {
		return o, fmt.Errorf("read session: %w", err)
	}
	if err := json.Unmarshal(shared, &o.Shared); err != nil {
		return o, fmt.Errorf("read whom session %s is shared with: %w", o.ID, err)
	}
	if len(o.Shared) == 0 {
		o.Shared = nil
	}
	o.Created, o.Earlier = time.Unix(0, created), o.Turns
	if ended.Valid {
		o.Ended = time.Unix(0, ended.Int64)
	}
	return o, nil
}

// Standings implements sessions.Register.
func (db *DB) Standings(ctx context.Context, ids []string) (map[string]sessions.Standing, error) {
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, fmt.Errorf("encode ids: %w", err)
	}
	out := map[string]sessions.Standing{}
	err = db.each(ctx, `
		SELECT s.id, s.ended IS NOT NULL, s.cut, s.cut_words,
		       EXISTS (SELECT 1 FROM turns t WHERE t.session = s.id AND t.state IN ('pending', 'ready', 'sending'))
		FROM sessions s WHERE s.id IN (SELECT value FROM json_each(?))`, []any{string(list)}, func(rows *sql.Rows) error {
		var id string
		var s sessions.Standing
		if err := rows.Scan(&id, &s.Ended, &s.Cut, &s.Words, &s.Owed); err != nil {
			return fmt.Errorf("read session: %w", err)
		}
		out[id] = s
		return nil
	})
	return out, err
}
