package sessions

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Named after CVE-2026-27002: a workspace's name that mounts another folder.
func TestWorkspaceNameInjection(t *testing.T) {
	root := filepath.Join(t.TempDir(), "root")
	w := Workspaces{Root: root}
	for _, name := range []string{
		"", ".", "..", "../etc", "/etc", "a/b", `a\b`, "a:/host", "a:b:rw", "a,b", "a\x00b", "a\n", "\na", " a", "a ", "A", "é", "a\u202e", "-a", "_a",
		"~", "$HOME", "a.b", ".git", "con:", strings.Repeat("a", 64), "personal/../x", "personal\x00", "ａ",
	} {
		if dir, err := w.Dir(Session{Workspace: name, User: "tg:1"}); err == nil {
			t.Errorf("workspace %q became %s", name, dir)
		}
	}
	if left, _ := os.ReadDir(filepath.Dir(root)); len(left) != 0 {
		t.Errorf("refused names made %v", left)
	}
	for _, name := range []string{"a", "0", "notes", "team_notes-2", strings.Repeat("a", 63)} {
		dir, err := w.Dir(Session{Workspace: name, User: "tg:1"})
		if err != nil || dir != filepath.Join(root, name) {
			t.Errorf("workspace %q: %s, %v", name, dir, err)
			continue
		}
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("workspace %q: %v, %v; want a folder for its owner alone", name, info, err)
		}
	}
}

func TestPlaces(t *testing.T) {
	place := t.TempDir()
	w := Workspaces{Root: t.TempDir(), Places: map[string]string{"notes": place, "gone": filepath.Join(place, "gone")}}
	if dir, err := w.Dir(Session{Workspace: "notes"}); err != nil || dir != place {
		t.Errorf("%s, %v", dir, err)
	}
	if dir, err := w.Dir(Session{Workspace: "gone"}); err == nil || !strings.Contains(err.Error(), "gone") {
		t.Errorf("a place that is not there: %s, %v", dir, err)
	}
	if _, err := os.Stat(filepath.Join(place, "gone")); err == nil {
		t.Error("a place of the configuration was made")
	}
	if dir, err := w.Dir(Session{Workspace: PersonalWorkspace}); err == nil {
		t.Errorf("nobody's own workspace: %s", dir)
	}
}

func TestPersonalWorkspacesAreApart(t *testing.T) {
	w := Workspaces{Root: t.TempDir()}
	seen := map[string]string{}
	for _, user := range []string{
		"tg:1", "tg:11", "TG:1", "tg_1", "tg:1 ", "tg:1\x00", "tg:1/..", "../tg:1", "tg:../..", "..", ".", "/", "/etc/passwd", `..\..`,
		"tg:é", "tg:e\u0301", "tg:\u202e1", "tg:１", "tg:\xff", "tg:\xfe", "matrix:@a:b", "matrix:@A:b", "con", "-rf",
		strings.Repeat("x", 40), strings.Repeat("x", 41), strings.Repeat("x", 10_000), strings.Repeat("x", 10_001),
	} {
		dir, err := w.Dir(Session{Workspace: PersonalWorkspace, User: user})
		if err != nil {
			t.Errorf("%q: %v", user, err)
			continue
		}
		if filepath.Dir(dir) != filepath.Join(w.Root, PersonalWorkspace) {
			t.Errorf("%q has %s, which is not in the root", user, dir)
		}
		// A file system may fold case.
		key := strings.ToLower(dir)
		if other, ok := seen[key]; ok {
			t.Errorf("%q and %q share %s", user, other, dir)
		}
		seen[key] = user
		if again, _ := w.Dir(Session{Workspace: PersonalWorkspace, User: user}); again != dir {
			t.Errorf("%q has %s, then %s", user, dir, again)
		}
	}
}

func TestPersonalNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")
		x, y := personalName(a), personalName(b)
		if (a == b) != strings.EqualFold(x, y) {
			t.Fatalf("%q has %s, %q has %s", a, x, b, y)
		}
		for _, r := range x {
			if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789-_", r) {
				t.Fatalf("%q has %q", a, x)
			}
		}
		if len(x) > 64 {
			t.Fatalf("%q has %d letters", a, len(x))
		}
	})
}
