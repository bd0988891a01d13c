package host

import (
	"bufio"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/sandbox"
)

// gateVariable makes TestGate the gate of TestGateIsKilled: probe and folder.
const gateVariable = "TEST_GATE"

// TestGate is a gate that starts an agent and waits, in a process of its own.
func TestGate(t *testing.T) {
	probe, dir, ok := strings.Cut(os.Getenv(gateVariable), " ")
	if !ok {
		return
	}
	r, err := New(Deps{Data: dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	s, _ := sandbox.DefaultSpec()
	s.Session, s.Command, s.Workspace.Source = "s", []string{probe, "stubborn"}, dir
	p, err := r.Start(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(p.Stdout()).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stdout.WriteString("started\n"); err != nil {
		t.Fatal(err)
	}
	_, _ = p.Wait(t.Context())
}

// An agent does not outlive a gate that was killed.
func TestGateIsKilled(t *testing.T) {
	probe := buildProbe(t)
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	gate := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestGate$")
	gate.Env = append(os.Environ(), gateVariable+"="+probe+" "+dir)
	out, err := gate.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := gate.Start(); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewScanner(out)
	for in.Scan() && in.Text() != "started" {
	}
	r, err := New(Deps{Data: dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if found, err := r.Find(t.Context()); err != nil || len(found) != 1 {
		t.Fatalf("before: found %+v, %v", found, err)
	}
	if err := gate.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = gate.Wait()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		found, err := r.Find(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(found) == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("it outlives the gate: %+v", found)
		}
	}
}

func TestBoundsOfTheHost(t *testing.T) {
	b, err := openBench(buildProbe(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	s, err := b.Spec("limits")
	if err != nil {
		t.Fatal(err)
	}
	s.Limits.NoFile, s.Limits.WorkspaceBytes = 64, 8<<20
	p, err := b.runtime.Start(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	got, err := bufio.NewReader(p.Stdout()).ReadString('\n')
	if err != nil || got != "64 0 8388608 \n" {
		t.Errorf("open files, core and size of a file: %q, %v", got, err)
	}
	exit, err := p.Wait(t.Context())
	if err != nil || exit.Usage.PeakMemoryBytes <= 0 || exit.Usage.Duration <= 0 {
		t.Errorf("%+v, %v", exit, err)
	}
}

// A program that takes no word of a file that is too big is ended by the kernel.
func TestFileThatGetsTooBig(t *testing.T) {
	b, err := openBench("/bin/sh")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	s, err := b.Spec("-c", "while :; do printf %04096d 0; done >file")
	if err != nil {
		t.Fatal(err)
	}
	s.Limits.WorkspaceBytes = 1 << 20
	p, err := b.runtime.Start(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	if exit, err := p.Wait(t.Context()); !errors.Is(err, sandbox.ErrQuota) {
		t.Errorf("%+v, %v; want ErrQuota", exit, err)
	}
	if info, err := os.Stat(filepath.Join(s.Workspace.Source, "file")); err != nil || info.Size() > 1<<20 {
		t.Errorf("%+v, %v", info, err)
	}
}

// SIGKILL that we did not send may be the kernel's, for want of memory; a program
// that ends with its code by itself is not.
func TestKilledByAnother(t *testing.T) {
	for script, want := range map[string]sandbox.Exit{
		"kill -KILL $$": {Code: 137, OOM: true},
		"exit 137":      {Code: 137},
		"kill -TERM $$": {Code: 143},
		"exit 153":      {Code: 153},
	} {
		b, err := openBench("/bin/sh")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = b.Close() })
		s, err := b.Spec("-c", script)
		if err != nil {
			t.Fatal(err)
		}
		s.Limits.WorkspaceBytes = 1 << 20
		p, err := b.runtime.Start(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = p.Close() })
		if exit, err := p.Wait(t.Context()); err != nil || exit.Code != want.Code || exit.OOM != want.OOM {
			t.Errorf("%s: %+v, %v", script, exit, err)
		}
	}
}

// The words of a command are the program's, whatever a shell would make of them.
func TestShellWordsInACommand(t *testing.T) {
	b, err := openBench(buildProbe(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	for _, words := range []string{"$(touch pwned)", "; touch pwned", "`touch pwned`", "-c", "$1", "a\nb", "'", `"`, "*"} {
		s, err := b.Spec("say", words)
		if err != nil {
			t.Fatal(err)
		}
		p, err := b.runtime.Start(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		got := make([]byte, 100)
		n, _ := p.Stdout().Read(got)
		if string(got[:n]) != words {
			t.Errorf("%q became %q", words, got[:n])
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(filepath.Join(s.Workspace.Source, "pwned")); err == nil {
			t.Errorf("%q ran a command", words)
		}
	}
}
