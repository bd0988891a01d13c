package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/internal/config"
	"github.com/parachute-gate/parachute/sandbox"
	"github.com/parachute-gate/parachute/sandbox/docker"
	"github.com/parachute-gate/parachute/sandbox/host"
)

// examineSandboxes asks what runs the agents what it can hold here, and each
// agent what it lacks.
func examineSandboxes(ctx context.Context, cfg config.Config) []examined {
	ctx, cancel := context.WithTimeout(ctx, doctorTime)
	defer cancel()
	self, err := trialImage(cfg)
	var sandboxed *docker.Runtime
	var direct *host.Runtime
	if err == nil {
		sandboxed, direct, err = runtimes(cfg, "doctor", self, slog.New(slog.DiscardHandler))
	}
	if err != nil {
		return []examined{{name: "sandbox", kind: "docker", findings: []connectors.Finding{{About: "configuration", Detail: err.Error()}}}}
	}
	out := []examined{{name: "sandbox", kind: "docker", findings: findings(append(sandboxed.Facts(ctx), sandboxed.Try(ctx, "version")...))}}
	if cfg.Trust == "direct" {
		out = append(out, examined{name: "direct", kind: "host", findings: findings(direct.Facts(ctx))})
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Agents)) {
		a := cfg.Agents[name]
		e := examined{name: "agent " + name, kind: a.Kind}
		variables := connectors.Finding{OK: true, About: "environment", Detail: fmt.Sprintf("%d variables, all there", len(a.Env))}
		if _, err := environment(name, a); err != nil {
			variables = connectors.Finding{About: "environment", Detail: err.Error()}
		}
		e.findings = append(e.findings, variables)
		if a.Image != "" {
			e.findings = append(e.findings, findings([]sandbox.Finding{sandboxed.ImageFact(ctx, a.Image)})...)
		}
		out = append(out, e)
	}
	return out
}

// trialImage is this program where a container can be tried with it: one that is
// linked to nothing, or that an agent needs whether or not it is.
func trialImage(cfg config.Config) (string, error) {
	self, err := selfImage(cfg)
	if self != "" || err != nil {
		return self, err
	}
	if self, err = os.Executable(); err == nil && docker.Static(self) == nil {
		return self, nil
	}
	return "", nil
}

func findings(all []sandbox.Finding) []connectors.Finding {
	var out []connectors.Finding
	for _, f := range all {
		out = append(out, connectors.Finding{OK: f.OK, About: f.About, Detail: f.Detail})
	}
	return out
}
