package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/parachute-gate/parachute/gate/users"
	"github.com/parachute-gate/parachute/internal/config"
)

func exportCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name: "export", Usage: "write everybody to a people.yaml, which can be kept under version control", ArgsUsage: "[FILE]",
		Description: "   parachute users export people.yaml\n   parachute users export\n\nNo secret is in it: neither tokens nor codes. Without FILE it goes to standard output.",
		Flags:       []cli.Flag{configFlag(), &cli.BoolFlag{Name: "force", Usage: "write over a file that says something else"}},
		Action: withPeople(t, arguments{0, 1}, openStore, func(ctx context.Context, c *cli.Context, d *desk) error {
			if c.NArg() == 0 || c.Args().First() == "-" {
				_, err := d.export(ctx, t.out)
				return err
			}
			return d.exportFile(ctx, c.Args().First(), c.Bool("force"))
		}),
	}
}

// export writes everybody, and gives how many they are.
func (d *desk) export(ctx context.Context, w io.Writer) (int, error) {
	n := 0
	out := config.NewPeopleWriter(w, "Who is known, as `parachute users export` wrote it.", "`parachute users import FILE --dry-run` shows what a change of it would change.")
	err := d.everybody(ctx, "", func(p users.Person) error {
		n++
		out.Add(filePerson(p))
		return nil
	})
	if err != nil {
		return n, err
	}
	return n, out.Close()
}

// exportFile leaves the file as it was where something fails, and, without force,
// where it says something else.
func (d *desk) exportFile(ctx context.Context, file string, force bool) error {
	f, err := os.CreateTemp(filepath.Dir(file), ".people-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", file, withoutPath(err))
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already where all went well
	n, err := d.export(ctx, f)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if !force {
		if err := sameOrNone(file, f.Name()); err != nil {
			return err
		}
	}
	if err := os.Rename(f.Name(), file); err != nil {
		return fmt.Errorf("write %s: %w", file, withoutPath(err))
	}
	fmt.Fprintf(d.t.err, "%s to %s\n", counted(n, "person", "people"), file)
	return nil
}

// sameOrNone refuses to replace a file by one that is not the same: it may hold
// what is still to be imported.
func sameOrNone(file, by string) error {
	switch info, err := os.Stat(file); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("write %s: %w", file, withoutPath(err))
	case !info.Mode().IsRegular():
		return fmt.Errorf("write %s: it is no file", file)
	}
	old, err := os.ReadFile(file) //nolint:gosec // the path is the caller's own
	if err != nil {
		return fmt.Errorf("write %s: %w", file, withoutPath(err))
	}
	fresh, err := os.ReadFile(by) //nolint:gosec // it was just made
	if err != nil {
		return fmt.Errorf("write people: %w", err)
	}
	if !bytes.Equal(old, fresh) {
		return fmt.Errorf("%s is there, and says something else: `parachute users import %s --dry-run` shows what; --force writes over it", file, file)
	}
	return nil
}

// withoutPath is why something failed, without the name of a temporary file.
func withoutPath(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	default:
		return err
	}
}

func counted(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// filePerson is somebody as the file says, in one order.
func filePerson(p users.Person) config.Person {
	out := config.Person{ID: p.ID, Name: p.Name, Roles: p.Roles, Attributes: p.Attributes}
	if len(p.Identities) > 1 {
		out.Identities = slices.Sorted(slices.Values(p.Identities))
	}
	for _, g := range p.Grants {
		grant := config.Grant{Role: g.Role, Scope: g.Scope, Workspace: g.Workspace}
		if !g.Expires.IsZero() {
			grant.Expires = g.Expires.UTC().Format(time.RFC3339Nano)
		}
		out.Grants = append(out.Grants, grant)
	}
	slices.SortFunc(out.Grants, compareGrants)
	return out
}

func compareGrants(a, b config.Grant) int {
	return slices.Compare([]string{a.Role, a.Scope, a.Workspace, a.Expires}, []string{b.Role, b.Scope, b.Workspace, b.Expires})
}
