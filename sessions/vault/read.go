package vault

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"time"
)

// Info tells of a note without its text.
type Info struct {
	Path     string // relative to the vault, with its extension
	Bytes    int64
	Modified time.Time
}

// Listing is the notes of a folder and its folders, in the order of their paths.
type Listing struct {
	Notes []Info
	More  bool // a limit left some out
}

// Note is a note with its text.
type Note struct {
	Info
	// Text is always valid UTF-8: bytes that are no text stand as U+FFFD. It may
	// hold control characters.
	Text string
	// Binary is true where the file is not plain text.
	Binary bool
}

// List gives the notes in a folder and below it; the empty name is the whole
// vault.
func (v *Vault) List(ctx context.Context, folder string) (Listing, error) {
	clean, bad := CleanFolder(folder)
	if bad != nil {
		clean = folder
	}
	if err := v.ask(ctx, Call{Tool: "notes.list", Kind: "list", Path: clean}); err != nil {
		return Listing{}, err
	}
	if bad != nil {
		return Listing{}, bad
	}
	var out Listing
	cut, err := v.walk(ctx, clean, func(_ *os.Root, name string, info fs.FileInfo) (bool, error) {
		out.Notes = append(out.Notes, Info{Path: name, Bytes: info.Size(), Modified: info.ModTime()})
		return true, nil
	})
	if errors.Is(err, ErrNotFound) {
		return Listing{}, problem(ErrNotFound, "There is no folder called %q here. Say \"list\" to see all notes.", display(clean))
	}
	if err != nil {
		return Listing{}, err
	}
	out.More = cut
	return out, nil
}

// Read gives one note.
func (v *Vault) Read(ctx context.Context, name string) (Note, error) {
	clean, bad := Clean(name)
	if bad != nil {
		clean = name
	}
	if err := v.ask(ctx, Call{Tool: "notes.read", Kind: "read", Path: clean}); err != nil {
		return Note{}, err
	}
	if bad != nil {
		return Note{}, bad
	}
	dir, data, info, err := v.folderAndContent(cut(clean))
	if errors.Is(err, ErrNotFound) {
		return Note{}, notFound(clean)
	}
	if err != nil {
		return Note{}, err
	}
	defer dir.Close() //nolint:errcheck // only read
	text := string(data)
	return Note{
		Info:   Info{Path: clean, Bytes: info.Size(), Modified: info.ModTime()},
		Text:   strings.ToValidUTF8(text, "\uFFFD"),
		Binary: !isText(text),
	}, nil
}

// cut splits a clean name into its folder and the name in it.
func cut(name string) (folder, leaf string) {
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		return name[:i], name[i+1:]
	}
	return "", name
}
