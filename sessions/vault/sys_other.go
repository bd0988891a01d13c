//go:build !unix

package vault

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"
)

const openFlags = 0

// linkCount fails where hard links cannot be counted, so that no note is opened.
func linkCount(fs.FileInfo) (uint64, error) {
	return 0, errors.New("notes need a system that counts hard links, such as Linux or macOS")
}

func lockFolder(context.Context, *os.Root, string, time.Duration) (func(), error) {
	return func() {}, nil
}
