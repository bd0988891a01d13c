package docker

import (
	"context"
	"errors"
	"fmt"
	"strings"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/google/uuid"

	"github.com/parachute-gate/parachute/sandbox"
)

// Start makes a container, attaches to it, and starts it.
func (r *Runtime) Start(ctx context.Context, s sandbox.Spec) (sandbox.Process, error) {
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("docker: %w", err)
	}
	info, err := r.info(ctx)
	if err != nil {
		return nil, err
	}
	if _, known := info.Runtimes[s.Runtime]; s.Runtime != "" && !known {
		return nil, fmt.Errorf("docker: %w: the engine knows no runtime %q", sandbox.ErrUnavailable, s.Runtime)
	}
	secret := append(r.sockets(), r.deps.Secret...)
	if info.DockerRootDir != "" {
		secret = append(secret, info.DockerRootDir)
	}
	sources, err := openSources(s, secret)
	if err != nil {
		return nil, fmt.Errorf("docker: %w", err)
	}
	e := settings{data: r.data, image: s.Image, cpus: info.NCPU, oldCgroups: info.CgroupVersion == "1"}
	if e.user, err = userOf(s, hasSecurity(info, "rootless"), hasSecurity(info, "userns"), sources[0].UID, sources[0].GID); err != nil {
		return nil, fmt.Errorf("docker: %w", err)
	}
	if !hasSecurity(info, "rootless") && !hasSecurity(info, "userns") {
		if err := enterable(sources, e.user); err != nil {
			return nil, err
		}
	}
	if e.image == "" {
		if e.image, err = r.embedded(ctx); err != nil {
			return nil, err
		}
	}
	q, err := quotaOf(ctx, s, sources[0])
	if err != nil {
		return nil, err
	}
	p, err := r.begin(ctx, s, e, q)
	if err != nil {
		return nil, errors.Join(err, q.Close())
	}
	// The engine found the folders by their names, some time after they were looked
	// at. Who swapped one meanwhile gains a process that ends here.
	for _, source := range sources {
		if err := source.Same(); err != nil {
			return nil, errors.Join(fmt.Errorf("docker: %w", err), p.Close()) //nolint:contextcheck // a removal has its own time
		}
	}
	return p, nil
}

// sockets are the ways to an engine. Who reaches one is root on the host.
func (r *Runtime) sockets() []string {
	list := []string{"/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock", "/run/podman/podman.sock"}
	if path, ok := strings.CutPrefix(r.deps.Host, "unix://"); ok {
		list = append(list, path)
	}
	return list
}

func openSources(s sandbox.Spec, secret []string) ([]sandbox.Source, error) {
	var all []sandbox.Source
	for _, m := range append([]sandbox.Mount{s.Workspace}, s.Mounts...) {
		source, err := sandbox.OpenSource(m.Source, secret)
		if err != nil {
			return nil, err
		}
		all = append(all, source)
	}
	return all, nil
}

// quotaOf watches a workspace that can be written.
func quotaOf(ctx context.Context, s sandbox.Spec, workspace sandbox.Source) (*sandbox.Quota, error) {
	if s.Workspace.ReadOnly {
		return nil, nil //nolint:nilnil // nothing is to be watched
	}
	q, err := sandbox.OpenQuota(ctx, workspace, s.Limits.WorkspaceBytes)
	if err != nil {
		return nil, fmt.Errorf("docker: %w", err)
	}
	return q, nil
}

// enterable refuses a folder that the agent could not enter. Some engines start
// the agent all the same, and each thing that it does then fails.
func enterable(sources []sandbox.Source, user string) error {
	var uid, gid int
	if _, err := fmt.Sscanf(user, "%d:%d", &uid, &gid); err != nil {
		return fmt.Errorf("docker: %w: user %q: %w", sandbox.ErrSpec, user, err)
	}
	for _, s := range sources {
		if s.Shut(uid, gid) {
			return fmt.Errorf("docker: %w: the agent's user %s may not enter %q; run: chown -R %s %q", sandbox.ErrSpec, user, s.Path, user, s.Path)
		}
	}
	return nil
}

// begin creates the container, attaches to it before it writes a word, and
// starts it.
func (r *Runtime) begin(ctx context.Context, s sandbox.Spec, e settings, q *sandbox.Quota) (*process, error) {
	// A call that is given up may still make a container: it is let to its end.
	call, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTime)
	defer cancel()
	c, h := config(s, e)
	name := "parachute-" + uuid.NewString()
	created, err := r.client.ContainerCreate(call, c, h, nil, nil, name)
	switch {
	case cerrdefs.IsNotFound(err) && strings.Contains(err.Error(), "image"):
		return nil, fmt.Errorf("docker: %w: the engine has no image %q, and none is fetched for it; run: docker pull %s", sandbox.ErrUnavailable, e.image, e.image)
	case err != nil:
		err = r.fail("create", err)
		if errors.Is(err, sandbox.ErrUnavailable) {
			again, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTime)
			defer cancel()
			err = errors.Join(err, r.remove(again, name))
		}
		return nil, err
	}
	p := newProcess(ctx, r, created.ID, s, q)
	if err = context.Cause(ctx); err == nil {
		err = p.start(call)
	}
	if err != nil {
		return nil, errors.Join(err, p.Close()) //nolint:contextcheck // a removal has its own time
	}
	return p, nil
}

func (p *process) start(ctx context.Context) error {
	// The attached connection lives as long as the process, not as this call.
	conn, err := p.r.client.ContainerAttach(p.own, p.id, container.AttachOptions{Stream: true, Stdin: true, Stdout: true, Stderr: true}) //nolint:contextcheck // see above
	if err != nil {
		return p.r.fail("attach", err)
	}
	p.conn = conn
	// Asked before the start: a process that ends at once is not missed.
	p.listen()
	if err := p.r.client.ContainerStart(ctx, p.id, container.StartOptions{}); err != nil {
		if strings.Contains(err.Error(), "chdir to cwd") && strings.Contains(err.Error(), "permission denied") {
			return p.r.fail("start: the agent's user may not enter the workspace; chown it to the number that its user has on the host (docs/sandbox.md)", err)
		}
		return p.r.fail("start", err)
	}
	p.running = true
	p.follow()
	return nil
}
