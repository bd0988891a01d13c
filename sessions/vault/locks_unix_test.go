//go:build unix

package vault_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/sessions/vault"
)

func lock(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		t.Fatal(err)
	}
	return f
}

// A program with a mount for reading alone can lock the workspace's folder, and
// holds up nobody by it.
func TestAReaderOfTheWorkspaceKeepsNoChangeOut(t *testing.T) {
	top := t.TempDir()
	dir, other, locks := filepath.Join(top, "work"), filepath.Join(top, "other"), filepath.Join(top, "state", "locks")
	path := filepath.Join(top, "another-path")
	if err := errors.Join(os.Mkdir(dir, 0o700), os.Mkdir(other, 0o700), os.Symlink(dir, path)); err != nil {
		t.Fatal(err)
	}
	write := func(dir string) error {
		t.Helper()
		v, err := vault.New(vault.Deps{
			Dir: dir, Locks: locks, Access: vault.ReadWrite, Authorizer: allowAll{}, Limits: vault.Limits{LockWait: 20 * time.Millisecond},
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = v.Append(t.Context(), "log", "x")
		return errors.Join(err, v.Close())
	}
	held := lock(t, dir)
	if err := write(dir); err != nil {
		t.Errorf("the reader's lock: %v", err)
	}
	// Nothing of the lock is where programs see it.
	if found, err := os.ReadDir(dir); err != nil || len(found) != 1 || found[0].Name() != "log.md" {
		t.Errorf("%v, %v", found, err)
	}
	files, err := os.ReadDir(locks)
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	name := filepath.Join(locks, files[0].Name())
	for place, want := range map[string]os.FileMode{locks: 0o700, name: 0o600} {
		if info, err := os.Stat(place); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", place, info.Mode(), err)
		}
	}
	// Two paths to one folder are one, and another folder is another.
	if err := errors.Join(held.Close(), write(path)); err != nil {
		t.Fatal(err)
	}
	held = lock(t, name)
	for _, at := range []string{dir, path} {
		if err := write(at); !errors.Is(err, vault.ErrBusy) {
			t.Errorf("%s: %v", at, err)
		}
	}
	if err := write(other); err != nil {
		t.Errorf("another workspace: %v", err)
	}
	if files, err := os.ReadDir(locks); err != nil || len(files) != 2 {
		t.Errorf("%v, %v", files, err)
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
}
