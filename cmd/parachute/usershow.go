package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/gate/users"
)

const nobodyYet = "Nobody yet. `parachute users claim` makes a code for the first owner; `parachute users add ID --role owner` adds one by id."

// usersPage is how many people are read at a time.
const usersPage = 500

func listCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name: "list", Usage: "list everybody, by id", Description: "   parachute users list\n   parachute users list --limit 50 --after telegram:123456",
		Flags: []cli.Flag{
			configFlag(),
			&cli.BoolFlag{Name: "json", Usage: "one JSON object a line"},
			&cli.IntFlag{Name: "limit", Aliases: []string{"n"}, Usage: "at most so many; 0 is all"},
			&cli.StringFlag{Name: "after", Usage: "those whose id comes behind this `ID`"},
		},
		Action: func(c *cli.Context) error {
			if c.Int("limit") < 0 {
				return wrongUse("users list: --limit %d: write 0 or more", c.Int("limit"))
			}
			err := withPeople(t, exactly(0), openStore, func(ctx context.Context, c *cli.Context, d *desk) error {
				return d.list(ctx, c.String("after"), c.Int("limit"), c.Bool("json"))
			})(c)
			if errors.Is(err, errNothingYet) && !errors.Is(err, errNowhere) {
				fmt.Fprintln(t.err, nobodyYet)
				return nil
			}
			return err
		},
	}
}

func (d *desk) list(ctx context.Context, after string, most int, asJSON bool) error {
	enc := json.NewEncoder(d.t.out)
	enc.SetEscapeHTML(false)
	n := 0
	err := d.everybody(ctx, after, func(p users.Person) error {
		n++
		if most > 0 && n > most {
			return errEnough
		}
		if asJSON {
			return enc.Encode(personJSON(p))
		}
		_, err := fmt.Fprintln(d.t.out, personLine(p))
		return err
	})
	switch {
	case errors.Is(err, errEnough):
		return nil
	case err == nil && n == 0 && after == "":
		fmt.Fprintln(d.t.err, nobodyYet)
	}
	return err
}

// errEnough ends a walk over everybody.
var errEnough = errors.New("enough")

// everybody gives all people in order of their ids, a page at a time.
func (d *desk) everybody(ctx context.Context, after string, do func(users.Person) error) error {
	for {
		page, err := d.db.People(ctx, after, usersPage)
		if err != nil {
			return err
		}
		for _, p := range page {
			if err := do(p); err != nil {
				return err
			}
			after = p.ID
		}
		if len(page) < usersPage {
			return nil
		}
	}
}

func personLine(p users.Person) string {
	line := printable(p.ID) + "  " + rolesOf(p)
	if p.Name != "" {
		line += "  " + strconv.Quote(p.Name)
	}
	if more := others(p); len(more) > 0 {
		line += "  also " + strings.Join(more, ", ")
	}
	return line
}

// others are the identities of somebody beside their id.
func others(p users.Person) []string {
	var out []string
	for _, id := range p.Identities {
		if id != p.ID {
			out = append(out, printable(id))
		}
	}
	return out
}

// rolesOf are all roles of somebody, in the words of the chat. What has ended is
// told so, also before the bot has seen to it.
func rolesOf(p users.Person) string {
	p.Grants = slices.Clone(p.Grants)
	for i, g := range p.Grants {
		p.Grants[i].Ended = g.Ended || !g.Expires.IsZero() && !time.Now().Before(g.Expires)
	}
	return gate.RolesInWords(p)
}

type grantJSON struct {
	Role      string    `json:"role"`
	Scope     string    `json:"scope,omitempty"`
	Workspace string    `json:"workspace,omitempty"`
	Expires   time.Time `json:"expires,omitzero"`
	By        string    `json:"by"`
	Ended     bool      `json:"ended"`
}

// personRecord is somebody as --json writes them.
type personRecord struct {
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	Identities []string          `json:"identities"`
	Roles      []string          `json:"roles"`
	Grants     []grantJSON       `json:"grants"`
	Attributes map[string]string `json:"attributes"`
	Created    time.Time         `json:"created"`
	Updated    time.Time         `json:"updated"`
}

func personJSON(p users.Person) personRecord {
	out := personRecord{
		ID: p.ID, Name: p.Name, Identities: p.Identities, Roles: append([]string{}, p.Roles...), Grants: []grantJSON{}, Attributes: map[string]string{},
		Created: p.Created.UTC(), Updated: p.Updated.UTC(),
	}
	for _, g := range p.Grants {
		ended := g.Ended || !g.Expires.IsZero() && !time.Now().Before(g.Expires)
		out.Grants = append(out.Grants, grantJSON{Role: g.Role, Scope: g.Scope, Workspace: g.Workspace, Expires: g.Expires.UTC(), By: g.By, Ended: ended})
	}
	for k, v := range p.Attributes {
		out.Attributes[k] = v
	}
	return out
}

func showCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name: "show", Usage: "show one: who they are, and what they may do, by which rules", ArgsUsage: "ID", Description: "   parachute users show telegram:123456", Flags: []cli.Flag{configFlag()},
		Action: readingDesk(t, exactly(1), func(ctx context.Context, c *cli.Context, d *desk) error { return d.show(ctx, c.Args().First()) }),
	}
}

// show tells what somebody may do. Of a stranger whom the bot does not serve it
// tells that, and that there is nobody of that id.
func (d *desk) show(ctx context.Context, id string) error {
	return d.tell(ctx, id, d.gate.Describe)
}

// tell shows what the gate says of somebody, known or not.
func (d *desk) tell(ctx context.Context, id string, say func(ctx context.Context, who, id string) (string, bool, error)) error {
	_, unknown := d.person(ctx, id)
	if unknown != nil && !errors.Is(unknown, users.ErrUnknown) {
		return unknown
	}
	words, served, err := say(ctx, d.who, id)
	if err != nil {
		return err
	}
	fmt.Fprintln(d.t.out, words)
	if served {
		return nil
	}
	return unknown
}

func limitsCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name: "limits", Usage: "what somebody has left", ArgsUsage: "ID", Description: "   parachute users limits telegram:123456", Flags: []cli.Flag{configFlag()},
		Action: readingDesk(t, exactly(1), func(ctx context.Context, c *cli.Context, d *desk) error {
			return d.tell(ctx, c.Args().First(), d.gate.Limits)
		}),
	}
}

func pendingCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name: "pending", Usage: "list who asks to be let in, the newest first", Description: "   parachute users pending\n\nThe code is known to whoever asks, and was told to the owners; here it is not kept.",
		Flags:  []cli.Flag{configFlag(), &cli.IntFlag{Name: "limit", Aliases: []string{"n"}, Value: 100, Usage: "at most so many"}},
		Action: readingDesk(t, exactly(0), func(ctx context.Context, c *cli.Context, d *desk) error { return d.pending(ctx, c.Int("limit")) }),
	}
}

// pending shows who asks.
func (d *desk) pending(ctx context.Context, most int) error {
	if most < 1 {
		return wrongUse("users pending: --limit %d: write 1 or more", most)
	}
	waiting, all, err := d.db.Waiting(ctx, gate.WaitingQuery{Now: time.Now(), Kind: users.PairJoin, Most: most})
	if err != nil {
		return err
	}
	for _, p := range waiting {
		name := ""
		if p.Name != "" {
			name = strconv.Quote(p.Name) + "  "
		}
		fmt.Fprintf(d.t.out, "%s  %sfor %s, through %s, until %s\n", printable(p.Identity), name, p.Role, printable(p.Connector), gate.Moment(p.Expires))
	}
	switch {
	case all == 0:
		fmt.Fprintln(d.t.err, "Nobody asks to be let in.")
	case all > len(waiting):
		fmt.Fprintf(d.t.err, "… and %d more; --limit shows them\n", all-len(waiting))
	}
	return nil
}
