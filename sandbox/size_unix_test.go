//go:build linux || darwin || freebsd

package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

const plenty = 1 << 40

func measured(t *testing.T, dir string, most Size) (Size, error) {
	t.Helper()
	f, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return Measure(t.Context(), f, most)
}

func put(t *testing.T, bytes int, parts ...string) string {
	t.Helper()
	path := filepath.Join(parts...)
	makeDir(t, filepath.Dir(path))
	if err := os.WriteFile(path, make([]byte, bytes), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMeasure(t *testing.T) {
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	tests := map[string]struct {
		make    func(dir string)
		mib     int64 // about
		entries int64
	}{
		"nothing":    {func(string) {}, 0, 0},
		"files":      {func(dir string) { put(t, 3<<20, dir, "a"); put(t, 2<<20, dir, "b", "c") }, 5, 3},
		"hidden":     {func(dir string) { put(t, 3<<20, dir, ".git", "objects", ".a") }, 3, 3},
		"a few MiB":  {func(dir string) { put(t, 1<<20, dir, "a"); put(t, 1<<20, dir, "b") }, 2, 2},
		"many names": {func(dir string) { check(os.Link(put(t, 3<<20, dir, "a"), filepath.Join(dir, "b"))) }, 3, 2},
		"a sparse file": {func(dir string) {
			check(os.Truncate(put(t, 1<<20, dir, "a"), 1<<30))
		}, 1, 1},
		"a link out": {func(dir string) {
			other := filepath.Join(filepath.Dir(dir), "other")
			put(t, 9<<20, other, "a")
			check(os.Symlink(other, filepath.Join(dir, "link")))
			check(os.Symlink(".", filepath.Join(dir, "circle")))
		}, 0, 2},
		"a FIFO": {func(dir string) { check(syscall.Mkfifo(filepath.Join(dir, "f"), 0o600)) }, 0, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := makeDir(t, realDir(t), "w")
			tt.make(dir)
			got, err := measured(t, dir, Size{plenty, plenty})
			if slack := int64(256 << 10); err != nil || got.Entries != tt.entries || got.Bytes < tt.mib<<20 || got.Bytes > tt.mib<<20+slack {
				t.Errorf("%+v, %v; want %d MiB and %d", got, err, tt.mib, tt.entries)
			}
		})
	}
}

// A walk is no longer than what may be there.
func TestMeasureStops(t *testing.T) {
	dir := realDir(t)
	for i := range 50 {
		put(t, 1<<16, dir, fmt.Sprint(i/10), fmt.Sprint(i))
	}
	for _, most := range []Size{{plenty, 10}, {1 << 17, plenty}} {
		got, err := measured(t, dir, most)
		if err != nil || !got.Over(most) || got.Entries > 11 {
			t.Errorf("%+v, %v of %+v", got, err, most)
		}
	}
	f, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // only read
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Measure(ctx, f, Size{plenty, plenty}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Folders in one another take no more open files than there may be, and cannot
// hide what is below.
func TestMeasureDeepFolders(t *testing.T) {
	dir := realDir(t)
	at := dir
	for range maxDepth {
		at = filepath.Join(at, "d")
	}
	makeDir(t, at)
	if got, err := measured(t, dir, Size{plenty, plenty}); !errors.Is(err, ErrQuota) {
		t.Errorf("%+v, %v", got, err)
	}
	if err := os.Remove(at); err != nil {
		t.Fatal(err)
	}
	if got, err := measured(t, dir, Size{plenty, plenty}); err != nil || got.Entries != maxDepth-1 {
		t.Errorf("%+v, %v", got, err)
	}
}

// BenchmarkMeasure is a walk through 10,000 files.
func BenchmarkMeasure(b *testing.B) {
	dir := b.TempDir()
	for i := range 10_000 {
		folder := filepath.Join(dir, fmt.Sprint(i/100))
		if err := errors.Join(os.MkdirAll(folder, 0o700), os.WriteFile(filepath.Join(folder, fmt.Sprint(i)), nil, 0o600)); err != nil {
			b.Fatal(err)
		}
	}
	f, err := os.Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // only read
	for b.Loop() {
		if _, err := Measure(b.Context(), f, Size{plenty, plenty}); err != nil {
			b.Fatal(err)
		}
	}
}
