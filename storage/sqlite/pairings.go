package sqlite

import (
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/gate/users"
)

const pairingColumns = `q.id, q.kind, q.code, q.identity, q.person, q.connector, q.chat, q.user, q.name, q.role, q.other_chat,
	       q.state, q.reminded, q.shown, q.created, q.expires, q.version`

// pairingRow is what pairingColumns give, which may be nothing.
type pairingRow struct {
	id, kind                          sql.NullString
	code                              []byte
	identity, person                  sql.NullString
	connector, chat, user, name, role sql.NullString
	otherChat, state                  sql.NullString
	shown                             sql.NullString
	reminded                          sql.NullBool
	created, expires, version         sql.NullInt64
}

func (r *pairingRow) dest() []any {
	return []any{
		&r.id, &r.kind, &r.code, &r.identity, &r.person, &r.connector, &r.chat, &r.user, &r.name, &r.role, &r.otherChat,
		&r.state, &r.reminded, &r.shown, &r.created, &r.expires, &r.version,
	}
}

func (r *pairingRow) pairing() (users.Pairing, error) {
	p := users.Pairing{
		ID: r.id.String, Kind: r.kind.String, Identity: r.identity.String, Person: r.person.String,
		Connector: r.connector.String, Chat: r.chat.String, User: r.user.String, Name: r.name.String,
		Role: r.role.String, OtherChat: r.otherChat.String,
		State: r.state.String, Reminded: r.reminded.Bool,
		Created: moment(r.created.Int64), Expires: moment(r.expires.Int64), Version: r.version.Int64,
	}
	if copy(p.Code[:], r.code) != len(r.code) || len(r.code) != len(p.Code) {
		return p, fmt.Errorf("read request %s: its digest has %d bytes", p.ID, len(r.code))
	}
	if err := json.Unmarshal([]byte(r.shown.String), &p.Shown); err != nil {
		return p, fmt.Errorf("read request %s: %w", p.ID, err)
	}
	return p, nil
}

// shownTo is how the list of those is kept.
func shownTo(p users.Pairing) (string, error) {
	data, err := json.Marshal(slices.Concat([]string{}, p.Shown))
	if err != nil {
		return "", fmt.Errorf("encode request: %w", err)
	}
	return string(data), nil
}

// nanos and moment keep times; the zero time is 0.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func moment(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

func bucket(hash [32]byte) int64 { return int64(binary.BigEndian.Uint16(hash[:])) }

// HashCode implements gate.Store.
func (db *DB) HashCode(code string) [32]byte { return users.HashCode(db.key, code) }

// PairingByCode implements gate.Store.
func (db *DB) PairingByCode(ctx context.Context, code string) (users.Pairing, error) {
	hash := db.HashCode(code)
	list, err := db.pairings(ctx, `WHERE q.bucket = ? ORDER BY q.created DESC, q.id DESC`, bucket(hash))
	if err != nil {
		return users.Pairing{}, err
	}
	found := -1
	for i, p := range list {
		if users.SameHash(p.Code, hash) && found < 0 {
			found = i
		}
	}
	if found < 0 {
		return users.Pairing{}, users.ErrNoPairing
	}
	return list[found], nil
}

// Waiting implements gate.Store.
func (db *DB) Waiting(ctx context.Context, q gate.WaitingQuery) ([]users.Pairing, int, error) {
	where, args := []string{"q.state IN ('pending', 'entered') AND q.expires > ?"}, []any{q.Now.UnixNano()}
	for _, c := range []struct{ column, value string }{
		{"kind", q.Kind}, {"connector", q.Connector}, {"person", q.Person},
	} {
		if c.value != "" {
			where, args = append(where, "q."+c.column+" = ?"), append(args, c.value)
		}
	}
	if !q.Since.IsZero() {
		where, args = append(where, "q.created >= ?"), append(args, q.Since.UnixNano())
	}
	condition := "WHERE " + strings.Join(where, " AND ")
	var all int
	if err := db.read.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 FROM pairings q `+condition+` LIMIT ?)`, append(slices.Clone(args), gate.MaxWaiting)...).Scan(&all); err != nil {
		return nil, 0, fmt.Errorf("count requests: %w", err)
	}
	if q.Most <= 0 {
		return nil, all, nil
	}
	list, err := db.pairings(ctx, condition+` ORDER BY q.created DESC, q.id DESC LIMIT ?`, append(args, q.Most)...)
	return list, all, err
}

func (db *DB) pairings(ctx context.Context, where string, args ...any) ([]users.Pairing, error) {
	var out []users.Pairing
	err := db.each(ctx, `SELECT `+pairingColumns+` FROM pairings q `+where, args, func(rows *sql.Rows) error {
		var row pairingRow
		if err := rows.Scan(row.dest()...); err != nil {
			return fmt.Errorf("read request: %w", err)
		}
		p, err := row.pairing()
		out = append(out, p)
		return err
	})
	return out, err
}

// PrunePairings forgets the requests that ended before a moment. Those that were
// denied are remembered.
func (db *DB) PrunePairings(ctx context.Context, before time.Time) error {
	return db.writer.do(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `
			DELETE FROM pairings WHERE state IN ('pending', 'entered', 'used', 'expired') AND expires < ?`, before.UnixNano()); err != nil {
			return fmt.Errorf("forget requests: %w", err)
		}
		return nil
	})
}

// keepPairing keeps a request as it is to be. What was used stays so.
func keepPairing(ctx context.Context, tx *sql.Tx, p users.Pairing, at int64) error {
	shown, err := shownTo(p)
	if err != nil {
		return err
	}
	if p.Version != 0 {
		return touched(tx.ExecContext(ctx, `
			UPDATE pairings SET identity = ?, person = ?, connector = ?, chat = ?, user = ?, name = ?, role = ?, other_chat = ?,
			       state = ?, reminded = ?, shown = ?, expires = ?, version = version + 1
			WHERE id = ? AND version = ? AND state <> 'used'`,
			p.Identity, p.Person, p.Connector, p.Chat, p.User, p.Name, p.Role, p.OtherChat,
			p.State, p.Reminded, shown, nanos(p.Expires), p.ID, p.Version))("request")
	}
	if p.Kind == users.PairJoin {
		if _, err := tx.ExecContext(ctx, `
			UPDATE pairings SET state = 'expired', version = version + 1
			WHERE identity = ? AND kind = 'join' AND state = 'pending' AND expires <= ?`, p.Identity, at); err != nil {
			return fmt.Errorf("end request: %w", err)
		}
	}
	return touched(tx.ExecContext(ctx, `
		INSERT INTO pairings (id, kind, bucket, code, identity, person, connector, chat, user, name, role, other_chat,
		                      state, reminded, shown, created, expires, version)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)`,
		p.ID, p.Kind, bucket(p.Code), p.Code[:], p.Identity, p.Person, p.Connector, p.Chat, p.User, p.Name, p.Role, p.OtherChat,
		p.State, p.Reminded, shown, nanos(p.Created), nanos(p.Expires)))("request")
}

// forgetPairings lets an identity ask anew.
func forgetPairings(ctx context.Context, tx *sql.Tx, identity string) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM pairings WHERE identity = ? AND state IN ('pending', 'entered', 'denied')`, identity); err != nil {
		return fmt.Errorf("forget requests: %w", err)
	}
	return nil
}

// endAsked ends what waits of an identity, and endLinks what waits for a person.
// What was denied stays so.
const (
	endAsked   = endWaiting + `identity = ?`
	endLinks   = endWaiting + `person = ? AND person <> ''`
	endWaiting = `UPDATE pairings SET state = 'expired', version = version + 1 WHERE state IN ('pending', 'entered') AND `
)

func endRequests(ctx context.Context, tx *sql.Tx, statement, id string) error {
	if _, err := tx.ExecContext(ctx, statement, id); err != nil {
		return fmt.Errorf("end requests: %w", err)
	}
	return nil
}
