package docker

import (
	"fmt"
	"maps"
	"slices"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

	"github.com/parachute-gate/parachute/sandbox"
)

// The labels by which containers are found.
const (
	labelOurs    = "parachute"
	labelData    = "parachute.data"
	labelSession = "parachute.session"
	labelTurn    = "parachute.turn"
	labelName    = "parachute.name"
)

// settings are what a container's configuration takes from the engine and the
// host, beside the Spec.
type settings struct {
	data, image, user string
	// cpus is what the engine's machine has: it refuses a container that asks for
	// more.
	cpus int
	// oldCgroups says that the engine has cgroups version 1. There swap may not be
	// counted, and is only avoided by asking; version 2 knows no such wish.
	oldCgroups bool
}

// config gives the container of a Spec that was checked. All that bounds a
// container is here.
func config(s sandbox.Spec, e settings) (*container.Config, *container.HostConfig) {
	cpus := s.Limits.CPUs
	if e.cpus > 0 {
		cpus = min(cpus, float64(e.cpus))
	}
	init := true
	var swappiness *int64
	if e.oldCgroups {
		swappiness = new(int64)
	}
	host := &container.HostConfig{
		NetworkMode: networkOf(s.Network),
		// Nothing of the agent's words goes to the engine's logs.
		LogConfig:      container.LogConfig{Type: "none"},
		RestartPolicy:  container.RestartPolicy{Name: container.RestartPolicyDisabled},
		AutoRemove:     false,
		CapDrop:        []string{"ALL"},
		SecurityOpt:    []string{"no-new-privileges:true"},
		ReadonlyRootfs: true,
		Init:           &init,
		IpcMode:        container.IPCModePrivate,
		CgroupnsMode:   container.CgroupnsModePrivate,
		// When the machine runs out of memory, an agent goes before anything else.
		OomScoreAdj: 900,
		// The host's resolvers and search domains are nobody's business in there.
		DNS: dnsOf(s.Network), DNSSearch: []string{"."},
		Runtime: s.Runtime,
		Mounts:  mountsOf(s),
		Resources: container.Resources{
			Memory: s.Limits.MemoryBytes,
			// The sum of memory and swap: the same number means no swap.
			MemorySwap:       s.Limits.MemoryBytes,
			MemorySwappiness: swappiness,
			NanoCPUs:         int64(cpus * 1e9),
			PidsLimit:        &s.Limits.Pids,
			Ulimits:          ulimitsOf(s.Limits),
		},
	}
	return &container.Config{
		Hostname:   "sandbox",
		User:       e.user,
		Image:      e.image,
		Entrypoint: s.Command[:1],
		Cmd:        s.Command[1:],
		Env:        envOf(s.Env),
		WorkingDir: sandbox.WorkspaceTarget,
		Labels:     labelsOf(s, e.data),
		OpenStdin:  true, StdinOnce: true,
		AttachStdin: true, AttachStdout: true, AttachStderr: true,
		// An image's own check would run beside the agent, unseen.
		Healthcheck:     &container.HealthConfig{Test: []string{"NONE"}},
		NetworkDisabled: s.Network == sandbox.NoNetwork,
	}, host
}

// ulimitsOf bounds each process by itself. The workspace's quota bounds the size
// of one file, at once; the sum is watched.
func ulimitsOf(l sandbox.Limits) []*container.Ulimit {
	list := []*container.Ulimit{
		{Name: "nofile", Soft: l.NoFile, Hard: l.NoFile},
		{Name: "core", Soft: 0, Hard: 0},
	}
	if l.WorkspaceBytes > 0 {
		list = append(list, &container.Ulimit{Name: "fsize", Soft: l.WorkspaceBytes, Hard: l.WorkspaceBytes})
	}
	return list
}

func networkOf(name string) container.NetworkMode {
	if name == sandbox.OpenNetwork {
		return "bridge"
	}
	return container.NetworkMode(name)
}

func dnsOf(network string) []string {
	if network == sandbox.NoNetwork {
		return []string{"127.0.0.1"}
	}
	return nil
}

// mountsOf lists the mounts as the engine's own type, never as one text
// "source:target:options", in which a colon of a folder's name is an option.
// Nothing that is mounted below a source comes along: what cannot be seen cannot
// be forgotten to be read-only.
func mountsOf(s sandbox.Spec) []mount.Mount {
	bind := func(m sandbox.Mount, target string) mount.Mount {
		return mount.Mount{Type: mount.TypeBind, Source: m.Source, Target: target, ReadOnly: m.ReadOnly,
			BindOptions: &mount.BindOptions{Propagation: mount.PropagationRPrivate, NonRecursive: true}}
	}
	memory := func(target string) mount.Mount {
		return mount.Mount{Type: mount.TypeTmpfs, Target: target, TmpfsOptions: &mount.TmpfsOptions{SizeBytes: s.Limits.TmpBytes, Mode: 0o1777}}
	}
	all := []mount.Mount{
		bind(s.Workspace, sandbox.WorkspaceTarget),
		// The engine adds noexec, nosuid and nodev. As HostConfig.Tmpfs it would take its
		// mode from the image's folder.
		memory("/tmp"), memory(sandbox.HomeTarget),
	}
	for _, m := range s.Mounts {
		all = append(all, bind(m, m.Target))
	}
	return all
}

// envOf is the whole environment. What an agent keeps in its home is gone with
// it, and what a workspace holds is never an agent's configuration.
func envOf(named map[string]string) []string {
	env := map[string]string{
		"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME": sandbox.HomeTarget, "TMPDIR": "/tmp",
	}
	maps.Copy(env, named)
	list := make([]string, 0, len(env))
	for _, name := range slices.Sorted(maps.Keys(env)) {
		list = append(list, name+"="+env[name])
	}
	return list
}

func labelsOf(s sandbox.Spec, data string) map[string]string {
	return map[string]string{labelOurs: "1", labelData: data, labelSession: s.Session, labelTurn: s.Turn, labelName: s.Name}
}

// userOf chooses who the agent is. In an engine without root, root of a
// container is the account that runs the engine, whose files the workspace
// holds; everywhere else root is refused, and the workspace's owner, where that
// is not root, can write what the agent writes. Where an engine maps users to
// others, the owner's number of the host means nobody within.
func userOf(s sandbox.Spec, rootless, remapped bool, ownerUID, ownerGID int) (string, error) {
	var uid, gid int
	switch {
	case s.User != "":
		if _, err := fmt.Sscanf(s.User, "%d:%d", &uid, &gid); err != nil {
			return "", fmt.Errorf("%w: user %q: %w", sandbox.ErrSpec, s.User, err)
		}
	case rootless:
		return "0:0", nil
	case ownerUID > 0 && ownerGID > 0 && !remapped:
		uid, gid = ownerUID, ownerGID
	default:
		uid, gid = 1000, 1000
	}
	if !rootless && (uid == 0 || gid == 0) {
		return "", fmt.Errorf("%w: user %d:%d: an agent is not root", sandbox.ErrSpec, uid, gid)
	}
	return fmt.Sprintf("%d:%d", uid, gid), nil
}
