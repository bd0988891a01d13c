package docker

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parachute-gate/parachute/sandbox"
)

// scanned reads the numbers that a bomb prints.
func scanned(t *testing.T, out string, into ...any) {
	t.Helper()
	if _, err := fmt.Sscan(out, into...); err != nil {
		t.Fatalf("%q: %v", out, err)
	}
}

func TestForkBomb(t *testing.T) {
	b := newBench(t)
	out, _ := b.output(t, func(s *sandbox.Spec) { s.Limits.Pids = 50 }, "fork")
	var n int
	if scanned(t, out, &n); n == 0 || n > 50 {
		t.Errorf("%d processes of 50", n)
	}
}

func TestMemoryBomb(t *testing.T) {
	b := newBench(t)
	_, exit := b.output(t, func(s *sandbox.Spec) { s.Limits.MemoryBytes = 64 << 20 }, "memory")
	if exit.Code != 137 || !exit.OOM {
		t.Errorf("exit %+v, want 137 for want of memory", exit)
	}
}

func TestDiskFill(t *testing.T) {
	b := newBench(t)
	for folder, most := range map[string]int{"tmp": 8 << 20, "shm": 64 << 20} {
		out, exit := b.output(t, func(s *sandbox.Spec) { s.Limits.TmpBytes = 8 << 20 }, folder)
		var n int
		var full bool
		if scanned(t, out, &n, &full); !full || n > most || n < 1<<20 {
			t.Errorf("%s took %d bytes of %d, full: %v, exit %+v", folder, n, most, full, exit)
		}
	}
}

// What stands in /tmp is memory too: it cannot be used to go around that bound.
func TestTmpCountsAsMemory(t *testing.T) {
	b := newBench(t)
	_, exit := b.output(t, func(s *sandbox.Spec) { s.Limits.MemoryBytes, s.Limits.TmpBytes = 32<<20, 1<<30 }, "tmp")
	if !exit.OOM {
		t.Errorf("exit %+v", exit)
	}
}

func TestOpenFiles(t *testing.T) {
	b := newBench(t)
	few := func(s *sandbox.Spec) { s.Limits.NoFile = 64 }
	out, _ := b.output(t, few, "files")
	var n, core, file int
	if scanned(t, out, &n); n < 32 || n > 64 {
		t.Errorf("%d files of 64", n)
	}
	out, _ = b.output(t, func(s *sandbox.Spec) { s.Limits.NoFile, s.Limits.WorkspaceBytes = 64, 8<<20 }, "limits")
	if scanned(t, out, &n, &core, &file); n != 64 || core != 0 || file != 8<<20 {
		t.Errorf("open files %d, core %d, size of a file %d", n, core, file)
	}
}

// CVE-2026-27002: a workspace whose name reads like a mount is a folder.
func TestMountThroughAName_CVE_2026_27002(t *testing.T) {
	b := newBench(t)
	for _, name := range []string{"w:/etc:rw", "w,target=/etc", "w:ro", "w type=bind", "-v w"} {
		dir, err := b.workspace(name)
		if err != nil {
			t.Fatal(err)
		}
		out, exit := b.output(t, func(s *sandbox.Spec) { s.Workspace.Source = dir }, "escape")
		if exit.Code != 0 || !strings.Contains(out, `{"name":"write /etc/passwd","could":false`) || !strings.Contains(out, `{"name":"write the workspace","could":true`) {
			t.Errorf("%q: exit %+v, %s", name, exit, out)
		}
		if _, err := os.Stat(filepath.Join(dir, "written")); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestSocketThroughAParent(t *testing.T) {
	b := newBench(t)
	socket := strings.TrimPrefix(engine.Host, "unix://")
	link := filepath.Join(b.dir, "link")
	if err := os.Symlink(filepath.Dir(socket), link); err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{socket, filepath.Dir(socket), filepath.Dir(filepath.Dir(socket)), link, "/var/run", "/run", "/var", "/"} {
		for _, share := range []bool{false, true} {
			s, err := b.Spec("echo")
			if err != nil {
				t.Fatal(err)
			}
			if share {
				s.Mounts = []sandbox.Mount{{Source: source, Target: "/mnt/x", ReadOnly: true}}
			} else {
				s.Workspace.Source = source
			}
			if p, err := b.docker().Start(t.Context(), s); !errors.Is(err, sandbox.ErrSpec) {
				t.Errorf("%s, share %v: %v, %v", source, share, p, err)
			}
		}
	}
}

// A read-only workspace is one, and the owner's other files stay the owner's.
func TestReadOnlyWorkspace(t *testing.T) {
	b := newBench(t)
	out, _ := b.output(t, func(s *sandbox.Spec) { s.Workspace.ReadOnly = true }, "escape")
	if !strings.Contains(out, `{"name":"write the workspace","could":false,"detail":"open /workspace/written: read-only file system"}`) {
		t.Error(out)
	}
}

// What a process cannot write it cannot fill, however full it is.
func TestReadOnlyWorkspaceHasNoQuota(t *testing.T) {
	b := newBench(t)
	_, exit := b.output(t, func(s *sandbox.Spec) {
		s.Workspace.ReadOnly, s.Limits.WorkspaceBytes = true, 1<<20
		if err := os.WriteFile(filepath.Join(s.Workspace.Source, "big"), make([]byte, 3<<20), 0o600); err != nil {
			t.Fatal(err)
		}
	}, "exit", "0")
	if exit.Code != 0 {
		t.Errorf("%+v", exit)
	}
}

// A workspace that the agent may not enter is told as what it is.
func TestWorkspaceOfAnother(t *testing.T) {
	b := newBench(t)
	s, err := b.Spec("echo")
	if err != nil {
		t.Fatal(err)
	}
	s.User = "1234:1234"
	p, err := b.docker().Start(t.Context(), s)
	if err == nil {
		t.Fatal(p.Close(), "it was started")
	}
	if !errors.Is(err, sandbox.ErrSpec) || !strings.Contains(err.Error(), "chown -R 1234:1234") {
		t.Error(err)
	}
}
