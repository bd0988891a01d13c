package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/internal/config"
	"github.com/parachute-gate/parachute/sessions"
	"github.com/parachute-gate/parachute/storage/sqlite"
)

func sessionsCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:  "sessions",
		Usage: "the sessions that decisions have allowed: list, look, stop",
		Description: "   parachute sessions list\n   parachute sessions show 01a204e3-d602\n   parachute sessions stop 01a204e3-d602\n\n" +
			"The beginning of an id is enough where no other begins so.",
		Subcommands: []*cli.Command{
			{
				Name: "list", Usage: "list those that are open, the newest first",
				Description: "   parachute sessions list\n   parachute sessions list --all --user telegram:123456 --limit 20",
				Flags: []cli.Flag{
					configFlag(),
					&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "those too that have ended"},
					&cli.StringFlag{Name: "user", Usage: "of this person's id"},
					&cli.StringFlag{Name: "connector", Usage: "through this connector"},
					&cli.StringFlag{Name: "agent", Usage: "with this agent"},
					&cli.IntFlag{Name: "limit", Aliases: []string{"n"}, Value: 100, Usage: "at most so many; 0 is all"},
					&cli.BoolFlag{Name: "json", Usage: "one JSON object a line"},
				},
				Action: func(c *cli.Context) error {
					if c.Int("limit") < 0 {
						return wrongUse("sessions list: --limit %d: write 0 or more", c.Int("limit"))
					}
					return withStore(func(c *cli.Context, db *sqlite.DB) error { return listSessions(c, t, db) })(c)
				},
			},
			{
				Name: "show", Usage: "show one: who, where, what it may use and what it used", ArgsUsage: "ID",
				Description: "   parachute sessions show 01a204e3-d602",
				Flags:       []cli.Flag{configFlag(), &cli.BoolFlag{Name: "json", Usage: "as JSON"}},
				Action:      withSession(func(c *cli.Context, _ *sqlite.DB, o sessions.Overview) error { return showSession(c, t, o) }),
			},
			{
				Name: "stop", Usage: "end one now, with the answer that is being made", ArgsUsage: "ID",
				Description: "   parachute sessions stop 01a204e3-d602\n\nIts program is ended within a second; the person's next message begins another session,\nif the policies admit it. The policies decide about the stop, too.",
				Flags:       []cli.Flag{configFlag()},
				Action:      atDesk(t, exactly(1), openStore, stopSession),
			},
		},
		Action: func(*cli.Context) error {
			return wrongUse("sessions: say what to do (list, show, stop); `parachute sessions --help` shows examples")
		},
	}
}

// withSession finds the session that the one argument names.
func withSession(do func(*cli.Context, *sqlite.DB, sessions.Overview) error) cli.ActionFunc {
	return func(c *cli.Context) (err error) {
		if c.NArg() != 1 {
			return wrongUse("sessions %s: wants the ID of a session; `parachute sessions list` shows them", c.Command.Name)
		}
		var cfg config.Config
		if cfg, err = loadConfig(c); err != nil {
			return err
		}
		db, err := openStore(c.Context, cfg)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, db.Close()) }()
		o, err := findSession(c.Context, c, db)
		if err != nil {
			return err
		}
		return do(c, db, o)
	}
}

func findSession(ctx context.Context, c *cli.Context, db *sqlite.DB) (sessions.Overview, error) {
	o, err := db.Find(ctx, c.Args().First())
	if err != nil {
		return o, fmt.Errorf("%w; `parachute sessions list --all` shows them", err)
	}
	return o, nil
}

// overviewJSON is a session as --json writes it.
type overviewJSON struct {
	ID          string          `json:"id"`
	State       string          `json:"state"`
	Agent       string          `json:"agent"`
	Trust       string          `json:"trust"`
	User        string          `json:"user"`
	Connector   string          `json:"connector"`
	Chat        string          `json:"chat"`
	ChatKind    string          `json:"chat_kind"`
	Workspace   string          `json:"workspace"`
	Access      string          `json:"access"`
	Shared      []string        `json:"shared,omitempty"`
	Obligations json.RawMessage `json:"obligations"`
	Decision    string          `json:"decision"`
	Created     time.Time       `json:"created"`
	Ended       time.Time       `json:"ended,omitzero"`
	Turns       int             `json:"turns"`
	Owed        int             `json:"owed"`
	Usage       usageJSON       `json:"usage"`
}

type usageJSON struct {
	Programs        int     `json:"programs"`
	CPUSeconds      float64 `json:"cpu_seconds"`
	RanSeconds      float64 `json:"ran_seconds"`
	PeakMemoryBytes int64   `json:"peak_memory_bytes"`
}

func toJSON(o sessions.Overview) overviewJSON {
	return overviewJSON{
		ID: o.ID, State: stateOf(o), Agent: o.Agent, Trust: o.Trust, User: o.User, Connector: o.Connector, Chat: o.Chat, ChatKind: o.ChatKind,
		Workspace: o.Workspace, Access: o.Access, Shared: o.Shared, Obligations: json.RawMessage(o.Obligations), Decision: o.Decision,
		Created: o.Created.UTC(), Ended: o.Ended.UTC(), Turns: o.Turns, Owed: o.Owed,
		Usage: usageJSON{
			Programs: o.Usage.Programs, CPUSeconds: o.Usage.CPU.Seconds(), RanSeconds: o.Usage.Ran.Seconds(), PeakMemoryBytes: o.Usage.PeakMemoryBytes,
		},
	}
}

// stateOf tells whether a session is open, answers, or has ended.
func stateOf(o sessions.Overview) string {
	switch {
	case !o.Ended.IsZero() && o.Owed > 0:
		return "ending"
	case !o.Ended.IsZero():
		return "ended"
	case o.Owed > 0:
		return "answering"
	default:
		return "open"
	}
}

func listSessions(c *cli.Context, t terminal, db *sqlite.DB) error {
	list, err := db.Sessions(c.Context, sessions.Filter{
		User: c.String("user"), Connector: c.String("connector"), Agent: c.String("agent"), Open: !c.Bool("all"), Most: c.Int("limit"),
	})
	if err != nil {
		return err
	}
	if c.Bool("json") {
		enc := json.NewEncoder(t.out)
		for _, o := range list {
			if err := enc.Encode(toJSON(o)); err != nil {
				return err
			}
		}
		return nil
	}
	if len(list) == 0 {
		fmt.Fprintln(t.err, "No session. One is made by the first message that the policies admit.")
		return nil
	}
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SESSION\tSTATE\tAGENT\tTRUST\tUSER\tCHAT\tWORKSPACE\tTURNS\tCPU\tMADE")
	for _, o := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\n", o.ID, stateOf(o), o.Agent, o.Trust, printable(o.User), printable(o.Chat), o.Workspace,
			o.Turns, seconds(o.Usage.CPU), o.Created.Local().Format(time.DateTime))
	}
	return w.Flush()
}

func showSession(c *cli.Context, t terminal, o sessions.Overview) error {
	if c.Bool("json") {
		return json.NewEncoder(t.out).Encode(toJSON(o))
	}
	state := stateOf(o)
	if !o.Ended.IsZero() {
		state += ", at " + o.Ended.Local().Format(time.DateTime)
	}
	if o.Owed > 0 {
		state += fmt.Sprintf(", %d to be answered", o.Owed)
	}
	memory := "not known"
	if o.Usage.PeakMemoryBytes > 0 {
		memory = fmt.Sprintf("%.1f MiB at most", float64(o.Usage.PeakMemoryBytes)/(1<<20))
	}
	shared := "nobody"
	if len(o.Shared) > 0 {
		shared = printable(strings.Join(o.Shared, ","))
	}
	for _, line := range [][2]string{
		{"session", o.ID}, {"state", state}, {"made", o.Created.Local().Format(time.DateTime)},
		{"agent", o.Agent}, {"trust", o.Trust}, {"user", printable(o.User)}, {"chat", printable(o.Chat) + " (" + o.ChatKind + ")"},
		{"workspace", o.Workspace + ", " + strings.ReplaceAll(o.Access, "_", " ")}, {"shared with", shared}, {"may use", o.Obligations},
		{"allowed by", "decision " + o.Decision + " (`parachute logs --session " + o.ID + "`)"},
		{"turns", fmt.Sprint(o.Turns)},
		{"programs", fmt.Sprintf("%d ended; they ran for %s, %s of CPU, memory %s", o.Usage.Programs, o.Usage.Ran.Round(time.Millisecond), seconds(o.Usage.CPU), memory)},
	} {
		fmt.Fprintf(t.out, "%-11s %s\n", line[0], line[1])
	}
	return nil
}

// errEndedAlready says that a session had ended before.
var errEndedAlready = errors.New("has ended already")

// stopSession ends a session as the command of the chat does.
func stopSession(ctx context.Context, c *cli.Context, d *desk) error {
	o, err := findSession(ctx, c, d.db)
	if err != nil {
		return err
	}
	if stateOf(o) != "ended" {
		_, err = d.ordered(ctx, "stop", o.ID)
	}
	switch {
	case stateOf(o) == "ended" || errors.Is(err, gate.ErrRaced):
		return fmt.Errorf("session %s %w", o.ID, errEndedAlready)
	case err != nil:
		return err
	}
	fmt.Fprintf(d.t.out, "ended %s of %s\n", o.ID, printable(o.User))
	return nil
}

func seconds(d time.Duration) string { return d.Round(10 * time.Millisecond).String() }

// printable shows an id of a platform; one that is not plain is quoted.
func printable(id string) string {
	if strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return strconv.QuoteToASCII(id)
	}
	return id
}
