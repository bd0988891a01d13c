package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/internal/config"
)

// doctorTime bounds what one connector is asked.
const doctorTime = 20 * time.Second

func doctorCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:  "doctor",
		Usage: "test the tokens and permissions of the connectors, and what the sandbox holds here",
		Description: "   parachute doctor\n   parachute doctor --config bots/family.yaml\n\n" +
			"Each platform is asked who the bot is and what it may do, and the Docker Engine what it\ncan hold, where agents need it. What cannot be reached is a finding like any other.\n\n" +
			"Exit code 0: nothing to mend. 1: something is. 2: the configuration cannot be read.",
		Flags:  []cli.Flag{configFlag()},
		Action: withConfig(func(c *cli.Context, cfg config.Config) error { return doctor(c.Context, t, cfg) }),
	}
}

// examined is a connector, or what runs agents, and what was found of it.
type examined struct {
	name, kind string
	findings   []connectors.Finding
}

func doctor(ctx context.Context, t terminal, cfg config.Config) error {
	results := make([]examined, len(cfg.Connectors))
	var group sync.WaitGroup
	for i, c := range cfg.Connectors {
		results[i].name, results[i].kind = c.Name, c.Kind
		group.Go(func() { results[i].findings = examine(ctx, cfg, c) })
	}
	var runs []examined
	if len(cfg.Agents) > 0 {
		group.Go(func() { runs = examineSandboxes(ctx, cfg) })
	}
	group.Wait()
	sound := true
	for _, r := range slices.Concat(results, runs) {
		fmt.Fprintf(t.out, "%s (%s)\n", r.name, r.kind)
		for _, f := range r.findings {
			word := "ok  "
			if !f.OK {
				word, sound = "MEND", false
			}
			fmt.Fprintf(t.out, "  %s  %s: %s\n", word, f.About, f.Detail)
		}
	}
	if !sound {
		return errSilent
	}
	return nil
}

func examine(ctx context.Context, cfg config.Config, c config.Connector) []connectors.Finding {
	if c.Kind == "console" || c.Kind == "stdio" {
		return []connectors.Finding{{OK: true, About: "platform", Detail: "none: nothing to test"}}
	}
	driver, err := platform(cfg, c, slog.New(slog.DiscardHandler))
	if err != nil {
		return []connectors.Finding{{About: "configuration", Detail: err.Error()}}
	}
	checker, ok := driver.(connectors.Checker)
	if !ok {
		return []connectors.Finding{{OK: true, About: "platform", Detail: "it has no test"}}
	}
	ctx, cancel := context.WithTimeout(ctx, doctorTime)
	defer cancel()
	return checker.Check(ctx)
}
