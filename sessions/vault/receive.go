package vault

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
)

// inboxFolder is where files that came with messages are put.
const inboxFolder = "inbox"

// maxReceived is the longest part of a sender's file name that is kept, in bytes.
const maxReceived = 80

// Receive keeps a file that came with a message, whatever it is, in the folder
// inbox. It is stored under its own name with a part of its content's digest, so
// that it never takes the place of another file and is kept once however often
// it is received; it is never executable.
func (v *Vault) Receive(ctx context.Context, name string, content []byte) (Change, error) {
	after := sha256.Sum256(content)
	c := Call{Tool: "notes.receive", Kind: "write", Path: receivedPath(name, after), Bytes: len(content)}
	v.mu.Lock()
	defer v.mu.Unlock()
	index := v.nextIndex()
	unlock, err := v.enter(ctx, index, c, nil)
	if err != nil {
		return Change{}, err
	}
	defer unlock()
	t, err := v.target(ctx, c.Path, "")
	if err != nil {
		return Change{}, err
	}
	defer t.close()
	kept := Change{Path: c.Path, Bytes: int64(len(content))}
	if t.exists {
		info, err := t.dir.Lstat(t.leaf)
		if err != nil {
			return Change{}, err
		}
		if !info.Mode().IsRegular() || info.Size() != kept.Bytes {
			return Change{}, problem(ErrTwin, "There is another file of the name %q already. Send it under another name.", c.Path)
		}
		return kept, nil
	}
	if err := v.fits(ctx, 0, kept.Bytes); err != nil {
		return Change{}, err
	}
	if _, err := v.begin(ctx, index, c, after); err != nil {
		return Change{}, err
	}
	return kept, t.replace(content)
}

// receivedPath makes a path of a name that a stranger chose: its last part, of
// characters that every file system has, with the digest before its extension.
func receivedPath(name string, sum [32]byte) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	ext := strings.ToLower(extension(name))
	stem := strings.Map(func(r rune) rune {
		switch {
		case r == '-', r == '_', unicode.IsLetter(r) && r != unicode.ReplacementChar, unicode.IsDigit(r):
			return r
		default:
			return '-'
		}
	}, name[:len(name)-len(ext)])
	if len(stem) > maxReceived {
		stem = strings.ToValidUTF8(stem[:maxReceived], "")
	}
	if stem = strings.Trim(stem, "-"); stem == "" {
		stem = "file"
	}
	return inboxFolder + "/" + stem + "-" + hex.EncodeToString(sum[:6]) + ext
}
