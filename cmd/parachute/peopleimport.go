package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/gate/users"
	"github.com/parachute-gate/parachute/internal/config"
)

func importCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name: "import", Usage: "make people as a people.yaml says: all of them, or, where something is wrong, nobody", ArgsUsage: "FILE",
		Description: "   parachute users import people.yaml --dry-run\n   parachute users import people.yaml\n\n" +
			"Whoever is in the file is made as it says. Others stay as they are, or, with --replace, are\nremoved; the last owner never is. It prints each change. Whoever loses something loses what runs.",
		Flags: []cli.Flag{
			configFlag(), &cli.BoolFlag{Name: "dry-run", Usage: "print what would change, and change nothing"},
			&cli.BoolFlag{Name: "replace", Usage: "remove whoever is not in the file"},
		},
		Action: func(c *cli.Context) error {
			at := withDesk
			if c.Bool("dry-run") {
				at = readingDesk
			}
			return at(t, exactly(1), func(ctx context.Context, c *cli.Context, d *desk) error {
				return d.importFile(ctx, c.Args().First(), c.Bool("replace"), c.Bool("dry-run"))
			})(c)
		},
	}
}

func (d *desk) importFile(ctx context.Context, file string, replace, dry bool) error {
	read, list, err := readPeople(file, d.giver())
	if err != nil {
		return err
	}
	var found *plan
	build := func() (*users.Change, error) {
		var err error
		if found, err = d.plan(ctx, list, replace); err != nil || found.empty() {
			return nil, err
		}
		return &found.change, nil
	}
	words := []string{"all"}
	if !replace {
		words = []string{"these"}
	}
	var decision *engine.Decision
	if dry {
		_, err = build()
	} else {
		decision, err = d.decided(ctx, "import", words, build)
	}
	if err == nil && decision != nil {
		err = d.deniedEntry(*decision, read, list)
	}
	if err != nil {
		return err
	}
	found.show(d.t.out, dry)
	return nil
}

// deniedEntry shows a denial, and where the entry stands that it is about.
func (d *desk) deniedEntry(decision engine.Decision, read *config.People, list []users.Person) error {
	err := d.denied(decision)
	if err == nil {
		return nil
	}
	rule := decision.Rule()
	for i, p := range list {
		if strings.HasPrefix(rule.Msg, p.ID+": ") {
			fmt.Fprintf(d.t.err, "%s: %s: denied by %s; nothing is changed\n", read.Place(i), printable(p.ID), rule.ID)
		}
	}
	return err
}

// plan is what an import changes.
type plan struct {
	change users.Change
	lines  []string
	same   int
	// owners are those who are owners for ever and everywhere when it is made.
	owners map[string]bool
	// blocks tells that somebody is blocked by it: they hear nothing.
	blocks bool
}

func (p *plan) empty() bool { return len(p.lines) == 0 }

func (p *plan) say(format string, args ...any) {
	p.lines = append(p.lines, fmt.Sprintf(format, args...))
}

func (p *plan) show(w io.Writer, dry bool) {
	for _, line := range p.lines {
		fmt.Fprintln(w, line)
	}
	end := ""
	if dry && !p.empty() {
		end = "; nothing is changed yet; the policies were not asked"
	}
	fmt.Fprintf(w, "%s, %d unchanged%s\n", counted(len(p.lines), "change", "changes"), p.same, end)
}

// maxImportOwners bounds how many owners are looked at; that many are never all
// removed by mistake.
const maxImportOwners = 10_000

// plan finds what is to be changed so that people are as the list says.
func (d *desk) plan(ctx context.Context, list []users.Person, replace bool) (*plan, error) {
	out := &plan{owners: map[string]bool{}}
	owners, err := d.db.LastingOwners(ctx, maxImportOwners)
	if err != nil {
		return nil, err
	}
	for _, p := range owners {
		out.owners[p.ID] = true
	}
	var problems []error
	kept := map[string]bool{}
	for _, p := range list {
		kept[p.ID] = true
		old, err := d.db.Person(ctx, p.ID)
		switch {
		case errors.Is(err, users.ErrUnknown):
			err = d.planNew(ctx, out, p)
		case err == nil && old.ID != p.ID:
			err = fmt.Errorf("%s is known as an identity of %s; write it there, or `parachute users unlink` it", p.ID, old.ID)
		case err == nil:
			err = d.planKnown(ctx, out, old, p)
		}
		if err != nil {
			problems = append(problems, err)
		}
		out.owners[p.ID] = p.Stays()
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	if replace {
		if err := d.planRest(ctx, out, kept); err != nil {
			return nil, err
		}
	}
	if out.change.KeepOwner && !slices.Contains(slices.Collect(maps.Values(out.owners)), true) {
		return nil, errors.New("nobody would be owner any more; leave an owner in the file, for ever and everywhere")
	}
	if !out.blocks {
		out.change.CutReply = ruled
	}
	return out, nil
}

func (d *desk) planNew(ctx context.Context, out *plan, p users.Person) error {
	for _, identity := range p.Identities {
		if err := d.stranger(ctx, identity, p.ID); err != nil {
			return err
		}
	}
	out.blocks = out.blocks || p.Blocked()
	out.change.Add = append(out.change.Add, p)
	out.change.Forget = append(out.change.Forget, p.Identities...)
	out.change.Cut = append(out.change.Cut, p.Identities...)
	out.say("add     %s: %s", printable(p.ID), rolesOf(p))
	return nil
}

// stranger refuses an identity that is somebody else's.
func (d *desk) stranger(ctx context.Context, identity, person string) error {
	other, err := d.db.Person(ctx, identity)
	switch {
	case errors.Is(err, users.ErrUnknown):
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("%s: %s is known already, as %s; `parachute users unlink` or `remove` ends that", person, identity, other.ID)
}

// planKnown finds what changes about somebody. What they lose ends what runs for
// them.
func (d *desk) planKnown(ctx context.Context, out *plan, old, p users.Person) error {
	var says []string
	lost := false
	link := minus(p.Identities, old.Identities)
	for _, identity := range link {
		if err := d.stranger(ctx, identity, p.ID); err != nil {
			return err
		}
		out.change.Link = append(out.change.Link, users.Identity{ID: identity, Person: p.ID})
		out.change.Forget, out.change.Cut = append(out.change.Forget, identity), append(out.change.Cut, identity)
		says = append(says, "also "+printable(identity))
	}
	for _, identity := range minus(old.Identities, p.Identities) {
		out.change.Unlink = append(out.change.Unlink, identity)
		says, lost = append(says, "no more "+printable(identity)), true
	}
	p.Grants = keptGrants(old.Grants, p.Grants)
	roles := !sameWords(old.Roles, p.Roles) || len(old.Grants) != len(p.Grants) || len(minusGrants(p.Grants, old.Grants)) > 0
	if roles {
		says = append(says, rolesOf(old)+" becomes "+rolesOf(p))
		blocked := p.Blocked() && !old.Blocked()
		out.blocks = out.blocks || blocked
		lost = lost || blocked || len(minus(old.Roles, p.Roles)) > 0 || len(minusGrants(old.Grants, p.Grants)) > 0
	}
	if old.Name != p.Name {
		says = append(says, fmt.Sprintf("name %q becomes %q", old.Name, p.Name))
	}
	attributes := !maps.Equal(old.Attributes, p.Attributes)
	if attributes {
		says = append(says, fmt.Sprintf("attributes: %s becomes %s", cmp.Or(attributesOf(old), "none"), cmp.Or(attributesOf(p), "none")))
	}
	if len(says) == 0 {
		out.same++
		return nil
	}
	if roles || attributes || old.Name != p.Name {
		next := old
		next.Name, next.Roles, next.Grants, next.Attributes = p.Name, p.Roles, p.Grants, p.Attributes
		out.change.Update = append(out.change.Update, next)
	}
	if lost {
		out.change.Cut = append(out.change.Cut, p.ID)
	}
	out.change.KeepOwner = out.change.KeepOwner || users.Deposes(old, p)
	out.say("change  %s: %s", printable(p.ID), strings.Join(says, "; "))
	return nil
}

// planRest removes everybody who is not kept.
func (d *desk) planRest(ctx context.Context, out *plan, kept map[string]bool) error {
	return d.everybody(ctx, "", func(p users.Person) error {
		if kept[p.ID] {
			return nil
		}
		delete(out.owners, p.ID)
		out.change.KeepOwner = out.change.KeepOwner || users.Deposes(p, users.Person{})
		out.change.Remove, out.change.Cut = append(out.change.Remove, p), append(out.change.Cut, p.ID)
		out.say("remove  %s: %s", printable(p.ID), rolesOf(p))
		return nil
	})
}

// keptGrants are the grants as they are to be; one that is there already keeps
// its giver.
func keptGrants(old, wanted []users.Grant) []users.Grant {
	out := slices.Clone(wanted)
	for i, g := range out {
		if at := slices.IndexFunc(old, func(o users.Grant) bool { return sameGrant(o, g) }); at >= 0 {
			out[i] = old[at]
		}
	}
	return out
}

// minus are those of a that are not in b.
func minus(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

func minusGrants(a, b []users.Grant) []users.Grant {
	return slices.DeleteFunc(slices.Clone(a), func(g users.Grant) bool {
		return slices.ContainsFunc(b, func(o users.Grant) bool { return sameGrant(o, g) })
	})
}

func sameWords(a, b []string) bool { return len(minus(a, b))+len(minus(b, a)) == 0 }
