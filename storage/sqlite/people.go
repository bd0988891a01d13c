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
const grantsOf = `(SELECT json_group_array(json_object('role', g.role, 'scope', g.scope, 'workspace', g.workspace, 'expires', g.expires, 'by', g.given_by))
		FROM (SELECT * FROM grants WHERE person = p.id ORDER BY id) g)`

// grantRow is a grant as grantsOf gives it.
type grantRow struct {
	Role, Scope, Workspace string
	Expires                int64
	By                     string
}

func readGrants(data string) ([]users.Grant, error) {
	var rows []grantRow
	if err := json.Unmarshal([]byte(data), &rows); err != nil {
		return nil, fmt.Errorf("read grants: %w", err)
	}
	var out []users.Grant
	for _, r := range rows {
		g := users.Grant{Role: r.Role, Scope: r.Scope, Workspace: r.Workspace, By: r.By}
		if r.Expires != 0 {
			g.Expires = time.Unix(0, r.Expires).UTC()
		}
		out = append(out, g)
	}
	return out, nil
}

// Person implements users.Store.
func (db *DB) Person(ctx context.Context, id string) (users.Person, error) {
	p, err := scanPerson(db.read.QueryRowContext(ctx, selectPerson+`
		WHERE p.id = coalesce((SELECT person FROM identities WHERE id = ?1), ?1)`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return p, fmt.Errorf("%s: %w", id, users.ErrUnknown)
	}
	return p, err
}

// People implements users.Store.
func (db *DB) People(ctx context.Context, after string, n int) ([]users.Person, error) {
	var out []users.Person
	err := db.each(ctx, selectPerson+`WHERE p.id > ? ORDER BY p.id LIMIT ?`, []any{after, n},
		func(rows *sql.Rows) error {
			p, err := scanPerson(rows)
			out = append(out, p)
			return err
		})
	return out, err
}

// AddPerson implements users.Store.
func (db *DB) AddPerson(ctx context.Context, p users.Person) error {
	return db.writer.do(ctx, func(ctx context.Context, tx *sql.Tx) error { return addPerson(ctx, tx, p) })
}

func addPerson(ctx context.Context, tx *sql.Tx, p users.Person) error {
	roles, attributes, err := encodePerson(p)
	if err != nil {
		return err
	}
	now := time.Now().UnixNano()
	_, err = tx.ExecContext(ctx, `INSERT INTO people (id, name, roles, attributes, created, updated) VALUES (?, ?, ?, ?, ?, ?)`,
		p.ID, p.Name, roles, attributes, now, now)
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
		if err := linkIdentity(ctx, tx, p.ID, identity); err != nil {
			return err
		}
	}
	return setGrants(ctx, tx, p)
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

func setGrants(ctx context.Context, tx *sql.Tx, p users.Person) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM grants WHERE person = ?`, p.ID); err != nil {
		return fmt.Errorf("replace grants: %w", err)
	}
	now := time.Now().UnixNano()
	for _, g := range p.Grants {
		expires := int64(0)
		if !g.Expires.IsZero() {
			expires = g.Expires.UnixNano()
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO grants (person, role, scope, workspace, expires, given_by, created) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			p.ID, g.Role, g.Scope, g.Workspace, expires, g.By, now); err != nil {
			return fmt.Errorf("keep grant: %w", err)
		}
	}
	return nil
}

// UpdatePerson implements users.Store.
func (db *DB) UpdatePerson(ctx context.Context, p users.Person) error {
	roles, attributes, err := encodePerson(p)
	if err != nil {
		return err
	}
	return db.writer.do(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := changed(tx.ExecContext(ctx, `UPDATE people SET name = ?, roles = ?, attributes = ?, updated = ? WHERE id = ?`,
			p.Name, roles, attributes, time.Now().UnixNano(), p.ID))(p.ID); err != nil {
			return err
		}
		return setGrants(ctx, tx, p)
	})
}

// RemovePerson implements users.Store.
func (db *DB) RemovePerson(ctx context.Context, id string) error {
	return db.writer.do(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return changed(tx.ExecContext(ctx, `DELETE FROM people WHERE id = ?`, id))(id)
	})
}

// Link implements users.Store.
func (db *DB) Link(ctx context.Context, person, identity string) error {
	return db.writer.do(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := changed(tx.ExecContext(ctx, `UPDATE people SET updated = ? WHERE id = ?`, time.Now().UnixNano(), person))(person); err != nil {
			return err
		}
		return linkIdentity(ctx, tx, person, identity)
	})
}

func linkIdentity(ctx context.Context, tx *sql.Tx, person, identity string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO identities (id, person, created) VALUES (?, ?, ?)`, identity, person, time.Now().UnixNano())
	if isUnique(err) {
		return fmt.Errorf("%s %w", identity, users.ErrExists)
	}
	if err != nil {
		return fmt.Errorf("link identity: %w", err)
	}
	return nil
}

// Unlink implements users.Store.
func (db *DB) Unlink(ctx context.Context, identity string) error {
	return db.writer.do(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var person string
		err := tx.QueryRowContext(ctx, `SELECT person FROM identities WHERE id = ?`, identity).Scan(&person)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return fmt.Errorf("%s: %w", identity, users.ErrUnknown)
		case err != nil:
			return fmt.Errorf("look for identity: %w", err)
		case identity == person:
			return fmt.Errorf("%s %w", identity, users.ErrFirst)
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM identities WHERE id = ?`, identity); err != nil {
			return fmt.Errorf("unlink identity: %w", err)
		}
		return nil
	})
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
