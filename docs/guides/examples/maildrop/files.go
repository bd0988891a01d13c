package maildrop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"strings"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/driver"
)

// maxText is one byte more than the gate takes: it denies what is longer, and
// says so. A connector that cut the text would change what was said.
const maxText = 100<<10 + 1

// read gives the message that a file is.
func read(root *os.Root, name string) (connectors.Message, error) {
	listed, err := root.Lstat(name)
	if err != nil {
		return connectors.Message{}, err
	}
	if !listed.Mode().IsRegular() {
		return connectors.Message{}, fmt.Errorf("%s is no regular file", name)
	}
	f, err := root.Open(name)
	if err != nil {
		return connectors.Message{}, err
	}
	defer f.Close() //nolint:errcheck // nothing was written to it
	if opened, err := f.Stat(); err != nil || !os.SameFile(listed, opened) {
		return connectors.Message{}, errors.Join(err, fmt.Errorf("%s changed while it was opened", name))
	}
	text, err := io.ReadAll(io.LimitReader(f, maxText))
	if err != nil {
		return connectors.Message{}, err
	}
	return message(name, strings.TrimSuffix(string(text), "\n"), listed.ModTime()), nil
}

// files writes answers to out/CHAT. It is a driver.Writer: one call is one try,
// and its errors say what another try is worth.
type files struct{ dir string }

// Post writes the answer beside its place and renames it, so that nobody reads
// half of it.
func (f files) Post(_ context.Context, p driver.Post) (string, error) {
	if p.Chat != path.Base(p.Chat) || p.Chat == "." || p.Chat == ".." {
		return "", driver.Permanent(errors.New("that is no chat of this folder"))
	}
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return "", err
	}
	defer root.Close() //nolint:errcheck // the file has been closed
	chat := path.Join("out", p.Chat)
	if err := root.MkdirAll(chat, 0o750); err != nil {
		return "", err
	}
	name := path.Join(chat, url.PathEscape(p.Key)+".txt")
	if err := root.WriteFile(name+".part", []byte(p.Text), 0o600); err != nil {
		return "", err
	}
	return name, root.Rename(name+".part", name)
}

// Edit is not called, as there are no drafts.
func (f files) Edit(context.Context, string, driver.Post) error {
	return driver.Permanent(errors.New("an answer in a folder stays as it is"))
}
