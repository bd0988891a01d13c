//go:build linux || darwin || freebsd

package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"golang.org/x/sys/unix"
)

// Measure counts a folder with all that is in it, of the same file system, and
// stops as soon as it is more than most. No link is followed, and nothing but
// folders is opened. A folder that cannot be read, or lies too deep, can hide any
// amount: it is an error that wraps ErrQuota. It is left out where it belongs to
// root and nobody else can write it. Measure may run beside writers: it then
// counts what it meets.
func Measure(ctx context.Context, dir *os.File, most Size) (Size, error) {
	m := measure{most: most, seen: map[inode]struct{}{}}
	switch err := m.walk(ctx, dir); {
	case err == nil, errors.Is(err, errMore):
		return m.size, nil
	case err == errHidden: //nolint:errorlint // see entry
		return m.size, fmt.Errorf("measure: %w: %w", ErrQuota, err)
	default:
		return m.size, fmt.Errorf("measure: %w", err)
	}
}

// holdsFile tells whether a folder surely holds a file of a length, or a longer
// one.
func holdsFile(ctx context.Context, dir *os.File, length int64) bool {
	m := measure{most: Size{Bytes: math.MaxInt64, Entries: mostEntries}, seen: map[inode]struct{}{}, length: length}
	return errors.Is(m.walk(ctx, dir), errFound)
}

var (
	// errMore ends a measurement that has seen enough.
	errMore = errors.New("more than it may hold")
	// errHidden is of one folder, before it is known whose that is.
	errHidden = errors.New("a folder cannot be read")
	// errFound ends a walk at the file that was looked for.
	errFound = errors.New("found")
)

type inode struct{ device, number uint64 }

type measure struct {
	most, size Size
	// length ends the walk at a file that is as long, where it is not 0.
	length int64
	seen   map[inode]struct{}
	device uint64
}

// walk counts a folder.
func (m *measure) walk(ctx context.Context, dir *os.File) error {
	top, err := openAt(int(dir.Fd()), ".")
	switch {
	case hidden(err):
		return errHidden
	case err != nil:
		return err
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(top.Fd()), &st); err != nil {
		return errors.Join(err, top.Close())
	}
	m.device = deviceOf(&st)
	m.add(&st)
	return m.folder(ctx, top, 1)
}

// openAt opens a folder, and nothing else: what is put in its place meanwhile, a
// FIFO say, neither blocks nor leads away.
func openAt(dir int, name string) (*os.File, error) {
	for {
		fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return os.NewFile(uintptr(fd), name), nil
	}
}

// folder counts what is in a folder, and closes it.
func (m *measure) folder(ctx context.Context, f *os.File, depth int) error {
	defer f.Close() //nolint:errcheck // only read
	for {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		names, err := f.Readdirnames(256)
		for _, name := range names {
			if err := m.entry(ctx, int(f.Fd()), name, depth); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF), gone(err):
			return nil
		case err != nil:
			return err
		}
	}
}

func (m *measure) entry(ctx context.Context, dir int, name string, depth int) error {
	m.size.Entries++
	var st unix.Stat_t
	switch err := unix.Fstatat(dir, name, &st, unix.AT_SYMLINK_NOFOLLOW); {
	case gone(err):
		return nil
	case hidden(err):
		return errHidden
	case err != nil:
		return err
	}
	folder := st.Mode&unix.S_IFMT == unix.S_IFDIR
	// What is mounted here is another disk's.
	if folder && deviceOf(&st) != m.device {
		return nil
	}
	m.add(&st)
	if m.length > 0 && st.Mode&unix.S_IFMT == unix.S_IFREG && st.Size >= m.length {
		return errFound
	}
	if m.size.Over(m.most) {
		return errMore
	}
	if !folder {
		return nil
	}
	if depth >= maxDepth {
		return fmt.Errorf("%w: its folders lie more than %d deep", ErrQuota, maxDepth)
	}
	child, err := openAt(dir, name)
	switch {
	case gone(err):
		return nil
	case hidden(err):
		err = errHidden
	case err == nil:
		err = m.folder(ctx, child, depth+1)
	}
	if err != errHidden { //nolint:errorlint // not one from below, which is an error by now
		return err
	}
	if st.Uid == 0 && st.Mode&0o022 == 0 {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrQuota, err)
}

// add counts an inode, once.
func (m *measure) add(st *unix.Stat_t) {
	if st.Nlink > 1 && st.Mode&unix.S_IFMT != unix.S_IFDIR {
		id := inode{deviceOf(st), st.Ino}
		if _, known := m.seen[id]; known {
			return
		}
		m.seen[id] = struct{}{}
	}
	m.size.Bytes += st.Blocks * 512 // st_blocks counts those (stat(2))
}

func deviceOf(st *unix.Stat_t) uint64 {
	return uint64(st.Dev) //nolint:unconvert,gosec,nolintlint // of another type on other systems
}

// gone says that an entry is not there any more, or not what it was.
func gone(err error) bool {
	return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP)
}

func hidden(err error) bool { return errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) }

// diskOf asks a folder's file system (statfs(2)).
func diskOf(dir *os.File) (disk, error) {
	var st unix.Statfs_t
	for {
		err := unix.Fstatfs(int(dir.Fd()), &st)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return disk{}, fmt.Errorf("ask the file system: %w", err)
		}
		//nolint:unconvert,gosec,nolintlint // other types on other systems
		return disk{free: int64(st.Bavail) * int64(st.Bsize), total: int64(st.Blocks) * int64(st.Bsize), inodes: int64(st.Ffree)}, nil
	}
}

// tooBig is the exit code of a process that the kernel ended for a file that got
// too big (setrlimit(2), RLIMIT_FSIZE).
const tooBig = 128 + int(unix.SIGXFSZ)

// openFolder opens a workspace. Of one that its owner shut, the file system at
// least can be asked.
func openFolder(path string) (*os.File, error) {
	f, err := openAt(unix.AT_FDCWD, path)
	if hidden(err) {
		return openShut(path, err)
	}
	return f, err
}
