package vault_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parachute-gate/parachute/sessions/vault"
)

func TestAttackDotDot(t *testing.T) {
	w := newWorld(t)
	w.put(t, "mine.md", "mine\n")
	w.put(t, "sub/x.md", "x\n")
	for _, name := range []string{"..", "../outside/secret", "../outside/secret.md", "sub/../../outside/secret.md", "./../outside/secret.md", "sub/.."} {
		w.refuseAll(t, name, vault.ErrName)
	}
}

func TestAttackAbsolutePath(t *testing.T) {
	w := newWorld(t)
	w.put(t, "mine.md", "mine\n")
	for _, name := range []string{w.secret, "/etc/passwd", "//etc/passwd", "C:/secret.md", "file:///etc/passwd"} {
		w.refuseAll(t, name, vault.ErrName)
	}
}

func TestAttackBackslash(t *testing.T) {
	w := newWorld(t)
	w.put(t, "mine.md", "mine\n")
	for _, name := range []string{`..\outside\secret.md`, `sub\note`, `\\server\share\note`} {
		w.refuseAll(t, name, vault.ErrName)
	}
}

func TestAttackControlCharactersInName(t *testing.T) {
	w := newWorld(t)
	w.put(t, "mine.md", "mine\n")
	for _, name := range []string{"note\x00.md", "note\n.md", "note\r\n", "a\x1b[2J", "a\tb", "a\x7f", "a\u009b31m", "a\u202edm.exe", "zero\u200bwidth", "bad\xff"} {
		w.refuseAll(t, name, vault.ErrName)
	}
}

func TestAttackSymlinkThatPointsOut(t *testing.T) {
	w := newWorld(t)
	w.put(t, "mine.md", "mine\n")
	w.symlink(t, w.secret, "absolute.md")
	w.symlink(t, "../outside/secret.md", "relative.md")
	w.symlink(t, w.outside, "folder")
	w.symlink(t, "mine.md", "inside.md") // inside of the vault: still another name
	for _, name := range []string{"absolute", "relative", "folder/secret", "inside"} {
		w.refuseAll(t, name, vault.ErrUnsafe)
	}
	v := w.open(t)
	l, err := v.List(t.Context(), "")
	if err != nil || len(l.Notes) != 1 || l.Notes[0].Path != "mine.md" {
		t.Errorf("List = %+v, %v; want mine.md alone", l, err)
	}
	if _, err := v.List(t.Context(), "folder"); !errors.Is(err, vault.ErrUnsafe) {
		t.Errorf("List of a linked folder: %v", err)
	}
	if r, err := v.Search(t.Context(), "bank password", nil); err != nil || len(r.Hits) != 0 {
		t.Errorf("Search = %+v, %v; want nothing", r, err)
	}
}

// CVE-2026-27523: the leaf does not exist, so resolving the whole path fails, and
// a check that falls back on the parent's text lets it pass.
func TestAttackSymlinkedParentWithMissingLeaf(t *testing.T) {
	w := newWorld(t)
	w.put(t, "mine.md", "mine\n")
	w.symlink(t, w.outside, "out")
	w.symlink(t, "../outside", "sub")
	w.symlink(t, filepath.Join(w.dir, "nowhere"), "dangling")
	for _, name := range []string{"out/new", "sub/new/deeper", "dangling/new"} {
		w.refuseAll(t, name, vault.ErrUnsafe)
	}
}

func TestAttackHardLink(t *testing.T) {
	w := newWorld(t)
	w.put(t, "mine.md", "mine\n")
	if err := os.Link(w.secret, w.path("linked.md")); err != nil {
		t.Fatal(err)
	}
	w.refuseAll(t, "linked", vault.ErrUnsafe)
	v := w.open(t)
	if l, err := v.List(t.Context(), ""); err != nil || len(l.Notes) != 1 {
		t.Errorf("List = %+v, %v; want mine.md alone", l, err)
	}
	if r, err := v.Search(t.Context(), "bank", nil); err != nil || len(r.Hits) != 0 {
		t.Errorf("Search = %+v, %v; want nothing", r, err)
	}
}

func TestAttackFolderNamedLikeANote(t *testing.T) {
	w := newWorld(t)
	w.put(t, "mine.md", "mine\n")
	w.put(t, "folder.md/inner.md", "x\n")
	w.refuseAll(t, "folder", vault.ErrUnsafe)
	w.refuseAll(t, "mine.md/below", vault.ErrUnsafe)
}

func TestAttackCaseFoldingTwin(t *testing.T) {
	w := newWorld(t)
	w.put(t, "note.md", "old\n")
	w.put(t, "ideas/a.md", "old\n")
	w.put(t, "mine.md", "mine\n")
	before := w.snapshot(t)
	v := w.open(t)
	for name, existing := range map[string]string{
		"Note.md": "note.md", "NOTE": "note.md", "note.MD": "note.md", "ideas/A": "ideas/a.md", "Ideas/new": "ideas", "ſtraße": "", "noſte": "",
	} {
		if existing == "" {
			continue
		}
		for op, do := range operations(v, name) {
			if op == "read" || op == "move from" {
				continue
			}
			err := do()
			var p *vault.Problem
			if !errors.As(err, &p) || !errors.Is(err, vault.ErrTwin) || p.Existing != existing {
				t.Errorf("%s %q: %v, want the twin %q named", op, name, err, existing)
			}
		}
	}
	w.unchanged(t, before)
	if _, err := v.Move(t.Context(), "note", "Note"); err != nil {
		t.Errorf("a note may take its own name in other capitals: %v", err)
	}
}

func TestAttackUnicodeNormalisationTwin(t *testing.T) {
	for _, pair := range [][2]string{
		{"caf\u00e9", "cafe\u0301"},                                    // é, e + acute
		{"\u1ea5n", "a\u0302\u0301n"},                                  // ấ, a + circumflex + acute
		{"\u1ea5n", "\u00e2\u0301n"},                                   // ấ, â + acute
		{"\u00c5ngstr\u00f6m", "a\u030angstro\u0308m"},                 // and case
		{"q\u0323\u0307", "q\u0307\u0323"},                             // two marks in either order
		{"\u0439\u043e\u0433\u0430", "\u0438\u0306\u043e\u0433\u0430"}, // й
		{"\u304c", "\u304b\u3099"},                                     // が
		{"\ud55c\uae00", "\u1112\u1161\u11ab\u1100\u1173\u11af"},       // 한글
		{"k\u00f6ln", "K\u00f6ln"},                                     // Kelvin sign folds to k
	} {
		for _, p := range [][2]string{pair, {pair[1], pair[0]}} {
			w := newWorld(t)
			w.put(t, p[0]+".md", "old\n")
			w.put(t, "mine.md", "mine\n")
			before := w.snapshot(t)
			for op, do := range operations(w.open(t), p[1]) {
				if op == "read" || op == "move from" {
					continue
				}
				if err := do(); !errors.Is(err, vault.ErrTwin) {
					t.Errorf("%s %+q where %+q is: %v, want a twin", op, p[1], p[0], err)
				}
			}
			w.unchanged(t, before)
		}
	}
}

func TestNamesThatAreNoTwins(t *testing.T) {
	w := newWorld(t)
	v := w.open(t)
	for _, name := range []string{"cafe", "café", "cafè", "caff", "कु", "क", "म", "日記", "日配", "naïve", "naive", "한", "하", "resume", "résumé", "e", "é"} {
		if _, err := v.Write(t.Context(), name, name+"\n"); err != nil {
			t.Errorf("Write(%q): %v", name, err)
		}
	}
}

func TestAttackHiddenFile(t *testing.T) {
	w := newWorld(t)
	w.put(t, "mine.md", "mine\n")
	w.put(t, ".env", "TOKEN=1\n")
	w.put(t, ".hidden.md", "secret word\n")
	w.put(t, ".git/hooks/post-commit.md", "secret word\n")
	for _, name := range []string{".env", ".hidden", ".hidden.md", ".git/hooks/post-commit", ".git/config", ".claude/settings", "sub/.mcp", ".parachute-x.tmp"} {
		w.refuseAll(t, name, vault.ErrName)
	}
	v := w.open(t)
	if l, err := v.List(t.Context(), ""); err != nil || len(l.Notes) != 1 {
		t.Errorf("List = %+v, %v; want mine.md alone", l, err)
	}
	if r, err := v.Search(t.Context(), "secret word", nil); err != nil || len(r.Hits) != 0 {
		t.Errorf("Search = %+v, %v; want nothing", r, err)
	}
}

func TestAttackNameTooLong(t *testing.T) {
	w := newWorld(t)
	w.put(t, "mine.md", "mine\n")
	w.refuseAll(t, strings.Repeat("n", 300), vault.ErrName)
	w.refuseAll(t, strings.Repeat("n", 198), vault.ErrName)
	w.refuseAll(t, strings.Repeat("deep/", 300)+"n", vault.ErrName)
	if _, err := w.open(t).Write(t.Context(), strings.Repeat("n", 197), "fits\n"); err != nil {
		t.Errorf("the longest name: %v", err)
	}
}

func TestAttackOversizeNote(t *testing.T) {
	w := newWorld(t)
	w.put(t, "big.md", strings.Repeat("x", 101))
	w.put(t, "full.md", strings.Repeat("needle ", 14))
	v := w.open(t, func(d *vault.Deps) { d.Limits.MaxNote = 100 })
	before := w.snapshot(t)
	for what, do := range map[string]func() error{
		"read":   func() error { _, err := v.Read(t.Context(), "big"); return err },
		"write":  func() error { _, err := v.Write(t.Context(), "new", strings.Repeat("x", 101)); return err },
		"append": func() error { _, err := v.Append(t.Context(), "full", "one more"); return err },
		"grow":   func() error { _, err := v.Append(t.Context(), "big", "x"); return err },
		"move":   func() error { _, err := v.Move(t.Context(), "big", "small"); return err },
	} {
		if err := do(); !errors.Is(err, vault.ErrTooLarge) {
			t.Errorf("%s: %v, want too large", what, err)
		}
	}
	w.unchanged(t, before)
	if _, err := v.Write(t.Context(), "big", strings.Repeat("y", 100)); err != nil {
		t.Errorf("replacing an oversize note by one that fits: %v", err)
	}
	if got := w.get(t, "big.md"); got != strings.Repeat("y", 100) {
		t.Errorf("big.md = %q", got)
	}
}

func TestAttackBinaryContent(t *testing.T) {
	w := newWorld(t)
	w.put(t, "binary.md", "\x7fELF\x00\xff\xfe needle")
	w.put(t, "latin.txt", "caf\xe9")
	v := w.open(t)
	for name, text := range map[string]string{"binary": "\x7fELF\x00\uFFFD needle", "latin.txt": "caf\uFFFD"} {
		n, err := v.Read(t.Context(), name)
		if err != nil || !n.Binary || n.Text != text {
			t.Errorf("Read(%q) = %+v, %v; want binary %q", name, n, err, text)
		}
		if _, err := v.Append(t.Context(), name, "x"); !errors.Is(err, vault.ErrNotText) {
			t.Errorf("Append(%q): %v, want not text", name, err)
		}
	}
	if r, err := v.Search(t.Context(), "needle", nil); err != nil || len(r.Hits) != 0 {
		t.Errorf("Search = %+v, %v; want nothing of a binary file", r, err)
	}
	for _, text := range []string{"a\x00b", "a\xffb"} {
		if _, err := v.Write(t.Context(), "new", text); !errors.Is(err, vault.ErrNotText) {
			t.Errorf("Write(%q): %v, want not text", text, err)
		}
	}
	if got := w.get(t, "latin.txt"); got != "caf\xe9" {
		t.Errorf("latin.txt = %q", got)
	}
}

func TestAttackContextEndedIsNoDecision(t *testing.T) {
	w := newWorld(t)
	w.put(t, "mine.md", "mine\n")
	before := w.snapshot(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	v := w.open(t)
	if _, err := v.Write(ctx, "mine", "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("Write: %v", err)
	}
	if len(w.auth.calls) != 0 {
		t.Errorf("asked %v", w.auth.calls)
	}
	w.unchanged(t, before)
}

func (w *world) symlink(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, w.path(name)); err != nil {
		t.Fatal(err)
	}
}
