package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/parachute-gate/parachute/gate"
)

// Facts implements gate.Store. One statement, so that all facts are of one
// moment.
func (db *DB) Facts(ctx context.Context, p gate.Place, eventKey string) (gate.Facts, error) {
	var f gate.Facts
	var roles, workspace, attributes, grants, identities sql.NullString
	var id, kind, chatKind, ws, trust, access, agent, obligations sql.NullString
	var local sql.NullBool
	err := db.read.QueryRowContext(ctx, `
		WITH who AS (SELECT coalesce((SELECT person FROM identities WHERE id = ?4), ?4) AS id)
		SELECT EXISTS (SELECT 1 FROM decisions WHERE event_key = ?1), who.id,
		       p.roles, p.attributes, CASE WHEN p.id IS NOT NULL THEN `+grantsOf+` END,
		       (SELECT json_group_array(i.id) FROM identities i WHERE i.person = who.id),
		       (SELECT workspace FROM choices WHERE connector = ?2 AND chat = ?3 AND user = who.id),
		       EXISTS (SELECT 1 FROM turns t INDEXED BY turns_open JOIN sessions o ON o.id = t.session
		               WHERE t.state IN ('pending', 'ready', 'sending') AND t.state = 'pending' AND o.connector = ?2 AND o.chat = ?3 AND o.user = who.id),
		       s.id, s.kind, s.chat_kind, s.local, s.workspace, s.trust, s.access, s.agent, s.obligations
		FROM who LEFT JOIN people p ON p.id = who.id LEFT JOIN sessions s
		  ON s.connector = ?2 AND s.chat = ?3 AND s.user = who.id AND s.ended IS NULL`,
		eventKey, p.Connector, p.Chat, p.User).
		Scan(&f.Seen, &f.Person, &roles, &attributes, &grants, &identities, &workspace, &f.Busy, &id, &kind, &chatKind, &local, &ws, &trust, &access, &agent, &obligations)
	if err != nil {
		return f, fmt.Errorf("read facts: %w", err)
	}
	if roles.Valid {
		if err := json.Unmarshal([]byte(roles.String), &f.Roles); err != nil {
			return f, fmt.Errorf("read roles of %s: %w", p.User, err)
		}
	}
	if grants.Valid {
		if f.Grants, err = readGrants(grants.String); err != nil {
			return f, fmt.Errorf("%s: %w", p.User, err)
		}
	}
	if attributes.Valid {
		if err := json.Unmarshal([]byte(attributes.String), &f.Attributes); err != nil {
			return f, fmt.Errorf("read attributes of %s: %w", p.User, err)
		}
	}
	if err := json.Unmarshal([]byte(identities.String), &f.Identities); err != nil {
		return f, fmt.Errorf("read identities of %s: %w", p.User, err)
	}
	if len(f.Identities) == 0 {
		f.Identities = nil
	}
	slices.Sort(f.Identities)
	f.Workspace = workspace.String
	if id.Valid {
		f.Session = &gate.Session{
			ID: id.String, Connector: p.Connector, ConnectorKind: kind.String, Chat: p.Chat, ChatKind: chatKind.String,
			User: f.Person, Local: local.Bool,
			Workspace: ws.String, Trust: trust.String, Access: access.String, Agent: agent.String, Obligations: obligations.String,
		}
	}
	return f, nil
}

// Commit implements gate.Store.
func (db *DB) Commit(ctx context.Context, c gate.Commit) error {
	err := db.writer.do(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if c.EventKey != "" {
			var seen bool
			if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM decisions WHERE event_key = ?)`, c.EventKey).Scan(&seen); err != nil {
				return fmt.Errorf("look for the event: %w", err)
			}
			if seen {
				return gate.ErrSeen
			}
		}
		if err := appendRecord(ctx, tx, c.Record, c.EventKey); err != nil {
			return err
		}
		if err := insertEvents(ctx, tx, c.Events); err != nil {
			return err
		}
		if err := applySession(ctx, tx, c); err != nil {
			return err
		}
		if u := c.Used; u != nil {
			if _, err := tx.ExecContext(ctx, `
				UPDATE sessions SET programs = programs + 1, cpu_ns = cpu_ns + ?, ran_ns = ran_ns + ?, peak_bytes = max(peak_bytes, ?) WHERE id = ?`,
				u.CPU, u.Ran, u.PeakMemoryBytes, u.Session); err != nil {
				return fmt.Errorf("keep usage: %w", err)
			}
		}
		if c.Choose != "" {
			if _, err := tx.ExecContext(ctx, `
				INSERT INTO choices (connector, chat, user, workspace) VALUES (?, ?, ?, ?)
				ON CONFLICT DO UPDATE SET workspace = excluded.workspace`,
				c.Place.Connector, c.Place.Chat, c.Place.User, c.Choose); err != nil {
				return fmt.Errorf("keep the choice: %w", err)
			}
		}
		if c.Turn == nil {
			return nil
		}
		return db.insertTurn(ctx, tx, c)
	})
	if err == nil && c.Turn != nil {
		select {
		case db.wake <- struct{}{}:
		default:
		}
	}
	return err
}

// applySession ends, opens or uses a session, and holds it to what the facts
// said when the decision was made.
func applySession(ctx context.Context, tx *sql.Tx, c gate.Commit) error {
	at := c.Record.Time.UnixNano()
	if err := stopTurns(ctx, tx, c); err != nil {
		return err
	}
	if c.End != "" {
		res, err := tx.ExecContext(ctx, `
			UPDATE sessions SET ended = coalesce(ended, ?1), cut = ?2 WHERE id = ?3 AND (ended IS NULL OR (?2 AND NOT cut
			AND EXISTS (SELECT 1 FROM turns t WHERE t.session = ?3 AND t.state IN ('pending', 'ready', 'sending'))))`, at, c.Cut, c.End)
		if err != nil {
			return fmt.Errorf("end session: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(gate.ErrRaced, err)
		}
	}
	if s := c.Open; s != nil {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO sessions (id, connector, kind, chat, chat_kind, user, local, workspace, trust, access, agent, obligations, decision, created)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			s.ID, s.Connector, s.ConnectorKind, s.Chat, s.ChatKind, s.User, s.Local, s.Workspace, s.Trust, s.Access, s.Agent, cmp.Or(s.Obligations, "{}"), c.Record.ID, at)
		if isUnique(err) {
			return gate.ErrRaced
		}
		if err != nil {
			return fmt.Errorf("open session: %w", err)
		}
		return nil
	}
	if c.Turn == nil || c.Turn.Session == "" {
		return nil
	}
	var open bool
	if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sessions WHERE id = ? AND ended IS NULL)`, c.Turn.Session).Scan(&open); err != nil {
		return fmt.Errorf("look for the session: %w", err)
	}
	if !open {
		return gate.ErrRaced
	}
	return nil
}

// stopTurns answers what waits in the sessions that are stopped. A turn that has
// begun to change something is not said to be stopped here: its agent is, and
// what it made is told.
func stopTurns(ctx context.Context, tx *sql.Tx, c gate.Commit) error {
	const stop = `
		UPDATE turns SET state = 'ready', reply = ?1, text = '', attachments = '[]', updated = ?2
		WHERE state = 'pending' AND NOT EXISTS (SELECT 1 FROM turn_changes c WHERE c.turn = turns.id) AND session `
	at := c.Record.Time.UnixNano()
	if c.Stop != "" {
		if _, err := tx.ExecContext(ctx, stop+`= ?3`, c.StopReply, at, c.Stop); err != nil {
			return fmt.Errorf("stop turns: %w", err)
		}
	}
	if !c.StopEnded {
		return nil
	}
	const ended = `IN (
		SELECT t.session FROM turns t INDEXED BY turns_open JOIN sessions s ON s.id = t.session
		WHERE t.state IN ('pending', 'ready', 'sending') AND s.connector = ?3 AND s.chat = ?4 AND s.user = ?5 AND s.ended IS NOT NULL)`
	if _, err := tx.ExecContext(ctx, `UPDATE sessions SET cut = ?1 WHERE ?2 > 0 AND id `+ended, true, at, c.Place.Connector, c.Place.Chat, c.Place.User); err != nil {
		return fmt.Errorf("cut sessions: %w", err)
	}
	if _, err := tx.ExecContext(ctx, stop+ended, c.StopReply, at, c.Place.Connector, c.Place.Chat, c.Place.User); err != nil {
		return fmt.Errorf("stop turns: %w", err)
	}
	return nil
}

// insertTurn keeps the answer that is owed, and the job that will give it.
func (db *DB) insertTurn(ctx context.Context, tx *sql.Tx, c gate.Commit) error {
	t, state := c.Turn, "pending"
	if t.Session == "" {
		state = "ready"
	}
	at := c.Record.Time.UnixNano()
	attachments, err := json.Marshal(t.Attachments)
	if err != nil {
		return fmt.Errorf("encode attachments: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO turns (id, decision, session, connector, chat, user, name, message, text, attachments, reply, state, created, updated)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		t.ID, c.Record.ID, sql.NullString{String: t.Session, Valid: t.Session != ""}, c.Place.Connector,
		t.Chat, t.User, t.Name, t.Message, t.Text, string(attachments), t.Reply, state, at, at); err != nil {
		return fmt.Errorf("keep turn: %w", err)
	}
	return db.enqueue(ctx, tx, t.ID)
}
