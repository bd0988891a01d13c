//go:build unix

package vault_test

import (
	"net"
	"os"
	"runtime"
	"sync"
	"syscall"
	"testing"

	"github.com/parachute-gate/parachute/sessions/vault"
)

// A FIFO blocks whoever opens it plainly, and a device may do anything: both are
// told without being opened.
func TestAttackFIFO(t *testing.T) {
	w := newWorld(t)
	w.put(t, "mine.md", "mine\n")
	if err := syscall.Mkfifo(w.path("pipe.md"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.refuseAll(t, "pipe", vault.ErrUnsafe)
	w.refuseAll(t, "pipe.md/below", vault.ErrUnsafe)
	if l, err := w.open(t).List(t.Context(), ""); err != nil || len(l.Notes) != 1 {
		t.Errorf("List = %+v, %v; want mine.md alone", l, err)
	}
}

func TestAttackSocket(t *testing.T) {
	w := newWorld(t)
	w.put(t, "mine.md", "mine\n")
	t.Chdir(w.dir) // the path of a socket must be short
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", "socket.md")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // the test is over
	w.refuseAll(t, "socket", vault.ErrUnsafe)
}

// Making a device needs rights that a test may lack; a link to one is the way an
// attacker without them goes, and must not reach it either.
func TestAttackDeviceFile(t *testing.T) {
	w := newWorld(t)
	w.put(t, "mine.md", "mine\n")
	w.symlink(t, "/dev/zero", "zero.md")
	w.refuseAll(t, "zero", vault.ErrUnsafe)
	if err := syscall.Mknod(w.path("device.md"), syscall.S_IFCHR|0o600, 1<<8|5); err == nil {
		w.refuseAll(t, "device", vault.ErrUnsafe)
	}
}

// A program inside of the workspace swaps a note, and its folder, for a link to
// the outside and back, as fast as it can, while the vault works on both.
func TestAttackSymlinkSwappedBetweenCheckAndUse(t *testing.T) {
	w := newWorld(t)
	w.put(t, "mine.md", "mine\n")
	w.put(t, "dir/secret.md", "harmless\n")
	w.put(t, "leaf/secret.md", "harmless\n")
	root, err := os.OpenRoot(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close() //nolint:errcheck // the test is over
	w.symlink(t, w.outside, "link-dir")
	w.symlink(t, w.secret, "link-leaf")
	if err := syscall.Mkfifo(w.path("pipe"), 0o600); err != nil {
		t.Fatal(err)
	}

	stop := make(chan struct{})
	var swapper sync.WaitGroup
	swapper.Go(func() {
		for {
			for _, swap := range [][2]string{{"dir", "link-dir"}, {"leaf/secret.md", "link-leaf"}, {"leaf/secret.md", "pipe"}, {"dir", "pipe"}} {
				select {
				case <-stop:
					return
				default:
				}
				_ = root.Rename(swap[0], "aside")
				_ = root.Rename(swap[1], swap[0])
				runtime.Gosched()
				_ = root.Rename(swap[0], swap[1])
				_ = root.Rename("aside", swap[0])
			}
		}
	})

	v := w.open(t)
	read := 0
	for range 60 {
		for _, name := range []string{"dir/secret", "leaf/secret"} {
			if n, err := v.Read(t.Context(), name); err == nil {
				read++
				if n.Text == secretText {
					t.Errorf("Read(%q) = the secret", name)
				}
			}
			_, _ = v.Append(t.Context(), name, "attack")
			_, _ = v.Write(t.Context(), name, "attack\n")
			_, _ = v.Move(t.Context(), name, "dir/taken")
			_, _ = v.Move(t.Context(), "dir/taken", name)
		}
		if l, err := v.Search(t.Context(), "bank password", nil); err == nil && len(l.Hits) != 0 {
			t.Errorf("Search found the secret: %+v", l.Hits)
		}
	}
	close(stop)
	swapper.Wait()
	if read == 0 {
		t.Error("no read came through: the test attacked nothing")
	}
	entries, err := os.ReadDir(w.outside)
	if err != nil || len(entries) != 1 {
		t.Errorf("outside holds %v, %v; want the secret alone", entries, err)
	}
	if data, err := os.ReadFile(w.secret); err != nil || string(data) != secretText {
		t.Errorf("the secret is now %q, %v", data, err)
	}
}
