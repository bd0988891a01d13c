package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// lockFile is held by the one process that serves a data folder.
const lockFile = "parachute.lock"

// lockData makes sure that no other process serves this data folder. The kernel
// gives the lock back when the process ends, however it ends.
func lockData(dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	path := filepath.Join(dir, lockFile)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the path is the operator's own
	if err != nil {
		return nil, fmt.Errorf("lock data folder: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("another parachute serves the data folder %s%s; stop it, or give this one another `data:`", dir, holder(path))
		}
		return nil, fmt.Errorf("lock data folder: %w", err)
	}
	// The number is for people; who holds the lock, the kernel knows. On a full
	// disk it is missing.
	if f.Truncate(0) == nil {
		_, _ = fmt.Fprintf(f, "%d\n", os.Getpid())
	}
	return func() { _ = f.Close() }, nil
}

func holder(path string) string {
	data, err := os.ReadFile(path) //nolint:gosec // the path is the operator's own
	if pid := strings.TrimSpace(string(data)); err == nil && pid != "" {
		return " (process " + pid + ")"
	}
	return ""
}

// isServed tells whether a process serves the data folder now.
func isServed(dir string) bool {
	f, err := os.Open(filepath.Join(dir, lockFile)) //nolint:gosec // the path is the operator's own
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	return errors.Is(unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB), unix.EWOULDBLOCK)
}
