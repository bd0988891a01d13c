package sqlite

import (
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// openNew is set where the test's own program is to open a folder and end.
const openNew = "PARACHUTE_TEST_OPEN_NEW"

// TestNewDatabaseOpenedByManyProcesses: a status or a log is asked for while the
// first start makes the tables.
func TestNewDatabaseOpenedByManyProcesses(t *testing.T) {
	if dir := os.Getenv(openNew); dir != "" {
		db, err := Open(t.Context(), dir, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		return
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		dir := filepath.Join(t.TempDir(), "data")
		var group sync.WaitGroup
		for range 6 {
			group.Go(func() {
				c := exec.Command(program, "-test.run=^"+t.Name()+"$")
				c.Env = append(os.Environ(), openNew+"="+dir)
				if out, err := c.CombinedOutput(); err != nil {
					t.Errorf("%v\n%s", err, out)
				}
			})
		}
		group.Wait()
	}
}
