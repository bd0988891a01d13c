package gate_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/audit"
	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/gate/limits"
	"github.com/parachute-gate/parachute/gate/users"
	"github.com/parachute-gate/parachute/policies"
	"github.com/parachute-gate/parachute/storage/sqlite"
)

// bench is a gate over the default policies and a real database.
type bench struct {
	tb     testing.TB
	gate   *gate.Gate
	db     *sqlite.DB
	book   *limits.Book
	engine *engine.Engine
	dir    string
	log    *bytes.Buffer
	now    time.Time

	mu      sync.Mutex
	sent    []connectors.Reply
	stopped []string
	// spoken counts what said sent.
	spoken int
}

type option func(*bench, *gate.Deps)

// withData replaces words in the policies' data.yaml: old, new, old, new, …
func withData(pairs ...string) option {
	return func(b *bench, d *gate.Deps) {
		b.tb.Helper()
		dir := b.tb.TempDir()
		if err := os.CopyFS(dir, policies.FS); err != nil {
			b.tb.Fatal(err)
		}
		path := filepath.Join(dir, "data.yaml")
		data, err := os.ReadFile(path)
		if err != nil {
			b.tb.Fatal(err)
		}
		text := string(data)
		for i := 0; i < len(pairs); i += 2 {
			if !strings.Contains(text, pairs[i]) {
				b.tb.Fatalf("data.yaml does not hold %q", pairs[i])
			}
			text = strings.Replace(text, pairs[i], pairs[i+1], 1)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			b.tb.Fatal(err)
		}
		// Its own tests hold the defaults; these tests hold other values.
		if err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, "_test.rego") {
				err = os.Remove(path)
			}
			return err
		}); err != nil {
			b.tb.Fatal(err)
		}
		e, err := openEngine(engine.Folder(dir))
		if err != nil {
			b.tb.Fatal(err)
		}
		b.engine, d.Policies = e, e
	}
}

// embedded are the default policies. No test can change them, so they are made
// ready once for all.
var embedded = sync.OnceValues(func() (*engine.Engine, error) {
	return openEngine(engine.Embedded(policies.FS))
})

func openEngine(s engine.Source) (*engine.Engine, error) {
	return engine.Open(context.Background(), engine.Deps{Source: s, Log: slog.New(slog.DiscardHandler), Now: time.Now})
}

func newBench(tb testing.TB, opts ...option) *bench {
	tb.Helper()
	return newBenchIn(tb, tb.TempDir(), opts...)
}

// newBenchIn is a bench over the database in a folder, where there is one.
func newBenchIn(tb testing.TB, dir string, opts ...option) *bench {
	tb.Helper()
	b := &bench{tb: tb, dir: dir, log: &bytes.Buffer{}, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	db, err := sqlite.Open(tb.Context(), b.dir, slog.New(slog.DiscardHandler))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	b.db = db
	clock, err := limits.NewClock(tb.Context(), db)
	if err != nil {
		tb.Fatal(err)
	}
	b.book = limits.New(limits.Deps{Store: db, Clock: clock})
	d := gate.Deps{
		Store: db, Book: b.book, Log: slog.New(slog.NewTextHandler(&lockedWriter{w: b.log}, nil)),
		Config: gate.Config{Input: engine.ConfigInput{Audience: "private", Trust: "sandboxed", Groups: "mention_only", Agent: engine.AgentInput{Name: "vault", Kind: "vault"}, Agents: []engine.AgentInput{{Name: "vault", Kind: "vault"}}}},
		Now: func() time.Time {
			b.mu.Lock()
			defer b.mu.Unlock()
			return b.now
		},
		Send: func(_ context.Context, _ string, r connectors.Reply) error {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.sent = append(b.sent, r)
			return nil
		},
		Stop:   func(session string) { b.stopped = append(b.stopped, session) },
		Status: func() string { return "up" },
	}
	for _, o := range opts {
		o(b, &d)
	}
	if d.Policies == nil {
		e, err := embedded()
		if err != nil {
			tb.Fatal(err)
		}
		b.engine, d.Policies = e, e
	}
	b.gate = gate.New(d)
	return b
}

type lockedWriter struct {
	mu sync.Mutex
	w  *bytes.Buffer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func (b *bench) person(id string, roles ...string) {
	b.tb.Helper()
	b.change(users.Change{Add: []users.Person{{ID: id, Roles: roles}}})
}

// seeded is the event of what a test changes by itself.
const seeded = "seeded"

// change changes people without a decision.
func (b *bench) change(c users.Change) {
	b.tb.Helper()
	id, err := audit.NewID()
	if err == nil {
		r := audit.Record{ID: id, Time: b.now, Point: "notice", Event: seeded, Verdict: "allow", Rules: []audit.Rule{{ID: seeded, Kind: "allow"}}}
		err = b.db.Commit(b.tb.Context(), gate.Commit{Record: r, Change: &c})
	}
	if err != nil {
		b.tb.Fatal(err)
	}
}

var source = gate.Source{Name: "chat", Kind: "stdio"}

func dm(user, id, text string) connectors.Message {
	m := connectors.Message{
		ID: id, Kind: connectors.EventMessage, Text: text,
		Chat: connectors.Chat{ID: "dm-" + user, Kind: connectors.ChatDM},
		User: connectors.User{ID: user, Name: user},
	}
	if name, args, ok := connectors.ParseCommand(text); ok {
		m.Kind, m.Command, m.Args = connectors.EventCommand, name, args
	}
	return m
}

// send gives a message to the gate and returns its record.
func (b *bench) send(m connectors.Message) audit.Record {
	b.tb.Helper()
	if err := b.gate.Handle(b.tb.Context(), source, m); err != nil {
		b.tb.Fatal(err)
	}
	records := b.records()
	if len(records) == 0 {
		b.tb.Fatal("nothing was recorded")
	}
	// What others were told on the strength of it comes after it.
	for i := len(records) - 1; i > 0; i-- {
		if records[i].Point != "notice" {
			return records[i]
		}
	}
	return records[0]
}

func (b *bench) records() []audit.Record {
	b.tb.Helper()
	var out []audit.Record
	if err := b.db.Entries(b.tb.Context(), audit.Filter{}, func(e audit.Entry) error {
		if e.Record.Event != seeded {
			out = append(out, e.Record)
		}
		return nil
	}); err != nil {
		b.tb.Fatal(err)
	}
	return out
}

// want checks an outcome and the rule that is named for it.
func want(tb testing.TB, r audit.Record, verdict, rule string) {
	tb.Helper()
	if r.Verdict != verdict || r.Rule().ID != rule {
		tb.Errorf("got %s by %s (%+v), want %s by %s", r.Verdict, r.Rule().ID, r.Rules, verdict, rule)
	}
}
