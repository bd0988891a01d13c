package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/parachute-gate/parachute/audit"
	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/internal/config"
	"github.com/parachute-gate/parachute/storage/sqlite"
)

// startupInput is the whole configuration as the startup rules see it.
func startupInput(cfg config.Config, source engine.Source) (engine.StartupInput, error) {
	agent, agents := agentInputs(cfg)
	in := engine.StartupInput{
		Version: engine.InputVersion,
		Time:    time.Now().UnixNano(),
		Config: engine.StartupConfig{
			Audience: cfg.Audience, Trust: cfg.Trust, Groups: cfg.Groups,
			Agent:      agent,
			Agents:     agents,
			StoreText:  cfg.Decisions.StoreText,
			Policies:   engine.PoliciesInput{Source: source.Kind},
			Connectors: []engine.ConnectorInput{},
			Workspaces: []engine.WorkspaceInput{},
		},
		Files: []engine.FileInput{},
	}
	for _, c := range cfg.Connectors {
		in.Config.Connectors = append(in.Config.Connectors, engine.ConnectorInput{Name: c.Name, Kind: c.Kind})
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Workspaces)) {
		in.Config.Workspaces = append(in.Config.Workspaces, engine.WorkspaceInput{Name: name})
	}
	type private struct{ path, kind string }
	files := []private{{cfg.File, "config"}, {cfg.Data, "data"}, {filepath.Join(cfg.Data, sqlite.File), "data"}}
	for _, file := range secretFiles(cfg) {
		files = append(files, private{file, "secret"})
	}
	for _, f := range files {
		file, err := fileInput(f.path, f.kind)
		if errors.Is(err, fs.ErrNotExist) || f.path == "" {
			continue
		}
		if err != nil {
			return in, fmt.Errorf("look at %s: %w", f.path, err)
		}
		in.Files = append(in.Files, file)
	}
	return in, nil
}

func fileInput(path, kind string) (engine.FileInput, error) {
	info, err := os.Stat(path)
	if err != nil {
		return engine.FileInput{}, err
	}
	mode := info.Mode().Perm()
	return engine.FileInput{
		Path: path, Kind: kind, Mode: fmt.Sprintf("%04o", mode),
		GroupCanRead: mode&0o040 != 0, OthersCanRead: mode&0o004 != 0,
	}, nil
}

// startupRecord is the decision to start, or not to, as it is kept.
func startupRecord(d engine.Decision) (audit.Record, error) {
	id, err := audit.NewID()
	if err != nil {
		return audit.Record{}, err
	}
	r := audit.Record{
		ID: id, Time: time.Now().UTC(), Point: string(d.Point), Event: "start",
		Verdict: string(d.Verdict), Revision: d.Revision, Duration: d.Duration, Rules: []audit.Rule{},
	}
	for _, rule := range d.Rules {
		r.Rules = append(r.Rules, audit.Rule{ID: rule.ID, Kind: string(rule.Kind), Msg: rule.Msg, File: rule.File, Line: rule.Line})
	}
	return r, nil
}

// decideStartup asks the startup rules.
func decideStartup(ctx context.Context, cfg config.Config, p *engine.Policy, source engine.Source) (engine.Decision, error) {
	in, err := startupInput(cfg, source)
	if err != nil {
		return engine.Decision{}, err
	}
	return p.Startup(ctx, in), nil
}

// ruleLine shows a rule as people read it.
func ruleLine(r engine.Rule) string {
	where := r.Place()
	if where != "" {
		where = " (" + where + ")"
	}
	if r.Msg != "" {
		return fmt.Sprintf("%-5s %s%s: %s", r.Kind, r.ID, where, r.Msg)
	}
	return fmt.Sprintf("%-5s %s%s", r.Kind, r.ID, where)
}
