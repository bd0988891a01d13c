package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/parachute-gate/parachute/gate/users"
)

const selectPerson = `
	SELECT p.id, p.name, p.roles, p.attributes, p.created, p.updated,
	       (SELECT json_group_array(i.id) FROM identities i WHERE i.person = p.id),
	       ` + grantsOf + `
	FROM people p `

// grantsOf gives the grants of the person p.
const grantsOf = `(SELECT json_group_array(json_object('role', g.role, 'scope', g.scope, 'workspace', g.workspace, 'expires', g.expires, 'by', g.given_by, 'ended', g.ended))
		FROM (SELECT * FROM grants WHERE person = p.id ORDER BY id) g)`

// grantRow is a grant as grantsOf gives it.
type grantRow struct {
	Role, Scope, Workspace string
	Expires, Ended         int64
	By                     string
}

func readGrants(data string) ([]users.Grant, error) {
	var rows []grantRow
	if err := json.Unmarshal([]byte(data), &rows); err != nil {
		return nil, fmt.Errorf("read grants: %w", err)
	}
	var out []users.Grant
	for _, r := range rows {
		out = append(out, users.Grant{
			Role: r.Role, Scope: r.Scope, Workspace: r.Workspace, Expires: moment(r.Expires), By: r.By, Ended: r.Ended != 0,
		})
	}
	return out, nil
}

// Person implements gate.Store.
func (db *DB) Person(ctx context.Context, id string) (users.Person, error) {
	p, err := scanPerson(db.read.QueryRowContext(ctx, selectPerson+`
		WHERE p.id = coalesce((SELECT person FROM identities WHERE id = ?1), ?1)`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return p, fmt.Errorf("%s: %w", id, users.ErrUnknown)
	}
	return p, err
}

// People implements gate.Store.
func (db *DB) People(ctx context.Context, after string, n int) ([]users.Person, error) {
	return db.persons(ctx, `WHERE p.id > ? ORDER BY p.id LIMIT ?`, after, n)
}

func addPerson(ctx context.Context, tx *sql.Tx, p users.Person, at int64) error {
	roles, attributes, err := encodePerson(p)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO people (id, name, roles, attributes, created, updated) VALUES (?, ?, ?, ?, ?, ?)`,
		p.ID, p.Name, roles, attributes, at, at)
	if isUnique(err) {
		return fmt.Errorf("%s %w", p.ID, users.ErrExists)
	}
	if err != nil {
		return fmt.Errorf("add person: %w", err)
	}
	identities := p.Identities
	if !slices.Contains(identities, p.ID) {
		identities = append([]string{p.ID}, identities...)
	}
	for _, identity := range identities {
		if err := linkIdentity(ctx, tx, p.ID, identity, at); err != nil {
			return err
		}
	}
	return setGrants(ctx, tx, p, at)
}

func encodePerson(p users.Person) (roles, attributes string, err error) {
	list := p.Roles
	if list == nil {
		list = []string{}
	}
	r, err := json.Marshal(list)
	if err != nil {
		return "", "", fmt.Errorf("encode roles: %w", err)
	}
	object := p.Attributes
	if object == nil {
		object = map[string]string{}
	}
	a, err := json.Marshal(object)
	if err != nil {
		return "", "", fmt.Errorf("encode attributes: %w", err)
	}
	return string(r), string(a), nil
}

func setGrants(ctx context.Context, tx *sql.Tx, p users.Person, at int64) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM grants WHERE person = ?`, p.ID); err != nil {
		return fmt.Errorf("replace grants: %w", err)
	}
	for _, g := range p.Grants {
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO grants (person, role, scope, workspace, expires, given_by, ended, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			p.ID, g.Role, g.Scope, g.Workspace, nanos(g.Expires), g.By, g.Ended, at); err != nil {
			return fmt.Errorf("keep grant: %w", err)
		}
	}
	return nil
}

func updatePerson(ctx context.Context, tx *sql.Tx, p users.Person, at int64) error {
	roles, attributes, err := encodePerson(p)
	if err != nil {
		return err
	}
	if err := touch(ctx, tx, p.ID, at); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE people SET name = ?, roles = ?, attributes = ? WHERE id = ?`, p.Name, roles, attributes, p.ID); err != nil {
		return fmt.Errorf("update person: %w", err)
	}
	return setGrants(ctx, tx, p, at)
}

// touch says that a person is another than the one that was read before. Two
// changes within a tick of the clock differ too.
func touch(ctx context.Context, tx *sql.Tx, id string, at int64) error {
	return changed(tx.ExecContext(ctx, `UPDATE people SET updated = max(?, updated + 1) WHERE id = ?`, at, id))(id)
}

// removePerson forgets a person with all that is theirs. What they asked for ends:
// somebody else may have the id some day.
func removePerson(ctx context.Context, tx *sql.Tx, id string) error {
	if err := leaveAll(ctx, tx, id); err != nil {
		return err
	}
	if err := changed(tx.ExecContext(ctx, `DELETE FROM people WHERE id = ?`, id))(id); err != nil {
		return err
	}
	return endRequests(ctx, tx, endLinks, id)
}

// changed gives ErrUnknown where a statement found nobody.
func changed(res sql.Result, err error) func(id string) error {
	return func(id string) error {
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(fmt.Errorf("%s: %w", id, users.ErrUnknown), err)
		}
		return nil
	}
}

func scanPerson(row interface{ Scan(...any) error }) (users.Person, error) {
	var p users.Person
	var roles, attributes, identities, grants string
	var created, updated int64
	if err := row.Scan(&p.ID, &p.Name, &roles, &attributes, &created, &updated, &identities, &grants); err != nil {
		return p, err
	}
	if err := json.Unmarshal([]byte(roles), &p.Roles); err != nil {
		return p, fmt.Errorf("read roles of %s: %w", p.ID, err)
	}
	if err := json.Unmarshal([]byte(attributes), &p.Attributes); err != nil {
		return p, fmt.Errorf("read attributes of %s: %w", p.ID, err)
	}
	if err := json.Unmarshal([]byte(identities), &p.Identities); err != nil {
		return p, fmt.Errorf("read identities of %s: %w", p.ID, err)
	}
	slices.Sort(p.Identities)
	var err error
	p.Grants, err = readGrants(grants)
	p.Created, p.Updated = time.Unix(0, created).UTC(), time.Unix(0, updated).UTC()
	return p, err
}
