package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/gate/limits"
	"github.com/parachute-gate/parachute/internal/config"
	"github.com/parachute-gate/parachute/policies"
	"github.com/parachute-gate/parachute/storage/sqlite"
)

// withConfig is the action of a command that takes no argument and works by the
// configuration.
func withConfig(do func(c *cli.Context, cfg config.Config) error) cli.ActionFunc {
	return func(c *cli.Context) error {
		if err := noArgs(c); err != nil {
			return err
		}
		cfg, err := loadConfig(c)
		if err != nil {
			return err
		}
		return do(c, cfg)
	}
}

// withStore is the action of a command that reads what was recorded.
func withStore(do func(c *cli.Context, db *sqlite.DB) error) cli.ActionFunc {
	return withConfig(func(c *cli.Context, cfg config.Config) (err error) {
		db, err := openStore(c.Context, cfg)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, db.Close()) }()
		return do(c, db)
	})
}

// loadConfig reads the configuration that the flags name.
func loadConfig(c *cli.Context) (config.Config, error) {
	cfg, err := config.Load(c.String("config"))
	if err != nil {
		return cfg, usageError{err}
	}
	return cfg, nil
}

// policySource finds the policies: those that the configuration names, else
// ./policies beside it, else what is built in.
func policySource(cfg config.Config) (engine.Source, error) {
	dir := cfg.Policies
	if dir == "" {
		dir = filepath.Join(filepath.Dir(cfg.File), "policies")
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			return engine.Embedded(policies.FS), nil
		}
	}
	switch info, err := os.Stat(dir); {
	case errors.Is(err, fs.ErrNotExist):
		return engine.Source{}, fmt.Errorf("policies: there is no folder %s; `parachute init` writes one, or leave the key out for the built-in policies", dir)
	case err != nil:
		return engine.Source{}, fmt.Errorf("policies: %w", err)
	case !info.IsDir():
		return engine.Source{}, fmt.Errorf("policies: %s is no folder", dir)
	}
	return engine.Folder(dir), nil
}

// openPlaces finds the policies, and checks that no workspace reaches into them
// or into anything else of Parachute's own.
func openPlaces(cfg config.Config) (engine.Source, error) {
	source, err := policySource(cfg)
	if err != nil {
		return source, err
	}
	dir := ""
	if source.Kind == "folder" {
		dir = source.Name
	}
	return source, errors.Join(checkPlaces(cfg, dir), checkAgents(cfg))
}

// openEngine loads the policies that will decide. A reload must pass the startup
// rules as well: what a restart would refuse does not go live.
func openEngine(ctx context.Context, cfg config.Config, source engine.Source, log *slog.Logger) (*engine.Engine, error) {
	return engine.Open(ctx, engine.Deps{
		Source: source, Log: log, Timeout: cfg.Decisions.Timeout, Now: time.Now, Fit: fits,
		Accept: func(ctx context.Context, p *engine.Policy) error {
			d, err := decideStartup(ctx, cfg, p, source)
			if err != nil || d.Verdict == engine.Allow {
				return err
			}
			lines := []string{"the startup rules would refuse to start with them:"}
			for _, r := range d.Rules {
				lines = append(lines, ruleLine(r))
			}
			return errors.New(strings.Join(lines, "\n"))
		},
	})
}

// openUntested loads the policies to ask what they would say, whatever their
// tests say of them.
func openUntested(ctx context.Context, cfg config.Config) (*engine.Engine, error) {
	source, err := policySource(cfg)
	if err != nil {
		return nil, err
	}
	return engine.Open(ctx, engine.Deps{
		Source: source, Log: slog.New(slog.DiscardHandler), Timeout: cfg.Decisions.Timeout, SkipTests: true, Now: time.Now, Fit: fits,
	})
}

// errNothingYet says that the data folder holds no database, and errNowhere that
// there is no configuration either: this is no bot's folder.
var (
	errNothingYet = errors.New("nothing is recorded yet")
	errNowhere    = fmt.Errorf("no %s here, and %w", config.DefaultFile, errNothingYet)
)

// openStore opens the database of an installation that was started before.
func openStore(ctx context.Context, cfg config.Config) (*sqlite.DB, error) {
	if _, err := os.Stat(filepath.Join(cfg.Data, sqlite.File)); errors.Is(err, fs.ErrNotExist) {
		why := errNothingYet
		if cfg.File == "" {
			why = errNowhere
		}
		return nil, fmt.Errorf("%w in %s; `parachute start` begins", why, cfg.Data)
	}
	return sqlite.Open(ctx, cfg.Data, slog.New(slog.DiscardHandler))
}

// configInput is what the policies see of the configuration.
func configInput(cfg config.Config) engine.ConfigInput {
	agent, agents := agentInputs(cfg)
	return engine.ConfigInput{Audience: cfg.Audience, Trust: cfg.Trust, Groups: cfg.Groups, Agent: agent, Agents: agents}
}

// newBook counts over what the database remembers.
func newBook(ctx context.Context, db *sqlite.DB) (*limits.Book, limits.Clock, error) {
	clock, err := limits.NewClock(ctx, db)
	if err != nil {
		return nil, nil, fmt.Errorf("start the clock of the limits: %w", err)
	}
	return limits.New(limits.Deps{Store: db, Clock: clock}), clock, nil
}

func gateConfig(cfg config.Config) gate.Config {
	kinds := map[string]string{gate.Terminal: gate.Terminal}
	for _, c := range cfg.Connectors {
		kinds[c.Name] = c.Kind
	}
	return gate.Config{Input: configInput(cfg), Kinds: kinds, StoreText: cfg.Decisions.StoreText}
}
