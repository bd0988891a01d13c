package sessions

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"
)

// memory is a store whose content outlives a Runner, as a disk outlives a
// process.
type memory struct {
	mu    sync.Mutex
	turns []*Turn
	// fail is asked before each call, by its name.
	fail func(call, turn string) error
}

func (m *memory) call(call, id string) (*Turn, error) {
	if m.fail != nil {
		if err := m.fail(call, id); err != nil {
			return nil, err
		}
	}
	for _, t := range m.turns {
		if t.ID == id {
			return t, nil
		}
	}
	return nil, ErrNoTurn
}

func (m *memory) Turn(_ context.Context, id string) (Turn, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, err := m.call("turn", id)
	if err != nil {
		return Turn{}, err
	}
	return *t, nil
}

func (m *memory) OpenTurns(_ context.Context, session string, seq int64) ([]Turn, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Turn
	for _, t := range m.turns {
		if t.Session != nil && t.Session.ID == session && t.Seq <= seq && t.State != Sent && t.State != Failed {
			out = append(out, *t)
		}
	}
	return out, nil
}

func (m *memory) SendTurn(_ context.Context, id string, read State, reply string, failed bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, err := m.call("send", id)
	if err != nil {
		return err
	}
	if t.State != read {
		return ErrAnswered
	}
	t.State, t.Reply, t.Failed = Sending, reply, failed
	return nil
}

func (m *memory) CloseTurn(_ context.Context, id string, state State) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, err := m.call("close", id)
	if err != nil {
		return err
	}
	t.State, t.Text, t.Reply = state, "", ""
	return nil
}

// stop is what the gate's store does with the turns of a session that is told to
// stop.
func (m *memory) stop(session string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range m.turns {
		if t.Session.ID == session && t.State == Pending {
			t.State, t.Text, t.Reply = Ready, "", "Stopped before it began."
		}
	}
}

func (m *memory) state(id string) State {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range m.turns {
		if t.ID == id {
			return t.State
		}
	}
	return ""
}

type agentFunc func(ctx context.Context, t Turn) (string, error)

func (f agentFunc) Answer(ctx context.Context, t Turn, _ func(string)) (string, error) {
	return f(ctx, t)
}

// composition is one that nobody sees before its end.
type composition struct {
	finish func(context.Context, Reply) error
}

func (composition) Update(string)                               {}
func (c composition) Finish(ctx context.Context, r Reply) error { return c.finish(ctx, r) }
func (composition) Close()                                      {}

func echo(_ context.Context, t Turn) (string, error) { return "re: " + t.Text, nil }

// bench is a Runner over a memory, and what people got from it.
type bench struct {
	*Runner
	store *memory
	log   *bytes.Buffer

	mu   sync.Mutex
	told []string
}

func newBench(agent agentFunc) *bench {
	b := &bench{store: &memory{}, log: &bytes.Buffer{}}
	b.start(agent)
	return b
}

// start makes a new Runner over the same store: the next process.
func (b *bench) start(agent agentFunc) {
	b.Runner = NewRunner(Deps{
		Store: b.store, Agents: map[string]Agent{"vault": agent},
		Deliver: func(_ context.Context, r Reply) error {
			b.mu.Lock()
			defer b.mu.Unlock()
			word := "ok"
			if r.Failed {
				word = "failed"
			}
			b.told = append(b.told, fmt.Sprintf("%s %s: %s", r.Turn.ID, word, r.Text))
			return nil
		},
		Compose: func(context.Context, Turn) Composition {
			return composition{func(ctx context.Context, r Reply) error { return b.Deliver(ctx, r) }}
		},
		TurnTimeout: time.Minute, Log: slog.New(slog.NewTextHandler(b.log, nil)),
	})
}

// add keeps a pending turn of a session; its id is its text.
func (b *bench) add(session, id string) *Turn {
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	t := &Turn{
		ID: id, Seq: int64(len(b.store.turns) + 1), Connector: "once", Text: id, State: Pending,
		Session: &Session{ID: session, Agent: "vault"},
	}
	b.store.turns = append(b.store.turns, t)
	return t
}

func (b *bench) work(t *testing.T, id string) {
	t.Helper()
	if err := b.Work(t.Context(), id, false); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) heard(t *testing.T, want ...string) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.Equal(b.told, want) {
		t.Errorf("told:\n got %q\nwant %q", b.told, want)
	}
}

func (b *bench) ended(t *testing.T, id string, want State) {
	t.Helper()
	if got := b.store.state(id); got != want {
		t.Errorf("turn %s is %s, want %s", id, got, want)
	}
}

var errBroken = errors.New("broken")
