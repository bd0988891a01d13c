package vault_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/parachute-gate/parachute/sessions/vault"
)

// asked is an Authorizer that keeps what it was asked and answers with err.
type asked struct {
	mu     sync.Mutex
	calls  []vault.Call
	err    error
	before func(c vault.Call) // runs inside of Authorize
}

func (a *asked) Authorize(_ context.Context, c vault.Call) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls = append(a.calls, c)
	if a.before != nil {
		a.before(c)
	}
	return a.err
}

// world is a vault folder with a place outside of it.
type world struct {
	dir     string // the vault
	outside string // a folder beside it
	secret  string // a file in outside
	auth    *asked
}

const secretText = "the owner's bank password\n"

func newWorld(t *testing.T) *world {
	t.Helper()
	top := t.TempDir()
	w := &world{dir: filepath.Join(top, "vault"), outside: filepath.Join(top, "outside"), auth: &asked{}}
	w.secret = filepath.Join(w.outside, "secret.md")
	for _, d := range []string{w.dir, w.outside} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(w.secret, []byte(secretText), 0o600); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) path(name string) string { return filepath.Join(w.dir, filepath.FromSlash(name)) }

func (w *world) put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(w.path(name)), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(w.path(name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (w *world) get(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(w.path(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// open makes a vault of the world; change may adjust what it is made of.
func (w *world) open(t *testing.T, change ...func(*vault.Deps)) *vault.Vault {
	t.Helper()
	d := vault.Deps{Dir: w.dir, Access: vault.ReadWrite, Authorizer: w.auth}
	for _, c := range change {
		c(&d)
	}
	v, err := vault.New(d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	})
	return v
}

// snapshot is everything outside of the vault and in it: a file's name and text,
// a link's target, the kind of anything else.
func (w *world) snapshot(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(filepath.Dir(w.dir), func(p string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch {
		case d.Type().IsRegular():
			data, err := os.ReadFile(p)
			out[p] = string(data)
			return err
		case d.Type()&os.ModeSymlink != 0:
			to, err := os.Readlink(p)
			out[p] = "-> " + to
			return err
		default:
			out[p] = d.Type().String()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (w *world) unchanged(t *testing.T, before map[string]string) {
	t.Helper()
	if after := w.snapshot(t); !maps.Equal(before, after) {
		t.Errorf("files changed:\nbefore %q\nafter  %q", before, after)
	}
}

// operations are all that take the name of a note, as one attack plays them.
func operations(v *vault.Vault, name string) map[string]func() error {
	ctx := context.Background()
	return map[string]func() error{
		"read":      func() error { _, err := v.Read(ctx, name); return err },
		"write":     func() error { _, err := v.Write(ctx, name, "attack\n"); return err },
		"append":    func() error { _, err := v.Append(ctx, name, "attack\n"); return err },
		"move from": func() error { _, err := v.Move(ctx, name, "taken"); return err },
		"move to":   func() error { _, err := v.Move(ctx, "mine", name); return err },
	}
}

// refuseAll plays the name in every operation, wants the reason from each, and
// that nothing changed and no answer holds the secret.
func (w *world) refuseAll(t *testing.T, name string, reason error) {
	t.Helper()
	before := w.snapshot(t)
	for op, do := range operations(w.open(t), name) {
		w.auth.calls = nil
		err := do()
		want := reason
		if op == "move to" && errors.Is(err, vault.ErrExists) && !errors.Is(reason, vault.ErrName) {
			want = vault.ErrExists // occupied, by whatever it is
		}
		var p *vault.Problem
		if !errors.Is(err, want) || !errors.As(err, &p) {
			t.Errorf("%s %q: error %v, want a problem because of %v", op, name, err, want)
			continue
		}
		if strings.ContainsAny(p.Text, "\x00\n\x1b") || strings.Contains(p.Text, w.outside) || !strings.HasSuffix(p.Text, ".") {
			t.Errorf("%s %q: unfit for the chat: %q", op, name, p.Text)
		}
		if len(w.auth.calls) != 1 {
			t.Errorf("%s %q: asked %d times, want once", op, name, len(w.auth.calls))
		}
	}
	w.unchanged(t, before)
}

// book is a Journal that lives longer than a vault, as one on disk does.
type book struct {
	rows  map[int]row
	fail  error
	begun int
	hook  func() // runs between the checks of a change and the change
}

type row struct {
	call  vault.Call
	after [32]byte
}

func (b *book) Begin(_ context.Context, index int, c vault.Call, after [32]byte) (bool, error) {
	b.begun++
	if b.hook != nil {
		b.hook()
	}
	if b.fail != nil {
		return false, b.fail
	}
	old, ok := b.rows[index]
	if b.rows == nil {
		b.rows = map[int]row{}
	}
	b.rows[index] = row{c, after}
	return ok && old.call == c, nil
}

// recallingBook can also tell what it holds.
type recallingBook struct{ book }

var _ vault.Recaller = (*recallingBook)(nil)

func (b *recallingBook) Begun(_ context.Context, index int, c vault.Call) ([32]byte, bool, error) {
	r, ok := b.rows[index]
	return r.after, ok && (r.call == c || c == vault.Call{}), nil
}

func (w *world) stat(t *testing.T, name string) os.FileInfo {
	t.Helper()
	info, err := os.Stat(w.path(name))
	if err != nil {
		t.Fatal(err)
	}
	return info
}
