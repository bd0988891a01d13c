package docker

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/parachute-gate/parachute/sandbox"
	"github.com/parachute-gate/parachute/sandbox/sandboxtest"
)

func TestNoEngine(t *testing.T) {
	r, err := New(Deps{Host: "unix://" + filepath.Join(t.TempDir(), "none"), Data: "d", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	_, found := r.Find(t.Context())
	_, started := r.Start(t.Context(), spec())
	for what, err := range map[string]error{"ready": r.Ready(t.Context()), "find": found, "start": started, "remove": r.Remove(t.Context(), "x")} {
		if !errors.Is(err, sandbox.ErrUnavailable) {
			t.Errorf("%s: %v, want ErrUnavailable", what, err)
		}
	}
	facts := r.Facts(t.Context())
	if len(facts) != 1 || facts[0].OK || !strings.Contains(facts[0].Detail, "is it running") {
		t.Errorf("%+v", facts)
	}
}

func TestNoImage(t *testing.T) {
	b := newBench(t)
	s, err := b.Spec("echo")
	if err != nil {
		t.Fatal(err)
	}
	s.Image = "no-such-agent:1"
	_, err = b.docker().Start(t.Context(), s)
	if !errors.Is(err, sandbox.ErrUnavailable) || !strings.Contains(err.Error(), "docker pull no-such-agent:1") {
		t.Error(err)
	}
}

func TestNoRuntime(t *testing.T) {
	b := newBench(t)
	s, err := b.Spec("echo")
	if err != nil {
		t.Fatal(err)
	}
	s.Runtime = "runsc"
	if _, err := b.docker().Start(t.Context(), s); !errors.Is(err, sandbox.ErrUnavailable) || !strings.Contains(err.Error(), `"runsc"`) {
		t.Error(err)
	}
}

func TestSelfThatIsNoStaticProgram(t *testing.T) {
	notes := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(notes, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for path, says := range map[string]string{"/bin/sh": "CGO_ENABLED=0", notes: "not a program", "/none": "no such file", "": "no image is named"} {
		r, err := New(Deps{Host: engine.Host, Data: "d", Self: path, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.embedded(t.Context()); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", path, err, says)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

// An engine that dies takes no session to the host, and what it left is found
// when it is back.
func TestEngineGoesAndComesBack(t *testing.T) {
	own := sandboxtest.Engine(t)
	if !own.Own() {
		t.Fatal("this test stops its engine: run it as root, with dockerd installed")
	}
	for name, down := range map[string]func() error{"stopped": own.Stop, "killed": own.Kill} {
		r, err := New(Deps{Host: own.Host, Data: name, Self: probe, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		b := newBench(t)
		s, err := b.Spec("sleep")
		if err != nil {
			t.Fatal(err)
		}
		p, err := r.Start(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		if err := down(); err != nil {
			t.Fatal(err)
		}
		// An engine that is stopped asks its containers to end first, and may tell of it.
		if exit, err := p.Wait(t.Context()); !errors.Is(err, sandbox.ErrUnavailable) && (name != "stopped" || err != nil) {
			t.Errorf("%s: wait: %+v, %v, want ErrUnavailable", name, exit, err)
		}
		if err := r.Ready(t.Context()); !errors.Is(err, sandbox.ErrUnavailable) {
			t.Errorf("%s: ready: %v", name, err)
		}
		if err := p.Close(); !errors.Is(err, sandbox.ErrUnavailable) {
			t.Errorf("%s: close: %v", name, err)
		}
		if _, err := r.Start(t.Context(), s); !errors.Is(err, sandbox.ErrUnavailable) {
			t.Errorf("%s: start: %v", name, err)
		}
		if err := own.Start(); err != nil {
			t.Fatal(err)
		}
		if err := r.Ready(t.Context()); err != nil {
			t.Errorf("%s: ready again: %v", name, err)
		}
		found, err := r.Find(t.Context())
		if err != nil || len(found) != 1 || found[0].ID != p.ID() {
			t.Errorf("%s: found %+v, %v", name, found, err)
		}
		if err := p.Close(); err != nil {
			t.Errorf("%s: close again: %v", name, err)
		}
		if found, err := r.Find(t.Context()); err != nil || len(found) != 0 {
			t.Errorf("%s: left %+v, %v", name, found, err)
		}
		again, err := r.Start(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(again.Close(), r.Close()); err != nil {
			t.Error(err)
		}
	}
}

// A container that is not ours is neither found nor removed, even where it
// carries our name.
func TestOnlyOursIsRemoved(t *testing.T) {
	b := newBench(t)
	p := b.start(t, nil, "sleep")
	for _, id := range []string{p.ID(), p.ID()[:12]} {
		other, done, err := b.Other()
		if err != nil {
			t.Fatal(err)
		}
		if err := other.Remove(t.Context(), id); err == nil || !strings.Contains(err.Error(), "not a container of this installation") {
			t.Errorf("%s: %v", id, err)
		}
		if err := done(); err != nil {
			t.Error(err)
		}
	}
}

// awaitUse waits for the engine's first figures.
func awaitUse(t *testing.T, p sandbox.Process) {
	t.Helper()
	for p.(*process).use.read().PeakMemoryBytes == 0 && t.Context().Err() == nil {
		runtime.Gosched()
	}
}

func TestUsage(t *testing.T) {
	b := newBench(t)
	p := b.start(t, nil, "sleep")
	awaitUse(t, p)
	if err := p.Stop(t.Context(), callTime); err != nil {
		t.Fatal(err)
	}
	exit, err := p.Wait(t.Context())
	if err != nil || exit.Usage.PeakMemoryBytes <= 0 || exit.Usage.PeakMemoryBytes > 256<<20 || exit.Usage.Duration <= 0 {
		t.Errorf("%+v, %v", exit, err)
	}
}

func TestFacts(t *testing.T) {
	facts := newBench(t).docker().Facts(t.Context())
	for _, about := range []string{"engine", "limits", "swap", "disk", "cgroups", "seccomp", "apparmor", "users", "runtimes", "access", "image"} {
		if !slices.ContainsFunc(facts, func(f sandbox.Finding) bool { return f.About == about }) {
			t.Errorf("nothing about %s in %+v", about, facts)
		}
	}
	t.Log(facts)
}
