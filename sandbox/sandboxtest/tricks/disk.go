package tricks

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// most ends what nothing stops, so that a broken quota does not take the machine
// along.
const most = 4 << 30

// store fills the workspace with files of n bytes until count of them are there
// or, without a count, until it is ended. A file that gets no bigger is left for
// the next.
func store(ctx context.Context, s Stage, n int, count string) int {
	end, err := strconv.Atoi(count)
	if err != nil {
		end = most/max(n, 4096) + 1
	}
	fmt.Fprintln(s.Stdout, Ready)
	for i := 0; i < end && ctx.Err() == nil; i++ {
		dir := filepath.Join(s.Dir, strconv.Itoa(i/1000))
		if i%1000 == 0 {
			if err := os.MkdirAll(dir, 0o700); err != nil {
				fmt.Fprintln(s.Stderr, err)
				return 1
			}
		}
		f, err := os.Create(filepath.Join(dir, strconv.Itoa(i))) //nolint:gosec // the workspace of a test
		if err != nil {
			fmt.Fprintln(s.Stderr, err)
			return 1
		}
		if code := fill(ctx, f, n); code != 0 {
			fmt.Fprintln(s.Stderr, "file", i, "is as big as it may get")
		}
		if err := f.Close(); err != nil {
			fmt.Fprintln(s.Stderr, err)
		}
	}
	if count != "" {
		return 0
	}
	<-ctx.Done()
	return 1
}

// sparse makes files that are big by their length alone, and many names of one.
func sparse(s Stage) int {
	for i := range 20 {
		name := filepath.Join(s.Dir, strconv.Itoa(i))
		if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
			fmt.Fprintln(s.Stderr, err)
			return 1
		}
		if err := os.Truncate(name, 4<<20); err != nil {
			fmt.Fprintln(s.Stderr, err)
			return 1
		}
	}
	name := filepath.Join(s.Dir, "one")
	if err := os.WriteFile(name, make([]byte, 3<<20), 0o600); err != nil {
		fmt.Fprintln(s.Stderr, err)
		return 1
	}
	for i := range 20 {
		if err := os.Link(name, filepath.Join(s.Dir, "link"+strconv.Itoa(i))); err != nil {
			fmt.Fprintln(s.Stderr, err)
			return 1
		}
	}
	return 0
}

// deep makes folders in one another, more than are counted.
func deep(s Stage) int {
	dir := s.Dir
	for range 200 {
		dir = filepath.Join(dir, "d")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		fmt.Fprintln(s.Stderr, err)
		return 1
	}
	return 0
}

// clearAll takes all away that is in the workspace.
func clearAll(s Stage) int {
	names, err := filepath.Glob(filepath.Join(s.Dir, "*"))
	for _, name := range names {
		err = errors.Join(err, os.RemoveAll(name))
	}
	if err != nil {
		fmt.Fprintln(s.Stderr, err)
		return 1
	}
	return 0
}
