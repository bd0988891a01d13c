package vault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/parachute-gate/parachute/sessions"
)

// target is the place that a change is about to fill.
type target struct {
	dir    *os.Root
	leaf   string
	exists bool
	before []byte // the text there, where it was loaded
	size   int64  // and its length
	mode   fs.FileMode
}

// target opens the folder of a note, making the folders that are missing, and
// refuses a name whose twin is there. The note except is no twin: it is moving
// away.
func (v *Vault) target(ctx context.Context, name, except string) (*target, error) {
	folder, leaf := cut(name)
	dir, err := v.openFolder("")
	if err != nil {
		return nil, err
	}
	at := ""
	for _, part := range split(folder) {
		next, err := v.enterFolder(ctx, dir, at, part)
		_ = dir.Close()
		if err != nil {
			return nil, err
		}
		dir, at = next, path.Join(at, part)
	}
	there, err := v.look(ctx, dir, at, leaf, except)
	if err != nil {
		_ = dir.Close()
		return nil, err
	}
	if !there && except == "" {
		if err := v.room(ctx); err != nil {
			_ = dir.Close()
			return nil, err
		}
	}
	return &target{dir: dir, leaf: leaf, exists: there, mode: 0o600}, nil
}

func (v *Vault) enterFolder(ctx context.Context, dir *os.Root, at, part string) (*os.Root, error) {
	there, err := v.look(ctx, dir, at, part, "")
	if err != nil {
		return nil, err
	}
	if !there {
		if err := makeFolder(dir, part); err != nil {
			return nil, fmt.Errorf("make folder: %w", err)
		}
		if err := syncFolder(dir); err != nil {
			return nil, err
		}
	}
	return openChild(dir, part)
}

// look tells whether an entry is in a folder, and refuses where only its twin
// is. On the way it removes what a crash left behind.
func (v *Vault) look(ctx context.Context, dir *os.Root, at, name, except string) (there bool, err error) {
	entries, cut, err := readFolder(ctx, dir, v.limits.MaxEntries)
	if err != nil {
		return false, err
	}
	if cut {
		return false, problem(ErrFull, "This folder holds too many files (more than %d). Use another folder.", v.limits.MaxEntries)
	}
	twin := ""
	for _, e := range entries {
		switch {
		case e.Name() == name:
			there = true
		case strings.HasPrefix(e.Name(), tempPrefix):
			removeStale(dir, e)
		case twin == "" && path.Join(at, e.Name()) != except && twins(e.Name(), name):
			twin = path.Join(at, e.Name())
		}
	}
	if there || twin == "" {
		return there, nil
	}
	p := problem(ErrTwin, "There is %q already, which differs from %q only in capitals or accents. Use that name, or one that differs more.",
		display(twin), display(path.Join(at, name)))
	p.Existing = twin
	return false, p
}

// room refuses a new note where the vault holds as many as it may.
func (v *Vault) room(ctx context.Context) error {
	notes := 0
	cut, err := v.walk(ctx, "", func(*os.Root, string, fs.FileInfo) (bool, error) {
		notes++
		return true, nil
	})
	if err != nil {
		return err
	}
	if cut || notes >= v.limits.MaxNotes {
		return problem(ErrFull, "There are as many notes here as there may be (%d). Add to one that is there instead.", v.limits.MaxNotes)
	}
	return nil
}

func (t *target) close() { _ = t.dir.Close() }

// load checks what is at the target. Its text is needed to append, and to
// recognise a change that was applied before; one too large is only replaced.
func (t *target) load(v *Vault, whole bool) error {
	data, info, err := v.content(t.dir, t.leaf)
	if errors.Is(err, ErrTooLarge) && !whole {
		if info, err = t.dir.Lstat(t.leaf); err == nil {
			t.size = info.Size()
		}
		return nil
	}
	if err != nil {
		return err
	}
	t.before, t.size, t.mode = data, int64(len(data)), info.Mode().Perm()
	return nil
}

func makeFolder(dir *os.Root, name string) error {
	if err := dir.Mkdir(name, 0o700); err != nil {
		return err
	}
	return sessions.Own(dir, name)
}
