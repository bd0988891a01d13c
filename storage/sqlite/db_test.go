package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/parachute-gate/parachute/audit"
	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/gate/limits"
	"github.com/parachute-gate/parachute/gate/users"
)

func TestFilesAreTheirOwnersAlone(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	dir := filepath.Join(t.TempDir(), "deep", "data")
	db := openDir(t, dir)
	keep(t, db)
	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Dir(dir): 0o700} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want %o", path, info.Mode(), err, want)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) < 2 {
		t.Fatalf("files %v, %v; want the database and its log", files, err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v; want 600", f.Name(), info.Mode(), err)
		}
	}
}

func TestOpenFolders(t *testing.T) {
	for _, name := range []string{"plain", "with blank", "50%25", "a?b=c&mode=memory", "a#b", "ümlaut", "quote'\"", "a:b", "file:x", "+"} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), name)
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			db := openDir(t, fill(t, dir))
			keep(t, db)
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			before, err := tables()
			if err != nil {
				t.Fatal(err)
			}
			if after, err := os.ReadFile(filepath.Join(dir, File)); err != nil || bytes.Equal(before, after) {
				t.Errorf("what was kept is elsewhere: %v", err)
			}
		})
	}
}

func TestOpenFails(t *testing.T) {
	root := t.TempDir()
	file := filepath.Join(root, "file")
	if err := os.WriteFile(file, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	noDB := filepath.Join(root, "nodb")
	if err := os.Mkdir(noDB, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(noDB, File), []byte(strings.Repeat("this is no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, dir := range map[string]string{"a file for a folder": file, "no database": noDB} {
		db, err := Open(t.Context(), dir, slog.New(slog.DiscardHandler))
		if err == nil {
			_ = db.Close()
			t.Errorf("%s was opened", name)
		}
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(over, filepath.Join(root, "late"), slog.New(slog.DiscardHandler)); !errors.Is(err, context.Canceled) {
		t.Errorf("open for a caller who is gone: %v", err)
	}
}

// schema is every table and index of a database, and the versions it is at.
func schema(t *testing.T, db *DB) string {
	t.Helper()
	var out strings.Builder
	for _, query := range []string{
		`SELECT name, coalesce(sql, '') FROM sqlite_schema ORDER BY name`,
		`SELECT 'goose', max(version_id) FROM goose_db_version`,
		`SELECT 'river', group_concat(version) FROM river_migration`,
	} {
		if err := db.each(t.Context(), query, nil, func(rows *sql.Rows) error {
			var a, b string
			err := rows.Scan(&a, &b)
			fmt.Fprintln(&out, a, b)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

func TestMigrations(t *testing.T) {
	dir := t.TempDir()
	db := openDir(t, dir)
	fresh := schema(t, db)
	for _, table := range []string{"decisions", "audit_head", "people", "choices", "sessions", "turns", "turn_changes", "limit_events", "identities", "grants", "pairings", "tokens", "shares", "river_job"} {
		if !strings.Contains(fresh, "\n"+table+" ") && !strings.HasPrefix(fresh, table+" ") {
			t.Errorf("there is no table %s", table)
		}
	}
	c := keep(t, db)
	// The same file, opened by a second process beside the first and again later.
	beside := openDir(t, dir)
	if got := schema(t, beside); got != fresh {
		t.Errorf("a second opening changed the tables:\n%s\nwant\n%s", got, fresh)
	}
	for _, d := range []*DB{beside, db} {
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
	db = openDir(t, dir)
	if got := schema(t, db); got != fresh {
		t.Errorf("opening again changed the tables:\n%s\nwant\n%s", got, fresh)
	}
	if _, err := db.Turn(t.Context(), c.Turn.ID); err != nil {
		t.Errorf("what was kept: %v", err)
	}
}

func TestMigrationsFromAnEmptyFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, File), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	db := openDir(t, dir)
	keep(t, db)
	if got, want := schema(t, db), schema(t, openDir(t, t.TempDir())); got != want {
		t.Errorf("tables\n%s\nwant\n%s", got, want)
	}
}

func TestSettings(t *testing.T) {
	db := openDir(t, newDir(t))
	for _, c := range []struct {
		on           *sql.DB
		pragma, want string
	}{
		{db.write, "journal_mode", "wal"}, {db.write, "synchronous", "2"}, {db.write, "foreign_keys", "1"}, {db.write, "query_only", "0"},
		{db.read, "foreign_keys", "1"}, {db.read, "query_only", "1"},
	} {
		var got string
		if err := c.on.QueryRowContext(t.Context(), "PRAGMA "+c.pragma).Scan(&got); err != nil || got != c.want {
			t.Errorf("%s is %s, %v; want %s", c.pragma, got, err, c.want)
		}
	}
}

func TestTamperedDatabase(t *testing.T) {
	for name, statement := range map[string]string{
		"record changed":     `UPDATE decisions SET record = CAST(replace(CAST(record AS TEXT), '"allow"', '"deny"') AS BLOB) WHERE seq = 2`,
		"record removed":     `DELETE FROM decisions WHERE seq = 2`,
		"records reordered":  `UPDATE decisions SET seq = CASE seq WHEN 1 THEN -2 ELSE -1 END WHERE seq < 3; UPDATE decisions SET seq = -seq WHERE seq < 0`,
		"tail cut off":       `DELETE FROM decisions WHERE seq = 4`,
		"head removed":       `DELETE FROM audit_head; DELETE FROM decisions WHERE seq > 1`,
		"head and tail back": `DELETE FROM decisions WHERE seq > 2; UPDATE audit_head SET seq = 2, hash = (SELECT hash FROM decisions WHERE seq = 2)`,
	} {
		t.Run(name, func(t *testing.T) {
			db := openDir(t, newDir(t))
			for range 4 {
				keep(t, db)
			}
			elsewhere, err := audit.Verify(t.Context(), db, audit.Head{})
			if err != nil {
				t.Fatal(err)
			}
			// Whoever has the file has no need to mind its keys.
			if _, err := db.write.ExecContext(t.Context(), `PRAGMA foreign_keys = 0; `+statement); err != nil {
				t.Fatal(err)
			}
			if _, err := audit.Verify(t.Context(), db, elsewhere); err == nil {
				t.Error("not found")
			}
		})
	}
}

// TestBatchFailsAlone puts writes into one batch, some of which fail.
func TestBatchFailsAlone(t *testing.T) {
	db := openDir(t, newDir(t))
	broken := errors.New("broken")
	var batch []*write
	runs := make([]int, 10)
	for i := range runs {
		batch = append(batch, &write{ctx: t.Context(), err: make(chan error, 1), do: func(ctx context.Context, tx *sql.Tx) error {
			runs[i]++
			if _, err := tx.ExecContext(ctx, `INSERT INTO people (id, roles, created, updated) VALUES (?, '[]', 0, 0)`, fmt.Sprintf("c:%d", i)); err != nil {
				return err
			}
			switch i {
			case 3:
				return broken
			case 7:
				_, err := tx.ExecContext(ctx, `INSERT INTO people (id, roles, created, updated) VALUES ('c:0', '[]', 0, 0)`)
				return err
			}
			return nil
		}})
	}
	db.writer.commit(batch)
	for i, w := range batch {
		err := <-w.err
		_, lookErr := db.Person(t.Context(), fmt.Sprintf("c:%d", i))
		switch i {
		case 3, 7:
			if err == nil || !errors.Is(lookErr, users.ErrUnknown) || (i == 3) != errors.Is(err, broken) {
				t.Errorf("write %d: %v, kept %v", i, err, lookErr)
			}
		default:
			if err != nil || lookErr != nil {
				t.Errorf("write %d was taken down by another: %v, %v", i, err, lookErr)
			}
		}
		if runs[i] > 2 {
			t.Errorf("write %d ran %d times", i, runs[i])
		}
	}
}

// One caller's context is not the others': a batch whose first caller goes away
// is committed all the same.
func TestBatchOutlivesItsCaller(t *testing.T) {
	db := openDir(t, newDir(t))
	over, cancel := context.WithCancel(t.Context())
	cancel()
	var batch []*write
	for i := range 3 {
		batch = append(batch, &write{ctx: over, err: make(chan error, 1), do: func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO people (id, roles, created, updated) VALUES (?, '[]', 0, 0)`, fmt.Sprintf("c:%d", i))
			return err
		}})
	}
	db.writer.commit(batch)
	for i, w := range batch {
		if err := <-w.err; err != nil {
			t.Errorf("write %d: %v", i, err)
		}
	}
}

func TestPruneLimitsKeepsTheClock(t *testing.T) {
	db := openDir(t, newDir(t))
	for _, at := range []int64{10, 20, 30} {
		c := commitOf("ann")
		c.Events = append(c.Events, limits.Event{Key: "k", At: at, ID: c.Record.ID})
		if err := db.Commit(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.PruneLimits(t.Context(), 1<<62); err != nil {
		t.Fatal(err)
	}
	left, err := db.LimitEvents(t.Context(), "k", -1)
	if err != nil || len(left) != 1 || left[0].At != 30 {
		t.Errorf("left %v, %v; want the newest", left, err)
	}
	if clock, err := db.LimitClock(t.Context()); err != nil || clock != 30 {
		t.Errorf("clock %d, %v", clock, err)
	}
	if err := db.PruneLimits(t.Context(), 30); err != nil {
		t.Fatal(err)
	}
	if left, err := db.LimitEvents(t.Context(), "k", -1); err != nil || len(left) != 1 {
		t.Errorf("left %v, %v", left, err)
	}
}

func BenchmarkCommit(b *testing.B) {
	commits := func(b *testing.B, parallel int) {
		db := openDir(b, newDir(b))
		queue := make(chan gate.Commit)
		var wg sync.WaitGroup
		b.ReportAllocs()
		b.ResetTimer()
		for range parallel {
			wg.Go(func() {
				for c := range queue {
					if err := db.Commit(context.Background(), c); err != nil {
						b.Error(err)
					}
				}
			})
		}
		for range b.N {
			queue <- commitOf("ann")
		}
		close(queue)
		wg.Wait()
	}
	b.Run("alone", func(b *testing.B) { commits(b, 1) })
	b.Run("parallel=64", func(b *testing.B) { commits(b, 64) })
}
