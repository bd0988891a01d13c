package docker

import (
	"context"
	"fmt"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"github.com/parachute-gate/parachute/sandbox"
)

// Find lists this installation's containers, whatever their state.
func (r *Runtime) Find(ctx context.Context) ([]sandbox.Found, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	list, err := r.client.ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(
		filters.Arg("label", labelOurs+"=1"), filters.Arg("label", labelData+"="+r.data))})
	if err != nil {
		return nil, r.fail("list", err)
	}
	found := make([]sandbox.Found, 0, len(list))
	for _, c := range list {
		found = append(found, sandbox.Found{
			ID: c.ID, Session: c.Labels[labelSession], Turn: c.Labels[labelTurn], Name: c.Labels[labelName],
			Running: c.State == container.StateRunning || c.State == container.StatePaused || c.State == container.StateRestarting,
			Started: time.Unix(c.Created, 0),
		})
	}
	return found, nil
}

// Remove ends and removes a container of this installation.
func (r *Runtime) Remove(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	c, err := r.client.ContainerInspect(ctx, id)
	switch {
	case cerrdefs.IsNotFound(err):
		return nil
	case err != nil:
		return r.fail("inspect", err)
	case c.Config == nil || c.Config.Labels[labelOurs] != "1" || c.Config.Labels[labelData] != r.data:
		return fmt.Errorf("docker: remove %s: not a container of this installation", id)
	}
	return r.remove(ctx, c.ID)
}

func (r *Runtime) remove(ctx context.Context, id string) error {
	for {
		err := r.client.ContainerRemove(ctx, id, container.RemoveOptions{Force: true, RemoveVolumes: true})
		switch {
		case err == nil || cerrdefs.IsNotFound(err):
			return nil
		case !cerrdefs.IsConflict(err):
			return r.fail("remove", err)
		}
		// Somebody else removes it at this moment.
		select {
		case <-ctx.Done():
			return r.fail("remove", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
