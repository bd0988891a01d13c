//go:build unix

package acp

import (
	"errors"
	"io/fs"
	"syscall"
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
