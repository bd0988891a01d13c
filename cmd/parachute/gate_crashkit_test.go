package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/audit"
	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/storage/sqlite"
)

// innerGate is a gate in this process, over a database on disk.
type innerGate struct {
	*gate.Gate
	db *sqlite.DB
}

// openInnerGate opens the database in data, and a gate with new counters.
func openInnerGate(t *testing.T, data string, policies gate.Policies, now func() time.Time) innerGate {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	db, err := sqlite.Open(t.Context(), data, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	book, _, err := newBook(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return innerGate{db: db, Gate: gate.New(gate.Deps{
		Policies: policies, Store: db, Book: book, Log: log, Now: now,
		Config: gate.Config{Input: engine.ConfigInput{
			Audience: "private", Trust: "sandboxed", Groups: "mention_only", Agent: engine.AgentInput{Name: "vault", Kind: "vault"}, Agents: []engine.AgentInput{{Name: "vault", Kind: "vault"}},
		}},
		Send:   func(context.Context, string, connectors.Reply) error { return nil },
		Stop:   func(string) {},
		Status: func() string { return "up" },
	})}
}

// say gives the gate one message.
func (g innerGate) say(ctx context.Context, user, chat, id string) error {
	return g.Handle(ctx, gate.Source{Name: "in", Kind: "stdio"}, connectors.Message{
		ID: id, Kind: connectors.EventMessage, Text: "hello",
		Chat: connectors.Chat{ID: chat, Kind: connectors.ChatDM}, User: connectors.User{ID: user},
	})
}

// records gives the decisions about messages, by the message's id, and holds the
// log to one for each.
func (g innerGate) records(t *testing.T) map[string]audit.Record {
	t.Helper()
	if _, err := audit.Verify(t.Context(), g.db, audit.Head{}); err != nil {
		t.Error(err)
	}
	out := map[string]audit.Record{}
	err := g.db.Entries(t.Context(), audit.Filter{Point: "message"}, func(e audit.Entry) error {
		if before, twice := out[e.Record.Message]; twice {
			t.Errorf("message %s was decided twice: %s and %s", e.Record.Message, before.ID, e.Record.ID)
		}
		out[e.Record.Message] = e.Record
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// countedEvent is a row of what the limits count.
type countedEvent struct {
	key, decision string
	at            int64
}

// countedEvents reads what is counted in the data folder, in order of time.
func countedEvents(t *testing.T, data string) []countedEvent {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(data, sqlite.File)+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	rows, err := db.QueryContext(t.Context(), `SELECT key, decision, at FROM limit_events ORDER BY at`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var out []countedEvent
	for rows.Next() {
		var e countedEvent
		if err := rows.Scan(&e.key, &e.decision, &e.at); err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// openInnerEngine loads the policies in dir.
func openInnerEngine(t *testing.T, dir string) *engine.Engine {
	t.Helper()
	e, err := engine.Open(t.Context(), engine.Deps{
		// A busy machine must not make a policy look like one that never ends.
		Source: engine.Folder(dir), Log: slog.New(slog.DiscardHandler), Timeout: 10 * time.Second, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// faultList gathers what goroutines find.
type faultList struct {
	mu   sync.Mutex
	errs []error
}

func (l *faultList) add(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.errs = append(l.errs, fmt.Errorf(format, args...))
}

func (l *faultList) report(t *testing.T) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := errors.Join(l.errs[:min(10, len(l.errs))]...); err != nil {
		t.Errorf("%d faults, the first are:\n%v", len(l.errs), err)
	}
}
