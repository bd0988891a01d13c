package vault

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/parachute-gate/parachute/sessions"
)

const (
	tempPrefix = ".parachute-"
	tempSuffix = ".tmp"
	tempStale  = time.Hour
)

// replace puts data in the place of the target in one step. A link or another
// name that appears at the target meanwhile is replaced itself; what it leads to
// is not touched.
func (t *target) replace(data []byte) (err error) {
	var random [12]byte
	if _, err := rand.Read(random[:]); err != nil {
		return fmt.Errorf("write note: %w", err)
	}
	temp := tempPrefix + hex.EncodeToString(random[:]) + tempSuffix
	f, err := t.dir.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL|openFlags, 0o600)
	if err != nil {
		return fmt.Errorf("write note: %w", err)
	}
	defer func() {
		if err != nil {
			_ = t.dir.Remove(temp)
		}
	}()
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(t.mode), sessions.Own(t.dir, temp), f.Sync(), f.Close())
	if err == nil {
		err = t.dir.Rename(temp, t.leaf)
	}
	if err != nil {
		return fmt.Errorf("write note: %w", err)
	}
	return syncFolder(t.dir)
}

// removeStale removes a file that a crash left half written. A younger one may
// belong to a vault that cannot be locked out.
func removeStale(dir *os.Root, e fs.DirEntry) {
	if !strings.HasSuffix(e.Name(), tempSuffix) || !e.Type().IsRegular() {
		return
	}
	if info, err := dir.Lstat(e.Name()); err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) > tempStale {
		_ = dir.Remove(e.Name())
	}
}

// syncFolder makes the names in a folder durable.
func syncFolder(dir *os.Root) error {
	f, err := dir.Open(".")
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return nil
}
