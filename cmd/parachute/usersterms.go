package main

import (
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/gate/users"
)

// termFlags say where a role is to hold, what it opens, and for how long.
func termFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "in", Usage: "open this `WORKSPACE` with it"},
		&cli.StringFlag{Name: "for", Usage: "for so long: 90m, 12h, 3d or 2w (`TIME`); left out, for ever"},
		&cli.StringFlag{Name: "scope", Usage: "`WHERE` it holds: everywhere, dm, group, or the id of one chat"},
	}
}

// reserved are the words of a command that are no roles.
var reserved = []string{"in", "for", "everywhere", users.ScopeDM, users.ScopeGroup, "here", "named"}

// terms are roles and the options beside them, checked, as the words of a
// command: a chat that misspells them is told how they are written, a caller has
// made a mistake.
func (d *desk) terms(c *cli.Context, roles []string) ([]string, error) {
	words := slices.Clone(roles)
	for _, role := range roles {
		if err := d.checkRole(c, role); err != nil {
			return nil, err
		}
	}
	grant := users.Grant{Role: users.RoleGuest, Workspace: c.String("in")}
	if grant.Workspace != "" {
		words = append(words, "in", grant.Workspace)
	}
	if long := c.String("for"); long != "" {
		if _, err := readTerm(long); err != nil {
			return nil, err
		}
		words = append(words, "for", long)
	}
	switch scope := c.String("scope"); scope {
	case "":
	case "everywhere":
		words = append(words, scope)
	default:
		grant.Scope = scope
		words = append(words, scope)
	}
	if err := grant.Check(); err != nil {
		return nil, usageError{err}
	}
	if name := c.String("name"); name != "" {
		words = append(append(words, "named"), strings.Fields(name)...)
	}
	return words, nil
}

// readTerm reads 90m, 12h, 3d or 2w, as the gate does.
func readTerm(word string) (time.Duration, error) {
	d, err := gate.ReadDuration(word)
	if err != nil {
		return 0, wrongUse("--for: %w", err)
	}
	return d, nil
}
