package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/parachute-gate/parachute/sandbox"
)

const afterCrash = "what still runs is found by the marks in its environment"

func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// awaitExit returns when a child ended, and leaves it to be waited for.
func awaitExit(pid int) {
	for errors.Is(unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil), unix.EINTR) {
	}
}

// peakBytes: Linux counts in KiB (getrusage(2)).
func peakBytes(use *syscall.Rusage) int64 { return use.Maxrss << 10 }

// marked is a process that carries our marks.
type marked struct {
	pid   int
	marks map[string]string
}

// scan lists the processes whose environment has a variable of a value.
func scan(name, prefix string) ([]marked, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("host: list processes: %w", err)
	}
	var list []marked
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		// Another account's is not readable, and not ours.
		if marks := marksOf(pid); strings.HasPrefix(marks[name], prefix) && marks[name] != "" {
			list = append(list, marked{pid, marks})
		}
	}
	return list, nil
}

func marksOf(pid int) map[string]string {
	body, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	if err != nil {
		return nil
	}
	marks := map[string]string{}
	for entry := range bytes.SplitSeq(body, []byte{0}) {
		name, value, _ := strings.Cut(string(entry), "=")
		switch name {
		case markData, markSession, markTurn, markProcess:
			marks[name] = value
		}
	}
	return marks
}

// end kills a process that still carries a mark: the handle is taken first, so
// that a number which is another's by now is not killed.
func end(m marked, name string) error {
	handle, err := os.FindProcess(m.pid)
	if err != nil {
		return fmt.Errorf("host: find process: %w", err)
	}
	defer handle.Release() //nolint:errcheck // it cannot fail
	if marksOf(m.pid)[name] != m.marks[name] {
		return nil
	}
	if err := handle.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("host: kill: %w", err)
	}
	return nil
}

// sweepRounds bounds the race with a process that forks while it is looked for.
const sweepRounds = 100

// endAll kills what carries a mark until there is nothing more.
func endAll(ctx context.Context, name, prefix string) error {
	for range sweepRounds {
		list, err := scan(name, prefix)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, m := range list {
			if err := end(m, name); err != nil {
				return err
			}
		}
		// A process that was killed is gone a moment later.
		select {
		case <-ctx.Done():
			return fmt.Errorf("host: end what is left: %w", context.Cause(ctx))
		case <-time.After(5 * time.Millisecond):
		}
	}
	return errors.New("host: end what is left: it starts faster than it is ended")
}

// sweep ends what left the group: a daemon with a session of its own.
func (p *process) sweep(ctx context.Context) {
	if err := endAll(ctx, markProcess, p.id); err != nil {
		p.r.deps.Log.ErrorContext(ctx, "a process of an agent may still run", "process", p.id, "error", err)
	}
}

// Find lists the processes of this installation, one entry for each that was
// started, with all that it started.
func (r *Runtime) Find(context.Context) ([]sandbox.Found, error) {
	list, err := scan(markData, r.data)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	var found []sandbox.Found
	for _, m := range list {
		id, name, _ := strings.Cut(m.marks[markProcess], " ")
		if seen[id] {
			continue
		}
		seen[id] = true
		f := sandbox.Found{ID: id, Session: m.marks[markSession], Turn: m.marks[markTurn], Name: name, Running: true}
		if info, err := os.Stat("/proc/" + strconv.Itoa(m.pid)); err == nil {
			f.Started = info.ModTime()
		}
		found = append(found, f)
	}
	return found, nil
}

// Remove kills a process of this installation, with all that it started.
func (r *Runtime) Remove(ctx context.Context, id string) error {
	list, err := scan(markProcess, id+" ")
	if err != nil {
		return err
	}
	for _, m := range list {
		if m.marks[markData] != r.data {
			return fmt.Errorf("host: remove %s: not a process of this installation", id)
		}
	}
	return endAll(ctx, markProcess, id+" ")
}
