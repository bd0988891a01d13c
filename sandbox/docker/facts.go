package docker

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/system"

	"github.com/parachute-gate/parachute/sandbox"
)

// Facts tells what the engine holds.
func (r *Runtime) Facts(ctx context.Context) []sandbox.Finding {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	info, err := r.client.Info(ctx)
	if err != nil {
		return []sandbox.Finding{{About: "docker", Detail: fmt.Sprintf("%v; is it running, and may this account use %s?", r.fail("ask the engine", err), r.deps.Host)}}
	}
	return append(findings(info, r.client.ClientVersion()), r.access(info), r.ownImage(ctx))
}

// findings words what an engine says of itself. Only what the driver refuses to
// run without, or what weakens a promise and can be mended, is not OK.
func findings(info system.Info, api string) []sandbox.Finding {
	missing := missingBounds(info)
	limits := "memory, processes, CPU time"
	if len(missing) > 0 {
		limits = "cannot hold " + strings.Join(missing, ", ")
	}
	swap := "none beside the memory"
	if !info.SwapLimit {
		swap = "not limited: an agent can use the machine's swap beyond its memory (kernel parameter swapaccount=1)"
	}
	apparmor := "on"
	if !hasSecurity(info, "apparmor") {
		apparmor = "none in this kernel; the other walls do not need it"
	}
	users := "root of a container is root of the host without its capabilities; agents run as another user"
	switch {
	case hasSecurity(info, "rootless"):
		users = "rootless: an agent's root is the account that runs the engine, and owns the workspace's files"
	case hasSecurity(info, "userns"):
		users = "remapped: an agent's user is another on the host; the workspace must be writable for that one (docs/sandbox.md)"
	}
	return []sandbox.Finding{
		{OK: true, About: "engine", Detail: fmt.Sprintf("%s, API %s, %s", info.ServerVersion, api, info.OperatingSystem)},
		{OK: len(missing) == 0, About: "limits", Detail: limits},
		{OK: info.SwapLimit, About: "swap", Detail: swap},
		{OK: true, About: "disk", Detail: "/tmp by its size; the workspace by the policy's vault.quota_mib, by looking five times a second"},
		{OK: true, About: "cgroups", Detail: fmt.Sprintf("version %s, driver %s", info.CgroupVersion, info.CgroupDriver)},
		{OK: seccompOf(info) != "off" && seccompOf(info) != "unconfined", About: "seccomp", Detail: seccompOf(info)},
		{OK: true, About: "apparmor", Detail: apparmor},
		{OK: true, About: "users", Detail: users},
		{OK: true, About: "runtimes", Detail: strings.Join(slices.Sorted(maps.Keys(info.Runtimes)), ", ")},
	}
}

// access says what it means to be let to the engine. A network address is one
// that others than this account may reach.
func (r *Runtime) access(info system.Info) sandbox.Finding {
	f := sandbox.Finding{OK: true, About: "access", Detail: "who may use " + r.deps.Host + " is root on its machine, this account too; no agent is given it"}
	if hasSecurity(info, "rootless") {
		f.Detail = "who may use " + r.deps.Host + " can do what the account that runs the engine can; no agent is given it"
	}
	if r.public() {
		f.OK, f.Detail = false, f.Detail+". It is an address of the network, without a password: use a socket"
	}
	return f
}

// public tells whether the engine's address is one that others may reach.
func (r *Runtime) public() bool {
	return !strings.HasPrefix(r.deps.Host, "unix://") && !strings.HasPrefix(r.deps.Host, "npipe://")
}

// ownImage says whether agents that name no image have one.
func (r *Runtime) ownImage(ctx context.Context) sandbox.Finding {
	f := sandbox.Finding{OK: true, About: "image", Detail: "none of our own: each agent names one"}
	if r.deps.Self == "" {
		return f
	}
	name, err := r.imageName()
	if err != nil {
		return sandbox.Finding{About: "image", Detail: err.Error()}
	}
	switch _, err = r.client.ImageInspect(ctx, name); {
	case err == nil:
		f.Detail = name + ", made of this program"
	case cerrdefs.IsNotFound(err):
		f.Detail = name + " is made of this program when it is first needed"
	default:
		f.OK, f.Detail = false, r.fail("look for the sandbox's image", err).Error()
	}
	return f
}
