package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/gate/users"
	"github.com/parachute-gate/parachute/internal/config"
)

// hint tells what may be misspelt about somebody new: an id of no connector, or
// roles that do not let them in.
func (d *desk) hint(ctx context.Context, id string) error {
	kind := d.suspect(id)
	if kind == "" {
		return nil
	}
	name, id, _ := strings.Cut(id, ":")
	decision, _, _, err := d.gate.Preview(ctx, gate.Source{Name: name, Kind: kind}, connectors.Message{
		ID: "hello", Kind: connectors.EventMessage, Text: "hello", Time: time.Now(),
		Chat: connectors.Chat{ID: id, Kind: connectors.ChatDM}, User: connectors.User{ID: id},
	})
	if err == nil && decision.Verdict != engine.Allow {
		fmt.Fprintf(d.t.err, "parachute: as things stand, a direct message of theirs would be denied: %s\n", ruleLine(decision.Rule()))
	}
	return err
}

// suspect warns of an id by which nobody can come in, and gives the kind of its
// connector, "" where there is none. It is no refusal: a connector may come later,
// and where there is no platform yet nobody is warned of one.
func (d *desk) suspect(id string) (kind string) {
	name, rest, _ := strings.Cut(id, ":")
	var names []string
	platforms := false
	for _, conn := range d.cfg.Connectors {
		names = append(names, conn.Name)
		platforms = platforms || conn.Kind != "console" && conn.Kind != "stdio"
		if conn.Name == name {
			kind = conn.Kind
		}
	}
	if kind == "" && (platforms || !slices.Contains(config.Kinds(), name)) {
		fmt.Fprintf(d.t.err, "parachute: %s has no connector %s (it has: %s): nobody can come in by this id%s\n",
			cmp.Or(d.cfg.File, "the default configuration"), printable(name), strings.Join(names, ", "), config.Guess(name, names))
	}
	platform := cmp.Or(kind, name)
	if (platform == "telegram" || platform == "discord") && strings.Trim(rest, "-0123456789") != "" {
		fmt.Fprintf(d.t.err, "parachute: %s: ids there are numbers, as the log shows them: nobody can come in by this id\n", printable(id))
	}
	return kind
}

// blocked tells what a block has done that was perhaps not meant.
func (d *desk) blocked(id string) {
	kind := d.suspect(id)
	if _, rest, _ := strings.Cut(id, ":"); kind == "console" && rest == cmp.Or(userName(), "local") {
		fmt.Fprintf(d.t.err, "parachute: %s is you: this bot's own console answers you nothing any more; `parachute users unblock %s` takes it back\n", printable(id), printable(id))
	}
}

// checkRole refuses a role that cannot be given. One that merely is not there is
// the policies' to refuse, and the log keeps that somebody tried.
func (d *desk) checkRole(c *cli.Context, role string) error {
	there := d.roles()
	switch {
	case slices.Contains(reserved, role):
		return wrongUse("%s: %q is no role; what is beside roles is given by --in, --for and --scope", commandName(c), role)
	case role == users.RoleBlocked:
		return wrongUse("%s: %s is no role to give; `parachute users block ID` blocks", commandName(c), role)
	case slices.Contains(there, role):
		return nil
	}
	wrong := fmt.Sprintf("data.yaml has no role %q; it has: %s%s", role, strings.Join(there, ", "), config.Guess(strings.ToLower(role), there))
	if (users.Grant{Role: role}).Check() != nil {
		return wrongUse("%s: %s", commandName(c), wrong)
	}
	fmt.Fprintf(d.t.err, "parachute: %s\n", wrong)
	return nil
}

// roles are those that data.yaml defines.
func (d *desk) roles() []string {
	return slices.DeleteFunc(slices.Clone(d.gate.Policies.Current().Roles()), func(r string) bool { return r == users.RoleBlocked })
}
