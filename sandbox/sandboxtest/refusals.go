package sandboxtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/parachute-gate/parachute/sandbox"
)

func specCases() []testCase {
	return []testCase{
		{name: "what no sandbox gives is refused", run: refusesSpecs},
		{name: "a workspace behind a symbolic link is refused", run: refusesLinks},
	}
}

func refusesSpecs(b *bench) error {
	for name, change := range map[string]func(*sandbox.Spec){
		"no session":          func(s *sandbox.Spec) { s.Session = "" },
		"no command":          func(s *sandbox.Spec) { s.Command = nil },
		"a NUL":               func(s *sandbox.Spec) { s.Command = append(s.Command, "a\x00b") },
		"LD_PRELOAD":          func(s *sandbox.Spec) { s.Env = map[string]string{"LD_PRELOAD": "/workspace/x.so"} },
		"NODE_OPTIONS":        func(s *sandbox.Spec) { s.Env = map[string]string{"NODE_OPTIONS": "--require /workspace/x.js"} },
		"DOCKER_HOST":         func(s *sandbox.Spec) { s.Env = map[string]string{"DOCKER_HOST": "tcp://x"} },
		"our own mark":        func(s *sandbox.Spec) { s.Env = map[string]string{"PARACHUTE_SESSION": "x"} },
		"a NUL in a value":    func(s *sandbox.Spec) { s.Env = map[string]string{"A": "b\x00C=d"} },
		"no memory":           func(s *sandbox.Spec) { s.Limits.MemoryBytes = 0 },
		"endless processes":   func(s *sandbox.Spec) { s.Limits.Pids = -1 },
		"the host's network":  func(s *sandbox.Spec) { s.Network = "host" },
		"no network named":    func(s *sandbox.Spec) { s.Network = "" },
		"another's network":   func(s *sandbox.Spec) { s.Network = "container:x" },
		"a relative folder":   func(s *sandbox.Spec) { s.Workspace.Source = "notes" },
		"no workspace":        func(s *sandbox.Spec) { s.Workspace.Source = "" },
		"a folder upwards":    func(s *sandbox.Spec) { s.Workspace.Source += "/../.." },
		"a missing folder":    func(s *sandbox.Spec) { s.Workspace.Source += "/none" },
		"the root":            func(s *sandbox.Spec) { s.Workspace.Source = "/" },
		"the system's":        func(s *sandbox.Spec) { s.Workspace.Source = "/etc" },
		"processes":           func(s *sandbox.Spec) { s.Workspace.Source = "/proc/self" },
		"the socket's folder": func(s *sandbox.Spec) { s.Workspace.Source = "/var" },
	} {
		if _, err := b.startIn(b.ctx, change, "echo"); !errors.Is(err, sandbox.ErrSpec) {
			return fmt.Errorf("%s: %w, want ErrSpec", name, err)
		}
	}
	return b.nothingLeft()
}

func refusesLinks(b *bench) error {
	s, err := b.Spec("echo")
	if err != nil {
		return err
	}
	link := filepath.Join(filepath.Dir(s.Workspace.Source), "link")
	if err := os.Symlink(s.Workspace.Source, link); err != nil {
		return fmt.Errorf("link: %w", err)
	}
	inner := filepath.Join(s.Workspace.Source, "inner")
	if err := os.Mkdir(inner, 0o700); err != nil {
		return fmt.Errorf("make: %w", err)
	}
	for _, source := range []string{link, filepath.Join(link, "inner")} {
		if _, err := b.startIn(b.ctx, func(s *sandbox.Spec) { s.Workspace.Source = source }, "echo"); !errors.Is(err, sandbox.ErrSpec) {
			return fmt.Errorf("%s: %w, want ErrSpec", source, err)
		}
	}
	return nil
}
