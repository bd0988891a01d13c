package main

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/parachute-gate/parachute/gate/users"
	"github.com/parachute-gate/parachute/internal/config"
)

// readPeople reads a people.yaml and checks all of it: the file as it was read, and
// whom it holds, in its order. by is who gives what is in it.
func readPeople(file, by string) (*config.People, []users.Person, error) {
	read, err := config.LoadPeople(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, usageError{fmt.Errorf("%s: no such file; `parachute users export` writes one", file)}
	}
	if err != nil {
		return nil, nil, usageError{err}
	}
	var out []users.Person
	taken := map[string]string{}
	for i, entry := range read.People {
		p := checkPerson(read, i, entry, by)
		for _, identity := range p.Identities {
			if other := taken[identity]; other != "" {
				read.Fault(i, "id", "%s: %q is in the file already, with %s", p.ID, identity, other)
			}
			taken[identity] = p.ID
		}
		out = append(out, p)
	}
	if err := read.Err(); err != nil {
		return nil, nil, usageError{err}
	}
	return read, out, nil
}

// checkPerson reads one entry; what is wrong with it is noted with its line.
func checkPerson(read *config.People, i int, entry config.Person, by string) users.Person {
	p := users.Person{ID: entry.ID, Name: entry.Name, Attributes: entry.Attributes}
	if err := users.CheckID(entry.ID); err != nil {
		read.Fault(i, "id", "%v", err)
	}
	for n, g := range entry.Grants {
		grant := users.Grant{Role: g.Role, Scope: g.Scope, Workspace: g.Workspace, By: by}
		if g.Scope == "everywhere" {
			grant.Scope = users.ScopeAll
		}
		if g.Expires != "" {
			var err error
			if grant.Expires, err = time.Parse(time.RFC3339, g.Expires); err != nil {
				read.Fault(i, fmt.Sprintf("grants[%d].expires", n), "%q is no moment; write it as 2026-03-01T12:00:00Z", g.Expires)
			} else if year := grant.Expires.Year(); year < 2000 || year > 2200 {
				read.Fault(i, fmt.Sprintf("grants[%d].expires", n), "%s is not of this time", g.Expires)
			}
		}
		if err := grant.Check(); err != nil {
			read.Fault(i, fmt.Sprintf("grants[%d]", n), "%v", err)
		}
		if !slices.ContainsFunc(p.Grants, func(other users.Grant) bool { return sameGrant(other, grant) }) {
			p.Grants = append(p.Grants, grant)
		}
	}
	for n, role := range entry.Roles {
		if err := (users.Grant{Role: role}).Check(); err != nil && role != users.RoleBlocked {
			read.Fault(i, fmt.Sprintf("roles[%d]", n), "%v", err)
		}
		if !slices.Contains(p.Roles, role) {
			p.Roles = append(p.Roles, role)
		}
	}
	if len(entry.Roles)+len(entry.Grants) == 0 {
		read.Fault(i, "", "%s: say which roles or grants they have", entry.ID)
	}
	for name, value := range entry.Attributes {
		if err := checkAttribute(name, value); err != nil {
			read.Fault(i, "attributes", "%v", err)
		}
	}
	if len(p.Attributes) > maxAttributes {
		read.Fault(i, "attributes", "more than %d of them", maxAttributes)
	}
	p.Identities = identitiesOf(read, i, entry)
	return p
}

// identitiesOf are the ids by which an entry comes in, its own first.
func identitiesOf(read *config.People, i int, entry config.Person) []string {
	out := []string{entry.ID}
	for n, identity := range entry.Identities {
		if err := users.CheckID(identity); err != nil {
			read.Fault(i, fmt.Sprintf("identities[%d]", n), "%v", err)
		}
		if !slices.Contains(out, identity) {
			out = append(out, identity)
		}
	}
	return out
}

// sameGrant tells whether two grants give the same, whoever gave them.
func sameGrant(a, b users.Grant) bool {
	return a.Role == b.Role && a.Scope == b.Scope && a.Workspace == b.Workspace && a.Expires.Equal(b.Expires)
}
