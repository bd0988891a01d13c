package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/parachute-gate/parachute/audit"
	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/gate/users"
	"github.com/parachute-gate/parachute/storage/sqlite"
)

// followEvery is how often `logs -f` looks for more.
const followEvery = 200 * time.Millisecond

func logsCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:  "logs",
		Usage: "show the decisions, as logfmt lines",
		Description: "   parachute logs -f\n   parachute logs --verdict deny --since 1h\n" +
			"   parachute logs --user telegram:123456 --json | jq .rules",
		Flags: []cli.Flag{
			configFlag(),
			&cli.BoolFlag{Name: "follow", Aliases: []string{"f"}, Usage: "wait for more"},
			&cli.BoolFlag{Name: "json", Usage: "whole records, one JSON object a line"},
			&cli.IntFlag{Name: "last", Aliases: []string{"n"}, Usage: "only the newest `N`"},
			&cli.StringFlag{Name: "since", Usage: "only those younger than `DURATION` (90s, 1h, 3d, 2w)"},
			&cli.StringFlag{Name: "connector", Usage: "only those of the connector of this `NAME`"},
			&cli.StringFlag{Name: "user", Usage: "`ID` with the connector's prefix"},
			&cli.StringFlag{Name: "chat", Usage: "`ID` with the connector's prefix"},
			&cli.StringFlag{Name: "verdict", Usage: "allow, deny, ask or ended"},
			&cli.StringFlag{Name: "rule", Usage: "`ID` of the rule that decided"},
			&cli.StringFlag{Name: "session", Usage: "`ID`"},
			&cli.StringFlag{Name: "point", Usage: "startup, message, tool or session"},
		},
		Action: func(c *cli.Context) error {
			f, err := logFilter(c)
			if err != nil {
				return err
			}
			return withStore(func(c *cli.Context, db *sqlite.DB) error {
				n, write := 0, lineWriter(t, c.Bool("json"))
				err := showLogs(c.Context, db, f, c.Bool("follow"), func(ctx context.Context, r audit.Record) error {
					n++
					return write(ctx, r)
				})
				if err == nil && n == 0 && !c.Bool("follow") {
					fmt.Fprintln(t.err, "No record fits.")
				}
				return err
			})(c)
		},
	}
}

func logFilter(c *cli.Context) (audit.Filter, error) {
	f := audit.Filter{
		Connector: c.String("connector"), User: c.String("user"), Chat: c.String("chat"), Verdict: c.String("verdict"),
		Rule: c.String("rule"), Session: c.String("session"), Point: c.String("point"), Last: c.Int("last"),
	}
	if c.IsSet("last") && f.Last < 1 {
		return f, wrongUse("--last %d: give a number from 1", f.Last)
	}
	if c.IsSet("since") {
		since, err := readSince(c.String("since"))
		if err != nil {
			return f, err
		}
		f.Since = time.Now().Add(-since)
	}
	for _, id := range []string{f.User, f.Chat} {
		if id != "" && !strings.Contains(id, ":") {
			return f, usageError{users.CheckID(id)}
		}
	}
	for _, choice := range []struct {
		flag, value string
		valid       []string
	}{{"verdict", f.Verdict, []string{"allow", "deny", "ask", audit.Ended}}, {"point", f.Point, []string{"startup", "message", "tool", "session"}}} {
		if choice.value != "" && !slices.Contains(choice.valid, choice.value) {
			return f, wrongUse("--%s %q is not valid; valid: %v", choice.flag, choice.value, choice.valid)
		}
	}
	return f, nil
}

// readSince reads what Go writes as a duration, and also 3d or 2w.
func readSince(word string) (time.Duration, error) {
	d, err := time.ParseDuration(word)
	if err != nil {
		d, err = gate.ReadDuration(word)
	}
	if err != nil || d <= 0 {
		return 0, wrongUse("--since %q: write 90s, 12h, 3d or 2w", word)
	}
	return d, nil
}

// lineWriter writes one record a line.
func lineWriter(t terminal, asJSON bool) func(context.Context, audit.Record) error {
	if asJSON {
		enc := json.NewEncoder(t.out)
		enc.SetEscapeHTML(false)
		return func(_ context.Context, r audit.Record) error { return enc.Encode(r) }
	}
	return audit.NewWriter(t.out).Write
}

func showLogs(ctx context.Context, log audit.Log, f audit.Filter, follow bool, write func(context.Context, audit.Record) error) error {
	for {
		err := log.Entries(ctx, f, func(e audit.Entry) error {
			f.After = e.Seq
			return write(ctx, e.Record)
		})
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("show logs: %w", err)
		}
		if !follow {
			return nil
		}
		f.Last = 0
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(followEvery):
		}
	}
}
