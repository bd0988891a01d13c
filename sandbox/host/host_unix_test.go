//go:build unix

package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/parachute-gate/parachute/sandbox"
	"github.com/parachute-gate/parachute/sandbox/sandboxtest"
)

// bench is an installation of its own.
type bench struct {
	dir, data, probe string
	mu               sync.Mutex
	n                int
	runtime          *Runtime
}

func openBench(probe string) (*bench, error) {
	dir, err := os.MkdirTemp("", "host")
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, err
	}
	b := &bench{dir: dir, data: uuid.NewString(), probe: probe}
	return b, b.Crash()
}

func (b *bench) Runtime() sandbox.Runtime { return b.runtime }

func (b *bench) Spec(trick ...string) (sandbox.Spec, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.n++
	dir := filepath.Join(b.dir, fmt.Sprintf("w%d", b.n))
	s, _ := sandbox.DefaultSpec()
	s.Session, s.Command = "session", append([]string{b.probe}, trick...)
	s.Workspace = sandbox.Mount{Source: dir, Target: sandbox.WorkspaceTarget}
	return s, os.Mkdir(dir, 0o700)
}

func (b *bench) Crash() (err error) {
	b.runtime, err = New(Deps{Data: b.data, Log: slog.New(slog.DiscardHandler)})
	return err
}

func (b *bench) Other() (sandbox.Runtime, func() error, error) {
	r, err := New(Deps{Data: b.data + "-other", Log: slog.New(slog.DiscardHandler)})
	return r, func() error { return nil }, err
}

func (b *bench) Left() ([]string, error) {
	found, err := b.runtime.Find(context.Background())
	var ids []string
	for _, f := range found {
		ids = append(ids, f.ID)
	}
	return ids, err
}

func (b *bench) Close() error { return os.RemoveAll(b.dir) }

type driver struct{ probe string }

// Supports: without /proc nothing is found.
func (driver) Supports(f sandboxtest.Feature) bool {
	return f == sandboxtest.Commands || runtime.GOOS == "linux"
}

func (d driver) Open(context.Context) (sandboxtest.Bench, error) { return openBench(d.probe) }

func TestConformance(t *testing.T) {
	sandboxtest.Run(t, driver{buildProbe(t)})
}

func buildProbe(t testing.TB) string {
	t.Helper()
	probe, err := sandboxtest.BuildProbe(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return probe
}

func TestWhatOnlyAContainerHasIsRefused(t *testing.T) {
	b, err := openBench("/bin/true")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	for name, change := range map[string]func(*sandbox.Spec){
		"image":   func(s *sandbox.Spec) { s.Image = "debian" },
		"user":    func(s *sandbox.Spec) { s.User = "1000:1000" },
		"runtime": func(s *sandbox.Spec) { s.Runtime = "runsc" },
		"mounts": func(s *sandbox.Spec) {
			s.Mounts = []sandbox.Mount{{Source: s.Workspace.Source, Target: "/mnt/x", ReadOnly: true}}
		},
	} {
		s, err := b.Spec()
		if err != nil {
			t.Fatal(err)
		}
		change(&s)
		if _, err := b.runtime.Start(t.Context(), s); !errors.Is(err, sandbox.ErrSpec) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
