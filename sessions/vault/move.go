package vault

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
)

// Move gives a note another name or folder. It never replaces a note: where one
// is at the destination, it fails with [ErrExists] and names it. A destination
// without an extension keeps the one of the source.
func (v *Vault) Move(ctx context.Context, from, to string) (Change, error) {
	c, bad := moveCall(from, to)
	v.mu.Lock()
	defer v.mu.Unlock()
	index := v.nextIndex()
	unlock, err := v.enter(ctx, index, c, bad)
	if err != nil {
		return Change{}, err
	}
	defer unlock()
	if done, err := v.followed(ctx, index, c); done || err != nil {
		return Change{Path: c.To}, err
	}

	folder, leaf := cut(c.Path)
	source, data, info, err := v.folderAndContent(folder, leaf)
	if errors.Is(err, ErrNotFound) {
		return v.sourceGone(ctx, index, c)
	}
	if err != nil {
		return Change{}, err
	}
	defer source.Close() //nolint:errcheck // the change itself is synced
	t, err := v.target(ctx, c.To, c.Path)
	if err != nil {
		return Change{}, err
	}
	defer t.close()
	if t.exists {
		return Change{}, occupied(c.To)
	}
	if _, err := v.begin(ctx, index, c, sha256.Sum256(data)); err != nil {
		return Change{}, err
	}
	if err := moveFile(source, leaf, t, info); err != nil {
		return Change{}, err
	}
	return Change{Path: c.To, Bytes: info.Size()}, nil
}

func moveCall(from, to string) (Call, error) {
	c := Call{Tool: "notes.move", Kind: "move", Path: from, To: to}
	clean, bad := Clean(from)
	if bad != nil {
		return c, bad
	}
	c.Path = clean
	if trimmed := strings.Trim(to, " "); trimmed != "" && extension(path.Base(trimmed)) == "" {
		to = trimmed + extension(clean)
	}
	if clean, bad = Clean(to); bad != nil {
		return c, bad
	}
	c.To = clean
	if c.To == c.Path {
		return c, problem(ErrExists, "%q has that name already.", display(c.Path))
	}
	return c, nil
}

func occupied(name string) error {
	p := problem(ErrExists, "There is a note called %q already, and it was left as it is. Choose another name.", display(name))
	p.Existing = name
	return p
}

// sourceGone tells a move that was applied before from one of a note that is not
// there.
func (v *Vault) sourceGone(ctx context.Context, index int, c Call) (Change, error) {
	folder, leaf := cut(c.To)
	dir, err := v.openFolder(folder)
	if err != nil {
		return Change{}, notFoundOr(err, c.Path)
	}
	defer dir.Close() //nolint:errcheck // only read
	data, info, err := v.content(dir, leaf)
	if err != nil {
		return Change{}, notFoundOr(err, c.Path)
	}
	done, err := v.movedBefore(ctx, index, c, sha256.Sum256(data))
	if err != nil {
		return Change{}, err
	}
	if !done {
		return Change{}, notFound(c.Path)
	}
	return Change{Path: c.To, Bytes: info.Size()}, nil
}

// notFoundOr keeps an error that only an operator can mend; any trouble with the
// destination does not matter where the source is not there.
func notFoundOr(err error, name string) error {
	if skipProblem(err) == nil {
		return notFound(name)
	}
	return err
}

// moveFile renames in one step, between two open folders, and makes both
// durable. What moved is compared with what was read: a link swapped in is moved
// as a link, never followed, and told of.
func moveFile(source *os.Root, leaf string, t *target, info fs.FileInfo) error {
	from, err := source.Open(".")
	if err != nil {
		return fmt.Errorf("move note: %w", err)
	}
	defer from.Close() //nolint:errcheck // synced below
	to, err := t.dir.Open(".")
	if err != nil {
		return fmt.Errorf("move note: %w", err)
	}
	defer to.Close() //nolint:errcheck // synced below
	switch err := renameNew(from, leaf, to, t.leaf); {
	case errors.Is(err, fs.ErrExist):
		return occupied(t.leaf)
	case errors.Is(err, fs.ErrNotExist):
		return changedMeanwhile(leaf, nil)
	case err != nil:
		return fmt.Errorf("move note: %w", err)
	}
	if err := errors.Join(to.Sync(), from.Sync()); err != nil {
		return fmt.Errorf("move note: %w", err)
	}
	now, err := t.dir.Lstat(t.leaf)
	if err != nil || !os.SameFile(now, info) || !now.Mode().IsRegular() {
		return changedMeanwhile(leaf, err)
	}
	return nil
}
