package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/internal/config"
)

func checkCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:  "check",
		Usage: "check configuration, policies and startup rules; changes nothing",
		Description: "   parachute check\n   parachute check --config bots/family.yaml\n\n" +
			"Exit code 0: it would start. 1: a policy or a startup rule is against it. 2: the\nconfiguration cannot be read.",
		Flags:  []cli.Flag{configFlag()},
		Action: withConfig(func(c *cli.Context, cfg config.Config) error { return check(c.Context, t, cfg) }),
	}
}

func check(ctx context.Context, t terminal, cfg config.Config) error {
	file := cfg.File
	if file == "" {
		file = "none, so the defaults"
	}
	fmt.Fprintf(t.out, "configuration  ok (%s)\n", file)
	source, err := openPlaces(cfg)
	if err != nil {
		return err
	}
	e, err := openUntested(ctx, cfg)
	if err != nil {
		return err
	}
	report, err := engine.Test(ctx, source, false)
	if err == nil {
		err = report.Err()
	}
	if err != nil {
		return fmt.Errorf("test policies in %s: %w", source.Name, err)
	}
	fmt.Fprintf(t.out, "policies       ok (%s, revision %.12s, %d tests pass)\n", source.Name, report.Revision, len(report.Results))
	d, err := decideStartup(ctx, cfg, e.Current(), source)
	if err != nil {
		return err
	}
	if d.Verdict != engine.Allow {
		fmt.Fprintln(t.out, "startup        refused:")
		for _, r := range d.Rules {
			fmt.Fprintln(t.out, "  "+ruleLine(r))
		}
		return errSilent
	}
	fmt.Fprintf(t.out, "startup        ok (audience %s, trust %s)\n", cfg.Audience, cfg.Trust)
	for _, c := range cfg.Connectors {
		if err := checkSecrets(c); err != nil {
			fmt.Fprintf(t.out, "secrets        not here: connector %s: %v\n", c.Name, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Agents)) {
		if _, err := environment(name, cfg.Agents[name]); err != nil {
			fmt.Fprintf(t.out, "secrets        not here: %v\n", err)
		}
	}
	for _, r := range d.Warnings() {
		fmt.Fprintln(t.out, "  "+ruleLine(r))
	}
	return nil
}
