package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/parachute-gate/parachute/audit"
	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/gate/users"
)

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
		if err := checkAs(ctx, tx, c.As); err != nil {
			return err
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
		if err := applyChange(ctx, tx, c.Change, c.Record.Time.UnixNano()); err != nil {
			return err
		}
		for _, a := range c.Heard {
			if _, err := tx.ExecContext(ctx, `UPDATE identities SET dm = ?1 WHERE id = ?2 AND dm <> ?1 AND ?1 <> ''`, a.Chat, a.Identity); err != nil {
				return fmt.Errorf("keep the direct chat: %w", err)
			}
		}
		if c.Turn != nil {
			if err := db.insertTurn(ctx, tx, c.Record, c.Place.Connector, *c.Turn); err != nil {
				return err
			}
		}
		for _, n := range c.Notices {
			if err := appendRecord(ctx, tx, n.Record, ""); err != nil {
				return err
			}
			if err := db.insertTurn(ctx, tx, n.Record, n.Record.Connector, n.Turn); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, users.ErrChanged) {
		err = fmt.Errorf("%w: %w", gate.ErrRaced, err)
	}
	if err == nil && (c.Turn != nil || len(c.Notices) > 0) {
		select {
		case db.wake <- struct{}{}:
		default:
		}
	}
	return err
}

// checkAs holds who was admitted to what the facts said of them.
func checkAs(ctx context.Context, tx *sql.Tx, as *gate.As) error {
	if as == nil {
		return nil
	}
	now := *as
	if err := tx.QueryRowContext(ctx, `
		WITH who AS (SELECT coalesce((SELECT person FROM identities WHERE id = ?1), ?1) AS id)
		SELECT who.id, coalesce((SELECT updated FROM people p WHERE p.id = who.id), 0) FROM who`, as.Identity).Scan(&now.Person, &now.Version); err != nil {
		return fmt.Errorf("look for the person: %w", err)
	}
	if now != *as {
		return fmt.Errorf("%w: the person is not who they were", gate.ErrRaced)
	}
	return nil
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
			UPDATE sessions SET ended = coalesce(ended, ?1), cut = ?2, cut_words = ?4 WHERE id = ?3 AND (ended IS NULL OR (?2 AND NOT cut
			AND EXISTS (SELECT 1 FROM turns t WHERE t.session = ?3 AND t.state IN ('pending', 'ready', 'sending'))))`, at, c.Cut, c.End, c.StopReply)
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
	// Whoever is not its owner must still be let in.
	var open bool
	if err := tx.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM sessions s WHERE s.id = ?1 AND s.ended IS NULL
		  AND (s.user = ?2 OR EXISTS (SELECT 1 FROM shares WHERE session = ?1 AND joined > 0 AND guest IN `+selves+`)))`, c.Turn.Session, c.Place.User).Scan(&open); err != nil {
		return fmt.Errorf("look for the session: %w", err)
	}
	if !open {
		return gate.ErrRaced
	}
	return nil
}

// stopPending answers what waits in sessions. A turn that has begun to change
// something is not said to be stopped here: its agent is, and what it made is
// told.
const stopPending = `
	UPDATE turns SET state = 'ready', reply = ?1, text = '', attachments = '[]', updated = ?2
	WHERE state = 'pending' AND NOT EXISTS (SELECT 1 FROM turn_changes c WHERE c.turn = turns.id) AND session `

// stopSpoken answers what one person said in sessions, also what is being answered:
// the process that runs it stops that once it finds it answered (see Stopped). The
// words must not say that nothing came of it.
const stopSpoken = `
	UPDATE turns SET state = 'ready', reply = ?1, text = '', attachments = '[]', updated = ?2
	WHERE state = 'pending' AND (SELECT d.user FROM decisions d WHERE d.id = turns.decision) = ?3 AND session `

// stopTurns answers what waits in the sessions that are stopped.
func stopTurns(ctx context.Context, tx *sql.Tx, c gate.Commit) error {
	at := c.Record.Time.UnixNano()
	if c.Stop != "" {
		if _, err := tx.ExecContext(ctx, stopPending+`= ?3`, c.StopReply, at, c.Stop); err != nil {
			return fmt.Errorf("stop turns: %w", err)
		}
	}
	if !c.StopEnded {
		return nil
	}
	const ended = `IN (
		SELECT t.session FROM turns t INDEXED BY turns_open JOIN sessions s ON s.id = t.session
		WHERE t.state IN ('pending', 'ready', 'sending') AND s.connector = ?3 AND s.chat = ?4 AND s.user = ?5 AND s.ended IS NOT NULL)`
	if _, err := tx.ExecContext(ctx, `UPDATE sessions SET cut = 1, cut_words = ?1 WHERE ?2 > 0 AND id `+ended, c.StopReply, at, c.Place.Connector, c.Place.Chat, c.Place.User); err != nil {
		return fmt.Errorf("cut sessions: %w", err)
	}
	if _, err := tx.ExecContext(ctx, stopPending+ended, c.StopReply, at, c.Place.Connector, c.Place.Chat, c.Place.User); err != nil {
		return fmt.Errorf("stop turns: %w", err)
	}
	return nil
}

// insertTurn keeps the answer that is owed on a record, and the job that will give
// it.
func (db *DB) insertTurn(ctx context.Context, tx *sql.Tx, r audit.Record, connector string, t gate.Turn) error {
	state := "pending"
	if t.Session == "" {
		state = "ready"
	}
	at := r.Time.UnixNano()
	attachments, err := json.Marshal(t.Attachments)
	if err != nil {
		return fmt.Errorf("encode attachments: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO turns (id, decision, session, connector, chat, user, name, message, text, attachments, reply, state, created, updated)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		t.ID, r.ID, sql.NullString{String: t.Session, Valid: t.Session != ""}, connector,
		t.Chat, t.User, t.Name, t.Message, t.Text, string(attachments), t.Reply, state, at, at); err != nil {
		return fmt.Errorf("keep turn: %w", err)
	}
	return db.enqueue(ctx, tx, t.ID)
}
