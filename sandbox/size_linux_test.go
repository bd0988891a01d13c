package sandbox

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// Whoever measures and is not root cannot look into a folder that its owner shut:
// it is not taken for empty. What is root's alone is no agent's: the lost+found
// of a disk, say.
func TestMeasureShutFolder(t *testing.T) {
	const nobody = 65534
	root := os.Geteuid() == 0
	for name, tt := range map[string]struct {
		mode  os.FileMode
		owner int
		full  bool
	}{
		"shut":                       {0o000, nobody, true},
		"can be entered, not read":   {0o300, nobody, true},
		"can be read, not entered":   {0o400, nobody, true},
		"root's":                     {0o700, 0, false},
		"root's, and all may write":  {0o722, 0, true},
		"root's, and all may enter":  {0o711, 0, false},
		"root's, and all may look":   {0o744, 0, false},
		"open":                       {0o700, nobody, false},
		"root's, open for all to do": {0o777, 0, false},
	} {
		if !root && tt.owner == 0 {
			continue
		}
		top := realDir(t)
		dir := makeDir(t, top, "w")
		shut := filepath.Dir(put(t, 1<<20, dir, "shut", "a"))
		if root {
			// The folders above are the test's own.
			for at := top; at != os.TempDir() && at != "/"; at = filepath.Dir(at) {
				if err := os.Chmod(at, 0o755); err != nil {
					t.Fatal(err)
				}
			}
			if err := errors.Join(os.Chmod(dir, 0o755), os.Chown(shut, tt.owner, tt.owner)); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chmod(shut, tt.mode); err != nil {
			t.Fatal(err)
		}
		got, err := asUser(t, nobody, func() (Size, error) { return measured(t, dir, Size{plenty, plenty}) })
		if full := errors.Is(err, ErrQuota); full != tt.full || (err != nil && !full) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if err := os.Chmod(shut, 0o700); err != nil {
			t.Fatal(err)
		}
	}
}

// The workspace itself is the agent's to shut, while it is watched.
func TestMeasureShutWorkspace(t *testing.T) {
	for _, mode := range []os.FileMode{0o000, 0o300, 0o400} {
		dir := realDir(t)
		put(t, 1<<20, dir, "a")
		f, err := os.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		got, err := asUser(t, 65534, func() (Size, error) { return Measure(t.Context(), f, Size{plenty, plenty}) })
		if !errors.Is(err, ErrQuota) {
			t.Errorf("%o: %+v, %v", mode, got, err)
		}
		if err := errors.Join(f.Close(), os.Chmod(dir, 0o700)); err != nil {
			t.Fatal(err)
		}
	}
}

// asUser runs f on a thread that looks at files as a user does, where it can.
func asUser(t *testing.T, uid int, f func() (Size, error)) (s Size, err error) {
	t.Helper()
	if os.Geteuid() != 0 {
		return f()
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		// The thread ends with the goroutine: it is not let go.
		runtime.LockOSThread()
		if err = unix.Setfsuid(uid); err == nil {
			s, err = f()
		}
	}()
	<-done
	return s, err
}
