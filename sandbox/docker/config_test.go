package docker

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/system"

	"github.com/parachute-gate/parachute/sandbox"
)

func spec() sandbox.Spec {
	s, _ := sandbox.DefaultSpec()
	s.Session, s.Turn, s.Name = "s-1", "t-1", "claude"
	s.Command = []string{"agent", "--flag", "$HOME;rm"}
	s.Env = map[string]string{"KEY": "v=1"}
	s.Workspace = sandbox.Mount{Source: "/w/a:/etc:rw", Target: sandbox.WorkspaceTarget}
	s.Mounts = []sandbox.Mount{{Source: "/lib,readonly=false", Target: "/mnt/lib", ReadOnly: true}}
	return s
}

// The whole configuration: what is not here is as the engine's own default, and
// a new field of it is seen here.
func TestConfig(t *testing.T) {
	c, h := config(spec(), settings{data: "d", image: "img", user: "1000:1000", cpus: 8, oldCgroups: true})
	yes, none, pids := true, int64(0), int64(300)
	bind := &mount.BindOptions{Propagation: mount.PropagationRPrivate, NonRecursive: true}
	wantHost := &container.HostConfig{
		NetworkMode: "none", LogConfig: container.LogConfig{Type: "none"}, RestartPolicy: container.RestartPolicy{Name: "no"},
		CapDrop: []string{"ALL"}, SecurityOpt: []string{"no-new-privileges:true"}, ReadonlyRootfs: true, Init: &yes,
		IpcMode: "private", CgroupnsMode: "private", OomScoreAdj: 900, DNS: []string{"127.0.0.1"}, DNSSearch: []string{"."},
		Mounts: []mount.Mount{
			{Type: "bind", Source: "/w/a:/etc:rw", Target: "/workspace", BindOptions: bind},
			{Type: "tmpfs", Target: "/tmp", TmpfsOptions: &mount.TmpfsOptions{SizeBytes: 128 << 20, Mode: 0o1777}},
			{Type: "tmpfs", Target: "/agent", TmpfsOptions: &mount.TmpfsOptions{SizeBytes: 128 << 20, Mode: 0o1777}},
			{Type: "bind", Source: "/lib,readonly=false", Target: "/mnt/lib", ReadOnly: true, BindOptions: bind},
		},
		Resources: container.Resources{
			Memory: 4 << 30, MemorySwap: 4 << 30, MemorySwappiness: &none, NanoCPUs: 2e9, PidsLimit: &pids,
			Ulimits: []*container.Ulimit{{Name: "nofile", Soft: 4096, Hard: 4096}, {Name: "core"}},
		},
	}
	wantConfig := &container.Config{
		Hostname: "sandbox", User: "1000:1000", Image: "img", WorkingDir: "/workspace",
		Entrypoint: []string{"agent"}, Cmd: []string{"--flag", "$HOME;rm"},
		Env:       []string{"HOME=/agent", "KEY=v=1", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TMPDIR=/tmp"},
		Labels:    map[string]string{"parachute": "1", "parachute.data": "d", "parachute.session": "s-1", "parachute.turn": "t-1", "parachute.name": "claude"},
		OpenStdin: true, StdinOnce: true, AttachStdin: true, AttachStdout: true, AttachStderr: true,
		Healthcheck: &container.HealthConfig{Test: []string{"NONE"}}, NetworkDisabled: true,
	}
	if !reflect.DeepEqual(h, wantHost) {
		t.Errorf("host\n%s\nwant\n%s", text(t, h), text(t, wantHost))
	}
	if !reflect.DeepEqual(c, wantConfig) {
		t.Errorf("config\n%s\nwant\n%s", text(t, c), text(t, wantConfig))
	}
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestConfigOfOtherSpecs(t *testing.T) {
	tests := map[string]struct {
		change func(*sandbox.Spec)
		cpus   int
		check  func(*container.Config, *container.HostConfig) bool
	}{
		"an open network": {func(s *sandbox.Spec) { s.Network = "open" }, 2, func(c *container.Config, h *container.HostConfig) bool {
			return h.NetworkMode == "bridge" && !c.NetworkDisabled && h.DNS == nil
		}},
		"a network by name": {func(s *sandbox.Spec) { s.Network = "models" }, 2, func(c *container.Config, h *container.HostConfig) bool {
			return h.NetworkMode == "models" && !c.NetworkDisabled
		}},
		"more cpus than there are": {func(s *sandbox.Spec) { s.Limits.CPUs = 64 }, 1, func(_ *container.Config, h *container.HostConfig) bool { return h.NanoCPUs == 1e9 }},
		"half a cpu":               {func(s *sandbox.Spec) { s.Limits.CPUs = 0.5 }, 2, func(_ *container.Config, h *container.HostConfig) bool { return h.NanoCPUs == 5e8 }},
		"a runtime":                {func(s *sandbox.Spec) { s.Runtime = "runsc" }, 2, func(_ *container.Config, h *container.HostConfig) bool { return h.Runtime == "runsc" }},
		"a workspace to read":      {func(s *sandbox.Spec) { s.Workspace.ReadOnly = true }, 2, func(_ *container.Config, h *container.HostConfig) bool { return h.Mounts[0].ReadOnly }},
		"a quota": {func(s *sandbox.Spec) { s.Limits.WorkspaceBytes = 1 << 20 }, 2, func(_ *container.Config, h *container.HostConfig) bool {
			return reflect.DeepEqual(h.Ulimits[2], &container.Ulimit{Name: "fsize", Soft: 1 << 20, Hard: 1 << 20})
		}},
		"a home that was named": {func(s *sandbox.Spec) { s.Env = map[string]string{"HOME": "/workspace"} }, 2, func(c *container.Config, _ *container.HostConfig) bool {
			return slices.Contains(c.Env, "HOME=/workspace") && !slices.Contains(c.Env, "HOME=/agent")
		}},
		"an image's own entry point": {func(s *sandbox.Spec) { s.Command = []string{"x"} }, 2, func(c *container.Config, _ *container.HostConfig) bool {
			return len(c.Entrypoint) == 1 && len(c.Cmd) == 0
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := spec()
			tt.change(&s)
			c, h := config(s, settings{data: "d", image: "img", user: "1000:1000", cpus: tt.cpus})
			if !tt.check(c, h) {
				t.Errorf("%s\n%s", text(t, c), text(t, h))
			}
			if h.MemorySwappiness != nil || h.Privileged || len(h.CapAdd) > 0 || len(h.Devices) > 0 || len(h.Binds) > 0 || len(h.VolumesFrom) > 0 || h.PidMode != "" || h.UsernsMode != "" || h.UTSMode != "" {
				t.Errorf("a wall is down: %s", text(t, h))
			}
		})
	}
}

func TestUserOf(t *testing.T) {
	tests := map[string]struct {
		user     string
		rootless bool
		remapped bool
		uid, gid int
		want     string
	}{
		"a workspace of root":          {"", false, false, 0, 0, "1000:1000"},
		"of an account":                {"", false, false, 1001, 100, "1001:100"},
		"of an account in root's":      {"", false, false, 1001, 0, "1000:1000"},
		"of nobody known":              {"", false, false, -1, -1, "1000:1000"},
		"named":                        {"1234:99", false, false, 1001, 1001, "1234:99"},
		"users that are mapped":        {"", false, true, 1001, 1001, "1000:1000"},
		"root, where mapped":           {"0:0", false, true, 1001, 1001, ""},
		"root":                         {"0:0", false, false, 1000, 1000, ""},
		"root's group":                 {"1000:0", false, false, 1000, 1000, ""},
		"root, in an engine without":   {"", true, false, 1000, 1000, "0:0"},
		"named, in an engine without":  {"1000:1000", true, false, 1000, 1000, "1000:1000"},
		"root by name, without an own": {"0:0", true, false, 1000, 1000, "0:0"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := userOf(sandbox.Spec{User: tt.user}, tt.rootless, tt.remapped, tt.uid, tt.gid)
			if got != tt.want || (tt.want == "") != errors.Is(err, sandbox.ErrSpec) {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

func TestEngineThatCannotHold(t *testing.T) {
	able := func() system.Info {
		return system.Info{OSType: "linux", MemoryLimit: true, SwapLimit: true, PidsLimit: true, CPUCfsQuota: true, SecurityOptions: []string{"name=seccomp,profile=default"}}
	}
	tests := map[string]struct {
		change func(*system.Info)
		says   string // empty: able
	}{
		"able": {func(*system.Info) {}, ""},
		"a newer one": {func(i *system.Info) {
			i.SecurityOptions = []string{"name=apparmor", "name=seccomp,profile=builtin", "name=cgroupns"}
		}, ""},
		"no swap to limit":     {func(i *system.Info) { i.SwapLimit = false }, ""},
		"no memory controller": {func(i *system.Info) { i.MemoryLimit = false }, "memory"},
		"no pids controller":   {func(i *system.Info) { i.PidsLimit = false }, "processes"},
		"no cpu controller":    {func(i *system.Info) { i.CPUCfsQuota = false }, "CPU"},
		"no seccomp":           {func(i *system.Info) { i.SecurityOptions = nil }, "seccomp"},
		"unconfined":           {func(i *system.Info) { i.SecurityOptions = []string{"name=seccomp,profile=unconfined"} }, "unconfined"},
		"Windows":              {func(i *system.Info) { i.OSType = "windows" }, "Linux"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			info := able()
			tt.change(&info)
			got := strings.Join(missingBounds(info), ", ")
			if (got == "") != (tt.says == "") || !strings.Contains(got, tt.says) {
				t.Errorf("%q, want %q", got, tt.says)
			}
			for _, f := range findings(info, "1.41") {
				if f.About == "limits" && f.OK != (tt.says == "") {
					t.Errorf("doctor says %+v", f)
				}
			}
		})
	}
}
