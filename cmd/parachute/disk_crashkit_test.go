//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// crashDisk is a folder whose disk can be filled, and freed again.
type crashDisk struct {
	dir  string
	fill func(c *child) error
	free func(c *child) error
}

// tmpfsSize is little, and more than a run needs before the disk is filled.
const tmpfsSize = 48 << 20

// smallDisk mounts a small file system of its own, which wants root.
func smallDisk(t *testing.T) (crashDisk, error) {
	dir := filepath.Join(t.TempDir(), "disk")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return crashDisk{}, err
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700", tmpfsSize)); err != nil {
		return crashDisk{}, fmt.Errorf("mount a small tmpfs: %w", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	ballast := filepath.Join(dir, "ballast")
	return crashDisk{
		dir:  filepath.Join(dir, "data"),
		fill: func(*child) error { return fillDisk(ballast) },
		free: func(*child) error { return os.Remove(ballast) },
	}, nil
}

// fillDisk writes until nothing more fits, down to the last byte.
func fillDisk(ballast string) (err error) {
	f, err := os.OpenFile(ballast, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	for size := 1 << 20; size > 0; {
		n, err := f.Write(make([]byte, size))
		switch {
		case err == nil:
		case errors.Is(err, unix.ENOSPC), errors.Is(err, io.ErrShortWrite):
			if n == 0 {
				size /= 2
			}
		default:
			return err
		}
	}
	return nil
}

// cappedDisk lets no file of the process grow any more: its kernel refuses each
// write to a file, as that of a full disk does. It needs no rights.
func cappedDisk(t *testing.T) (crashDisk, error) {
	var was unix.Rlimit
	if err := unix.Prlimit(os.Getpid(), unix.RLIMIT_FSIZE, nil, &was); err != nil {
		return crashDisk{}, fmt.Errorf("limit the size of files: %w", err)
	}
	limit := func(c *child, size uint64) error {
		return unix.Prlimit(c.cmd.Process.Pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: size, Max: was.Max}, nil)
	}
	return crashDisk{
		dir:  filepath.Join(t.TempDir(), "data"),
		fill: func(c *child) error { return limit(c, 0) },
		free: func(c *child) error { return limit(c, was.Cur) },
	}, nil
}
