package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// crashPatience is how long something that must come may take on a machine that
// is busy with other things. No test passes or fails by how long it took.
const crashPatience = 3 * time.Minute

// The real program, built once: as people run it, and with the race detector,
// which makes it several times slower.
var (
	plainProgram = sync.OnceValues(func() (string, error) { return goBuild("parachute-plain") })
	racedProgram = sync.OnceValues(func() (string, error) { return goBuild("parachute-race", "-race") })
)

func goBuild(name string, flags ...string) (string, error) {
	dir, err := buildFolder()
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, name)
	args := append(append([]string{"build"}, flags...), "-o", bin, ".")
	out, err := exec.Command("go", args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return bin, nil
}

// buildFolder is a folder that somebody removes: `go test` removes the one that
// it runs the test from.
func buildFolder() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	dir := filepath.Dir(self)
	if strings.HasPrefix(dir, filepath.Clean(os.TempDir())+string(filepath.Separator)) {
		return dir, nil
	}
	return os.MkdirTemp("", "parachute-crash-*")
}

func buildProgram(t *testing.T, build func() (string, error)) string {
	t.Helper()
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return bin
}

// child is one run of the program: lines in, lines out, its log beside them.
type child struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	log   *runLog
	// done is closed when the process has ended and its last line was read; err
	// and torn (what stood behind the last whole line) may be read then.
	done chan struct{}
	err  error
	torn []byte
}

// startChild starts the program and gives each line that it writes to online.
func startChild(t *testing.T, bin, config string, online func(line []byte)) *child {
	t.Helper()
	c := &child{cmd: exec.Command(bin, "start", "--config", config), log: newRunLog(t), done: make(chan struct{})}
	c.cmd.Env = childEnv()
	c.cmd.Stderr = c.log
	var err error
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(c.done)
		in := bufio.NewReader(stdout)
		for {
			line, err := in.ReadBytes('\n')
			if err != nil {
				c.torn = line
				break
			}
			online(bytes.TrimSuffix(line, []byte{'\n'}))
		}
		c.err = c.cmd.Wait()
	}()
	t.Cleanup(func() { c.kill(); <-c.done })
	return c
}

// childEnv lets a data race end the process at once: its log then says where.
func childEnv() []string {
	return append(os.Environ(), "GORACE=halt_on_error=1 atexit_sleep_ms=0", "PARACHUTE_CONFIG=")
}

// kill is kill -9. It does nothing to a process that has ended.
func (c *child) kill() { _ = c.cmd.Process.Kill() }

// write gives the process bytes; the error says that it is gone.
func (c *child) write(data []byte) error {
	_, err := c.stdin.Write(data)
	return err
}

// running tells whether the process has not ended.
func (c *child) running() bool {
	select {
	case <-c.done:
		return false
	default:
		return true
	}
}

// awaitEnd waits until the process has ended and checks what no way to end may
// leave in its log.
func (c *child) awaitEnd(t *testing.T) {
	t.Helper()
	select {
	case <-c.done:
	case <-time.After(crashPatience):
		t.Fatalf("the process does not end; its log:\n%s", c.log.tail())
	}
	for _, bad := range []string{"DATA RACE", "panic:", "fatal error:"} {
		if strings.Contains(c.log.String(), bad) {
			t.Fatalf("%s in the process's log:\n%s", bad, c.log.tail())
		}
	}
}

// finish closes the input and holds the process to a clean end.
func (c *child) finish(t *testing.T) {
	t.Helper()
	if err := c.stdin.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		t.Fatal(err)
	}
	c.awaitEnd(t)
	if c.err != nil {
		t.Fatalf("the process ended with %v at the end of its input; its log:\n%s", c.err, c.log.tail())
	}
	if len(c.torn) > 0 {
		t.Errorf("the process ended cleanly with half a line: %q", c.torn)
	}
}

// runLog keeps what a process writes on standard error, in a file as well, which
// all runs of a test share.
type runLog struct {
	file *os.File

	mu  sync.Mutex
	buf bytes.Buffer
}

func newRunLog(t *testing.T) *runLog {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(t.ArtifactDir(), "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return &runLog{file: f}
}

// Write implements io.Writer.
func (l *runLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf.Write(p)
	return l.file.Write(p)
}

func (l *runLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// lines gives the lines that hold all parts.
func (l *runLog) lines(parts ...string) []string {
	var out []string
next:
	for line := range strings.Lines(l.String()) {
		for _, part := range parts {
			if !strings.Contains(line, part) {
				continue next
			}
		}
		out = append(out, strings.TrimSuffix(line, "\n"))
	}
	return out
}

func (l *runLog) tail() string {
	text := l.String()
	return text[max(0, len(text)-8000):]
}
