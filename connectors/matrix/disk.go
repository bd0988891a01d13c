package matrix

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	deviceFile = "device.json"
	syncFile   = "sync.json"
	keyFile    = "pickle.key"
	storeFile  = "keys.db"
)

// device is what the next start needs to be the same device.
type device struct {
	Homeserver string `json:"homeserver"`
	User       string `json:"user"`
	Device     string `json:"device"`
	// Token is empty where the configuration holds it.
	Token string `json:"token,omitempty"`
}

// disk is the connector's folder.
type disk struct{ dir string }

// make makes the folder, for its owner alone.
func (d disk) make() error {
	if d.dir == "" {
		return errors.New("make the connector's folder: it has no name")
	}
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return fmt.Errorf("make the connector's folder: %w", err)
	}
	if err := os.Chmod(d.dir, 0o700); err != nil { //nolint:gosec // a folder needs x
		return fmt.Errorf("close the connector's folder to others: %w", err)
	}
	return nil
}

func (d disk) path(name string) string { return filepath.Join(d.dir, name) }

// read leaves into as it is where there is no such file.
func (d disk) read(name string, into any) error {
	raw, err := os.ReadFile(d.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("read %s: %w", d.path(name), err)
	}
	return nil
}

// write replaces a file whole, or not at all.
func (d disk) write(name string, content any) error {
	raw, err := json.Marshal(content)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return d.put(name, raw)
}

func (d disk) put(name string, raw []byte) error {
	f, err := os.CreateTemp(d.dir, "."+name+".") // CreateTemp's mode is 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	_, err = f.Write(raw)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), d.path(name))
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

// pickleKey gives the key that the stored keys are locked with, made at the first
// call.
func (d disk) pickleKey() ([]byte, error) {
	raw, err := os.ReadFile(d.path(keyFile))
	if err == nil && len(raw) < 32 {
		return nil, fmt.Errorf("read %s: it is too short", d.path(keyFile))
	}
	if err == nil {
		return raw, os.Chmod(d.path(keyFile), 0o600)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read %s: %w", keyFile, err)
	}
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("make %s: %w", keyFile, err)
	}
	return key, d.put(keyFile, key)
}
