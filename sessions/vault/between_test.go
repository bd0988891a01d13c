//go:build unix

package vault_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/sessions/vault"
)

// What another program does at the worst moment: after all checks of a change
// and before the change itself.
func TestAttackBetweenCheckAndChange(t *testing.T) {
	for what, attack := range map[string]struct {
		swap   func(t *testing.T, w *world)
		do     func(ctx context.Context, v *vault.Vault) error
		reason error // nil: the change succeeds, harmlessly
		left   map[string]string
	}{
		"write, target becomes a link": {
			swap: func(t *testing.T, w *world) { w.removeA(t); w.symlink(t, w.secret, "a.md") },
			do:   func(ctx context.Context, v *vault.Vault) error { _, err := v.Write(ctx, "a", "new\n"); return err },
			left: map[string]string{"a.md": "new\n"},
		},
		"append, target becomes a hard link": {
			swap: func(t *testing.T, w *world) {
				w.removeA(t)
				if err := os.Link(w.secret, w.path("a.md")); err != nil {
					t.Error(err)
				}
			},
			do:   func(ctx context.Context, v *vault.Vault) error { _, err := v.Append(ctx, "a", "new"); return err },
			left: map[string]string{"a.md": "a\nnew\n"},
		},
		"write, folder becomes a link": {
			swap: func(t *testing.T, w *world) { w.rename(t, "sub", "aside"); w.symlink(t, w.outside, "sub") },
			do:   func(ctx context.Context, v *vault.Vault) error { _, err := v.Write(ctx, "sub/b", "new\n"); return err },
			left: map[string]string{"aside/b.md": "new\n"},
		},
		"move, destination appears": {
			swap:   func(t *testing.T, w *world) { w.put(t, "taken.md", "by another\n") },
			do:     func(ctx context.Context, v *vault.Vault) error { _, err := v.Move(ctx, "a", "taken"); return err },
			reason: vault.ErrExists,
			left:   map[string]string{"a.md": "a\n", "taken.md": "by another\n"},
		},
		"move, source becomes a link": {
			swap:   func(t *testing.T, w *world) { w.removeA(t); w.symlink(t, w.secret, "a.md") },
			do:     func(ctx context.Context, v *vault.Vault) error { _, err := v.Move(ctx, "a", "taken"); return err },
			reason: vault.ErrUnsafe,
		},
		"move, source goes away": {
			swap:   func(t *testing.T, w *world) { w.removeA(t) },
			do:     func(ctx context.Context, v *vault.Vault) error { _, err := v.Move(ctx, "a", "taken"); return err },
			reason: vault.ErrUnsafe,
		},
		"move, destination folder becomes a link": {
			swap: func(t *testing.T, w *world) { w.rename(t, "sub", "aside"); w.symlink(t, w.outside, "sub") },
			do:   func(ctx context.Context, v *vault.Vault) error { _, err := v.Move(ctx, "a", "sub/c"); return err },
			left: map[string]string{"aside/c.md": "a\n"},
		},
	} {
		w := newWorld(t)
		w.put(t, "a.md", "a\n")
		w.put(t, "sub/b.md", "b\n")
		err := attack.do(t.Context(), w.open(t, withJournal(&book{hook: func() { attack.swap(t, w) }})))
		if !errors.Is(err, attack.reason) {
			t.Errorf("%s: %v, want %v", what, err, attack.reason)
		}
		for name, text := range attack.left {
			if got := w.get(t, name); got != text {
				t.Errorf("%s: %s = %q, want %q", what, name, got, text)
			}
		}
		if data, err := os.ReadFile(w.secret); err != nil || string(data) != secretText {
			t.Errorf("%s: the secret is now %q, %v", what, data, err)
		}
		if entries, err := os.ReadDir(w.outside); err != nil || len(entries) != 1 {
			t.Errorf("%s: outside holds %v, %v", what, entries, err)
		}
	}
}

// Who reads while a note is replaced sees the old text or the new one, whole.
func TestReplacingIsAtomic(t *testing.T) {
	w := newWorld(t)
	texts := []string{strings.Repeat("a", 200000), strings.Repeat("b", 100000)}
	w.put(t, "note.md", texts[0])
	v := w.open(t)
	var reader sync.WaitGroup
	stop := make(chan struct{})
	reader.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if data, err := os.ReadFile(w.path("note.md")); err != nil || string(data) != texts[0] && string(data) != texts[1] {
				t.Errorf("read %d bytes, %v", len(data), err)
				return
			}
		}
	})
	for i := range 60 {
		if _, err := v.Write(t.Context(), "note", texts[i%2]); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	reader.Wait()
}

// A change that cannot be finished leaves the note as it was and nothing beside
// it. The limit on the size of files plays a full disk; SIGXFSZ is ignored by the
// runtime, so that the write fails.
func TestFailedWriteLeavesTheNote(t *testing.T) {
	w := newWorld(t)
	w.put(t, "note.md", "old\n")
	before := w.snapshot(t)
	v := w.open(t, func(d *vault.Deps) { d.Limits.MaxNote = 16 << 20 })
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	small := old
	small.Cur = 4 << 20
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small); err != nil {
		t.Fatal(err)
	}
	_, err := v.Write(t.Context(), "note", strings.Repeat("x", 8<<20))
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	var p *vault.Problem
	if err == nil || errors.As(err, &p) {
		t.Errorf("Write: %v, want a failure of the system", err)
	}
	w.unchanged(t, before)
}

// A program in the workspace holds the folder's lock: the change waits no longer
// than its turn, and changes nothing.
func TestAttackLockHeldForEver(t *testing.T) {
	w := newWorld(t)
	w.put(t, "note.md", "old\n")
	before := w.snapshot(t)
	f, err := os.Open(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // the test is over
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	v := w.open(t, func(d *vault.Deps) { d.Limits.LockWait = time.Minute })
	if _, err := v.Write(ctx, "note", "new\n"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Write in a turn that ends: %v", err)
	}
	v = w.open(t, func(d *vault.Deps) { d.Limits.LockWait = 20 * time.Millisecond })
	if _, err := v.Write(t.Context(), "note", "new\n"); !errors.Is(err, vault.ErrBusy) {
		t.Errorf("Write: %v, want busy", err)
	}
	if n, err := v.Read(t.Context(), "note"); err != nil || n.Text != "old\n" {
		t.Errorf("Read = %+v, %v: reading needs no lock", n, err)
	}
	w.unchanged(t, before)
}

func (w *world) removeA(t *testing.T) {
	t.Helper()
	if err := os.Remove(w.path("a.md")); err != nil {
		t.Error(err)
	}
}

func (w *world) rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(w.path(from), w.path(to)); err != nil {
		t.Error(err)
	}
}
