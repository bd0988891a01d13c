//go:build unix

package sessions

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Own gives what was just made in a folder, a file or a folder, to the owner of
// that folder, where this process is root: the people's programs, which are not,
// work there too. It does nothing where it is not root, or the folder is root's.
//
// A program that owns the folder can swap what was made meanwhile. So what is
// opened under the name is what changes its owner, and only where it is root's and
// has no other name: a link to a file of root's never makes that one the program's.
func Own(dir *os.Root, name string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := dir.Stat(".")
	if err != nil {
		return fmt.Errorf("own %q: look at folder: %w", name, err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || owner.Uid == 0 {
		return nil
	}
	// A FIFO that stands there now must not hold us.
	f, err := dir.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return fmt.Errorf("own: %w", err)
	}
	defer f.Close() //nolint:errcheck // nothing is written by it
	made, err := f.Stat()
	if err != nil {
		return fmt.Errorf("own: %w", err)
	}
	of, ok := made.Sys().(*syscall.Stat_t)
	switch {
	case !ok, !made.IsDir() && (!made.Mode().IsRegular() || of.Nlink != 1):
		return fmt.Errorf("own %q: %w", name, errSwapped)
	case of.Uid != 0:
		return nil
	}
	if err := f.Chown(int(owner.Uid), int(owner.Gid)); err != nil {
		return fmt.Errorf("own: %w", err)
	}
	return nil
}

var errSwapped = errors.New("it is not what was made")
