package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/gate/users"
	"github.com/parachute-gate/parachute/internal/config"
	"github.com/parachute-gate/parachute/storage/sqlite"
)

// desk is where somebody at the terminal looks after people: by the gate's own
// commands, which the policies decide and the log keeps.
type desk struct {
	t    terminal
	cfg  config.Config
	db   *sqlite.DB
	gate *gate.Gate
	// who is the account of the system.
	who string
}

// withDesk is the action of a command that changes people. It makes the database
// where there is none: people can be added before the first start.
func withDesk(t terminal, args arguments, do func(context.Context, *cli.Context, *desk) error) cli.ActionFunc {
	return atDesk(t, args, openPeople, do)
}

// readingDesk is the action of a command about people that changes nothing.
func readingDesk(t terminal, args arguments, do func(context.Context, *cli.Context, *desk) error) cli.ActionFunc {
	return atDesk(t, args, openKnown, do)
}

func atDesk(t terminal, args arguments, open func(context.Context, config.Config) (*sqlite.DB, error), do func(context.Context, *cli.Context, *desk) error) cli.ActionFunc {
	return withPeople(t, args, open, func(ctx context.Context, c *cli.Context, d *desk) error {
		e, err := openUntested(ctx, d.cfg)
		if err != nil {
			return fmt.Errorf("the policies decide about this, and cannot be loaded: %w", err)
		}
		warnOfOther(t, d.cfg, e.Current().Revision())
		book, _, err := newBook(ctx, d.db)
		if err != nil {
			return err
		}
		d.gate = gate.New(gate.Deps{
			Policies: e, Store: d.db, Book: book, Config: gateConfig(d.cfg), Log: slog.New(slog.DiscardHandler), Now: time.Now,
		})
		return do(ctx, c, d)
	})
}

// withPeople opens the database alone.
func withPeople(t terminal, args arguments, open func(context.Context, config.Config) (*sqlite.DB, error), do func(context.Context, *cli.Context, *desk) error) cli.ActionFunc {
	return func(c *cli.Context) (err error) {
		if err := args.check(c); err != nil {
			return err
		}
		cfg, err := loadConfig(c)
		if err != nil {
			return err
		}
		_, missing := os.Stat(filepath.Join(cfg.Data, sqlite.File))
		db, err := open(c.Context, cfg)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, db.Close()) }()
		if cfg.File == "" && errors.Is(missing, fs.ErrNotExist) {
			fmt.Fprintf(t.err, "parachute: no %s here; a new data folder was made: %s\n", config.DefaultFile, cfg.Data)
		}
		return do(c.Context, c, &desk{t: t, cfg: cfg, db: db, who: account()})
	}
}

// openPeople opens the database, or makes it.
func openPeople(ctx context.Context, cfg config.Config) (*sqlite.DB, error) {
	return sqlite.Open(ctx, cfg.Data, slog.New(slog.DiscardHandler))
}

// openKnown opens the database. Where nothing is configured it makes none: a
// folder that is no bot's has no people to be read.
func openKnown(ctx context.Context, cfg config.Config) (*sqlite.DB, error) {
	if cfg.File == "" {
		return openStore(ctx, cfg)
	}
	return openPeople(ctx, cfg)
}

// account is who sits at the terminal, as the system names them.
func account() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return strconv.Itoa(os.Getuid())
}

// giver is who gives what is given here.
func (d *desk) giver() string { return gate.Terminal + ":" + d.who }

// order carries out a command of the gate, and shows what a chat would read.
func (d *desk) order(ctx context.Context, command string, words ...string) error {
	reply, err := d.ordered(ctx, command, words...)
	switch {
	case err != nil:
		return err
	case strings.HasPrefix(reply, gate.Unchanged):
		return errors.New(reply)
	}
	fmt.Fprintln(d.t.out, reply)
	return nil
}

// ordered carries out a command; a denial is shown with its rules.
func (d *desk) ordered(ctx context.Context, command string, words ...string) (string, error) {
	decision, reply, err := d.gate.Order(ctx, d.who, command, words...)
	if err != nil {
		return "", err
	}
	return reply, d.denied(decision)
}

// maxTries is how often a change is made anew because of another that came first.
const maxTries = 5

// change makes a change of people that is no command of the chat. build reads
// what is there, so that a change meanwhile is found.
func (d *desk) change(ctx context.Context, command string, words []string, build func() (*users.Change, error)) error {
	decision, err := d.decided(ctx, command, words, build)
	if err != nil || decision == nil {
		return err
	}
	return d.denied(*decision)
}

// decided gives the decision about such a change, nil where there was nothing to
// change.
func (d *desk) decided(ctx context.Context, command string, words []string, build func() (*users.Change, error)) (*engine.Decision, error) {
	for range maxTries {
		change, err := build()
		if err != nil || change == nil {
			return nil, err
		}
		decision, err := d.gate.People(ctx, d.who, command, words, change)
		if errors.Is(err, gate.ErrRaced) {
			continue
		}
		return &decision, err
	}
	return nil, fmt.Errorf("%s: somebody else changes the same people right now; try again", command)
}

func (d *desk) denied(decision engine.Decision) error {
	if decision.Verdict == engine.Allow {
		return nil
	}
	showDecision(terminal{out: d.t.err}, decision, engine.MessageInput{})
	return errSilent
}

// person finds somebody who is known.
func (d *desk) person(ctx context.Context, id string) (users.Person, error) {
	if err := users.CheckID(id); err != nil {
		return users.Person{}, usageError{err}
	}
	return d.db.Person(ctx, id)
}

// arguments are what a command takes beside its options.
type arguments struct{ least, most int }

// many is any number of arguments.
const many = 1 << 20

func exactly(n int) arguments { return arguments{n, n} }

func (a arguments) check(c *cli.Context) error {
	if n := c.NArg(); n >= a.least && n <= a.most {
		return nil
	}
	wants := c.Command.ArgsUsage
	switch {
	case wants == "":
		wants = "no argument"
	case c.NArg() > a.most:
		return tooMany(c, c.Args().Get(a.most))
	}
	return wrongUse("%s: wants %s; `%s --help` shows an example", commandName(c), wants, c.Command.HelpName)
}

// tooMany names the word that a command has no place for.
func tooMany(c *cli.Context, word string) error {
	hint := ""
	if c.Command.Name == "add" && !strings.Contains(word, ":") {
		hint = ": write --role " + word
	}
	return wrongUse("%s: %q is one word too many%s; `%s --help` shows an example", commandName(c), word, hint, c.Command.HelpName)
}

// commandName is a command as people write it, without the program's name.
func commandName(c *cli.Context) string {
	return strings.TrimPrefix(c.Command.HelpName, c.App.Name+" ")
}
