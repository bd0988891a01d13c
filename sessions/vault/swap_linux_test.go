package vault_test

import (
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// A program inside of the workspace swaps a note, or its folder, in one step with
// a link to a hidden place inside of the vault, which os.Root alone would follow,
// or with a FIFO, which would hold a plain open for ever.
func TestAttackSwappedForHiddenFileOrFIFO(t *testing.T) {
	for _, c := range []struct{ place, link, target string }{
		{"note.md", "link", ".hidden/note.md"},
		{"dir", "link", ".hidden"},
		{"note.md", "pipe", ""},
		{"dir", "pipe", ""},
	} {
		w := newWorld(t)
		w.put(t, ".hidden/note.md", secretText)
		w.put(t, "note.md", "harmless\n")
		w.put(t, "dir/note.md", "harmless\n")
		if c.target != "" {
			w.symlink(t, c.target, c.link)
		} else if err := syscall.Mkfifo(w.path(c.link), 0o600); err != nil {
			t.Fatal(err)
		}
		stop := make(chan struct{})
		var swapper sync.WaitGroup
		swapper.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := unix.Renameat2(unix.AT_FDCWD, w.path(c.place), unix.AT_FDCWD, w.path(c.link), unix.RENAME_EXCHANGE); err != nil {
					t.Errorf("the swap: %v", err)
					return
				}
			}
		})
		v := w.open(t)
		name := "note"
		if c.place == "dir" {
			name = "dir/note"
		}
		harmless := 0
		for range 6000 {
			n, err := v.Read(t.Context(), name)
			if err == nil && n.Text != "harmless\n" {
				t.Errorf("Read(%q) = %q", name, n.Text)
				break
			}
			if err == nil {
				harmless++
			}
		}
		close(stop)
		swapper.Wait()
		if harmless == 0 {
			t.Errorf("%s: no read came through: the test attacked nothing", c.place)
		}
	}
}
