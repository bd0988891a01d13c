package acp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	acp "github.com/coder/acp-go-sdk"

	"github.com/parachute-gate/parachute/sandbox"
	"github.com/parachute-gate/parachute/sessions/programs"
)

// terminal is a process that an agent asked for.
type terminal struct {
	process sandbox.Process
	program string
	out     screen
	// done is closed when the process ended and all that it wrote to stdout was
	// received; exit and err are set then.
	done chan struct{}
	exit sandbox.Exit
	err  error

	closing sync.Once

	mu sync.Mutex
	// stderr is what it had written there when it was asked last.
	stderr string
}

// newTerminal follows a process that was started. heard is called for what it
// writes to stdout.
func newTerminal(ctx context.Context, process sandbox.Process, program string, most int, heard func()) *terminal {
	t := &terminal{process: process, program: program, out: screen{most: most}, done: make(chan struct{})}
	// Nobody types: what reads is told so at once, and does not wait for ever.
	_ = process.Stdin().Close() // it fails for what ended already
	go func() {
		defer close(t.done)
		_, _ = io.Copy(listener{&t.out, heard}, process.Stdout()) // Wait tells why it ended
		t.exit, t.err = process.Wait(context.WithoutCancel(ctx))  // Close ends it
	}()
	return t
}

// listener writes on, and tells of it.
type listener struct {
	to    io.Writer
	heard func()
}

func (l listener) Write(p []byte) (int, error) {
	defer l.heard()
	return l.to.Write(p)
}

func (t *terminal) ended() bool {
	select {
	case <-t.done:
		return true
	default:
		return false
	}
}

// spoke tells whether it wrote to stderr since it was asked last. The end of
// stderr is all that a process shows of it: nobody is told when it grows.
func (t *terminal) spoke() bool {
	now := string(t.process.Stderr())
	t.mu.Lock()
	defer t.mu.Unlock()
	before := t.stderr
	t.stderr = now
	return now != before
}

// output is what was written so far: stdout, the end of stderr, and why the
// process was ended, where it was not by itself.
func (t *terminal) output() (text string, cut bool) {
	ended := t.ended()
	tail := t.process.Stderr()
	cutErr := len(tail) >= sandbox.TailBytes
	stderr := valid(tail, cutErr)
	if ended {
		if why := whyEnded(t.exit, t.err); why != "" {
			if stderr != "" {
				stderr += "\n"
			}
			stderr += "[" + why + "]\n"
		}
	}
	stdout, cutOut := t.out.text()
	text, cut = joined(stdout, stderr, t.out.most)
	return text, cut || cutOut || cutErr
}

// whyEnded tells the agent of an end that its command did not choose.
func whyEnded(exit sandbox.Exit, err error) string {
	switch {
	case errors.Is(err, sandbox.ErrOutput):
		return fmt.Sprintf("ended: more than %d MiB of output", terminalBytes>>20)
	case errors.Is(err, sandbox.ErrQuota):
		return "ended: the workspace is full"
	case err != nil:
		return "ended: it was lost"
	case exit.OOM:
		return "ended: out of memory"
	default:
		return ""
	}
}

// status is how it ended; nil while it runs.
func (t *terminal) status() *acp.TerminalExitStatus {
	if !t.ended() {
		return nil
	}
	return statusOf(t.exit, t.err)
}

// statusOf gives both the code and the signal above 128: a shell gives such a code
// by itself too, and nobody can tell it apart from a signal's.
func statusOf(exit sandbox.Exit, err error) *acp.TerminalExitStatus {
	if err != nil && exit.Code == 0 {
		// Not the 0 of a command that did its work.
		return &acp.TerminalExitStatus{Signal: acp.Ptr(signalName(9))}
	}
	s := &acp.TerminalExitStatus{ExitCode: acp.Ptr(exit.Code)}
	if n := exit.Code - 128; n > 0 && n <= 64 {
		s.Signal = acp.Ptr(signalName(n))
	}
	return s
}

// signalName names the signals whose numbers are the same everywhere (POSIX,
// kill), and those that every system of ours counts alike.
func signalName(n int) string {
	name, ok := map[int]string{
		1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 8: "SIGFPE", 9: "SIGKILL",
		11: "SIGSEGV", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM",
	}[n]
	if !ok {
		return fmt.Sprintf("signal %d", n)
	}
	return name
}

// close ends and removes the process, once, and tells how it ended. Who calls
// meanwhile waits for that.
func (t *terminal) close(told func(programs.Ending, error)) {
	t.closing.Do(func() {
		var why error
		if !t.ended() {
			why = programs.ErrClosed
		}
		removed := t.process.Close()
		<-t.done
		end := programs.Ending{Exit: t.exit, Err: t.err}
		switch {
		case why != nil && errors.Is(t.err, sandbox.ErrUnavailable):
			// What it used nobody knows: that is told too.
			end.Err = errors.Join(why, t.err)
		case why != nil:
			end.Err = why
		}
		told(end, removed)
	})
}
