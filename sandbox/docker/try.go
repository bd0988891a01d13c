package docker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/parachute-gate/parachute/sandbox"
)

// Try starts one container of the embedded image with the bounds of DefaultSpec,
// for `parachute doctor`, and tells how long it took and whether the engine keeps
// what it was asked for. It is empty without Deps.Self. args are what our own
// program is called with: what ends by itself at once, "version" say. Nothing
// stays of it.
func (r *Runtime) Try(ctx context.Context, args ...string) []sandbox.Finding {
	if r.deps.Self == "" {
		return nil
	}
	took, wrong, err := r.try(ctx, args)
	switch {
	case err != nil:
		return []sandbox.Finding{{About: "trial", Detail: err.Error()}}
	case len(wrong) > 0:
		return []sandbox.Finding{{About: "trial", Detail: "the engine did not keep " + strings.Join(wrong, ", ")}}
	default:
		return []sandbox.Finding{{OK: true, About: "trial", Detail: fmt.Sprintf("a container was started, run and ended in %d ms, and every bound was kept", took.Milliseconds())}}
	}
}

func (r *Runtime) try(ctx context.Context, args []string) (took time.Duration, wrong []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*callTime)
	defer cancel()
	// Made before, so that its making is not counted.
	if _, err := r.embedded(ctx); err != nil {
		return 0, nil, err
	}
	dir, err := os.MkdirTemp("", "parachute-trial")
	if err != nil {
		return 0, nil, fmt.Errorf("docker: make workspace: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	// Read-only, it need not belong to the agent's user, who must enter it.
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // it is empty
		return 0, nil, fmt.Errorf("docker: make workspace: %w", err)
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return 0, nil, fmt.Errorf("docker: make workspace: %w", err)
	}
	s, _ := sandbox.DefaultSpec()
	s.Session, s.Name, s.Command = "doctor", "trial", append([]string{Program}, args...)
	s.Workspace = sandbox.Mount{Source: dir, Target: sandbox.WorkspaceTarget, ReadOnly: true}
	began := time.Now()
	p, err := r.Start(ctx, s)
	if err != nil {
		return 0, nil, err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	exit, err := p.Wait(ctx)
	if err != nil {
		return 0, nil, err
	}
	took = time.Since(began)
	if exit.Code != 0 {
		return 0, nil, fmt.Errorf("docker: the trial ended with code %d", exit.Code)
	}
	c, err := r.client.ContainerInspect(ctx, p.ID())
	if err != nil {
		return 0, nil, r.fail("inspect", err)
	}
	return took, notKept(c, s.Limits), nil
}

// notKept names the bounds that a container does not have as they were asked for.
// Swap is not among them: see Facts.
func notKept(c container.InspectResponse, l sandbox.Limits) (wrong []string) {
	if c.ContainerJSONBase == nil || c.HostConfig == nil || c.Config == nil {
		return []string{"anything: it tells nothing of the container"}
	}
	h := c.HostConfig
	for _, b := range []struct {
		kept bool
		name string
	}{
		{h.Memory == l.MemoryBytes, "the limit of memory"},
		{h.PidsLimit != nil && *h.PidsLimit == l.Pids, "the limit of processes"},
		{h.NanoCPUs > 0, "the limit of CPU time"},
		{len(h.Ulimits) >= len(ulimitsOf(l)), "the limits of files"},
		{h.ReadonlyRootfs, "the read-only root"},
		{len(h.CapDrop) == 1 && strings.EqualFold(h.CapDrop[0], "ALL") && len(h.CapAdd) == 0, "the dropped capabilities"},
		{len(h.SecurityOpt) == 1 && strings.HasPrefix(h.SecurityOpt[0], "no-new-privileges"), "no-new-privileges and the seccomp profile"},
		{!h.Privileged && h.PidMode.IsPrivate() && h.IpcMode.IsPrivate(), "the namespaces"},
		{h.NetworkMode.IsNone(), "the want of a network"},
		{c.Config.User != "" && c.Config.User != "root", "the user"},
	} {
		if !b.kept {
			wrong = append(wrong, b.name)
		}
	}
	return wrong
}
