package sandbox

import (
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// WorkspaceTarget is where a container has its workspace.
const WorkspaceTarget = "/workspace"

// HomeTarget is the home that a container's program has, where none is named for
// it: a folder of its own, which is gone with the container. It is not /tmp, as
// some agents refuse to keep their settings there.
const HomeTarget = "/agent"

// NoNetwork is the network of a sandbox that reaches nothing, and OpenNetwork
// the engine's own. Any other name is a network that the owner made.
const (
	NoNetwork   = "none"
	OpenNetwork = "open"
)

// Spec is everything that one process may use, made from a decision.
type Spec struct {
	// Session, Turn and Name are labels: what the process is found by. Turn and Name
	// may be empty.
	Session, Turn, Name string
	// Command is the program and its arguments; no shell reads it. Secrets never go
	// here: every process of the machine can read it.
	Command []string
	// Image is one that the engine has; empty means the one made of our own program.
	Image string
	// Env is the whole environment, beside a PATH and a HOME where it names none.
	Env map[string]string
	// Workspace is the folder that the process works in.
	Workspace Mount
	// Mounts are more folders to read, below MountRoot.
	Mounts  []Mount
	Network string
	Limits  Limits
	// User is "uid:gid" within the sandbox; empty means the driver's choice, never
	// root of the host.
	User string
	// Runtime is an OCI runtime that the engine knows, "runsc" say; empty means its
	// own.
	Runtime string
}

// Limits bound a process with all that it starts. Each must be above 0, but
// WorkspaceBytes.
type Limits struct {
	// MemoryBytes counts /tmp too. There is no swap beside it.
	MemoryBytes int64
	CPUs        float64
	Pids        int64
	// NoFile is the number of files that each process may have open.
	NoFile int64
	// TmpBytes is the size of /tmp, and of a container's home.
	TmpBytes int64
	// OutputBytes is what may be written to stdout in one turn; see Process.Renew.
	OutputBytes int64
	// WorkspaceBytes is how much the workspace may hold, from 1 MiB; 0 says nothing of
	// it. No single file of the process gets bigger, in /tmp neither. See Quota.
	WorkspaceBytes int64
}

// MountRoot is the folder below which a container has its Mounts.
const MountRoot = "/mnt/"

// Mount is a folder of the host and where the process has it.
type Mount struct {
	// Source is absolute and real: no part of it is a symbolic link.
	Source   string
	Target   string
	ReadOnly bool
}

var (
	networkName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$`)
	imageName   = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.:/@-]{0,254}$`)
	runtimeName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$`)
	userName    = regexp.MustCompile(`^[0-9]{1,9}:[0-9]{1,9}$`)
	label       = regexp.MustCompile(`^[\x20-\x7e]{0,256}$`)
)

// reservedNetworks are ways out of the sandbox's own network namespace.
var reservedNetworks = []string{"host", "default", "container", "ns", "private"}

// Check holds a Spec to what any driver may be asked for. It looks at nothing
// outside of the Spec; each error wraps ErrSpec.
func (s Spec) Check() error {
	for _, check := range []func() error{s.checkNames, s.checkCommand, s.checkEnv, s.checkMounts, s.Limits.check} {
		if err := check(); err != nil {
			return fmt.Errorf("%w: %w", ErrSpec, err)
		}
	}
	return nil
}

func (s Spec) checkNames() error {
	switch {
	case s.Session == "":
		return fmt.Errorf("session: a process belongs to one")
	case !label.MatchString(s.Session), !label.MatchString(s.Turn), !label.MatchString(s.Name):
		return fmt.Errorf("session, turn and name: printable ASCII, at most 256 characters")
	case strings.EqualFold(s.Network, "bridge"):
		// It is the network that an engine gives to what names none.
		return fmt.Errorf("network %q: that is the engine's own; write %s", s.Network, OpenNetwork)
	case s.Network != NoNetwork && (!networkName.MatchString(s.Network) || slices.Contains(reservedNetworks, strings.ToLower(s.Network))):
		return fmt.Errorf("network %q: %s, %s or the name of a network that was made for it", s.Network, NoNetwork, OpenNetwork)
	case s.Image != "" && !imageName.MatchString(s.Image):
		return fmt.Errorf("image %q: not a name of an image", s.Image)
	case s.Runtime != "" && !runtimeName.MatchString(s.Runtime):
		return fmt.Errorf("runtime %q: not a name of a runtime", s.Runtime)
	case s.User != "" && !userName.MatchString(s.User):
		return fmt.Errorf("user %q: two numbers, 1000:1000 say", s.User)
	}
	return nil
}

func (s Spec) checkCommand() error {
	if len(s.Command) == 0 || s.Command[0] == "" {
		return fmt.Errorf("command: none")
	}
	for _, arg := range s.Command {
		if strings.ContainsRune(arg, 0) {
			return fmt.Errorf("command: an argument with a NUL")
		}
	}
	return nil
}

func (s Spec) checkEnv() error {
	for name, value := range s.Env {
		if err := CheckEnv(name, value); err != nil {
			return err
		}
	}
	return nil
}

func (s Spec) checkMounts() error {
	if s.Workspace.Target != WorkspaceTarget && s.Workspace.Target != "" {
		return fmt.Errorf("workspace: its target is %s", WorkspaceTarget)
	}
	seen := map[string]bool{}
	for i, m := range append([]Mount{s.Workspace}, s.Mounts...) {
		if !filepath.IsAbs(m.Source) || filepath.Clean(m.Source) != m.Source || strings.ContainsRune(m.Source, 0) {
			return fmt.Errorf("mount %q: not an absolute path in its shortest form", m.Source)
		}
		if i == 0 {
			continue
		}
		switch {
		case path.Clean(m.Target) != m.Target || !strings.HasPrefix(m.Target, MountRoot) || strings.ContainsAny(m.Target, "\x00\n"):
			return fmt.Errorf("mount %q: its target is below %s", m.Source, MountRoot)
		case seen[m.Target]:
			return fmt.Errorf("mount %q: two folders at one place", m.Target)
		case !m.ReadOnly:
			return fmt.Errorf("mount %q: only the workspace can be written", m.Source)
		}
		seen[m.Target] = true
	}
	return nil
}

func (l Limits) check() error {
	for _, b := range bounds() {
		if v := b.of(l); !(v >= b.least && v <= b.most) {
			return fmt.Errorf("%s: %v is not between %v and %v", b.name, v, b.least, b.most)
		}
	}
	if w := l.WorkspaceBytes; w != 0 && (w < mib || w > maxWorkspace) {
		return fmt.Errorf("workspace: %d bytes are not between %d and %d; 0 is no limit", w, mib, int64(maxWorkspace))
	}
	return nil
}

// maxWorkspace is an exbibyte.
const maxWorkspace = 1 << 60

// A bound is what a limit may be, in the unit that is counted in.
type bound struct {
	name        string
	of          func(Limits) float64
	least, most float64
}

func bounds() []bound {
	return []bound{
		{"memory", func(l Limits) float64 { return float64(l.MemoryBytes) }, 8 * mib, 1024 * 1024 * mib},
		{"cpus", func(l Limits) float64 { return l.CPUs }, 0.01, 1024},
		{"pids", func(l Limits) float64 { return float64(l.Pids) }, 2, 1 << 20},
		{"nofile", func(l Limits) float64 { return float64(l.NoFile) }, 16, 1 << 20},
		{"tmp", func(l Limits) float64 { return float64(l.TmpBytes) }, mib, 1024 * 1024 * mib},
		{"output", func(l Limits) float64 { return float64(l.OutputBytes) }, 1, 1024 * mib},
	}
}
