package docker

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/system"

	"github.com/parachute-gate/parachute/sandbox"
)

func TestTry(t *testing.T) {
	b := newBench(t)
	got := b.docker().Try(t.Context(), "exit", "0")
	if len(got) != 1 || !got[0].OK || !strings.Contains(got[0].Detail, "every bound was kept") {
		t.Errorf("%+v", got)
	}
	t.Log(got)
	if got := b.docker().Try(t.Context(), "exit", "3"); len(got) != 1 || got[0].OK || !strings.Contains(got[0].Detail, "code 3") {
		t.Errorf("%+v", got)
	}
	other, done, err := b.Other()
	if err != nil {
		t.Fatal(err)
	}
	if got := other.(*Runtime).Try(t.Context()); len(got) != 0 {
		t.Errorf("without a program: %+v", got)
	}
	if err := done(); err != nil {
		t.Error(err)
	}
	if left, err := filepath.Glob(filepath.Join(os.TempDir(), "parachute-trial*")); err != nil || len(left) > 0 {
		t.Errorf("left over: %q, %v", left, err)
	}
}

func TestTrialOfAnEngineThatKeepsNothing(t *testing.T) {
	s, _ := sandbox.DefaultSpec()
	if got := notKept(container.InspectResponse{}, s.Limits); len(got) != 1 {
		t.Errorf("%q", got)
	}
	bare := container.InspectResponse{ContainerJSONBase: &container.ContainerJSONBase{HostConfig: &container.HostConfig{Privileged: true}}, Config: &container.Config{}}
	if got := notKept(bare, s.Limits); len(got) != 10 {
		t.Errorf("%q", got)
	}
}

func TestFactsOfAccess(t *testing.T) {
	for _, tt := range []struct {
		host     string
		security []string
		ok       bool
		says     string
	}{
		{"unix:///var/run/docker.sock", nil, true, "is root on its machine"},
		{"unix:///run/user/1000/docker.sock", []string{"name=rootless"}, true, "the account that runs the engine"},
		{"tcp://10.0.0.1:2375", nil, false, "without a password"},
	} {
		r := &Runtime{deps: Deps{Host: tt.host}}
		if f := r.access(system.Info{SecurityOptions: tt.security}); f.OK != tt.ok || !strings.Contains(f.Detail, tt.says) {
			t.Errorf("%s: %+v", tt.host, f)
		}
	}
}

// Who starts agents on an engine that others reach is told so, once.
func TestPublicEngineIsLogged(t *testing.T) {
	server := httptest.NewServer(&silentEngine{})
	t.Cleanup(server.Close)
	var log bytes.Buffer
	r, err := New(Deps{Host: "tcp://" + server.Listener.Addr().String(), Data: "d", Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	if err := errors.Join(r.Ready(t.Context()), r.Ready(t.Context())); err != nil {
		t.Fatal(err)
	}
	if got := log.String(); strings.Count(got, "without a password") != 1 {
		t.Error(got)
	}
}

// older is another version of the probe.
func older(t *testing.T, b *bench, word string) *Runtime {
	t.Helper()
	program, err := os.ReadFile(probe)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(b.dir, word)
	if err := os.WriteFile(path, append(program, word...), 0o700); err != nil {
		t.Fatal(err)
	}
	r, err := New(Deps{Host: engine.Host, Data: b.data, Self: path, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	b.runtimes = append(b.runtimes, r)
	return r
}

// A new version's image takes the place of the older ones, but for one that a
// container still has, and for those of other installations.
func TestOldImagesAreRemoved(t *testing.T) {
	b, other := newBench(t), newBench(t)
	there := func(name string) bool {
		_, err := b.docker().client.ImageInspect(t.Context(), name)
		return err == nil
	}
	made := func(r *Runtime) string {
		name, err := r.embedded(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return name
	}
	fact := func() string {
		all := b.docker().Facts(t.Context())
		i := slices.IndexFunc(all, func(f sandbox.Finding) bool { return f.About == "image" })
		return all[i].Detail
	}
	first, foreign := made(older(t, b, "one")), made(older(t, other, "foreign"))
	older(t, b, "two")
	if !strings.Contains(fact(), "when it is first needed") {
		t.Error(fact())
	}
	p := b.start(t, nil, "sleep")
	second := made(b.docker())
	if there(first) || !there(second) || !strings.Contains(fact(), second) {
		t.Errorf("first %v, second %v, %s", there(first), there(second), fact())
	}
	third := made(older(t, b, "three"))
	if !there(second) || !there(third) {
		t.Error("an image was removed that a container has")
	}
	if err := errors.Join(p.Stop(t.Context(), callTime), p.Close()); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, p.Stdout())
	fourth := made(older(t, b, "four"))
	if there(second) || there(third) || !there(fourth) || !there(foreign) {
		t.Errorf("second %v, third %v, fourth %v, another's %v", there(second), there(third), there(fourth), there(foreign))
	}
	for _, name := range []string{fourth, foreign} {
		if _, err := b.docker().client.ImageRemove(t.Context(), name, image.RemoveOptions{}); err != nil {
			t.Error(err)
		}
	}
}
