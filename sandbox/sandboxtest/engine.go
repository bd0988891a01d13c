//go:build unix

package sandboxtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// An EngineServer is a Docker Engine for tests.
type EngineServer struct {
	// Host is its address, unix:///….
	Host string

	dir  string
	args []string
	cmd  *exec.Cmd
}

// Engine gives a Docker Engine that lives as long as the test. It fails the test
// where none can be had: a sandbox that was not tried is not one that holds.
func Engine(t testing.TB) *EngineServer {
	t.Helper()
	e, err := StartEngine()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// StartEngine starts an engine of its own below the temporary folder, with
// networks off, so that nothing of the machine's is touched; args are added to
// dockerd's. Who may not start one is given the engine that the machine runs.
func StartEngine(args ...string) (*EngineServer, error) {
	path, err := exec.LookPath("dockerd")
	if err != nil || os.Geteuid() != 0 {
		const socket = "/var/run/docker.sock"
		if len(args) == 0 && ping(socket) == nil {
			return &EngineServer{Host: "unix://" + socket}, nil
		}
		return nil, errors.New("these tests need a Docker Engine: run them as root with dockerd installed " +
			"(apt-get install -y --no-install-recommends docker.io), or start an engine at " + socket)
	}
	// Short: the path of a socket is at most 107 bytes.
	dir, err := os.MkdirTemp("", "engine")
	if err != nil {
		return nil, fmt.Errorf("make folder of engine: %w", err)
	}
	e := &EngineServer{Host: "unix://" + filepath.Join(dir, "s"), dir: dir}
	e.args = append([]string{
		path, "--data-root", filepath.Join(dir, "data"), "--exec-root", filepath.Join(dir, "exec"), "--pidfile", filepath.Join(dir, "pid"),
		"-H", e.Host, "--iptables=false", "--bridge=none", "--config-file", filepath.Join(dir, "none.json"),
	}, args...)
	if err := os.WriteFile(filepath.Join(dir, "none.json"), []byte("{}"), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("write: %w", err), os.RemoveAll(dir))
	}
	if err := e.Start(); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// Own says that the engine can be stopped and started.
func (e *EngineServer) Own() bool { return e.dir != "" }

// Start starts the engine after Stop or Kill.
func (e *EngineServer) Start() error {
	logFile, err := os.OpenFile(filepath.Join(e.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open log of engine: %w", err)
	}
	defer logFile.Close() //nolint:errcheck // the engine has it
	if err := e.forget(); err != nil {
		return err
	}
	e.cmd = exec.CommandContext(context.Background(), e.args[0], e.args[1:]...) //nolint:gosec // dockerd, with our own arguments
	e.cmd.Stdout, e.cmd.Stderr = logFile, logFile
	e.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := e.cmd.Start(); err != nil {
		return fmt.Errorf("start engine: %w", err)
	}
	socket := strings.TrimPrefix(e.Host, "unix://")
	end := time.Now().Add(time.Minute)
	for {
		err := ping(socket)
		if err == nil {
			return nil
		}
		if time.Now().After(end) || e.gone() {
			told, _ := os.ReadFile(filepath.Join(e.dir, "log"))
			return fmt.Errorf("engine does not answer: %w; its log ends:\n%s", err, told[max(0, len(told)-2000):])
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// forget removes the numbers of processes that an engine which was killed left.
// Its containerd dies with it, and where nobody takes a dead process's exit code
// the next engine would wait for it.
func (e *EngineServer) forget() error {
	for _, name := range []string{"pid", "exec/containerd/containerd.pid"} {
		name = filepath.Join(e.dir, name)
		pid, err := os.ReadFile(name) //nolint:gosec // below our own folder
		if err != nil || !ended(strings.TrimSpace(string(pid))) {
			continue
		}
		if err := os.Remove(name); err != nil {
			return fmt.Errorf("remove pid of engine: %w", err)
		}
	}
	return nil
}

// ended tells whether a process is gone, or is dead and was not waited for.
func ended(pid string) bool {
	state, err := os.ReadFile("/proc/" + pid + "/stat") //nolint:gosec // a number
	return err != nil || bytes.Contains(state, []byte(") Z "))
}

// sweep ends what an engine left that could not be stopped: each process and
// mount that names the engine's folder, which no other has.
func (e *EngineServer) sweep() {
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, line := range lines {
		body, err := os.ReadFile(line) //nolint:gosec // of /proc
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(line)))
		if err == nil && pid > 1 && pid != os.Getpid() && bytes.Contains(body, []byte(e.dir+"/")) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	mounts, _ := os.ReadFile("/proc/self/mounts")
	for line := range strings.Lines(string(mounts)) {
		if fields := strings.Fields(line); len(fields) > 1 && strings.HasPrefix(fields[1], e.dir+"/") {
			_ = exec.CommandContext(context.Background(), "umount", "-l", fields[1]).Run() //nolint:gosec // a mount below our own folder
		}
	}
}

// gone tells whether the engine ended, without taking its exit code from Wait.
func (e *EngineServer) gone() bool {
	return ended(strconv.Itoa(e.cmd.Process.Pid))
}

// Stop ends the engine as an administrator does: its containers end too.
func (e *EngineServer) Stop() error { return e.end(syscall.SIGTERM) }

// Kill ends the engine as a crash does: its containers go on.
func (e *EngineServer) Kill() error { return e.end(syscall.SIGKILL) }

func (e *EngineServer) end(sig syscall.Signal) error {
	if e.cmd == nil {
		return nil
	}
	if err := e.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("end engine: %w", err)
	}
	err := e.cmd.Wait()
	e.cmd = nil
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return fmt.Errorf("end engine: %w", err)
	}
	return nil
}

// Close stops the engine and removes all of it.
func (e *EngineServer) Close() error {
	if !e.Own() {
		return nil
	}
	err := e.Stop()
	e.sweep()
	if rerr := os.RemoveAll(e.dir); rerr != nil {
		err = errors.Join(err, fmt.Errorf("remove engine: %w", rerr))
	}
	return err
}

func ping(socket string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
	if err != nil {
		return fmt.Errorf("dial: %w", err)
	}
	defer conn.Close() //nolint:errcheck // only asked
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return fmt.Errorf("dial: %w", err)
	}
	if _, err := conn.Write([]byte("GET /_ping HTTP/1.0\r\n\r\n")); err != nil {
		return fmt.Errorf("ask: %w", err)
	}
	answer := make([]byte, 64)
	n, err := conn.Read(answer)
	if err != nil || !bytes.Contains(answer[:n], []byte(" 200 ")) {
		return fmt.Errorf("ask: %q, %w", answer[:n], err)
	}
	return nil
}
