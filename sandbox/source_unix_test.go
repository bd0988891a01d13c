//go:build unix

package sandbox

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
)

func realDir(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func makeDir(t *testing.T, parts ...string) string {
	t.Helper()
	dir := filepath.Join(parts...)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestOpenSource(t *testing.T) {
	top := realDir(t)
	work := makeDir(t, top, "data", "workspaces", "a:/etc:rw,x")
	file := filepath.Join(work, "note.md")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(top, "link")
	if err := os.Symlink(filepath.Join(top, "data"), link); err != nil {
		t.Fatal(err)
	}
	socketDir := makeDir(t, top, "s", "deep")
	l, err := net.Listen("unix", filepath.Join(socketDir, "e"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	secret := []string{filepath.Join(top, "data"), filepath.Join(socketDir, "e"), filepath.Join(link, "workspaces", "other"), ""}
	for path, ok := range map[string]bool{
		work:                                 true,
		makeDir(t, top, "else"):              true,
		filepath.Join(top, "data"):           false, // the data folder itself
		top:                                  false, // what holds it
		socketDir:                            false, // the socket's folder
		filepath.Join(top, "s"):              false, // and what holds that
		file:                                 false,
		link:                                 false,
		filepath.Join(link, "workspaces"):    false,
		filepath.Join(top, "none"):           false,
		"/":                                  false,
		"/etc":                               false,
		"/etc/ssl":                           false,
		"/proc/self/cwd":                     false,
		"/sys":                               false,
		"/dev/shm":                           false,
		"/run":                               false,
		"/var":                               false,
		"/var/run":                           false,
		"relative":                           false,
		work + "/":                           false,
		work + "/../a:/etc:rw,x":             false,
		filepath.Join(top, "data") + "\x00x": false,
	} {
		s, err := OpenSource(path, secret)
		if (err == nil) != ok || (err != nil && !errors.Is(err, ErrSpec)) {
			t.Errorf("%q: %+v, %v", path, s, err)
		}
	}
}

func TestShut(t *testing.T) {
	uid, gid := os.Getuid(), os.Getgid()
	for _, tt := range []struct {
		mode     os.FileMode
		uid, gid int
		shut     bool
	}{
		{0o700, uid, gid, false},
		{0o700, uid + 1, gid + 1, true},
		{0o700, uid + 1, gid, true},
		{0o710, uid + 1, gid, false},
		{0o705, uid + 1, gid + 1, false},
		// An access list shows its mask as the group's rights.
		{0o770, uid + 1, gid + 1, false},
		{0o600, uid, gid, true},
	} {
		dir := makeDir(t, realDir(t), "w")
		s, err := OpenSource(dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, tt.mode); err != nil {
			t.Fatal(err)
		}
		if s.info, err = os.Lstat(dir); err != nil {
			t.Fatal(err)
		}
		if s.GID = gid; s.Shut(tt.uid, tt.gid) != tt.shut {
			t.Errorf("%o for %d:%d: shut %v", tt.mode, tt.uid-uid, tt.gid-gid, !tt.shut)
		}
	}
}

// What is swapped between the look and the use is noticed.
func TestSourceSwapped(t *testing.T) {
	for name, swap := range map[string]func(dir, other string) error{
		"for a link":        func(dir, other string) error { return os.Symlink(other, dir) },
		"for a folder":      func(dir, _ string) error { return os.Mkdir(dir, 0o700) },
		"for a file":        func(dir, _ string) error { return os.WriteFile(dir, nil, 0o600) },
		"for nothing":       func(string, string) error { return nil },
		"a parent for one":  func(dir, other string) error { return os.Rename(other, dir) },
		"for its own place": nil,
	} {
		t.Run(name, func(t *testing.T) {
			top := realDir(t)
			dir, other := makeDir(t, top, "w"), makeDir(t, top, "other")
			s, err := OpenSource(dir, nil)
			if err != nil {
				t.Fatal(err)
			}
			if swap == nil {
				if err := s.Same(); err != nil {
					t.Error(err)
				}
				return
			}
			if err := errors.Join(os.Rename(dir, filepath.Join(top, "gone")), swap(dir, other)); err != nil {
				t.Fatal(err)
			}
			if err := s.Same(); !errors.Is(err, ErrSpec) {
				t.Error(err)
			}
		})
	}
}
