package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/parachute-gate/parachute/gate"
)

const sessionColumns = `s.id, s.connector, s.kind, s.chat, s.chat_kind, s.user, s.local, s.workspace, s.trust, s.access, s.agent, s.obligations`

// sessionRow is what sessionColumns give, which may be nothing.
type sessionRow struct {
	id, connector, kind, chat, chatKind, user    sql.NullString
	local                                        sql.NullBool
	workspace, trust, access, agent, obligations sql.NullString
}

func (r *sessionRow) dest() []any {
	return []any{&r.id, &r.connector, &r.kind, &r.chat, &r.chatKind, &r.user, &r.local, &r.workspace, &r.trust, &r.access, &r.agent, &r.obligations}
}

func (r *sessionRow) session() gate.Session {
	return gate.Session{
		ID: r.id.String, Connector: r.connector.String, ConnectorKind: r.kind.String, Chat: r.chat.String, ChatKind: r.chatKind.String,
		User: r.user.String, Local: r.local.Bool, Workspace: r.workspace.String,
		Trust: r.trust.String, Access: r.access.String, Agent: r.agent.String, Obligations: r.obligations.String,
	}
}

const selectAlive = `
	SELECT ` + sessionColumns + `, s.created, s.ended IS NOT NULL,
	       (SELECT count(*) FROM turns t WHERE t.session = s.id AND t.state IN ('pending', 'ready', 'sending')),
	       (SELECT json_group_array(h.guest) FROM shares h WHERE h.session = s.id),
	       (SELECT json_group_array(h.guest) FROM shares h WHERE h.session = s.id AND h.joined > 0)
	FROM sessions s `

// owing are the sessions that still owe answers.
const owing = `SELECT session FROM turns INDEXED BY turns_open WHERE state IN ('pending', 'ready', 'sending') AND session IS NOT NULL`

// FindSession implements gate.Store.
func (db *DB) FindSession(ctx context.Context, person, id string) (gate.SessionFacts, error) {
	if id == "" {
		return gate.SessionFacts{}, gate.ErrNoSession
	}
	// An id is below its beginning with a byte that no id has.
	found, err := db.alive(ctx, `
		WHERE s.id >= ?1 AND s.id < ?1 || '~' AND ?2 IN ('', s.user) AND (s.ended IS NULL OR EXISTS (
		  SELECT 1 FROM turns t WHERE t.session = s.id AND t.state IN ('pending', 'ready', 'sending')))
		ORDER BY s.id LIMIT 2`, id, person)
	switch {
	case err != nil:
		return gate.SessionFacts{}, err
	case len(found) == 0:
		return gate.SessionFacts{}, gate.ErrNoSession
	case len(found) > 1 && found[0].ID != id:
		return gate.SessionFacts{}, fmt.Errorf("%w: several begin so", gate.ErrNoSession)
	}
	return found[0], nil
}

// AliveSessions implements gate.Store.
func (db *DB) AliveSessions(ctx context.Context, person string, n int) ([]gate.SessionFacts, error) {
	if person == "" {
		return db.alive(ctx, `
			WHERE s.id IN (SELECT * FROM (SELECT id FROM sessions WHERE ended IS NULL ORDER BY created DESC LIMIT ?1) UNION `+owing+`)
			ORDER BY s.created DESC, s.id DESC LIMIT ?1`, n)
	}
	return db.alive(ctx, `
		WHERE s.user = ?2 AND s.id IN (
		  SELECT * FROM (SELECT id FROM sessions WHERE user = ?2 AND ended IS NULL ORDER BY created DESC LIMIT ?1) UNION `+owing+`)
		ORDER BY s.created DESC, s.id DESC LIMIT ?1`, n, person)
}

// Offered implements gate.Store.
func (db *DB) Offered(ctx context.Context, p gate.Place) (gate.SessionFacts, error) {
	found, err := db.alive(ctx, `
		JOIN shares r ON r.session = s.id
		WHERE r.joined = 0 AND r.guest IN `+selves+` AND s.connector = ?1 AND s.chat = ?3 AND s.user <> ?2 AND s.ended IS NULL
		  AND NOT EXISTS (SELECT 1 FROM shares j WHERE j.session = s.id AND j.joined > 0 AND j.guest IN `+selves+`)
		ORDER BY r.created DESC, s.id DESC LIMIT 1`, p.Connector, p.User, p.Chat)
	if err == nil && len(found) == 0 {
		err = gate.ErrNoSession
	}
	if err != nil {
		return gate.SessionFacts{}, err
	}
	return found[0], nil
}

func (db *DB) alive(ctx context.Context, where string, args ...any) ([]gate.SessionFacts, error) {
	var out []gate.SessionFacts
	err := db.each(ctx, selectAlive+where, args, func(rows *sql.Rows) error {
		var row sessionRow
		var f gate.SessionFacts
		var created int64
		var shared, joined string
		if err := rows.Scan(append(row.dest(), &created, &f.Ended, &f.Owed, &shared, &joined)...); err != nil {
			return fmt.Errorf("read session: %w", err)
		}
		for from, to := range map[*string]*[]string{&shared: &f.Shared, &joined: &f.Joined} {
			if err := json.Unmarshal([]byte(*from), to); err != nil {
				return fmt.Errorf("read whom session %s is shared with: %w", row.id.String, err)
			}
			if len(*to) == 0 {
				*to = nil
			}
			slices.Sort(*to)
		}
		f.Session, f.Created = row.session(), time.Unix(0, created).UTC()
		out = append(out, f)
		return nil
	})
	return out, err
}

// cutSessions ends all that is alive of some people, with what runs in it. They
// leave the sessions of others, where what they said and still waits is answered too.
func cutSessions(ctx context.Context, tx *sql.Tx, people []string, reply string, at int64) error {
	for _, person := range people {
		ids, err := aliveOf(ctx, tx, person)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if _, err := tx.ExecContext(ctx, stopPending+`= ?3`, reply, at, id); err != nil {
				return fmt.Errorf("stop turns: %w", err)
			}
			if err := cutSession(ctx, tx, id, reply, at); err != nil {
				return err
			}
		}
		if err := leaveAll(ctx, tx, person); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, stopSpoken+`IN (`+owing+` AND EXISTS (SELECT 1 FROM sessions s WHERE s.id = session AND s.user <> ?3))`,
			reply, at, person); err != nil {
			return fmt.Errorf("stop turns in sessions of others: %w", err)
		}
	}
	return nil
}

func cutSession(ctx context.Context, tx *sql.Tx, id, words string, at int64) error {
	if _, err := tx.ExecContext(ctx, `UPDATE sessions SET ended = coalesce(ended, ?), cut = 1, cut_words = ? WHERE id = ?`, at, words, id); err != nil {
		return fmt.Errorf("cut session: %w", err)
	}
	return nil
}

func aliveOf(ctx context.Context, tx *sql.Tx, person string) ([]string, error) {
	return idsOf(ctx, tx, `
		SELECT id FROM sessions WHERE user = ?1 AND ended IS NULL
		UNION SELECT id FROM sessions WHERE user = ?1 AND id IN (`+owing+`)`, person)
}

func idsOf(ctx context.Context, tx *sql.Tx, query string, args ...any) (ids []string, err error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("look for sessions: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("look for sessions: %w", err)
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}
