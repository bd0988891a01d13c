package main

import (
	"context"
	"fmt"
	"log/slog"
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
		Usage: "test the tokens and the permissions of the connectors; changes nothing",
		Description: "   parachute doctor\n   parachute doctor --config bots/family.yaml\n\n" +
			"Each platform is asked who the bot is and what it may do. A platform that cannot be\nreached is a finding like any other.\n\n" +
			"Exit code 0: nothing to mend. 1: something is. 2: the configuration cannot be read.",
		Flags:  []cli.Flag{configFlag()},
		Action: withConfig(func(c *cli.Context, cfg config.Config) error { return doctor(c.Context, t, cfg) }),
	}
}

// examined is one connector and what was found of it.
type examined struct {
	config.Connector
	findings []connectors.Finding
}

func doctor(ctx context.Context, t terminal, cfg config.Config) error {
	results := make([]examined, len(cfg.Connectors))
	var group sync.WaitGroup
	for i, c := range cfg.Connectors {
		results[i].Connector = c
		group.Go(func() { results[i].findings = examine(ctx, cfg, c) })
	}
	group.Wait()
	sound := true
	for _, r := range results {
		fmt.Fprintf(t.out, "%s (%s)\n", r.Name, r.Kind)
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
