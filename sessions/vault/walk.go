package vault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// walk visits the notes under a folder in the order of their names, and reports
// whether a limit ended it early. The visited folder is closed after the visit.
func (v *Vault) walk(ctx context.Context, folder string, visit func(dir *os.Root, name string, info fs.FileInfo) (more bool, err error)) (cut bool, err error) {
	dir, err := v.openFolder(folder)
	if err != nil {
		return false, err
	}
	defer dir.Close() //nolint:errcheck // only read
	w := walker{limits: v.limits, visit: visit}
	err = w.folder(ctx, dir, folder, len(split(folder)))
	return w.cut, err
}

type walker struct {
	limits  Limits
	visit   func(dir *os.Root, name string, info fs.FileInfo) (bool, error)
	entries int
	notes   int
	cut     bool // a limit left something out
	done    bool // nothing more is to be visited
}

func (w *walker) folder(ctx context.Context, dir *os.Root, at string, depth int) error {
	entries, err := w.read(ctx, dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("walk: %w", err)
		}
		if w.done {
			return nil
		}
		if err := w.entry(ctx, dir, e, path.Join(at, e.Name()), depth); err != nil {
			return err
		}
	}
	return nil
}

// entry visits a note or a folder. What vanishes, is a link or is otherwise not
// a note is passed over: a listing shows what can be opened.
func (w *walker) entry(ctx context.Context, dir *os.Root, e fs.DirEntry, name string, depth int) error {
	if e.IsDir() {
		if depth+1 >= maxDepth || checkRunes(e.Name()) != nil || checkPart(e.Name()) != nil {
			return nil
		}
		child, err := openChild(dir, e.Name())
		if err != nil {
			return skipProblem(err)
		}
		defer child.Close() //nolint:errcheck // only read
		return w.folder(ctx, child, name, depth+1)
	}
	if !e.Type().IsRegular() || !usable(name) {
		return nil
	}
	info, err := dir.Lstat(e.Name())
	// Gone meanwhile, or no longer a note: it is not listed.
	if err != nil || !info.Mode().IsRegular() || checkLinks(name, info) != nil {
		return nil
	}
	if w.notes++; w.notes > w.limits.MaxNotes {
		w.cut, w.done = true, true
		return nil
	}
	more, err := w.visit(dir, name, info)
	if err != nil {
		return skipProblem(err)
	}
	if !more {
		w.cut, w.done = true, true
	}
	return nil
}

// read gives the entries of a folder sorted by name, as many as the limit of the
// whole walk still allows.
func (w *walker) read(ctx context.Context, dir *os.Root) ([]fs.DirEntry, error) {
	entries, cut, err := readFolder(ctx, dir, w.limits.MaxEntries-w.entries)
	w.entries += len(entries)
	w.cut = w.cut || cut
	return entries, err
}

func skipProblem(err error) error {
	var p *Problem
	if errors.As(err, &p) {
		return nil
	}
	return err
}

// readFolder reads at most limit entries of a folder, sorted by name, and tells
// whether there were more.
func readFolder(ctx context.Context, dir *os.Root, limit int) (entries []fs.DirEntry, cut bool, err error) {
	f, err := dir.Open(".")
	if err != nil {
		return nil, false, fmt.Errorf("read folder: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	const batch = 256
	for len(entries) <= limit {
		if err := ctx.Err(); err != nil {
			return nil, false, fmt.Errorf("read folder: %w", err)
		}
		some, err := f.ReadDir(min(batch, limit+1-len(entries)))
		entries = append(entries, some...)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, false, fmt.Errorf("read folder: %w", err)
		}
	}
	if len(entries) > limit {
		entries, cut = entries[:limit], true
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, cut, nil
}
