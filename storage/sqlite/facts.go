package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/parachute-gate/parachute/gate"
)

// factsQuery is on the way of every event: all that it looks for, it finds by an
// index. Whose an answer is that is still to be made, its decision tells: in a
// session that is shared, it is the speaker's as well as the owner's.
const factsQuery = `
	WITH who AS (SELECT coalesce((SELECT person FROM identities WHERE id = ?4), ?4) AS id)
	SELECT EXISTS (SELECT 1 FROM decisions WHERE event_key = ?1), who.id, coalesce(p.updated, 0),
	       p.roles, p.attributes, CASE WHEN p.id IS NOT NULL THEN ` + grantsOf + ` END,
	       (SELECT json_group_array(i.id) FROM identities i WHERE i.person = who.id),
	       (SELECT dm FROM identities WHERE id = ?4),
	       (SELECT workspace FROM choices WHERE connector = ?2 AND chat = ?3 AND user = who.id),
	       EXISTS (SELECT 1 FROM turns t INDEXED BY turns_pending JOIN sessions o ON o.id = t.session
	               WHERE t.state = 'pending' AND t.connector = ?2 AND t.chat = ?5 AND o.chat = ?3
	                 AND (o.user = who.id OR (SELECT d.user FROM decisions d WHERE d.id = t.decision) = who.id)),
	       ` + sessionColumns + `, ` + pairingColumns + `
	FROM who LEFT JOIN people p ON p.id = who.id
	LEFT JOIN sessions w ON w.connector = ?2 AND w.chat = ?3 AND w.user = who.id AND w.ended IS NULL
	LEFT JOIN sessions s ON s.id = coalesce(
	  (SELECT o.id FROM shares h INDEXED BY shares_guest CROSS JOIN sessions o ON o.id = h.session
	   WHERE h.guest IN (SELECT id FROM identities WHERE person = who.id UNION ALL SELECT who.id)
	     AND h.joined > coalesce(w.created, 0) AND o.connector = ?2 AND o.chat = ?3 AND o.ended IS NULL
	   ORDER BY h.joined DESC, o.id DESC LIMIT 1),
	  w.id)
	LEFT JOIN pairings q ON q.id = (
	  SELECT id FROM pairings WHERE identity = ?4 AND kind = 'join' AND state IN ('pending', 'denied') ORDER BY created DESC, id DESC LIMIT 1)`

// Facts implements gate.Store. One statement, so that all facts are of one
// moment.
func (db *DB) Facts(ctx context.Context, p gate.Place, eventKey string) (gate.Facts, error) {
	var f gate.Facts
	var roles, attributes, grants, identities, dm, workspace sql.NullString
	var session sessionRow
	var pairing pairingRow
	dest := []any{&f.Seen, &f.Person, &f.Version, &roles, &attributes, &grants, &identities, &dm, &workspace, &f.Busy}
	err := db.facts.QueryRowContext(ctx, factsArgs(p, eventKey)...).Scan(slices.Concat(dest, session.dest(), pairing.dest())...)
	if err != nil {
		return f, fmt.Errorf("read facts: %w", err)
	}
	for _, c := range []struct {
		name string
		from sql.NullString
		to   any
	}{{"roles", roles, &f.Roles}, {"attributes", attributes, &f.Attributes}, {"identities", identities, &f.Identities}} {
		if !c.from.Valid {
			continue
		}
		if err := json.Unmarshal([]byte(c.from.String), c.to); err != nil {
			return f, fmt.Errorf("read %s of %s: %w", c.name, p.User, err)
		}
	}
	if grants.Valid {
		if f.Grants, err = readGrants(grants.String); err != nil {
			return f, fmt.Errorf("%s: %w", p.User, err)
		}
	}
	if len(f.Identities) == 0 {
		f.Identities = nil
	}
	slices.Sort(f.Identities)
	f.DM, f.Workspace = dm.String, workspace.String
	if session.id.Valid {
		s := session.session()
		f.Session = &s
	}
	if pairing.id.Valid {
		q, err := pairing.pairing()
		if err != nil {
			return f, err
		}
		f.Pairing = &q
	}
	return f, nil
}

func factsArgs(p gate.Place, eventKey string) []any {
	return []any{eventKey, p.Connector, p.Chat, p.User, strings.TrimPrefix(p.Chat, p.Connector+":")}
}
