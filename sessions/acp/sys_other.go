//go:build !unix

package acp

import (
	"errors"
	"io/fs"
)

const openFlags = 0

// linkCount fails where hard links cannot be counted, so that no file is opened.
func linkCount(fs.FileInfo) (uint64, error) {
	return 0, errors.New("files need a system that counts hard links, such as Linux or macOS")
}
