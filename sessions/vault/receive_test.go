package vault_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parachute-gate/parachute/sessions/vault"
)

func receiver(t *testing.T, dir string, auth vault.Authorizer, access vault.Access) *vault.Vault {
	t.Helper()
	v, err := vault.New(vault.Deps{Dir: dir, Access: access, Authorizer: auth})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Close() })
	return v
}

func TestReceive(t *testing.T) {
	dir, auth := t.TempDir(), &asked{}
	v := receiver(t, dir, auth, vault.ReadWrite)
	content := bytes.Repeat([]byte{0xff, 0x00, 'x'}, 1<<20)
	for range 2 {
		c, err := v.Receive(t.Context(), "Holiday plan.PDF", content)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(c.Path, "inbox/Holiday-plan-") || !strings.HasSuffix(c.Path, ".pdf") || c.Bytes != int64(len(content)) {
			t.Errorf("kept as %+v", c)
		}
	}
	if len(auth.calls) != 2 || auth.calls[0].Tool != "notes.receive" || auth.calls[0].Kind != "write" || auth.calls[0].Bytes != len(content) {
		t.Errorf("asked for %+v", auth.calls)
	}
	found, err := filepath.Glob(filepath.Join(dir, "inbox", "*"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%q, %v", found, err)
	}
	got, err := os.ReadFile(found[0])
	if err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes are kept, %v", len(got), err)
	}
	if info, err := os.Stat(found[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	// Another file of that name is another file.
	if _, err := v.Receive(t.Context(), "Holiday plan.PDF", []byte("other")); err != nil {
		t.Error(err)
	}
	if found, _ = filepath.Glob(filepath.Join(dir, "inbox", "*")); len(found) != 2 {
		t.Errorf("%q", found)
	}
}

func TestReceiveInAReadOnlyVault(t *testing.T) {
	v := receiver(t, t.TempDir(), &asked{}, vault.ReadOnly)
	if _, err := v.Receive(t.Context(), "a.txt", []byte("x")); err == nil {
		t.Error("a file was put into a vault that may only be read")
	}
}

func FuzzReceivedNames(f *testing.F) {
	for _, name := range []string{
		"", ".", "..", "../../etc/passwd", `..\..\x.exe`, "/etc/passwd", ".bashrc", "CLAUDE.md", "a\x00b.txt", "a\nb.txt", "-rf", "con:", "\u202egnp.exe",
		strings.Repeat("é", 300) + ".pdf", "x.tar.gz", ".git/hooks/post-commit", "a/.", " . ", "\xff\xfe",
	} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		dir := t.TempDir()
		v := receiver(t, dir, &asked{}, vault.ReadWrite)
		c, err := v.Receive(t.Context(), name, []byte("content"))
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		rest, ok := strings.CutPrefix(c.Path, "inbox/")
		if !ok || strings.ContainsAny(rest, "/\\:\x00\n ") || strings.HasPrefix(rest, ".") || strings.HasPrefix(rest, "-") || len(rest) > 200 {
			t.Errorf("%q became %q", name, c.Path)
		}
		if got, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(c.Path))); err != nil || string(got) != "content" {
			t.Errorf("%q: %q, %v", c.Path, got, err)
		}
	})
}
