package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/internal/config"
	"github.com/parachute-gate/parachute/sessions"
	"github.com/parachute-gate/parachute/storage/sqlite"
)

// innerServer is a whole gate in this process, with the connector stdio between
// two pipes.
type innerServer struct {
	*talk
	config agentsConfig
	data   string
	input  *os.File
	done   chan error

	first sync.Mutex
	// shown has the time of the first byte of each answer that an agent gave, by the
	// message.
	shown map[string]time.Time
}

func startInner(t testing.TB, c agentsConfig) *innerServer {
	t.Helper()
	file, data := c.folder(t)
	fromPeople, input, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	toPeople, output, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	i := &innerServer{talk: newTalk(t), config: c, data: data, input: input, done: make(chan error, 1), shown: map[string]time.Time{}}
	i.to(input)
	cfg, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	source, err := openPlaces(cfg)
	if err != nil {
		t.Fatal(err)
	}
	// What went wrong it shows in its log.
	kept, err := os.Create(filepath.Join(t.ArtifactDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(kept, &slog.HandlerOptions{Level: slog.LevelWarn}))
	t.Cleanup(func() {
		if text, _ := os.ReadFile(kept.Name()); t.Failed() {
			t.Logf("the gate's log ends:\n%s", text[max(0, len(text)-8000):])
		}
		_ = kept.Close()
	})
	ctx := context.WithoutCancel(t.Context())
	rules, err := openEngine(ctx, cfg, source, log)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Open(ctx, cfg.Data, log)
	if err != nil {
		t.Fatal(err)
	}
	s, err := assemble(ctx, terminal{in: fromPeople, out: output, err: output}, cfg, rules, db, log)
	if err != nil {
		t.Fatal(err)
	}
	s.runner.Compose = func(ctx context.Context, turn sessions.Turn) sessions.Composition {
		return noted{Composition: s.compose(ctx, turn), first: sync.OnceFunc(func() { i.note(turn.Message) })}
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		lineReader(toPeople, i.take)
	}()
	go func() {
		err := s.run(ctx)
		err = errors.Join(err, db.Close(), output.Close())
		<-read
		i.done <- errors.Join(err, fromPeople.Close(), toPeople.Close())
	}()
	return i
}

// noted is an answer whose first byte is noted.
type noted struct {
	sessions.Composition
	first func()
}

// Update implements sessions.Composition.
func (n noted) Update(text string) {
	n.first()
	n.Composition.Update(text)
}

func (i *innerServer) note(message string) {
	i.first.Lock()
	defer i.first.Unlock()
	i.shown[message] = time.Now()
}

// firstByte asks, and tells how long it took until the agent's first byte was
// there. The answer is waited for.
func (i *innerServer) firstByte(person, text string) time.Duration {
	i.t.Helper()
	began := time.Now()
	id := i.say(person, text)
	got := i.await(id)
	i.first.Lock()
	defer i.first.Unlock()
	at, ok := i.shown[id]
	if !ok {
		i.t.Fatalf("no byte of an agent in %+v", got)
	}
	delete(i.shown, id)
	return at.Sub(began)
}

// close ends the input, as whoever runs it does, and waits for the end.
func (i *innerServer) close() {
	i.t.Helper()
	if err := errors.Join(i.input.Close(), <-i.done); err != nil {
		i.t.Error(err)
	}
}

// holdings are what a process may lose one by one.
type holdings struct {
	heap       uint64
	goroutines int
	files      int
}

func held(t testing.TB) holdings {
	t.Helper()
	// What a finaliser frees is freed by the second.
	runtime.GC()
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return holdings{heap: memory.HeapAlloc, goroutines: runtime.NumGoroutine(), files: len(files)}
}
