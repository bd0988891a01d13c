package sandbox

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// The workspace's own folder, shut, is opened all the same where it can be.
func TestQuotaOfShutWorkspace(t *testing.T) {
	dir := realDir(t)
	s, err := OpenSource(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	// The folders above are the test's own.
	for at := filepath.Dir(dir); at != os.TempDir() && at != "/"; at = filepath.Dir(at) {
		if err := os.Chmod(at, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o300); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	_, err = asUser(t, 65534, func() (Size, error) {
		q, err := OpenQuota(t.Context(), s, mib)
		if err == nil && !q.blind {
			t.Error("it was measured")
		}
		return Size{}, errors.Join(err, q.Ended(t.Context(), 0), q.Close())
	})
	if err != nil {
		t.Error(err)
	}
}
