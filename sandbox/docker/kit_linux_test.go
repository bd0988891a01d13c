package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/parachute-gate/parachute/sandbox"
	"github.com/parachute-gate/parachute/sandbox/sandboxtest"
)

// bench is an installation of its own on the package's engine.
type bench struct {
	dir, data string
	n         int
	mu        sync.Mutex
	runtimes  []*Runtime
}

func openBench() (*bench, error) {
	dir, err := os.MkdirTemp("", "sandbox")
	if err != nil {
		return nil, err
	}
	b := &bench{dir: dir, data: uuid.NewString()}
	return b, b.open()
}

func (b *bench) open() error {
	r, err := New(Deps{Host: engine.Host, Data: b.data, Self: probe, Secret: []string{filepath.Join(b.dir, "secret")}, Log: slog.New(slog.DiscardHandler)})
	if err == nil {
		b.runtimes = append(b.runtimes, r)
	}
	return err
}

func newBench(t testing.TB) *bench {
	t.Helper()
	b, err := openBench()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		left, err := b.Left()
		if err != nil || len(left) > 0 {
			t.Errorf("left over: %q, %v", left, err)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func (b *bench) docker() *Runtime         { return b.runtimes[len(b.runtimes)-1] }
func (b *bench) Runtime() sandbox.Runtime { return b.docker() }

// workspace is a folder that the container's user owns.
func (b *bench) workspace(name string) (string, error) {
	dir := filepath.Join(b.dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	if os.Geteuid() != 0 {
		return dir, nil
	}
	return dir, os.Chown(dir, 1000, 1000)
}

func (b *bench) Spec(trick ...string) (sandbox.Spec, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.n++
	dir, err := b.workspace(fmt.Sprintf("w%d", b.n))
	if err != nil {
		return sandbox.Spec{}, err
	}
	s, _ := sandbox.DefaultSpec()
	s.Session, s.Command = "session", append([]string{Program}, trick...)
	s.Workspace = sandbox.Mount{Source: dir, Target: sandbox.WorkspaceTarget}
	s.Limits.MemoryBytes = 256 << 20
	return s, nil
}

func (b *bench) Crash() error { return b.open() }

func (b *bench) Other() (sandbox.Runtime, func() error, error) {
	r, err := New(Deps{Host: engine.Host, Data: b.data + "-other", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, nil, err
	}
	return r, r.Close, nil
}

func (b *bench) Left() ([]string, error) {
	found, err := b.docker().Find(context.Background())
	var names []string
	for _, f := range found {
		names = append(names, f.ID+" "+f.Name)
	}
	return names, err
}

func (b *bench) Close() error {
	var errs []error
	for _, r := range b.runtimes {
		errs = append(errs, r.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(b.dir))...)
}

type driver struct{}

func (driver) Supports(sandboxtest.Feature) bool { return true }

func (driver) Open(context.Context) (sandboxtest.Bench, error) { return openBench() }

// output runs a command of the probe to its end.
func (b *bench) output(t testing.TB, change func(*sandbox.Spec), trick ...string) (string, sandbox.Exit) {
	t.Helper()
	p := b.start(t, change, trick...)
	out, err := io.ReadAll(p.Stdout())
	if err != nil {
		t.Fatalf("%q: read: %v; stderr: %s", trick, err, p.Stderr())
	}
	exit, err := p.Wait(t.Context())
	if err != nil {
		t.Fatalf("%q: wait: %v; stderr: %s", trick, err, p.Stderr())
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	return string(out), exit
}

func (b *bench) start(t testing.TB, change func(*sandbox.Spec), trick ...string) sandbox.Process {
	t.Helper()
	s, err := b.Spec(trick...)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&s)
	}
	p, err := b.docker().Start(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}
