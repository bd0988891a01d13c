//go:build unix

package vault_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/parachute-gate/parachute/sessions/vault"
)

// What root writes belongs to the workspace's owner, as what its programs write.
func TestWhatIsMadeBelongsToTheFoldersOwner(t *testing.T) {
	dir := t.TempDir()
	want := os.Geteuid()
	if want == 0 {
		want = 1000
		if err := os.Chown(dir, want, want); err != nil {
			t.Fatal(err)
		}
	}
	v, err := vault.New(vault.Deps{Dir: dir, Access: vault.ReadWrite, Authorizer: allowAll{}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Write(t.Context(), "folder/note", "text"); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Append(t.Context(), "folder/note", "more"); err != nil {
		t.Fatal(err)
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"folder", "folder/note.md"} {
		info, err := os.Lstat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); !ok || int(stat.Uid) != want {
			t.Errorf("%s belongs to %d, not %d", name, stat.Uid, want)
		}
	}
}
