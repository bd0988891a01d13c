package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/gate/users"
	"github.com/parachute-gate/parachute/internal/config"
)

func usersCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:  "users",
		Usage: "the people whom the bot knows, their roles, and who asks to be let in",
		Description: "   parachute users add telegram:123456 --role owner --name Ana\n   parachute users list\n" +
			"   parachute users approve BCDF-2345\n   parachute users block telegram:666\n\n" +
			"They are the commands of the chat: the policies decide each, and the log keeps it. A change\ncounts from the next message on, also while the bot runs.",
		Subcommands: []*cli.Command{
			claimCommand(t), listCommand(t), pendingCommand(t), showCommand(t), addCommand(t), roleCommand(t),
			approveCommand(t),
			oneWord(t, "deny", "do not let in who asks", "CODE", "deny BCDF-2345", false),
			oneWord(t, "block", "answer somebody nothing any more, and end what runs for them", "ID", "block telegram:666", false),
			oneWord(t, "unblock", "take a block back: the roles are as before", "ID", "unblock telegram:666", true),
			oneWord(t, "remove", "forget somebody: a stranger from then on", "ID", "remove telegram:123456", true),
			limitsCommand(t), setCommand(t), linkCommand(t), unlinkCommand(t), tokenCommand(t), exportCommand(t), importCommand(t),
		},
		Action: func(c *cli.Context) error { return whichOf(c, "users") },
	}
}

// whichOf tells what there is to do where nothing of it was named.
func whichOf(c *cli.Context, name string) error {
	names := make([]string, 0, len(c.Command.Subcommands))
	for _, sub := range c.Command.Subcommands {
		if sub.Name != "help" {
			names = append(names, sub.Name)
		}
	}
	wrong, all := "say what to do", strings.Join(names, ", ")
	if word := c.Args().First(); word != "" {
		wrong, all = fmt.Sprintf("there is no %q", word), "there are "+all+config.Guess(word, names)
	}
	return wrongUse("%s: %s (%s); `parachute %s --help` shows examples", name, wrong, all, name)
}

func claimCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name: "claim", Usage: "make the code by which the first owner comes in", Description: "   parachute users claim\n\nIt works once, for an hour, while there is no owner. One that was made before works no more.",
		Flags: []cli.Flag{configFlag()},
		Action: withDesk(t, exactly(0), func(ctx context.Context, _ *cli.Context, d *desk) error {
			code, err := d.gate.Claim(ctx)
			if err != nil {
				return err
			}
			if code == "" {
				return errors.New("there is an owner already; `parachute users list` shows everybody")
			}
			_, err = fmt.Fprintf(t.out, "Send the bot this from your own account, in a direct message: /pair %s\n", code)
			return err
		}),
	}
}

// oneWord is a command of the chat that is about one person or one code. With
// known it must be somebody who is known.
func oneWord(t terminal, name, usage, args, example string, known bool) *cli.Command {
	return &cli.Command{
		Name: name, Usage: usage, ArgsUsage: args, Description: "   parachute users " + example, Flags: []cli.Flag{configFlag()},
		Action: withDesk(t, exactly(1), func(ctx context.Context, c *cli.Context, d *desk) error {
			word := c.Args().First()
			if args == "ID" {
				if _, err := d.person(ctx, word); err != nil && (known || !errors.Is(err, users.ErrUnknown)) {
					return err
				}
			}
			err := d.order(ctx, name, word)
			if err == nil && name == "block" {
				d.blocked(word)
			}
			return err
		}),
	}
}

func addCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name: "add", Usage: "let in somebody who has not asked", ArgsUsage: "ID",
		Description: "   parachute users add telegram:123456 --role owner --name Ana\n   parachute users add telegram:777 --role guest --in library --for 3d --scope dm",
		Flags:       append([]cli.Flag{configFlag(), roleFlag(), nameFlag()}, termFlags()...),
		Action: withDesk(t, exactly(1), func(ctx context.Context, c *cli.Context, d *desk) error {
			id, roles := c.Args().First(), c.StringSlice("role")
			if len(roles) == 0 {
				return wrongUse("users add: say which --role (%s)", strings.Join(d.roles(), ", "))
			}
			words, err := d.terms(c, roles)
			if err != nil {
				return err
			}
			switch p, err := d.person(ctx, id); {
			case err == nil && p.ID == id:
				return fmt.Errorf("%s %w; `parachute users role` gives other roles", id, users.ErrExists)
			case err == nil:
				return fmt.Errorf("%s %w, as an identity of %s", id, users.ErrExists, p.ID)
			case !errors.Is(err, users.ErrUnknown):
				return err
			}
			if err := d.give(ctx, "add", id, words, "added %s as %s\n"); err != nil {
				return err
			}
			return d.hint(ctx, id)
		}),
	}
}

func roleCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name: "role", Usage: "give somebody other roles, in place of those that they have", ArgsUsage: "ID ROLE…",
		Description: "   parachute users role telegram:123456 admin\n   parachute users role telegram:123456 member --in family --for 2w",
		Flags:       append([]cli.Flag{configFlag(), roleFlag(), nameFlag()}, termFlags()...),
		Action: withDesk(t, arguments{1, many}, func(ctx context.Context, c *cli.Context, d *desk) error {
			id, roles := c.Args().First(), append(c.Args().Tail(), c.StringSlice("role")...)
			if len(roles) == 0 {
				return wrongUse("users role: wants ID ROLE…; `parachute users role --help` shows an example")
			}
			words, err := d.terms(c, roles)
			if err != nil {
				return err
			}
			if _, err := d.person(ctx, id); err != nil {
				return err
			}
			return d.give(ctx, "role", id, words, "%s is %s\n")
		}),
	}
}

func approveCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name: "approve", Usage: "let in who asks", ArgsUsage: "CODE [ROLE…]",
		Description: "   parachute users approve BCDF-2345\n   parachute users approve BCDF-2345 guest --in library --for 3d\n\n" +
			"It holds in direct messages, if --scope says nothing else. If you have not seen the\nrequest yet, you are shown it first; send the same again to confirm.",
		Flags: append([]cli.Flag{configFlag(), roleFlag()}, termFlags()...),
		Action: withDesk(t, arguments{1, many}, func(ctx context.Context, c *cli.Context, d *desk) error {
			words, err := d.terms(c, append(c.Args().Tail(), c.StringSlice("role")...))
			if err != nil {
				return err
			}
			return d.order(ctx, "approve", append([]string{c.Args().First()}, words...)...)
		}),
	}
}

func roleFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "role", Aliases: []string{"r"}, Usage: "`ROLE`: " + strings.Join(givenRoles(), ", ") + ", or one that your policies name; may be repeated"}
}

func nameFlag() cli.Flag {
	return &cli.StringFlag{Name: "name", Usage: "for people to read; never identity"}
}

// givenRoles are the roles of the default policies that can be given.
func givenRoles() []string {
	return []string{users.RoleOwner, users.RoleAdmin, users.RoleMember, users.RoleGuest}
}

// give carries out a command that gives roles, and shows what is on record then.
func (d *desk) give(ctx context.Context, command, id string, words []string, shown string) error {
	reply, err := d.ordered(ctx, command, append([]string{id}, words...)...)
	if err != nil {
		return err
	}
	p, err := d.db.Person(ctx, id)
	if errors.Is(err, users.ErrUnknown) || strings.HasPrefix(reply, gate.Unchanged) {
		return errors.New(reply) // what was to be given is not what the gate understood
	}
	if err == nil {
		fmt.Fprintf(d.t.out, shown, printable(p.ID), rolesOf(p))
	}
	return err
}
