package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/internal/config"
	"github.com/parachute-gate/parachute/storage/sqlite"
)

// grace is how long what runs may take to end when the process is told to.
const grace = 5 * time.Second

func startCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:  "start",
		Usage: "take messages, decide each one, answer those that are admitted",
		Description: "Without a configuration: the console, the built-in policies and the folder ./data.\n\n" +
			"   parachute start\n   parachute start --config bots/family.yaml\n\n" +
			"Shutdown (Ctrl-C, SIGTERM): connectors stop taking messages, running answers have 5 s to end,\n" +
			"what is left is answered after the next start.",
		Flags:  []cli.Flag{configFlag()},
		Action: withConfig(func(c *cli.Context, cfg config.Config) error { return start(c.Context, t, cfg) }),
	}
}

func start(ctx context.Context, t terminal, cfg config.Config) (err error) {
	unlock, err := lockData(cfg.Data)
	if err != nil {
		return err
	}
	defer unlock()
	log, closeLog, err := openLog(t, cfg)
	if err != nil {
		return err
	}
	defer closeLog()
	source, err := openPlaces(cfg)
	if err != nil {
		return err
	}
	policies, err := openEngine(ctx, cfg, source, log)
	if err != nil {
		return err
	}
	db, err := sqlite.Open(ctx, cfg.Data, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	startup, err := decideStartup(ctx, cfg, policies.Current(), source)
	if err != nil {
		return err
	}
	if err := admitStart(ctx, t, db, startup, log); err != nil {
		return err
	}
	s, err := assemble(ctx, t, cfg, policies, db, log)
	if err != nil {
		return err
	}
	s.banner(t, startup)
	if err := s.offerClaim(ctx, t); err != nil {
		return err
	}
	return s.run(ctx)
}

// admitStart records the decision to start, and tells what fired.
func admitStart(ctx context.Context, t terminal, db *sqlite.DB, d engine.Decision, log *slog.Logger) error {
	r, err := startupRecord(d)
	if err != nil {
		return err
	}
	if err := db.Commit(ctx, gate.Commit{Record: r}); err != nil {
		return fmt.Errorf("record the start: %w", err)
	}
	log.LogAttrs(ctx, r.Level(), "startup", r.Attrs()...)
	if d.Verdict == engine.Allow {
		return nil
	}
	fmt.Fprintln(t.err, "parachute: the policies do not let this configuration start:")
	for _, rule := range d.Rules {
		fmt.Fprintln(t.err, "  "+ruleLine(rule))
	}
	return errSilent
}
