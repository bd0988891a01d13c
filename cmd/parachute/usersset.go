package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"github.com/parachute-gate/parachute/gate/users"
)

// ruled is what somebody reads in the place of answers that wait, once their
// rights have changed.
const ruled = "Your rights here have changed, so I do not answer this any more."

var attributeName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]{0,63}$`)

// maxAttribute is how long the value of an attribute may be, in bytes, and
// maxAttributes how many somebody has.
const (
	maxAttribute  = 1024
	maxAttributes = 64
)

// checkAttribute tells what is wrong with what policies are to know of somebody.
func checkAttribute(name, value string) error {
	switch {
	case !attributeName.MatchString(name):
		return fmt.Errorf("attribute %q must match %s", name, attributeName)
	case len(value) > maxAttribute || !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl):
		return fmt.Errorf("attribute %s: at most %d bytes of UTF-8, no control characters", name, maxAttribute)
	}
	return nil
}

func setCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name: "set", Usage: "tell the policies more about somebody: input.user.attributes", ArgsUsage: "ID KEY=VALUE…",
		Description: "   parachute users set telegram:123456 team=red floor=3\n   parachute users set telegram:123456 floor=\n\nWithout a value the attribute is taken away.",
		Flags:       []cli.Flag{configFlag()},
		Action: withDesk(t, arguments{2, maxAttributes + 1}, func(ctx context.Context, c *cli.Context, d *desk) error {
			id := c.Args().First()
			given := map[string]string{}
			for _, word := range c.Args().Tail() {
				name, value, ok := strings.Cut(word, "=")
				if !ok {
					return wrongUse("users set: %q: write KEY=VALUE", word)
				}
				if err := checkAttribute(name, value); err != nil {
					return usageError{err}
				}
				given[name] = value
			}
			var p users.Person
			err := d.change(ctx, "set", c.Args().Slice(), func() (*users.Change, error) {
				var err error
				if p, err = d.person(ctx, id); err != nil {
					return nil, err
				}
				p.Attributes = withAttributes(p.Attributes, given)
				if len(p.Attributes) > maxAttributes {
					return nil, fmt.Errorf("%s: more than %d attributes", p.ID, maxAttributes)
				}
				return &users.Change{Update: []users.Person{p}}, nil
			})
			if err != nil {
				return err
			}
			if len(p.Attributes) == 0 {
				fmt.Fprintf(t.out, "%s has no attributes\n", printable(p.ID))
				return nil
			}
			fmt.Fprintf(t.out, "%s: %s\n", printable(p.ID), attributesOf(p))
			return nil
		}),
	}
}

// attributesOf are the attributes of somebody, in order.
func attributesOf(p users.Person) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(p.Attributes)) {
		out = append(out, fmt.Sprintf("%s=%q", name, p.Attributes[name]))
	}
	return strings.Join(out, " ")
}

func withAttributes(old, given map[string]string) map[string]string {
	out := maps.Clone(old)
	if out == nil {
		out = map[string]string{}
	}
	for name, value := range given {
		if value == "" {
			delete(out, name)
			continue
		}
		out[name] = value
	}
	return out
}

func linkCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name: "link", Usage: "make another account of somebody's known as them", ArgsUsage: "ID IDENTITY",
		Description: "   parachute users link telegram:123456 matrix:@ana:example.org\n\nLimits and rights are then the same on both. People do it themselves by /pair in the chat.",
		Flags:       []cli.Flag{configFlag()},
		Action: withDesk(t, exactly(2), func(ctx context.Context, c *cli.Context, d *desk) error {
			id, identity := c.Args().Get(0), c.Args().Get(1)
			var p users.Person
			err := d.change(ctx, "link", c.Args().Slice(), func() (*users.Change, error) {
				var err error
				if p, err = d.person(ctx, id); err != nil {
					return nil, err
				}
				switch other, err := d.person(ctx, identity); {
				case errors.Is(err, users.ErrUnknown):
				case err != nil:
					return nil, err
				case other.ID == p.ID:
					return nil, fmt.Errorf("%s is %s already", identity, p.ID)
				default:
					return nil, fmt.Errorf("%s is known already, as %s; `parachute users unlink` or `remove` ends that", identity, other.ID)
				}
				return &users.Change{
					Link: []users.Identity{{ID: identity, Person: p.ID}},
					// What it had as a stranger ends.
					Forget: []string{identity}, Cut: []string{identity}, CutReply: ruled,
				}, nil
			})
			if err == nil {
				fmt.Fprintf(t.out, "%s is %s now\n", printable(identity), printable(p.ID))
				d.suspect(identity)
			}
			return err
		}),
	}
}

func unlinkCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name: "unlink", Usage: "make an account a stranger's again, and end what runs for its person", ArgsUsage: "IDENTITY",
		Description: "   parachute users unlink matrix:@ana:example.org", Flags: []cli.Flag{configFlag()},
		Action: withDesk(t, exactly(1), func(ctx context.Context, c *cli.Context, d *desk) error {
			identity := c.Args().First()
			var p users.Person
			err := d.change(ctx, "unlink", c.Args().Slice(), func() (*users.Change, error) {
				var err error
				if p, err = d.person(ctx, identity); err != nil {
					return nil, err
				}
				if p.ID == identity {
					return nil, fmt.Errorf("%s %w; `parachute users remove` forgets the person", identity, users.ErrFirst)
				}
				return &users.Change{Unlink: []string{identity}, Cut: []string{p.ID}, CutReply: ruled}, nil
			})
			if err == nil {
				fmt.Fprintf(t.out, "%s is a stranger now, and no longer %s\n", printable(identity), printable(p.ID))
			}
			return err
		}),
	}
}
