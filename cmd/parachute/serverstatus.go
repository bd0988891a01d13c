package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/internal/config"
)

// statusFile is what a running process tells of itself, for `parachute status`.
const statusFile = "status.json"

// statusEvery is how often it is brought up to date.
const statusEvery = 200 * time.Millisecond

type status struct {
	PID        int             `json:"pid"`
	Version    string          `json:"version"`
	Started    time.Time       `json:"started"`
	Config     string          `json:"config"`
	Audience   string          `json:"audience"`
	Trust      string          `json:"trust"`
	Agent      string          `json:"agent"`
	Policies   engine.Status   `json:"policies"`
	Connectors []connectorInfo `json:"connectors"`
	Running    int             `json:"running_turns"`
	// Sandbox is nil where no agent is a program.
	Sandbox *sandboxInfo `json:"sandbox,omitempty"`
}

// sandboxInfo tells whether sandboxed programs can run; Failure is why not.
type sandboxInfo struct {
	Ready   bool   `json:"ready"`
	Failure string `json:"failure,omitempty"`
}

type connectorInfo struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
	connectors.Health
}

func (s *server) status() status {
	out := status{
		PID: os.Getpid(), Version: version, Started: s.started.UTC(), Config: s.cfg.File,
		Audience: s.cfg.Audience, Trust: s.cfg.Trust, Agent: s.cfg.Agent,
		Policies: s.policies.Status(), Running: s.runner.Running(), Connectors: []connectorInfo{},
	}
	for _, l := range s.links {
		out.Connectors = append(out.Connectors, connectorInfo{Name: l.Name(), Kind: l.Kind(), Health: l.Health()})
	}
	out.Sandbox = s.fleet.sandbox()
	return out
}

// chatStatus is the part that may be told in a chat.
func (s *server) chatStatus() string {
	p := s.policies.Status()
	text := fmt.Sprintf("up %s\npolicies: %s, revision %.12s", time.Since(s.started).Round(time.Second), p.Kind, p.Revision)
	if p.Failure != "" {
		text += " (a newer version was refused; the owner can see why)"
	}
	return text
}

// keepStatus writes the status file whenever it changes. A disk that is full
// must not stop the gate: it is logged once, until writing works again.
func (s *server) keepStatus(ctx context.Context) error {
	tick := time.NewTicker(statusEvery)
	defer tick.Stop()
	var last string
	failing := false
	for {
		data, err := json.MarshalIndent(s.status(), "", "  ")
		if err != nil {
			return fmt.Errorf("encode status: %w", err)
		}
		if string(data) != last {
			err := writeAtomic(filepath.Join(s.cfg.Data, statusFile), data)
			if err != nil && !failing {
				s.log.WarnContext(ctx, "status not written", "error", err)
			}
			if failing = err != nil; !failing {
				last = string(data)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (s *server) removeStatus() {
	if err := os.Remove(filepath.Join(s.cfg.Data, statusFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.log.Warn("status not removed", "error", err)
	}
}

func writeAtomic(path string, data []byte) error {
	tmp := path + ".new"
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return errors.Join(err, ignoreMissing(os.Remove(tmp)))
	}
	return os.Rename(tmp, path)
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// workspaceRoot holds the workspaces that have no place of their own.
func workspaceRoot(cfg config.Config) string { return filepath.Join(cfg.Data, "workspaces") }
