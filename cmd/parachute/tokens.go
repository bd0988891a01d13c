package main

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/gate/users"
)

func tokenCommand(t terminal) *cli.Command {
	list := &cli.Command{
		Name: "token", Usage: "API tokens: who shows one comes in as its person, where policies ask for one",
		Description: "   parachute users token create stdio:ana --name laptop --for 30d\n   parachute users token list\n   parachute users token revoke 5tq2m7ka",
		Subcommands: []*cli.Command{
			{
				Name: "create", Usage: "make one, and show it this once", ArgsUsage: "ID",
				Description: "   parachute users token create stdio:ana --name laptop --for 30d\n\n" +
					"ID is an identity of somebody who is known; its first part is the connector that the token is\ngood for. The text goes to standard output, and is kept nowhere.",
				Flags: []cli.Flag{
					configFlag(), &cli.StringFlag{Name: "name", Usage: "what it is for"},
					&cli.StringFlag{Name: "scope", Usage: "`WHERE` it is good: everywhere, dm, group, or the id of one chat"},
					&cli.StringFlag{Name: "for", Usage: "for so long: 12h, 30d or 8w (`TIME`); left out, until it is revoked"},
				},
				Action: withDesk(t, exactly(1), func(ctx context.Context, c *cli.Context, d *desk) error { return d.createToken(ctx, c) }),
			},
			{
				Name: "list", Usage: "list all of them, or one person's, the newest first", ArgsUsage: "[ID]",
				Description: "   parachute users token list\n   parachute users token list stdio:ana", Flags: []cli.Flag{configFlag()},
				Action: withPeople(t, arguments{0, 1}, openStore, func(ctx context.Context, c *cli.Context, d *desk) error { return d.listTokens(ctx, c.Args().First()) }),
			},
			{
				Name: "revoke", Usage: "take one back, and end what runs for its person", ArgsUsage: "TOKEN-ID",
				Description: "   parachute users token revoke 5tq2m7ka", Flags: []cli.Flag{configFlag()},
				Action: withDesk(t, exactly(1), func(ctx context.Context, c *cli.Context, d *desk) error { return d.revokeToken(ctx, c.Args().First()) }),
			},
		},
		Action: func(c *cli.Context) error { return whichOf(c, "users token") },
	}
	for _, sub := range list.Subcommands {
		sub.OnUsageError = onUsageError
	}
	return list
}

func (d *desk) createToken(ctx context.Context, c *cli.Context) error {
	now := time.Now()
	identity := c.Args().First()
	token := users.Token{ID: newTokenID(), Identity: identity, Name: c.String("name"), Scope: c.String("scope"), Created: now, By: d.giver()}
	if token.Scope == "everywhere" {
		token.Scope = users.ScopeAll
	}
	if err := (users.Grant{Role: users.RoleGuest, Scope: token.Scope}).Check(); err != nil {
		return usageError{err}
	}
	if long := c.String("for"); long != "" {
		term, err := readTerm(long)
		if err != nil {
			return err
		}
		token.Expires = now.Add(term)
	}
	if len(token.Name) > maxAttribute {
		return wrongUse("--name: at most %d bytes", maxAttribute)
	}
	text := users.NewSecret(token.ID)
	var err error
	if _, token.Hash, err = users.SplitSecret(text); err != nil {
		return fmt.Errorf("make token: %w", err)
	}
	err = d.change(ctx, "token", []string{"create", identity}, func() (*users.Change, error) {
		p, err := d.person(ctx, identity)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(p.Identities, identity) {
			return nil, fmt.Errorf("%s: %w", identity, users.ErrUnknown)
		}
		return &users.Change{Tokens: []users.Token{token}}, nil
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(d.t.err, "Token %s of %s. It is shown this once; whoever has it can speak as them.\n", token.ID, printable(identity))
	_, err = fmt.Fprintln(d.t.out, text)
	return err
}

// newTokenID is short, for people to type. It is no secret.
func newTokenID() string {
	id := make([]byte, 5)
	rand.Read(id)
	return strings.ToLower(base32.StdEncoding.EncodeToString(id))
}

func (d *desk) listTokens(ctx context.Context, id string) error {
	var list []users.Token
	if id == "" {
		var err error
		if list, err = d.db.LastTokens(ctx, ""); err != nil {
			return err
		}
	} else {
		p, err := d.person(ctx, id)
		if err != nil {
			return err
		}
		for _, identity := range p.Identities {
			more, err := d.db.LastTokens(ctx, identity)
			if err != nil {
				return err
			}
			list = append(list, more...)
		}
	}
	if len(list) == 0 {
		fmt.Fprintln(d.t.err, "No token. `parachute users token create ID` makes one.")
		return nil
	}
	now := time.Now()
	w := tabwriter.NewWriter(d.t.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "TOKEN\tIDENTITY\tSTATE\tSCOPE\tMADE\tENDS\tNAME")
	for _, t := range list {
		scope, ends := t.Scope, "never"
		if scope == users.ScopeAll {
			scope = "everywhere"
		}
		if !t.Expires.IsZero() {
			ends = gate.Moment(t.Expires)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%q\n", t.ID, printable(t.Identity), tokenState(t, now), printable(scope), gate.Moment(t.Created), ends, t.Name)
	}
	return w.Flush()
}

// tokenState is how a token stands, wherever it may be shown.
func tokenState(t users.Token, now time.Time) string {
	t.Scope = users.ScopeAll
	return t.StateAt(now, t.Identity, "", users.ScopeDM)
}

func (d *desk) revokeToken(ctx context.Context, id string) error {
	if of, _, err := users.SplitSecret(id); err == nil {
		id = of // somebody gave the whole text
	}
	var token users.Token
	err := d.change(ctx, "token", []string{"revoke", id}, func() (*users.Change, error) {
		list, err := d.db.LastTokens(ctx, "")
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(list, func(t users.Token) bool { return t.ID == id })
		if i < 0 {
			// What was given is not repeated: it may be a secret.
			return nil, fmt.Errorf("%w; `parachute users token list` shows them", users.ErrNoToken)
		}
		token = list[i]
		if !token.Revoked.IsZero() {
			return nil, fmt.Errorf("token %s was revoked already, at %s", id, gate.Moment(token.Revoked))
		}
		p, err := d.db.Person(ctx, token.Identity)
		if err != nil && !errors.Is(err, users.ErrUnknown) {
			return nil, err
		}
		change := &users.Change{Revoke: []users.Token{token}}
		if err == nil {
			// What somebody else may have begun with it ends as well.
			change.Cut, change.CutReply = []string{p.ID}, ruled
		}
		return change, nil
	})
	if err == nil {
		fmt.Fprintf(d.t.out, "revoked %s of %s\n", id, printable(token.Identity))
	}
	return err
}
