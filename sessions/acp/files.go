package acp

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	acp "github.com/coder/acp-go-sdk"

	"github.com/parachute-gate/parachute/sessions"
	"github.com/parachute-gate/parachute/sessions/vault"
)

// mostFile is how large a file may be that an agent reads or writes through us.
const mostFile = 4 << 20

// codeNotFound is resource_not_found of the protocol.
const codeNotFound = -32002

// refused is an answer that the agent can make sense of.
func refused(code int, format string, args ...any) error {
	return &acp.RequestError{Code: code, Message: fmt.Sprintf(format, args...)}
}

// The codes of JSON-RPC 2.0 for what is not allowed as it was asked for, and for
// what failed on our side.
const (
	codeRefused  = -32602
	codeInternal = -32603
)

// ReadTextFile reads a file of the workspace, if the Authorizer allows it. See
// https://agentclientprotocol.com/protocol/file-system.
func (c *client) ReadTextFile(ctx context.Context, r acp.ReadTextFileRequest) (response acp.ReadTextFileResponse, err error) {
	err = c.file(ctx, r.SessionId, vault.Call{Tool: "acp.read", Kind: "read", Path: r.Path}, func(root *os.Root, name string) error {
		response.Content, err = readFile(root, name)
		return err
	})
	if err != nil {
		return acp.ReadTextFileResponse{}, err
	}
	response.Content = lines(response.Content, r.Line, r.Limit)
	return response, nil
}

// WriteTextFile writes a file of the workspace, if the Authorizer allows it and
// the session may change anything.
func (c *client) WriteTextFile(ctx context.Context, r acp.WriteTextFileRequest) (acp.WriteTextFileResponse, error) {
	call := vault.Call{Tool: "acp.write", Kind: "write", Path: r.Path, Bytes: len(r.Content)}
	return acp.WriteTextFileResponse{}, c.file(ctx, r.SessionId, call, func(root *os.Root, name string) error {
		return writeFile(root, name, []byte(r.Content))
	})
}

// file asks the Authorizer, and does what was asked in the workspace.
func (c *client) file(ctx context.Context, session acp.SessionId, call vault.Call, do func(*os.Root, string) error) error {
	return c.serve(ctx, session, func(ctx context.Context, t *turn) error {
		name, inside := within(call.Path, t.launch.Cwd)
		if inside {
			call.Path = name
		}
		what := seenCall{kind: map[string]acp.ToolKind{"read": acp.ToolKindRead, "write": acp.ToolKindEdit}[call.Kind], at: []string{call.Path}}.line()
		if call.Kind != "read" && t.of.Session.Access != string(vault.ReadWrite) {
			// This stands even where a policy would be wrong.
			t.refuses(what, "")
			return refused(codeRefused, "the workspace is read-only")
		}
		if err := c.decide(ctx, t, what, call); err != nil {
			return err
		}
		if !inside || !usable(name) {
			return refused(codeRefused, "only files of the workspace %s can be used, by ordinary names", t.launch.Cwd)
		}
		t.does("· " + what)
		root, err := os.OpenRoot(t.launch.Spec.Workspace.Source)
		if err != nil {
			return c.told(ctx, t, err)
		}
		defer root.Close() //nolint:errcheck // nothing was written by it
		if err := ctx.Err(); err != nil {
			return refused(codeRefused, "the turn is over")
		}
		return c.told(ctx, t, do(root, name))
	})
}

// told is an error as the agent may read it: no path of ours.
func (c *client) told(ctx context.Context, t *turn, err error) error {
	var answer *acp.RequestError
	switch {
	case err == nil, errors.As(err, &answer):
		return err
	case errors.Is(err, fs.ErrNotExist):
		return refused(codeNotFound, "there is no such file")
	default:
		c.log.WarnContext(ctx, "file not served to the agent", "turn", t.of.ID, "session", t.of.Session.ID, "error", err)
		return refused(codeInternal, "the file could not be used")
	}
}

// usable tells whether a name is one that is opened at all.
func usable(name string) bool {
	return fs.ValidPath(name) && name != "." && len(name) <= 1000 && utf8.ValidString(name) &&
		strings.IndexFunc(name, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\\' }) < 0
}

// folder opens the folder of a file, name by name: os.Root keeps a path inside,
// but follows a link from one place of it to another, behind the back of a
// decision that was about the first.
func folder(root *os.Root, name string, build bool) (*os.Root, error) {
	dir, err := root.OpenRoot(".")
	if err != nil {
		return nil, err
	}
	parent := path.Dir(name)
	if parent == "." {
		return dir, nil
	}
	for part := range strings.SplitSeq(parent, "/") {
		if build {
			err := dir.Mkdir(part, 0o755)
			if err == nil {
				err = sessions.Own(dir, part)
			}
			if err != nil && !errors.Is(err, fs.ErrExist) {
				return nil, errors.Join(err, dir.Close())
			}
		}
		next, err := child(dir, part)
		_ = dir.Close()
		if err != nil {
			return nil, err
		}
		dir = next
	}
	return dir, nil
}

// child opens one folder in another. What was looked at before must be what was
// opened after: a link swapped in between is not followed.
func child(dir *os.Root, name string) (*os.Root, error) {
	before, err := dir.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !before.IsDir() {
		return nil, notOrdinary()
	}
	// The "/." opens a folder only: a FIFO put there meanwhile would block.
	next, err := dir.OpenRoot(name + "/.")
	if err != nil {
		return nil, err
	}
	after, err := next.Stat(".")
	if err != nil || !os.SameFile(before, after) {
		_ = next.Close()
		return nil, notOrdinary()
	}
	return next, nil
}

func notOrdinary() error {
	return refused(codeRefused, "it is not an ordinary file in ordinary folders: links and special files are not used")
}

// ordinary tells whether a file is a regular one with one name.
func ordinary(info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return notOrdinary()
	}
	links, err := linkCount(info)
	if err != nil {
		return err
	}
	if links > 1 {
		return notOrdinary()
	}
	return nil
}

func readFile(root *os.Root, name string) (string, error) {
	dir, err := folder(root, name, false)
	if err != nil {
		return "", err
	}
	defer dir.Close() //nolint:errcheck // only read
	leaf := path.Base(name)
	before, err := dir.Lstat(leaf)
	if err != nil {
		return "", err
	}
	if err := ordinary(before); err != nil {
		return "", err
	}
	f, err := dir.OpenFile(leaf, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // only read
	after, err := f.Stat()
	if err != nil {
		return "", err
	}
	if err := ordinary(after); err != nil || !os.SameFile(before, after) {
		return "", notOrdinary()
	}
	data, err := io.ReadAll(io.LimitReader(f, mostFile+1))
	switch {
	case err != nil:
		return "", err
	case len(data) > mostFile:
		return "", refused(codeRefused, "the file is larger than %d bytes", mostFile)
	case !utf8.Valid(data):
		return "", refused(codeRefused, "the file is not text")
	}
	return string(data), nil
}

// writeFile puts a file in its place in one step.
func writeFile(root *os.Root, name string, data []byte) (err error) {
	if len(data) > mostFile {
		return refused(codeRefused, "more than %d bytes", mostFile)
	}
	dir, err := folder(root, name, true)
	if err != nil {
		return err
	}
	defer dir.Close() //nolint:errcheck // what it holds is synced
	leaf := path.Base(name)
	mode := fs.FileMode(0o644)
	switch before, err := dir.Lstat(leaf); {
	case err == nil:
		if err := ordinary(before); err != nil {
			return err
		}
		mode = before.Mode().Perm()
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	var random [12]byte
	if _, err := rand.Read(random[:]); err != nil {
		return err
	}
	temp := ".parachute-" + hex.EncodeToString(random[:]) + ".tmp"
	f, err := dir.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL|openFlags, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = dir.Remove(temp)
		}
	}()
	_, err = f.Write(data)
	if err = errors.Join(err, sessions.Own(dir, temp), f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	return dir.Rename(temp, leaf)
}

// lines cuts a text to so many lines from a line, counted from 1.
func lines(text string, from, most *int) string {
	for n := 1; from != nil && n < *from && text != ""; n++ {
		_, text, _ = strings.Cut(text, "\n")
	}
	if most == nil {
		return text
	}
	end := 0
	for range max(*most, 0) {
		i := strings.IndexByte(text[end:], '\n')
		if i < 0 {
			return text
		}
		end += i + 1
	}
	return text[:end]
}
