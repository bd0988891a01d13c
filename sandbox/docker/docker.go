// Package docker runs agents in containers of a Docker Engine, each with its
// workspace, its bounds and nothing else of the host.
//
// It asks no registry for an image, reads no environment and no configuration of
// the docker command, touches no container that does not carry this
// installation's label, and never runs anything on the host when the engine is
// away.
package docker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/system"
	"github.com/docker/docker/client"

	"github.com/parachute-gate/parachute/sandbox"
)

// DefaultHost is where an engine listens unless it was told otherwise.
const DefaultHost = "unix:///var/run/docker.sock"

// callTime bounds one call to the engine. Its slowest, a container's removal
// beside others, takes seconds.
const callTime = 30 * time.Second

// Deps is what a Runtime is made of.
type Deps struct {
	// Host is the engine's address, unix:///path or tcp://…; empty means DefaultHost.
	Host string
	// Data tells this installation's containers from another's: any text that stays,
	// the path of the data folder say.
	Data string
	// Self is a static program from which the image of a Spec without one is made,
	// where it stands as Program; empty means that each Spec names its image.
	Self string
	// Secret are paths that no share may be or hold: the data folder, the
	// configuration.
	Secret []string
	Log    *slog.Logger
}

// Runtime is the engine's. Its methods may be called beside one another.
type Runtime struct {
	deps   Deps
	data   string
	client *client.Client
	// making is held while the embedded image is made, and imageMu over its name,
	// which is known once our program was read.
	making, imageMu sync.Mutex
	image           string
	// lostTime is the constant, but in tests.
	lostTime time.Duration
	// warned is of the engine's address.
	warned sync.Once
}

var _ sandbox.Runtime = (*Runtime)(nil)

// New makes a Runtime; it does not speak to the engine yet.
func New(d Deps) (*Runtime, error) {
	if d.Host == "" {
		d.Host = DefaultHost
	}
	if d.Data == "" {
		return nil, errors.New("docker: no name of the installation: its containers could not be told from another's")
	}
	c, err := client.NewClientWithOpts(client.WithHost(d.Host), client.WithAPIVersionNegotiation())
	if err != nil {
		return nil, fmt.Errorf("docker: open %s: %w", d.Host, err)
	}
	sum := sha256.Sum256([]byte(d.Data))
	return &Runtime{deps: d, data: hex.EncodeToString(sum[:8]), client: c, lostTime: lostTime}, nil
}

// Name is "docker".
func (*Runtime) Name() string { return "docker" }

// Close frees the connections that are kept to the engine. Containers stay.
func (r *Runtime) Close() error {
	if err := r.client.Close(); err != nil {
		return fmt.Errorf("docker: close: %w", err)
	}
	return nil
}

// Ready asks the engine whether it is there and holds every bound that a
// container is promised.
func (r *Runtime) Ready(ctx context.Context) error {
	_, err := r.info(ctx)
	return err
}

// info asks the engine what it is, and refuses one that would silently leave a
// bound out: an engine without a memory or pids controller starts a container
// all the same, with a warning that no one reads.
func (r *Runtime) info(ctx context.Context) (system.Info, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	info, err := r.client.Info(ctx)
	if err != nil {
		return system.Info{}, r.fail("ask the engine", err)
	}
	if r.public() {
		r.warned.Do(func() {
			r.deps.Log.WarnContext(ctx, "the engine listens at an address of the network, without a password: who reaches it is root on its machine; use a socket", "host", r.deps.Host)
		})
	}
	if missing := missingBounds(info); len(missing) > 0 {
		return system.Info{}, fmt.Errorf("docker: %w: the engine at %s cannot hold %s", sandbox.ErrUnavailable, r.deps.Host, strings.Join(missing, ", "))
	}
	return info, nil
}

// missingBounds names what an engine cannot hold.
func missingBounds(info system.Info) (missing []string) {
	for _, b := range []struct {
		held bool
		name string
	}{
		{info.OSType == "" || info.OSType == "linux", "Linux containers"},
		{info.MemoryLimit, "a memory limit (the memory controller of cgroups)"},
		{info.PidsLimit, "a limit of processes (the pids controller of cgroups)"},
		{info.CPUCfsQuota, "a limit of CPU time (the cpu controller of cgroups)"},
		{seccompOf(info) == "default" || seccompOf(info) == "builtin", "the default seccomp profile (it is " + seccompOf(info) + ")"},
	} {
		if !b.held {
			missing = append(missing, b.name)
		}
	}
	return missing
}

// seccompOf is the name of the engine's profile; "off" without one.
func seccompOf(info system.Info) string {
	for _, o := range info.SecurityOptions {
		fields := strings.Split(o, ",")
		if !slices.Contains(fields, "name=seccomp") {
			continue
		}
		for _, f := range fields {
			if profile, ok := strings.CutPrefix(f, "profile="); ok {
				return profile
			}
		}
		return "default"
	}
	return "off"
}

func hasSecurity(info system.Info, name string) bool {
	return slices.ContainsFunc(info.SecurityOptions, func(o string) bool {
		return slices.Contains(strings.Split(o, ","), "name="+name)
	})
}

// fail words an error of the engine. What is the engine's fault, and not the
// request's, wraps ErrUnavailable.
func (r *Runtime) fail(verb string, err error) error {
	switch {
	case errors.Is(err, context.Canceled), cerrdefs.IsInvalidArgument(err):
		return fmt.Errorf("docker: %s: %w", verb, err)
	case cerrdefs.IsPermissionDenied(err):
		return fmt.Errorf("docker: %s: %w: %w; the account needs access to %s", verb, sandbox.ErrUnavailable, err, r.deps.Host)
	default:
		return fmt.Errorf("docker: %s: %w: %w", verb, sandbox.ErrUnavailable, err)
	}
}
