//go:build unix

package vault

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// openFlags keep an open from blocking on a FIFO or a device and from following
// a link, whatever was swapped in since the entry was looked at.
const openFlags = syscall.O_NONBLOCK | syscall.O_NOFOLLOW

func linkCount(info fs.FileInfo) (uint64, error) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, errors.New("the file system does not count links")
	}
	return uint64(st.Nlink), nil //nolint:unconvert // narrower on other systems
}

const lockRetry = 5 * time.Millisecond

// lockFolder holds the folder for one change, against other vaults and other
// processes. It waits no longer than wait: a program that holds the lock for ever
// must not hold the turn as well.
func lockFolder(ctx context.Context, root *os.Root, locks string, wait time.Duration) (unlock func(), err error) {
	f, err := lockFile(root, locks)
	if err != nil {
		return nil, fmt.Errorf("lock folder: %w", err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, wait, errLocked)
	defer cancel()
	tick := time.NewTicker(lockRetry)
	defer tick.Stop()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil, errors.Is(err, syscall.ENOTSUP), errors.Is(err, syscall.ENOLCK), errors.Is(err, syscall.EINVAL):
			// Where a file system has no such locks, the vault's own lock stands.
			return func() { _ = f.Close() }, nil
		case !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR):
			_ = f.Close()
			return nil, fmt.Errorf("lock folder: %w", err)
		}
		select {
		case <-ctx.Done():
			_ = f.Close()
			return nil, fmt.Errorf("lock folder: %w", context.Cause(ctx))
		case <-tick.C:
		}
	}
}

// lockFile opens what is locked for a folder. In locks its name is of the folder's
// device and number: two paths to one folder share it.
func lockFile(root *os.Root, locks string) (*os.File, error) {
	if locks == "" {
		return root.Open(".")
	}
	info, err := root.Stat(".")
	if err != nil {
		return nil, err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil, errors.New("the file system does not number folders")
	}
	if err := os.MkdirAll(locks, 0o700); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%d:%d", st.Dev, st.Ino))
	name := filepath.Join(locks, hex.EncodeToString(sum[:])+".lock")
	return os.OpenFile(name, os.O_RDWR|os.O_CREATE|openFlags, 0o600) //nolint:gosec // the caller's own folder, and a digest in it
}

var errLocked = problem(ErrBusy, "The notes are being changed by somebody else just now. Nothing was changed; try again in a moment.")
