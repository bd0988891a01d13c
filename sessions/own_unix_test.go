//go:build unix

package sessions_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/parachute-gate/parachute/sessions"
)

// What root makes in somebody's folder becomes theirs, and what they put in its
// place meanwhile does not: a link to a file of root's, above all.
func TestOwnGivesNothingButWhatWasMade(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	root := os.Geteuid() == 0
	if err := errors.Join(
		os.WriteFile(in("file"), nil, 0o600), os.Mkdir(in("folder"), 0o700),
		os.WriteFile(in("roots"), nil, 0o600), os.Link(in("roots"), in("second")), os.Symlink("roots", in("link")),
		syscall.Mkfifo(in("fifo"), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	want := os.Geteuid()
	if root {
		want = sessions.AgentID
		if err := os.Chown(dir, want, want); err != nil {
			t.Fatal(err)
		}
	}
	r, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	for name, given := range map[string]bool{"file": true, "folder": true, "second": false, "link": false, "fifo": false, "missing": false} {
		if err := sessions.Own(r, name); root && (err == nil) != given {
			t.Errorf("%s: %v", name, err)
		}
		info, err := os.Lstat(in(name))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		stat, ok := info.Sys().(*syscall.Stat_t)
		if owner := map[bool]int{true: want, false: os.Geteuid()}[given]; !ok || int(stat.Uid) != owner {
			t.Errorf("%s belongs to %d, not %d", name, stat.Uid, owner)
		}
	}
	info, err := os.Lstat(in("roots"))
	if err != nil {
		t.Fatal(err)
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); !ok || int(stat.Uid) != os.Geteuid() {
		t.Errorf("a file of root's belongs to %d", stat.Uid)
	}
	// It may be done twice.
	if err := sessions.Own(r, "file"); err != nil {
		t.Error(err)
	}
}
