package vault

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"unicode/utf8"
)

// openFolder opens a folder of the vault, name by name, each in the folder that
// was opened before it. The caller closes what it returns.
//
// os.Root alone keeps a path inside the vault, but follows a link from one place
// in it to another, behind the back of a decision that was about the first.
func (v *Vault) openFolder(folder string) (*os.Root, error) {
	dir, err := v.root.OpenRoot(".")
	if err != nil {
		return nil, fmt.Errorf("open folder: %w", err)
	}
	for _, part := range split(folder) {
		next, err := openChild(dir, part)
		_ = dir.Close()
		if err != nil {
			return nil, err
		}
		dir = next
	}
	return dir, nil
}

func split(folder string) []string {
	if folder == "" || folder == "." {
		return nil
	}
	return strings.Split(folder, "/")
}

// openChild opens one folder in another. The entry is looked at before, and
// compared with what was opened after, so that a link swapped in between is not
// followed.
func openChild(dir *os.Root, name string) (*os.Root, error) {
	before, err := dir.Lstat(name)
	if err != nil {
		return nil, lookupError("open folder", name, err)
	}
	if !before.IsDir() {
		return nil, unsafeFile(name, before.Mode())
	}
	// The "/." makes the name itself be opened as a folder only: a FIFO put
	// there meanwhile would block a plain open.
	next, err := dir.OpenRoot(name + "/.")
	if err != nil {
		return nil, lookupError("open folder", name, err)
	}
	after, err := next.Stat(".")
	if err != nil || !os.SameFile(before, after) {
		_ = next.Close()
		return nil, changedMeanwhile(name, err)
	}
	return next, nil
}

// openNote opens a regular file with one name only, for reading, without ever
// blocking on what is something else.
func openNote(dir *os.Root, name string) (*os.File, fs.FileInfo, error) {
	before, err := dir.Lstat(name)
	if err != nil {
		return nil, nil, lookupError("open note", name, err)
	}
	if !before.Mode().IsRegular() {
		return nil, nil, unsafeFile(name, before.Mode())
	}
	f, err := dir.OpenFile(name, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, nil, lookupError("open note", name, err)
	}
	after, err := f.Stat()
	// The number of a file that went away may be given to the next one, of
	// whatever kind: so the kind is compared as well.
	if err == nil && os.SameFile(before, after) && after.Mode().IsRegular() {
		if err = checkLinks(name, after); err == nil {
			return f, after, nil
		}
	} else {
		err = changedMeanwhile(name, err)
	}
	_ = f.Close()
	return nil, nil, err
}

// checkLinks refuses a file with more than one name: the other one may be
// outside the vault.
func checkLinks(name string, info fs.FileInfo) error {
	links, err := linkCount(info)
	if err != nil {
		return fmt.Errorf("open note: %w", err)
	}
	if links > 1 {
		return problem(ErrUnsafe, "%q has a second name elsewhere (a hard link), so it is not touched. Make a copy of it under a new name.", display(name))
	}
	return nil
}

// content reads a whole note, within the limit.
func (v *Vault) content(dir *os.Root, name string) ([]byte, fs.FileInfo, error) {
	f, info, err := openNote(dir, name)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	if info.Size() > v.limits.MaxNote {
		return nil, nil, v.tooLarge(name)
	}
	data, err := io.ReadAll(io.LimitReader(f, v.limits.MaxNote+1))
	if err != nil {
		return nil, nil, fmt.Errorf("read note: %w", err)
	}
	if int64(len(data)) > v.limits.MaxNote {
		return nil, nil, v.tooLarge(name)
	}
	return data, info, nil
}

// folderAndContent opens the folder of a note, which the caller closes, and
// reads the note.
func (v *Vault) folderAndContent(folder, leaf string) (*os.Root, []byte, fs.FileInfo, error) {
	dir, err := v.openFolder(folder)
	if err != nil {
		return nil, nil, nil, err
	}
	data, info, err := v.content(dir, leaf)
	if err != nil {
		_ = dir.Close()
		return nil, nil, nil, err
	}
	return dir, data, info, nil
}

func (v *Vault) tooLarge(name string) error {
	return problem(ErrTooLarge, "%q is larger than a note may be (%d bytes). Split it into several notes.", display(name), v.limits.MaxNote)
}

// isText tells text from anything else: valid UTF-8 without a NUL.
func isText(s string) bool {
	return utf8.ValidString(s) && !strings.Contains(s, "\x00")
}

func unsafeFile(name string, mode fs.FileMode) error {
	kind := "a special file"
	switch {
	case mode&fs.ModeSymlink != 0:
		kind = "a link"
	case mode.IsDir():
		kind = "a folder"
	case mode.IsRegular():
		return problem(ErrUnsafe, "%q is a file, not a folder. Use another name.", display(name))
	}
	return problem(ErrUnsafe, "%q is %s, not a note, so it is not touched. Use another name.", display(name), kind)
}

// lookupError sorts what a person can mend from what only an operator can.
func lookupError(verb, name string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return notFound(name)
	case errors.Is(err, syscall.ENAMETOOLONG):
		return tooLong()
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.ELOOP), errors.Is(err, syscall.ENXIO):
		return changedMeanwhile(name, nil)
	}
	return fmt.Errorf("%s: %w", verb, err)
}

func changedMeanwhile(name string, err error) error {
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	return problem(ErrUnsafe, "%q changed while it was being opened, so it was not touched. Try again.", display(name))
}
