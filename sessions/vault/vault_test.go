package vault_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/sessions/vault"
)

func TestNotesLiveTheirLife(t *testing.T) {
	w := newWorld(t)
	v := w.open(t)
	ctx := t.Context()
	change := func(c vault.Change, err error) vault.Change {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if c := change(v.Write(ctx, "shopping", "milk\n")); c != (vault.Change{Path: "shopping.md", Bytes: 5}) {
		t.Errorf("Write = %+v", c)
	}
	if c := change(v.Append(ctx, "shopping", "eggs")); c != (vault.Change{Path: "shopping.md", Bytes: 10}) {
		t.Errorf("Append = %+v", c)
	}
	if got := w.get(t, "shopping.md"); got != "milk\neggs\n" {
		t.Errorf("shopping.md = %q", got)
	}
	change(v.Write(ctx, "projects/garden/beds", "beans\n"))
	if c := change(v.Move(ctx, "shopping", "archive/2024/shopping")); c != (vault.Change{Path: "archive/2024/shopping.md", Bytes: 10}) {
		t.Errorf("Move = %+v", c)
	}
	n, err := v.Read(ctx, "archive/2024/shopping")
	if err != nil || n.Text != "milk\neggs\n" || n.Binary || n.Bytes != 10 || n.Path != "archive/2024/shopping.md" {
		t.Errorf("Read = %+v, %v", n, err)
	}
	if _, err := v.Read(ctx, "shopping"); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("Read of the old name: %v", err)
	}
	for folder, want := range map[string]string{"": "archive/2024/shopping.md projects/garden/beds.md", "projects": "projects/garden/beds.md", "archive/": "archive/2024/shopping.md"} {
		if got := names(t, v, folder); got != want {
			t.Errorf("List(%q) = %q, want %q", folder, got, want)
		}
	}
	if _, err := v.List(ctx, "nowhere"); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("List of no folder: %v", err)
	}
}

func names(t *testing.T, v *vault.Vault, folder string) string {
	t.Helper()
	l, err := v.List(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, n := range l.Notes {
		out = append(out, n.Path)
	}
	return strings.Join(out, " ")
}

func TestAppendStartsALineOfItsOwn(t *testing.T) {
	w := newWorld(t)
	v := w.open(t)
	w.put(t, "open.md", "no line end")
	w.put(t, "empty.md", "")
	for name, want := range map[string]string{"open": "no line end\nx\n", "empty": "x\n", "new": "x\n"} {
		if _, err := v.Append(t.Context(), name, "x"); err != nil {
			t.Fatal(err)
		}
		if got := w.get(t, name+".md"); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

func TestMoveNeverReplaces(t *testing.T) {
	w := newWorld(t)
	w.put(t, "a.md", "a\n")
	w.put(t, "b.md", "b\n")
	before := w.snapshot(t)
	var p *vault.Problem
	j := &book{}
	if _, err := w.open(t, withJournal(j)).Move(t.Context(), "a", "b"); !errors.As(err, &p) || !errors.Is(err, vault.ErrExists) || p.Existing != "b.md" {
		t.Errorf("Move onto a note: %v", err)
	}
	if _, err := w.open(t).Move(t.Context(), "a", "a.md"); !errors.Is(err, vault.ErrExists) {
		t.Errorf("Move onto itself: %v", err)
	}
	if j.begun != 0 {
		t.Errorf("begun %d times, though it was clear that nothing moves", j.begun)
	}
	w.unchanged(t, before)
}

func TestMoveKeepsTheExtension(t *testing.T) {
	w := newWorld(t)
	w.put(t, "a.txt", "a\n")
	if c, err := w.open(t).Move(t.Context(), "a.txt", " b "); err != nil || c.Path != "b.txt" {
		t.Errorf("Move = %+v, %v", c, err)
	}
}

func TestWriteKeepsTheMode(t *testing.T) {
	w := newWorld(t)
	w.put(t, "shared.md", "old\n")
	if err := os.Chmod(w.path("shared.md"), 0o640); err != nil {
		t.Fatal(err)
	}
	v := w.open(t)
	for name, want := range map[string]os.FileMode{"shared": 0o640, "new": 0o600} {
		if _, err := v.Write(t.Context(), name, "x\n"); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(w.path(name + ".md"))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, %v; want %v", name, info.Mode(), err, want)
		}
	}
}

// Each operation, with the call that the policy sees.
func everyOperation(v *vault.Vault) map[vault.Call]func() error {
	ctx := context.Background()
	return map[vault.Call]func() error{
		{Tool: "notes.list", Kind: "list"}:                  func() error { _, err := v.List(ctx, ""); return err },
		{Tool: "notes.list", Kind: "list", Path: "sub"}:     func() error { _, err := v.List(ctx, "sub/"); return err },
		{Tool: "notes.read", Kind: "read", Path: "mine.md"}: func() error { _, err := v.Read(ctx, "mine"); return err },
		{Tool: "notes.search", Kind: "search"}:              func() error { _, err := v.Search(ctx, "milk", nil); return err },
		{Tool: "notes.write", Kind: "write", Path: "n/w.md", Bytes: 2}: func() error {
			_, err := v.Write(ctx, " n/w ", "é")
			return err
		},
		{Tool: "notes.append", Kind: "append", Path: "a.txt", Bytes: 1}: func() error {
			_, err := v.Append(ctx, "a.txt", "x")
			return err
		},
		{Tool: "notes.move", Kind: "move", Path: "mine.md", To: "x/y.md"}: func() error {
			_, err := v.Move(ctx, "mine", "x/y")
			return err
		},
		// Names that are refused in any case are put to the policy as they came.
		{Tool: "notes.read", Kind: "read", Path: "../x"}:              func() error { _, err := v.Read(ctx, "../x"); return err },
		{Tool: "notes.list", Kind: "list", Path: "/etc"}:              func() error { _, err := v.List(ctx, "/etc"); return err },
		{Tool: "notes.write", Kind: "write", Path: "a\x00", Bytes: 1}: func() error { _, err := v.Write(ctx, "a\x00", "x"); return err },
		{Tool: "notes.move", Kind: "move", Path: "mine.md", To: ".."}: func() error { _, err := v.Move(ctx, "mine", ".."); return err },
	}
}

func TestEveryOperationIsAskedForOnce(t *testing.T) {
	for want := range everyOperation(nil) {
		w := newWorld(t)
		w.put(t, "mine.md", "milk\n")
		w.put(t, "sub/s.md", "milk\n")
		_ = everyOperation(w.open(t))[want]()
		if !reflect.DeepEqual(w.auth.calls, []vault.Call{want}) {
			t.Errorf("asked %+v, want %+v once", w.auth.calls, want)
		}
	}
}

// What is not allowed looks the same whether it is there or not, and leaves
// everything as it is.
func TestRefusalComesBeforeTheFileSystem(t *testing.T) {
	for _, answer := range []error{&vault.Refused{Reply: "No.", Rule: "tool.no"}, errors.New("the policy engine is away")} {
		for call := range everyOperation(nil) {
			for _, there := range []bool{true, false} {
				w := newWorld(t)
				if there {
					w.put(t, "mine.md", "milk\n")
					w.put(t, "sub/s.md", "milk\n")
				}
				before := w.snapshot(t)
				w.auth.err = answer
				err := everyOperation(w.open(t))[call]()
				if !errors.Is(err, answer) {
					t.Errorf("%+v: %v, want %v", call, err, answer)
				}
				w.unchanged(t, before)
			}
		}
	}
}

// The file that is read is the one that is there after the decision.
func TestDecisionComesBeforeTheLook(t *testing.T) {
	w := newWorld(t)
	w.auth.before = func(vault.Call) {
		if err := os.WriteFile(w.path("late.md"), []byte("late\n"), 0o600); err != nil {
			t.Error(err)
		}
	}
	n, err := w.open(t).Read(t.Context(), "late")
	if err != nil || n.Text != "late\n" {
		t.Errorf("Read = %+v, %v", n, err)
	}
}

func TestReadOnlyRefusesChangesBeforeAnything(t *testing.T) {
	w := newWorld(t)
	w.put(t, "mine.md", "milk\n")
	w.put(t, "sub/s.md", "milk\n")
	before := w.snapshot(t)
	v := w.open(t, func(d *vault.Deps) { d.Access = vault.ReadOnly })
	for call, do := range everyOperation(v) {
		w.auth.calls = nil
		err := do()
		var refused *vault.Refused
		switch call.Kind {
		case "write", "append", "move":
			if !errors.As(err, &refused) || refused.Rule != vault.RuleReadOnly || refused.Reply == "" || len(w.auth.calls) != 0 {
				t.Errorf("%+v: %v, asked %v", call, err, w.auth.calls)
			}
		default:
			if errors.As(err, &refused) || len(w.auth.calls) != 1 {
				t.Errorf("%+v: %v, asked %v", call, err, w.auth.calls)
			}
		}
	}
	w.unchanged(t, before)
}

func TestNewRefuses(t *testing.T) {
	dir := t.TempDir()
	good := vault.Deps{Dir: dir, Access: vault.ReadOnly, Authorizer: &asked{}}
	for words, change := range map[string]func(*vault.Deps){
		"no authorizer":       func(d *vault.Deps) { d.Authorizer = nil },
		"access \"\"":         func(d *vault.Deps) { d.Access = "" },
		"access \"rw\"":       func(d *vault.Deps) { d.Access = "rw" },
		"no folder given":     func(d *vault.Deps) { d.Dir = "" },
		"no such file":        func(d *vault.Deps) { d.Dir = dir + "/nowhere" },
		"limit is below":      func(d *vault.Deps) { d.Limits.MaxNote = -1 },
		"limit is below zero": func(d *vault.Deps) { d.Limits.SearchHits = -1 },
	} {
		d := good
		change(&d)
		if _, err := vault.New(d); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("New: %v, want %q", err, words)
		}
	}
}

func TestRootOfTheCallerStaysOpen(t *testing.T) {
	w := newWorld(t)
	root, err := os.OpenRoot(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close() //nolint:errcheck // the test is over
	v, err := vault.New(vault.Deps{Root: root, Access: vault.ReadWrite, Authorizer: w.auth})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Write(t.Context(), "a", "a\n"); err != nil {
		t.Fatal(err)
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := root.Stat("a.md"); err != nil {
		t.Errorf("after Close of the vault: %v", err)
	}
}

// Two sessions in one workspace add to one note at once: no line is lost.
func TestConcurrentAppendsLoseNothing(t *testing.T) {
	w := newWorld(t)
	const vaults, lines = 4, 25
	var all sync.WaitGroup
	for i := range vaults {
		v := w.open(t)
		all.Go(func() {
			for j := range lines {
				if _, err := v.Append(context.Background(), "shared", fmt.Sprintf("line %d of %d.", j, i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	got := w.get(t, "shared.md")
	for i := range vaults {
		for j := range lines {
			if strings.Count(got, fmt.Sprintf("line %d of %d.\n", j, i)) != 1 {
				t.Errorf("line %d of %d is not there once", j, i)
			}
		}
	}
}

func TestLeftoversOfACrashAreInvisibleAndGoAway(t *testing.T) {
	w := newWorld(t)
	w.put(t, ".parachute-0123.tmp", "half")
	w.put(t, ".parachute-4567.tmp", "half, and somebody may be writing it")
	long := time.Now().Add(-2 * time.Hour)
	if err := os.Chtimes(w.path(".parachute-0123.tmp"), long, long); err != nil {
		t.Fatal(err)
	}
	v := w.open(t)
	if got := names(t, v, ""); got != "" {
		t.Errorf("List = %q", got)
	}
	if _, err := v.Write(t.Context(), "a", "a\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(w.path(".parachute-0123.tmp")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the old leftover: %v", err)
	}
	if _, err := os.Stat(w.path(".parachute-4567.tmp")); err != nil {
		t.Errorf("the young one: %v", err)
	}
}
