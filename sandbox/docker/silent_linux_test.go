package docker

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/sandbox"
)

var errOver = errors.New("the turn is over")

// silentEngine answers every call but the wait for a container's end.
type silentEngine struct {
	killed, removed atomic.Bool
}

func (e *silentEngine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v"), "/")
	say := func(code int, body string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}
	switch path {
	case "info":
		say(http.StatusOK, `{"OSType":"linux","MemoryLimit":true,"SwapLimit":true,"PidsLimit":true,"CpuCfsQuota":true,"NCPU":1,"SecurityOptions":["name=seccomp,profile=default"]}`)
	case "containers/create":
		say(http.StatusCreated, `{"Id":"c"}`)
	case "containers/c/attach":
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer conn.Close() //nolint:errcheck // a test's
		_, _ = conn.Write([]byte("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"))
		// Until the other side hangs up.
		_, _ = conn.Read(make([]byte, 1))
	case "containers/c/wait", "containers/c/stats":
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	case "containers/c/start":
		say(http.StatusNoContent, "")
	case "containers/c/kill":
		if r.URL.Query().Get("signal") == "9" {
			e.killed.Store(true)
		}
		say(http.StatusNoContent, "")
	case "containers/c":
		e.removed.Store(true)
		say(http.StatusNoContent, "")
	default: // _ping
		w.Header().Set("Api-Version", "1.41")
		say(http.StatusOK, "OK")
	}
}

// An engine that does not tell of a container's end holds nobody: what it was told
// to kill is lost, and removed.
func TestEngineThatDoesNotTellTheEnd(t *testing.T) {
	for name, ends := range map[string]func(p sandbox.Process, end func()) error{
		"by the context": func(_ sandbox.Process, end func()) error { end(); return nil },
		"by a stop":      func(p sandbox.Process, _ func()) error { return p.Stop(t.Context(), time.Millisecond) },
	} {
		t.Run(name, func(t *testing.T) {
			e := &silentEngine{}
			socket := filepath.Join(t.TempDir(), "s")
			server := httptest.NewUnstartedServer(e)
			// The other, which nobody dials.
			_ = server.Listener.Close()
			var err error
			if server.Listener, err = (&net.ListenConfig{}).Listen(t.Context(), "unix", socket); err != nil {
				t.Fatal(err)
			}
			server.Start()
			t.Cleanup(server.Close)
			r, err := New(Deps{Host: "unix://" + socket, Data: "d", Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = r.Close() })
			r.lostTime = 10 * time.Millisecond
			ctx, cancel := context.WithCancelCause(t.Context())
			end := func() { cancel(errOver) }
			t.Cleanup(end)
			b := newBench(t)
			s, err := b.Spec("sleep")
			if err != nil {
				t.Fatal(err)
			}
			s.Image = "img"
			p, err := r.Start(ctx, s)
			if err != nil {
				t.Fatal(err)
			}
			if err := ends(p, end); err != nil {
				t.Error(err)
			}
			_, err = p.Wait(t.Context())
			if lost := errors.Is(err, sandbox.ErrUnavailable); lost == errors.Is(err, errOver) || lost && !strings.Contains(err.Error(), "lost") {
				t.Errorf("wait: %v", err)
			}
			if err := p.Close(); err != nil || !e.killed.Load() || !e.removed.Load() {
				t.Errorf("%v, killed %v, removed %v", err, e.killed.Load(), e.removed.Load())
			}
		})
	}
}

// A code that says SIGKILL is no word of memory where something speaks against it.
func TestMayWantMemory(t *testing.T) {
	for name, tt := range map[string]struct {
		code int
		peak int64
		want bool
	}{
		"nothing is known":     {137, 0, true},
		"at the limit":         {137, 100, true},
		"near it":              {137, 90, true},
		"far from it":          {137, 89, false},
		"another code":         {1, 100, false},
		"another code, no use": {0, 0, false},
	} {
		exit := sandbox.Exit{Code: tt.code, Usage: sandbox.Usage{PeakMemoryBytes: tt.peak}}
		if got := mayWantMemory(exit, 100); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestLasted(t *testing.T) {
	const never, at, later = "0001-01-01T00:00:00Z", "2024-05-01T10:00:00.001Z", "2024-05-01T10:00:01.001Z"
	for _, tt := range []struct {
		started, finished string
		want              time.Duration
	}{{at, later, time.Second}, {later, at, 0}, {at, at, 0}, {never, at, 0}, {at, never, 0}, {"", at, 0}, {at, "", 0}} {
		if got := lasted(tt.started, tt.finished); got != tt.want {
			t.Errorf("%s to %s: %v", tt.started, tt.finished, got)
		}
	}
}

// A program that ends with the code of a file too big, or of SIGKILL, has not
// filled its workspace, nor its memory.
func TestCodesOfOthers(t *testing.T) {
	b := newBench(t)
	if _, exit := b.output(t, func(s *sandbox.Spec) { s.Limits.WorkspaceBytes = 1 << 20 }, "exit", "153"); exit.Code != 128+int(syscall.SIGXFSZ) || exit.OOM {
		t.Errorf("%+v", exit)
	}
	p := b.start(t, nil, "late", "137")
	awaitUse(t, p)
	if err := p.Stdin().Close(); err != nil {
		t.Fatal(err)
	}
	if exit, err := p.Wait(t.Context()); err != nil || exit.Code != 137 || exit.OOM {
		t.Errorf("%+v, %v", exit, err)
	}
}
