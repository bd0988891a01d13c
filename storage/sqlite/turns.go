package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/parachute-gate/parachute/sessions"
)

const selectTurn = `
	SELECT t.id, t.seq, t.decision, t.connector, t.chat, t.user, t.name, t.message, t.text, t.attachments, t.reply, t.failed, t.state,
	       s.id, s.kind, s.chat, s.chat_kind, s.user, s.local, s.workspace, s.trust, s.access, s.agent, s.obligations, s.turns
	FROM turns t LEFT JOIN sessions s ON s.id = t.session `

// Turn implements sessions.Store.
func (db *DB) Turn(ctx context.Context, id string) (sessions.Turn, error) {
	t, err := scanTurn(db.read.QueryRowContext(ctx, selectTurn+`WHERE t.id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return t, fmt.Errorf("%s: %w", id, sessions.ErrNoTurn)
	}
	return t, err
}

// OpenTurns implements sessions.Store.
func (db *DB) OpenTurns(ctx context.Context, session string, seq int64) ([]sessions.Turn, error) {
	var out []sessions.Turn
	err := db.each(ctx, selectTurn+`
		WHERE t.session = ? AND t.seq <= ? AND t.state IN ('pending', 'ready', 'sending') ORDER BY t.seq`, []any{session, seq},
		func(rows *sql.Rows) error {
			t, err := scanTurn(rows)
			out = append(out, t)
			return err
		})
	return out, err
}

func scanTurn(row interface{ Scan(...any) error }) (sessions.Turn, error) {
	var t sessions.Turn
	var id, kind, chat, chatKind, user, workspace, trust, access, agent, obligations sql.NullString
	var earlier sql.NullInt64
	var local sql.NullBool
	var attachments []byte
	if err := row.Scan(&t.ID, &t.Seq, &t.Decision, &t.Connector, &t.Chat, &t.User, &t.Name, &t.Message, &t.Text, &attachments, &t.Reply, &t.Failed, &t.State,
		&id, &kind, &chat, &chatKind, &user, &local, &workspace, &trust, &access, &agent, &obligations, &earlier); err != nil {
		return t, fmt.Errorf("read turn: %w", err)
	}
	if err := json.Unmarshal(attachments, &t.Attachments); err != nil {
		return t, fmt.Errorf("read attachments of turn %s: %w", t.ID, err)
	}
	if id.Valid {
		t.Session = &sessions.Session{
			ID: id.String, Connector: t.Connector, ConnectorKind: kind.String, Chat: chat.String, ChatKind: chatKind.String,
			User: user.String, Local: local.Bool, Workspace: workspace.String,
			Trust: trust.String, Access: access.String, Agent: agent.String,
			Obligations: obligations.String, Earlier: int(earlier.Int64),
		}
	}
	return t, nil
}

// SendTurn implements sessions.Store.
func (db *DB) SendTurn(ctx context.Context, id string, read sessions.State, reply string, failed bool) error {
	return db.writer.do(ctx, func(ctx context.Context, tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE turns SET state = 'sending', reply = ?, failed = ?, updated = ? WHERE id = ? AND state = ?`,
			reply, failed, time.Now().UnixNano(), id, string(read))
		if err != nil {
			return fmt.Errorf("keep reply: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(fmt.Errorf("turn %s: %w", id, sessions.ErrAnswered), err)
		}
		return nil
	})
}

// Stopped implements sessions.Register.
func (db *DB) Stopped(ctx context.Context, turns []string) ([]string, error) {
	list, err := json.Marshal(turns)
	if err != nil {
		return nil, fmt.Errorf("encode ids: %w", err)
	}
	var out []string
	err = db.each(ctx, `SELECT id FROM turns WHERE id IN (SELECT value FROM json_each(?)) AND state = 'ready'`, []any{string(list)}, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		out = append(out, id)
		return err
	})
	return out, err
}

// CloseTurn implements sessions.Store.
func (db *DB) CloseTurn(ctx context.Context, id string, state sessions.State) error {
	return db.writer.do(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE turns SET state = ?, text = '', attachments = '[]', reply = '', updated = ? WHERE id = ?`,
			string(state), time.Now().UnixNano(), id); err != nil {
			return fmt.Errorf("close turn: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `UPDATE sessions SET turns = turns + 1 WHERE id = (SELECT session FROM turns WHERE id = ?)`, id); err != nil {
			return fmt.Errorf("count turn: %w", err)
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM turn_changes WHERE turn = ?`, id)
		return err
	})
}

// BeginChange implements sessions.Changes.
func (db *DB) BeginChange(ctx context.Context, turn string, n int, after [32]byte) (begun bool, err error) {
	err = db.writer.do(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var pending bool
		if err := tx.QueryRowContext(ctx, `
			SELECT EXISTS (SELECT 1 FROM turn_changes WHERE turn = ?1 AND number = ?2),
			       EXISTS (SELECT 1 FROM turns WHERE id = ?1 AND state = 'pending')`, turn, n).Scan(&begun, &pending); err != nil {
			return fmt.Errorf("read change: %w", err)
		}
		// Whoever stopped it was told that nothing came of it.
		if !pending {
			return fmt.Errorf("begin a change of turn %s: it was stopped", turn)
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO turn_changes (turn, number, after) VALUES (?, ?, ?)
			ON CONFLICT DO UPDATE SET after = excluded.after`, turn, n, after[:]); err != nil {
			return fmt.Errorf("keep change: %w", err)
		}
		return nil
	})
	return begun, err
}

// BegunChange implements sessions.Changes.
func (db *DB) BegunChange(ctx context.Context, turn string, n int) (after [32]byte, begun bool, err error) {
	var kept []byte
	err = db.read.QueryRowContext(ctx, `SELECT after FROM turn_changes WHERE turn = ? AND number = ?`, turn, n).Scan(&kept)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return after, false, nil
	case err != nil:
		return after, false, fmt.Errorf("read change: %w", err)
	case len(kept) != len(after):
		return after, false, fmt.Errorf("read change: %d bytes where %d belong", len(kept), len(after))
	}
	copy(after[:], kept)
	return after, true, nil
}
