package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/stdio"
	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/internal/config"
	"github.com/parachute-gate/parachute/storage/sqlite"
)

func decideCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:  "decide",
		Usage: "tell what would happen to a message, and by which rules; does nothing",
		Description: "   parachute decide -i message.json\n" +
			"   echo '{\"id\":\"1\",\"chat\":\"c\",\"chat_kind\":\"dm\",\"user\":\"ana\",\"text\":\"hi\"}' | parachute decide -i -\n\n" +
			"FILE holds a message as the stdio connector takes it. It is decided for the people, sessions and\n" +
			"counters of the data folder, by the policies as they stand; it is neither counted nor recorded.\n" +
			"Exit code 0: it would be admitted. 1: it would be denied.",
		Flags: []cli.Flag{
			configFlag(),
			&cli.StringFlag{Name: "input", Aliases: []string{"i"}, Usage: "the message, a `FILE` or - for standard input"},
			&cli.StringFlag{Name: "connector", Value: "stdio", Usage: "the `NAME` of the connector that it would come through"},
			&cli.StringFlag{Name: "at", Usage: "decide as if it were `TIME` (2026-03-01T23:30:00+01:00)"},
			&cli.BoolFlag{Name: "json", Usage: "decision and policy input, as JSON"},
		},
		Action: withConfig(func(c *cli.Context, cfg config.Config) error {
			if c.String("input") == "" {
				return wrongUse("decide: which message? `parachute decide -i FILE`, or -i - for standard input")
			}
			now, err := clockAt(c)
			if err != nil {
				return err
			}
			m, err := readMessage(t, c.String("input"))
			if err != nil {
				return err
			}
			from, err := decideSource(cfg, c.String("connector"), c.IsSet("connector"))
			if err != nil {
				return err
			}
			return decide(c.Context, t, cfg, from, m, now, c.Bool("json"))
		}),
	}
}

// clockAt is the clock that it is decided by.
func clockAt(c *cli.Context) (func() time.Time, error) {
	if !c.IsSet("at") {
		return time.Now, nil
	}
	at, err := time.Parse(time.RFC3339, c.String("at"))
	if err != nil {
		return nil, wrongUse("--at %q: write day, time and zone, as in 2026-03-01T23:30:00+01:00", c.String("at"))
	}
	return func() time.Time { return at }, nil
}

// decideSource is the connector that the message would come through. One that is
// named must be there.
func decideSource(cfg config.Config, name string, named bool) (gate.Source, error) {
	names := make([]string, 0, len(cfg.Connectors))
	for _, conn := range cfg.Connectors {
		if conn.Name == name {
			return gate.Source{Name: name, Kind: conn.Kind}, nil
		}
		names = append(names, conn.Name)
	}
	if named {
		return gate.Source{}, wrongUse("--connector %q is not configured; there are: %s", name, strings.Join(names, ", "))
	}
	return gate.Source{Name: name, Kind: "stdio"}, nil
}

func readMessage(t terminal, file string) (connectors.Message, error) {
	in := io.Reader(t.in)
	if file != "-" {
		f, err := os.Open(file) //nolint:gosec // the path is the caller's own
		if err != nil {
			return connectors.Message{}, usageError{fmt.Errorf("read message: %w", err)}
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, 2<<20))
	if err != nil {
		return connectors.Message{}, usageError{fmt.Errorf("read message: %w", err)}
	}
	m, err := stdio.Decode(data)
	if err != nil {
		return m, usageError{fmt.Errorf("message in %s: %w", file, err)}
	}
	return m, nil
}

func decide(ctx context.Context, t terminal, cfg config.Config, from gate.Source, m connectors.Message, now func() time.Time, asJSON bool) error {
	e, err := openUntested(ctx, cfg)
	if err != nil {
		return err
	}
	db, closeStore, err := openOrEmpty(ctx, cfg)
	if err != nil {
		return err
	}
	defer closeStore()
	d, in, problem, err := preview(ctx, cfg, e, db, from, m, now)
	if err != nil {
		return err
	}
	if asJSON {
		enc := json.NewEncoder(t.out)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		if err := enc.Encode(decisionJSON{d.Verdict, d.Rules, d.Obligations, d.Revision, problem, in}); err != nil {
			return fmt.Errorf("write decision: %w", err)
		}
	} else {
		showDecision(t, d, in)
		if d.Verdict == engine.Allow && problem != "" {
			fmt.Fprintf(t.out, "  the command is not understood, and would change nothing: %s\n", problem)
		}
	}
	if d.Verdict != engine.Allow {
		return errSilent
	}
	return nil
}

// preview asks what would happen to a message, and what is wrong with the words of
// its command.
func preview(ctx context.Context, cfg config.Config, e *engine.Engine, db *sqlite.DB, from gate.Source, m connectors.Message, now func() time.Time) (d engine.Decision, in engine.MessageInput, problem string, err error) {
	book, _, err := newBook(ctx, db)
	if err != nil {
		return d, in, "", err
	}
	g := gate.New(gate.Deps{Policies: e, Store: db, Book: book, Config: gateConfig(cfg), Log: slog.New(slog.DiscardHandler), Now: now})
	return g.Preview(ctx, from, m)
}

// openOrEmpty opens what was recorded, or, where nothing was yet, an empty store
// that is gone afterwards: asking leaves no trace.
func openOrEmpty(ctx context.Context, cfg config.Config) (*sqlite.DB, func(), error) {
	dir, remove := cfg.Data, func() {}
	if _, err := os.Stat(filepath.Join(cfg.Data, sqlite.File)); errors.Is(err, fs.ErrNotExist) {
		if dir, err = os.MkdirTemp("", "parachute-decide-"); err != nil {
			return nil, nil, fmt.Errorf("make an empty store: %w", err)
		}
		remove = func() { _ = os.RemoveAll(dir) }
	}
	db, err := sqlite.Open(ctx, dir, slog.New(slog.DiscardHandler))
	if err != nil {
		remove()
		return nil, nil, err
	}
	return db, func() { _ = db.Close(); remove() }, nil
}

type decisionJSON struct {
	Verdict     engine.Verdict      `json:"verdict"`
	Rules       []engine.Rule       `json:"rules"`
	Obligations engine.Obligations  `json:"obligations"`
	Revision    string              `json:"revision"`
	Problem     string              `json:"problem,omitempty"`
	Input       engine.MessageInput `json:"input"`
}

// servedBy tells which agent answers, and what it has of workspaces.
func servedBy(o engine.Obligations, in engine.MessageInput) string {
	words := "agent " + cmp.Or(o.Agent, in.Config.Agent.Name)
	if o.QuotaMiB > 0 {
		words += fmt.Sprintf(", quota %d MiB", o.QuotaMiB)
	}
	if len(o.Mounts) > 0 {
		words += ", reads also " + strings.Join(o.Mounts, ", ")
	}
	return words
}

func showDecision(t terminal, d engine.Decision, in engine.MessageInput) {
	fmt.Fprintf(t.out, "%s by %s, revision %.12s\n", d.Verdict, d.Rule().ID, d.Revision)
	for _, r := range d.Rules {
		fmt.Fprintln(t.out, "  "+ruleLine(r))
	}
	if d.Verdict != engine.Allow {
		if reply := d.Reply(); reply != "" {
			fmt.Fprintf(t.out, "        the chat reads: %q\n", reply)
		} else {
			fmt.Fprintln(t.out, "        the chat reads nothing")
		}
	}
	if d.Verdict == engine.Allow {
		o := d.Obligations
		fmt.Fprintf(t.out, "  trust %s, workspace %s, access %s\n", o.Trust, o.Workspace, o.Access)
		fmt.Fprintln(t.out, "  "+servedBy(o, in))
		if len(o.Sandbox) > 0 {
			if data, err := json.Marshal(o.Sandbox); err == nil {
				fmt.Fprintf(t.out, "  sandbox %s\n", data)
			}
		}
	}
}
