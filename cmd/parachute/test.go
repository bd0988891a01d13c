package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/parachute-gate/parachute/engine"
)

func testCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "test",
		Usage:     "run the policies' tests, with coverage",
		ArgsUsage: "[DIR]",
		Description: "   parachute test\n   parachute test ./policies -v\n\n" +
			"The same tests that `opa test policies` runs, with the built-ins that decisions have.",
		Flags: []cli.Flag{configFlag(), &cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "name every test"}},
		Action: func(c *cli.Context) error {
			if c.NArg() > 1 {
				return wrongUse("test takes one folder; `parachute test --help` shows an example")
			}
			cfg, err := loadConfig(c)
			if err != nil {
				return err
			}
			if dir := c.Args().First(); dir != "" {
				cfg.Policies = dir
			}
			source, err := policySource(cfg)
			if err != nil {
				return err
			}
			report, err := engine.Test(c.Context, source, true)
			if err != nil {
				return fmt.Errorf("load policies in %s: %w", source.Name, err)
			}
			return showTests(t, source, report, c.Bool("verbose"))
		},
	}
}

func showTests(t terminal, source engine.Source, report engine.TestReport, verbose bool) error {
	for _, r := range report.Results {
		word := "PASS"
		switch {
		case r.Err != nil:
			word = "FAIL"
		case r.Skipped:
			word = "SKIP"
		}
		if word == "PASS" && !verbose {
			continue
		}
		fmt.Fprintf(t.out, "%s  %s:%d  %s (%s)\n", word, r.File, r.Line, r.Name, r.Duration.Round(10*time.Microsecond))
		if r.Err != nil {
			fmt.Fprintf(t.out, "      %v\n", r.Err)
		}
		if r.Output != "" {
			fmt.Fprintf(t.out, "      %s\n", strings.ReplaceAll(strings.TrimSpace(r.Output), "\n", "\n      "))
		}
	}
	failed := len(report.Failed())
	fmt.Fprintf(t.out, "%d passed, %d failed; coverage %.1f %% of %s, revision %.12s\n",
		len(report.Results)-failed, failed, report.Coverage, source.Name, report.Revision)
	switch {
	case failed > 0:
		return errSilent
	case len(report.Results) == 0:
		return fmt.Errorf("no test in %s: name rules test_… in files …_test.rego", source.Name)
	}
	return nil
}
