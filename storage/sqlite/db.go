// Package sqlite keeps everything in one SQLite file: the decision log, people,
// sessions, turns and the queue that works them. It implements the stores that
// the gate, the sessions and the audit log declare.
//
// It holds no rule of its own: what is written, and when, its callers decide. A
// write returns only when it is on disk (WAL, synchronous FULL).
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

//go:embed migrations/*.sql
var migrations embed.FS

// File is the name of the database in the data folder.
const File = "parachute.db"

// readers is how many may read at once. They stay open: opening one takes longer
// than most of what is read.
const readers = 8

// DB is an open database. Safe for concurrent use; several processes may have
// the same file open.
type DB struct {
	// write has one connection, which the writer and the queue take in turn.
	write  *sql.DB
	read   *sql.DB
	writer *writer
	jobs   *river.Client[*sql.Tx]
	// wake has a token when a turn was committed that the queue may not know of.
	wake chan struct{}
	// facts is factsQuery, which takes longer to read than to answer.
	facts *sql.Stmt
	// key is that of the codes' digests.
	key []byte
	log *slog.Logger
}

// Open opens the database in the folder dir, which it makes (readable by its
// owner alone) together with the tables that are missing.
func Open(ctx context.Context, dir string, log *slog.Logger) (*DB, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	path := filepath.Join(dir, File)
	// SQLite would make the file by the umask; it holds what people wrote.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the path is the operator's own
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db := &DB{log: log, wake: make(chan struct{}, 1)}
	if db.jobs, err = newInserter(); err != nil {
		return nil, err
	}
	if db.write, err = sql.Open("sqlite", dsn(path, "_txlock=immediate")); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db.write.SetMaxOpenConns(1)
	if db.read, err = sql.Open("sqlite", dsn(path, "_pragma=query_only(1)")); err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), db.write.Close())
	}
	db.read.SetMaxOpenConns(readers)
	db.read.SetMaxIdleConns(readers)
	if err := db.migrate(ctx, dir); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", path, err), db.read.Close(), db.write.Close())
	}
	if err := db.prepare(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", path, err), db.read.Close(), db.write.Close())
	}
	db.writer = newWriter(db.write)
	return db, nil
}

// prepare reads what stays the same for as long as the database is open.
func (db *DB) prepare(ctx context.Context) (err error) {
	if err := db.read.QueryRowContext(ctx, `SELECT key FROM installation`).Scan(&db.key); err != nil {
		return fmt.Errorf("read the installation's key: %w", err)
	}
	if len(db.key) != 32 {
		return fmt.Errorf("read the installation's key: %d bytes where 32 belong", len(db.key))
	}
	if db.facts, err = db.read.PrepareContext(ctx, factsQuery); err != nil {
		return fmt.Errorf("prepare facts: %w", err)
	}
	return nil
}

// Close ends the writer and closes the file. Writes that wait fail.
func (db *DB) Close() error {
	db.writer.close()
	return errors.Join(db.facts.Close(), db.read.Close(), db.write.Close())
}

// dsn opens for what the package promises: on disk when it returns, references
// held, and what is deleted (the text of an answered turn) overwritten.
func dsn(path string, more string) string {
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}
	return u.String() + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
		"&_pragma=foreign_keys(1)&_pragma=temp_store(MEMORY)&_pragma=secure_delete(1)&" + more
}

// migrate brings the database up to date. Processes that open a new one at the
// same time would each make its tables, so they take turns.
func (db *DB) migrate(ctx context.Context, folder string) (err error) {
	turn, err := os.Open(folder) //nolint:gosec // the path is the operator's own
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	defer func() { err = errors.Join(err, turn.Close()) }()
	if err := lock(ctx, turn); err != nil {
		return fmt.Errorf("wait for the turn to migrate: %w", err)
	}
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db.write, dir, goose.WithSlog(slog.New(slog.DiscardHandler)))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	queue, err := rivermigrate.New(riversqlite.New(db.write), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("read queue migrations: %w", err)
	}
	if _, err := queue.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate queue: %w", err)
	}
	return nil
}

// isOrphan tells whether err is a violated reference.
func isOrphan(err error) bool {
	var e *driver.Error
	return errors.As(err, &e) && e.Code() == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
}

// isUnique tells whether err is a violated UNIQUE constraint.
func isUnique(err error) bool {
	var e *driver.Error
	return errors.As(err, &e) && (e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}
