package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/parachute-gate/parachute/internal/config"
	"github.com/parachute-gate/parachute/policies"
)

//go:embed parachute.yaml
var exampleConfig []byte

func initCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "init",
		Usage:     "write a commented parachute.yaml and the default policies",
		ArgsUsage: "[DIR]",
		Description: "   parachute init mybot && cd mybot && parachute start\n\n" +
			"Files that exist are kept as they are.",
		Action: func(c *cli.Context) error {
			if c.NArg() > 1 {
				return wrongUse("init takes one folder; `parachute init --help` shows an example")
			}
			dir := c.Args().First()
			if dir == "" {
				dir = "."
			}
			return initDir(t, dir)
		},
	}
}

func initDir(t terminal, dir string) error {
	files := map[string][]byte{config.DefaultFile: exampleConfig}
	order := []string{config.DefaultFile}
	err := fs.WalkDir(policies.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, ".go") {
			return err
		}
		data, err := fs.ReadFile(policies.FS, name)
		if err != nil {
			return err
		}
		path := filepath.Join("policies", name)
		files[path], order = data, append(order, path)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the built-in policies: %w", err)
	}
	written, kept := 0, 0
	for _, name := range order {
		switch err := writeNew(filepath.Join(dir, name), files[name]); {
		case errors.Is(err, fs.ErrExist):
			kept++
		case err != nil:
			return fmt.Errorf("init: %w", err)
		default:
			written++
		}
	}
	here, change := "this folder", ""
	if dir != "." {
		here, change = dir, "`cd "+dir+"`, "
	}
	fmt.Fprintf(t.out, "Wrote %d files to %s", written, here)
	if kept > 0 {
		fmt.Fprintf(t.out, " (%d were there and are kept)", kept)
	}
	fmt.Fprint(t.out, ".\n\n  parachute.yaml      audience, trust, connectors\n"+
		"  policies/data.yaml  who may do what, how often: start here\n"+
		"  policies/           the rules, and their tests\n\n"+
		"Next: "+change+"`parachute check`, then `parachute start`.\n")
	return nil
}

// writeNew writes a file that does not exist yet.
func writeNew(path string, data []byte) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640) //nolint:gosec // the path is the operator's own
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = f.Write(data)
	return err
}
