package docker

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/parachute-gate/parachute/sandbox"
)

// attempt is what the probe prints of each that it tried.
type attempt struct {
	Name   string `json:"name"`
	Could  bool   `json:"could"`
	Detail string `json:"detail"`
}

// allowed is what an agent is meant to be able to do: it shows that the probe
// can see a success. Each other attempt must fail.
var allowed = []string{"write the workspace", "write /tmp"}

// walls names the mechanism that holds attempts, by the beginning of their names;
// the first that fits counts. An attempt that no wall is named for fails the
// test: what nobody promised, nobody looks after.
var walls = []struct{ prefix, mechanism string }{
	{"write the workspace", "meant"},
	{"write /tmp", "meant"},
	{"write a read-only share", "read-only bind mount"},
	{"write a process", "process namespace"},
	{"write /proc", "read-only /proc/sys and /proc/sysrq-trigger, and no root"},
	{"write /sys", "read-only /sys and cgroups"},
	{"write /", "read-only root"},
	{"read /dev", "devices cgroup, and no such node"},
	{"read /", "masked paths"},
	{"read the host's file", "mount namespace: only the workspace"},
	{"read the environment", "process namespace"},
	{"follow", "mount namespace: a link is followed inside"},
	{"hard link", "read-only root, another file system"},
	{"device node", "no capability to make one"},
	{"run from /tmp", "noexec"},
	{"run from the home", "noexec"},
	{"mount", "no capabilities, seccomp"}, {"remount", "no capabilities, seccomp"}, {"unmount", "no capabilities, seccomp"},
	{"chroot", "no capabilities"}, {"pivot_root", "no capabilities, seccomp"},
	{"set", "no capabilities"}, {"chown", "no capabilities"},
	{"new ", "seccomp"},
	{"capabilities", "cap-drop ALL"}, {"gain privileges", "no-new-privileges"}, {"unfiltered", "seccomp"}, {"root", "user 1000:1000"},
	{"dial the host's abstract", "network namespace"},
	{"dial", "network none"}, {"send", "network none"}, {"interfaces", "network none"},
	{"raw socket", "no capabilities"}, {"packet socket", "no capabilities"},
	{"learn", "resolvers of our own"},
	{"signal", "process namespace"}, {"trace", "process namespace"}, {"processes", "process namespace"},
	{"secrets", "an environment of its own"},
	{"the engine's socket", "mount namespace: only the workspace"}, {"files of the host", "mount namespace: only the workspace"},
	// System calls.
	{"init_module", "seccomp"}, {"finit_module", "seccomp"}, {"kexec_load", "seccomp"}, {"reboot", "seccomp"}, {"swapon", "seccomp"}, {"acct", "seccomp"},
	{"bpf", "seccomp"}, {"perf_event_open", "seccomp"}, {"keyctl", "seccomp"}, {"add_key", "seccomp"}, {"request_key", "seccomp"},
	{"open_by_handle_at", "seccomp"}, {"userfaultfd", "seccomp"}, {"syslog", "seccomp"}, {"quotactl", "seccomp"}, {"move_pages", "seccomp"},
	{"fsopen", "seccomp"}, {"open_tree", "seccomp"},
}

func wallOf(name string) string {
	for _, w := range walls {
		if strings.HasPrefix(name, w.prefix) {
			return w.mechanism
		}
	}
	return ""
}

// TestEscapes lets the probe try everything from within, with a host around it
// that has something to find.
func TestEscapes(t *testing.T) {
	token := "token-" + uuid.NewString()
	b := newBench(t)
	secret := filepath.Join(b.dir, "secret.txt")
	if err := os.WriteFile(secret, []byte(token), 0o644); err != nil {
		t.Fatal(err)
	}
	// A process of the host, of the agent's own user, with the token in its
	// environment.
	host := exec.CommandContext(t.Context(), probe, "idle")
	host.Env = []string{"TOKEN=" + token}
	if err := host.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = host.Process.Kill(); _ = host.Wait() })
	t.Setenv("PARACHUTE_TOKEN_OF_THE_GATE", token)
	loopback, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = loopback.Close() })
	abstract, err := net.Listen("unix", "@"+token)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = abstract.Close() })
	share, err := b.workspace("share")
	if err != nil {
		t.Fatal(err)
	}

	fill := func(s *sandbox.Spec) {
		s.Mounts = []sandbox.Mount{{Source: share, Target: "/mnt/share", ReadOnly: true}}
		w := s.Workspace.Source
		for link, to := range map[string]string{"link-to-secret": secret, "link-to-shadow": "/etc/shadow", "link-to-parent": "../secret.txt"} {
			if err := os.Symlink(to, filepath.Join(w, link)); err != nil {
				t.Fatal(err)
			}
		}
		// What a workspace says of an environment is not one.
		for _, name := range []string{".env", ".bashrc", ".profile"} {
			if err := os.WriteFile(filepath.Join(w, name), []byte("export NODE_OPTIONS="+token+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	out, exit := b.output(t, fill, "escape",
		"secret="+secret, fmt.Sprintf("pid=%d", host.Process.Pid), "token="+token,
		"loopback="+loopback.Addr().String(), "abstract="+token, "engine="+strings.TrimPrefix(engine.Host, "unix://"))
	var report []attempt
	if err := json.Unmarshal([]byte(out), &report); err != nil || exit.Code != 0 {
		t.Fatalf("exit %+v, %v, report %q", exit, err, out)
	}
	if len(report) < 90 {
		t.Errorf("only %d attempts", len(report))
	}
	for _, a := range report {
		mechanism := wallOf(a.Name)
		if mechanism == "" {
			t.Errorf("%s: no wall is named for it (could: %v, %s)", a.Name, a.Could, a.Detail)
		}
		if a.Could != slices.Contains(allowed, a.Name) {
			t.Errorf("%s: could: %v: %s (%s)", a.Name, a.Could, a.Detail, mechanism)
		}
	}
	for _, name := range []string{"dial out", "dial the cloud's metadata", "send a datagram"} {
		i := slices.IndexFunc(report, func(a attempt) bool { return a.Name == name })
		if i < 0 || !strings.Contains(report[i].Detail, "unreachable") {
			t.Errorf("%s: %+v: want no route, at once", name, report)
		}
	}
}
