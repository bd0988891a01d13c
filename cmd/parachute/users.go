package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/gate/users"
	"github.com/parachute-gate/parachute/internal/config"
	"github.com/parachute-gate/parachute/storage/sqlite"
)

const nobodyYet = "Nobody yet. `parachute users add ID --role owner` adds the first owner."

// usersPage is how many people are read at a time.
const usersPage = 500

func usersCommand(t terminal) *cli.Command {
	role := &cli.StringSliceFlag{Name: "role", Aliases: []string{"r"}, Usage: "`ROLE`: " + strings.Join(users.Roles(), ", ") + ", or one that your policies name; may be repeated"}
	return &cli.Command{
		Name:  "users",
		Usage: "the people whom the bot knows, and their roles",
		Description: "   parachute users add telegram:123456 --role owner --name Ana\n   parachute users list\n" +
			"   parachute users block telegram:666\n\nA change counts from the next message on, also while the bot runs.",
		Subcommands: []*cli.Command{
			{
				Name: "list", Usage: "list everybody", Description: "   parachute users list", Flags: []cli.Flag{configFlag()},
				Action: withUsers(0, func(ctx context.Context, db *sqlite.DB, _ *cli.Context, _ string) error { return listUsers(ctx, t, db) }),
			},
			{
				Name: "show", Usage: "show one", ArgsUsage: "ID", Description: "   parachute users show telegram:123456", Flags: []cli.Flag{configFlag()},
				Action: withUsers(1, func(ctx context.Context, db *sqlite.DB, _ *cli.Context, id string) error {
					p, err := db.Person(ctx, id)
					if err == nil {
						showUser(t, p)
					}
					return err
				}),
			},
			{
				Name: "add", Usage: "add somebody", ArgsUsage: "ID", Description: "   parachute users add telegram:123456 --role owner --name Ana",
				Flags: []cli.Flag{configFlag(), role, &cli.StringFlag{Name: "name", Usage: "for people to read; never identity"}},
				Action: withUsers(1, func(ctx context.Context, db *sqlite.DB, c *cli.Context, id string) error {
					p := users.Person{ID: id, Name: c.String("name"), Roles: c.StringSlice("role")}
					if len(p.Roles) == 0 {
						return wrongUse("users add: say which --role (%s)", strings.Join(users.Roles(), ", "))
					}
					if err := p.Check(); err != nil {
						return usageError{err}
					}
					if err := db.AddPerson(ctx, p); err != nil {
						return err
					}
					fmt.Fprintf(t.out, "added %s as %s\n", p.ID, strings.Join(p.Roles, ", "))
					return hintUser(ctx, t, c, db, p)
				}),
			},
			{
				Name: "role", Usage: "give somebody other roles, in place of the ones they have", ArgsUsage: "ID ROLE…", Description: "   parachute users role telegram:123456 admin",
				Flags: []cli.Flag{configFlag()},
				Action: withUsers(-2, func(ctx context.Context, db *sqlite.DB, c *cli.Context, id string) error {
					return changeUser(ctx, t, db, id, func([]string) []string { return c.Args().Tail() })
				}),
			},
			{
				Name: "block", Usage: "answer somebody nothing any more", ArgsUsage: "ID", Description: "   parachute users block telegram:666", Flags: []cli.Flag{configFlag()},
				Action: withUsers(1, func(ctx context.Context, db *sqlite.DB, _ *cli.Context, id string) error {
					return errors.Join(blockUser(ctx, t, db, id), endSessionsOf(ctx, t, db, id))
				}),
			},
			{
				Name: "unblock", Usage: "give a blocked person their roles back", ArgsUsage: "ID", Description: "   parachute users unblock telegram:666", Flags: []cli.Flag{configFlag()},
				Action: withUsers(1, func(ctx context.Context, db *sqlite.DB, _ *cli.Context, id string) error {
					return changeUser(ctx, t, db, id, users.Unblock)
				}),
			},
			{
				Name: "remove", Usage: "forget somebody: a stranger from then on", ArgsUsage: "ID", Description: "   parachute users remove telegram:123456", Flags: []cli.Flag{configFlag()},
				Action: withUsers(1, func(ctx context.Context, db *sqlite.DB, _ *cli.Context, id string) error {
					if err := db.RemovePerson(ctx, id); err != nil {
						return err
					}
					fmt.Fprintf(t.out, "removed %s\n", id)
					return endSessionsOf(ctx, t, db, id)
				}),
			},
		},
		Action: func(*cli.Context) error {
			return wrongUse("users: say what to do (list, show, add, role, block, unblock, remove); `parachute users --help` shows examples")
		},
	}
}

// withUsers opens the database for a subcommand with n arguments (at least -n
// where n is negative).
func withUsers(n int, do func(context.Context, *sqlite.DB, *cli.Context, string) error) cli.ActionFunc {
	return func(c *cli.Context) (err error) {
		if (n >= 0 && c.NArg() != n) || (n < 0 && c.NArg() < -n) {
			return wrongUse("users %s: wants %s; `parachute users %s --help` shows an example", c.Command.Name, wanted(c.Command.ArgsUsage), c.Command.Name)
		}
		cfg, err := loadConfig(c)
		if err != nil {
			return err
		}
		open := openPeople
		if c.Command.Name != "add" && c.Command.Name != "block" {
			open = openStore
		}
		db, err := open(c.Context, cfg)
		if errors.Is(err, errNothingYet) && c.Command.Name == "list" {
			fmt.Fprintln(c.App.ErrWriter, nobodyYet)
			return nil
		}
		if err != nil {
			return err
		}
		defer func() {
			if e := db.Close(); err == nil {
				err = e
			}
		}()
		return do(c.Context, db, c, c.Args().First())
	}
}

func wanted(args string) string {
	if args == "" {
		return "no argument"
	}
	return args
}

// hintUser tells what may be misspelt about a person: an id of no connector, or
// roles that the policies do not know.
func hintUser(ctx context.Context, t terminal, c *cli.Context, db *sqlite.DB, p users.Person) error {
	cfg, err := loadConfig(c)
	if err != nil {
		return err
	}
	name, id, _ := strings.Cut(p.ID, ":")
	var names []string
	kind, chats := "", false
	for _, conn := range cfg.Connectors {
		names = append(names, conn.Name)
		chats = chats || conn.Kind != "console" && conn.Kind != "stdio"
		if conn.Name == name {
			kind = conn.Kind
		}
	}
	if kind == "" && !chats {
		return nil // somebody tries things out
	}
	if kind == "" {
		fmt.Fprintf(t.err, "parachute: no connector is named %q here (there is %s): nobody can come in by this id\n", name, strings.Join(names, ", "))
		return nil
	}
	e, err := openUntested(ctx, cfg)
	if err != nil {
		return nil //nolint:nilerr // the person is added; `check` tells what is wrong with the policies
	}
	d, _, err := preview(ctx, cfg, e, db, gate.Source{Name: name, Kind: kind}, connectors.Message{
		ID: "hello", Kind: connectors.EventMessage, Text: "hello",
		Chat: connectors.Chat{ID: id, Kind: connectors.ChatDM}, User: connectors.User{ID: id},
	}, time.Now)
	if err == nil && d.Verdict != engine.Allow {
		fmt.Fprintf(t.err, "parachute: as things stand, a direct message of theirs would be denied: %s\n", ruleLine(d.Rule()))
	}
	return err
}

// openPeople opens the database; people can be added before the first start.
func openPeople(ctx context.Context, cfg config.Config) (*sqlite.DB, error) {
	return sqlite.Open(ctx, cfg.Data, slog.New(slog.DiscardHandler))
}

func listUsers(ctx context.Context, t terminal, db *sqlite.DB) error {
	after, n := "", 0
	for {
		page, err := db.People(ctx, after, usersPage)
		if err != nil {
			return err
		}
		for _, p := range page {
			showUser(t, p)
			after = p.ID
		}
		n += len(page)
		if len(page) < usersPage {
			break
		}
	}
	if n == 0 {
		fmt.Fprintln(t.err, nobodyYet)
	}
	return nil
}

func showUser(t terminal, p users.Person) {
	fmt.Fprintf(t.out, "%s  %s", p.ID, strings.Join(p.Roles, ","))
	if p.Name != "" {
		fmt.Fprintf(t.out, "  %q", p.Name)
	}
	fmt.Fprintln(t.out)
}

func changeUser(ctx context.Context, t terminal, db *sqlite.DB, id string, change func([]string) []string) error {
	p, err := db.Person(ctx, id)
	if err != nil {
		return err
	}
	p.Roles = change(slices.Clone(p.Roles))
	if err := p.Check(); err != nil {
		return usageError{err}
	}
	if err := db.UpdatePerson(ctx, p); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "%s is %s\n", p.ID, strings.Join(p.Roles, ", "))
	return nil
}

// blockUser blocks strangers too: who was never known is known as blocked then.
func blockUser(ctx context.Context, t terminal, db *sqlite.DB, id string) error {
	p := users.Person{ID: id, Roles: users.Block(nil)}
	if err := p.Check(); err != nil {
		return usageError{err}
	}
	if _, err := db.Person(ctx, id); err == nil {
		return changeUser(ctx, t, db, id, users.Block)
	}
	if err := db.AddPerson(ctx, p); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "%s is %s\n", p.ID, strings.Join(p.Roles, ", "))
	return nil
}
