//go:build unix

package vault_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/parachute-gate/parachute/sandbox"
	"github.com/parachute-gate/parachute/sessions/vault"
)

const mib = 1 << 20

func quota(bytes int64) func(*vault.Deps) {
	return func(d *vault.Deps) { d.Limits.MaxBytes = bytes }
}

func TestQuota(t *testing.T) {
	tests := map[string]struct {
		there map[string]int // files and their sizes
		do    func(t *testing.T, v *vault.Vault) error
		full  bool
	}{
		"a note": {nil, func(t *testing.T, v *vault.Vault) error {
			_, err := v.Write(t.Context(), "a", "x")
			return err
		}, false},
		"a note too many": {map[string]int{"b.md": mib - 4096}, func(t *testing.T, v *vault.Vault) error {
			_, err := v.Write(t.Context(), "a", strings.Repeat("x", 8192))
			return err
		}, true},
		"more than there ever was": {nil, func(t *testing.T, v *vault.Vault) error {
			_, err := v.Receive(t.Context(), "a", make([]byte, mib+1))
			return err
		}, true},
		"what a program hid": {map[string]int{".cache/x": mib + 1}, func(t *testing.T, v *vault.Vault) error {
			_, err := v.Write(t.Context(), "a", "x")
			return err
		}, true},
		"what is no note": {map[string]int{"node_modules/a/b/c/d/e/f/g/h/i/j.so": mib + 1}, func(t *testing.T, v *vault.Vault) error {
			_, err := v.Append(t.Context(), "a", "x")
			return err
		}, true},
		"a line": {map[string]int{"a.md": 10, "b.md": mib + 1}, func(t *testing.T, v *vault.Vault) error {
			_, err := v.Append(t.Context(), "b", "x")
			if !errors.Is(err, vault.ErrNotText) && !errors.Is(err, vault.ErrTooLarge) {
				return fmt.Errorf("a big one: %w", err)
			}
			_, err = v.Write(t.Context(), "a", strings.Repeat("x", 11))
			return err
		}, true},
		"a file that came": {map[string]int{"b.md": mib + 1}, func(t *testing.T, v *vault.Vault) error {
			_, err := v.Receive(t.Context(), "a.pdf", []byte("x"))
			return err
		}, true},
		"a shorter note": {map[string]int{"a.md": 10, "b.md": mib + 1}, func(t *testing.T, v *vault.Vault) error {
			_, err := v.Write(t.Context(), "a", "x")
			return err
		}, false},
		"as long a one": {map[string]int{"a.md": 1, "b.md": mib + 1}, func(t *testing.T, v *vault.Vault) error {
			_, err := v.Write(t.Context(), "a", "x")
			return err
		}, false},
		"less of the big one": {map[string]int{"b.md": 2 * mib}, func(t *testing.T, v *vault.Vault) error {
			_, err := v.Write(t.Context(), "b", "x")
			return err
		}, false},
		"a move": {map[string]int{"a.md": 1, "b.md": mib + 1}, func(t *testing.T, v *vault.Vault) error {
			_, err := v.Move(t.Context(), "a", "c/d")
			return err
		}, false},
		"a read": {map[string]int{"a.md": 1, "b.md": mib + 1}, func(t *testing.T, v *vault.Vault) error {
			_, err := v.List(t.Context(), "")
			return err
		}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for file, size := range tt.there {
				w.put(t, file, strings.Repeat("\x01", size))
			}
			before := w.snapshot(t)
			err := tt.do(t, w.open(t, quota(mib)))
			var p *vault.Problem
			if errors.Is(err, vault.ErrFull) != tt.full || (err != nil) != tt.full {
				t.Fatalf("%v, want full: %v", err, tt.full)
			}
			if tt.full {
				if !errors.As(err, &p) || !strings.HasPrefix(p.Text, "The workspace is full: ") || !strings.Contains(p.Text, "1 MiB") {
					t.Errorf("%v", err)
				}
				delete(before, w.path("inbox"))
				after := w.snapshot(t)
				delete(after, w.path("inbox"))
				if len(after) != len(before) {
					t.Errorf("files changed: %d, then %d", len(before), len(after))
				}
			}
			if err := tt.do(t, w.open(t)); err != nil && !strings.Contains(name, "move") {
				t.Errorf("without a quota: %v", err)
			}
		})
	}
}

// However many write at once, from however many vaults: none passes the quota.
func TestQuotaOfConcurrentWriters(t *testing.T) {
	w := newWorld(t)
	note := strings.Repeat("x", 60<<10)
	var all sync.WaitGroup
	var mu sync.Mutex
	kept, full := 0, 0
	for i := range 8 {
		v := w.open(t, quota(mib), func(d *vault.Deps) { d.Limits.LockWait = 1 << 40 })
		all.Go(func() {
			for n := range 4 {
				_, err := v.Write(t.Context(), fmt.Sprintf("n%d-%d", i, n), note)
				mu.Lock()
				switch {
				case err == nil:
					kept++
				case errors.Is(err, vault.ErrFull):
					full++
				default:
					t.Error(err)
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	dir, err := os.Open(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close() //nolint:errcheck // only read
	used, err := sandbox.Measure(t.Context(), dir, sandbox.Size{Bytes: 1 << 40, Entries: 1 << 40})
	// The last may take a block more than its bytes.
	if err != nil || used.Bytes > mib+8192 || kept < 10 || kept+full != 32 {
		t.Errorf("%+v, %v: %d kept, %d refused", used, err, kept, full)
	}
}

// A turn that runs again makes again what there was no room for, and not what it
// has made: room that was found meanwhile, or lost, does not change that.
func TestQuotaWhenATurnRunsAgain(t *testing.T) {
	for name, journal := range map[string]vault.Journal{"a journal": &book{}, "one that recalls": &recallingBook{}} {
		w := newWorld(t)
		w.put(t, "a.md", "one\n")
		open := func(bytes int64) *vault.Vault {
			return w.open(t, quota(bytes), func(d *vault.Deps) { d.Journal = journal })
		}
		if _, err := open(mib).Append(t.Context(), "a", "two"); err != nil {
			t.Fatal(err)
		}
		w.put(t, "big.bin", strings.Repeat("\x01", mib+1))
		again := open(mib)
		if _, err := again.Append(t.Context(), "a", "two"); err != nil || w.get(t, "a.md") != "one\ntwo\n" {
			t.Errorf("%s: %v, %q", name, err, w.get(t, "a.md"))
		}
		if _, err := again.Append(t.Context(), "a", "three"); !errors.Is(err, vault.ErrFull) {
			t.Errorf("%s: %v", name, err)
		}
		third := open(4 * mib)
		for _, text := range []string{"two", "three"} {
			if _, err := third.Append(t.Context(), "a", text); err != nil {
				t.Errorf("%s: %s: %v", name, text, err)
			}
		}
		if got := w.get(t, "a.md"); got != "one\ntwo\nthree\n" {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestQuotaBelowNothing(t *testing.T) {
	if _, err := vault.New(vault.Deps{Dir: t.TempDir(), Access: vault.ReadWrite, Authorizer: &asked{}, Limits: vault.Limits{MaxBytes: -1}}); err == nil {
		t.Error("it was opened")
	}
}
