package sqlite

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/storage/storagetest"
)

func openDir(tb testing.TB, dir string) *DB {
	tb.Helper()
	db, err := Open(tb.Context(), dir, slog.New(slog.DiscardHandler))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	return db
}

func stores(t *testing.T, dir string) storagetest.Stores {
	db := openDir(t, dir)
	return storagetest.Stores{
		Store:  db,
		Reopen: func(t *testing.T) storagetest.Stores { return stores(t, dir) },
		Orphan: func(ctx context.Context, decision *string) error {
			_, err := db.write.ExecContext(ctx, `
				INSERT INTO sessions (id, connector, kind, chat, chat_kind, user, local, workspace, trust, access, agent, decision, created)
				VALUES ('orphan', 'chat', 'stdio', 'chat:x', 'dm', 'chat:x', 0, 'notes', 'sandboxed', 'read_only', 'vault', ?, ?)`,
				decision, time.Now().UnixNano())
			return err
		},
	}
}

// tables is a database that holds nothing yet. Making one takes longer than most
// tests: they begin with a copy.
var tables = sync.OnceValues(func() (data []byte, err error) {
	dir, err := os.MkdirTemp("", "tables")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	db, err := Open(context.Background(), dir, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, File))
})

// fill makes dir a data folder.
func fill(tb testing.TB, dir string) string {
	tb.Helper()
	data, err := tables()
	if err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, File), data, 0o600); err != nil {
		tb.Fatal(err)
	}
	return dir
}

func newDir(tb testing.TB) string { return fill(tb, tb.TempDir()) }

func TestConformance(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storagetest.Stores { return stores(t, newDir(t)) })
}
