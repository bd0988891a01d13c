//go:build unix

package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/parachute-gate/parachute/sandbox"
)

// drainTime bounds the wait for the output of a process that ended: what left its
// group may hold it open.
const drainTime = 2 * time.Second

func supported() error { return nil }

// process is a process group and the pipes to it.
type process struct {
	*sandbox.Life

	r   *Runtime
	id  string
	cmd *exec.Cmd
	in  *os.File
	// drained is closed when all output was received.
	drained chan struct{}
	work    sync.WaitGroup

	// group is held while a signal goes to the group, and ended says that its
	// number may be another's by now.
	group sync.Mutex
	ended bool
	// killed says that we sent SIGKILL while the first process ran.
	killed bool
}

func begin(ctx context.Context, r *Runtime, id string, s sandbox.Spec, q *sandbox.Quota) (*process, error) {
	p := &process{r: r, id: id, drained: make(chan struct{})}
	p.Life = sandbox.NewLife(ctx, sandbox.LifeDeps{Driver: "host", OutputBytes: s.Limits.OutputBytes, Quota: q})
	words := command(s)
	// The life of the process is watched, and its end is that of its group:
	// exec.CommandContext would kill the first process alone.
	p.cmd = exec.Command(words[0], words[1:]...) //nolint:gosec,noctx // the decision's command; the context is watched
	p.cmd.Dir, p.cmd.Env = s.Workspace.Source, r.envOf(s, id)
	p.cmd.SysProcAttr = attributes()
	var pipes [3][2]*os.File
	closeAll := func(i int) {
		for _, pair := range pipes {
			if pair[i] != nil {
				_ = pair[i].Close()
			}
		}
	}
	for i := range pipes {
		read, write, err := os.Pipe()
		if err != nil {
			closeAll(0)
			closeAll(1)
			return nil, fmt.Errorf("host: make pipe: %w", err)
		}
		// [0] is the child's end.
		pipes[i] = [2]*os.File{write, read}
		if i == 0 {
			pipes[i] = [2]*os.File{read, write}
		}
	}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = pipes[0][0], pipes[1][0], pipes[2][0]
	began := time.Now()
	started := make(chan error)
	p.work.Go(func() { p.run(context.WithoutCancel(ctx), began, started) })
	err := <-started
	closeAll(0)
	if err != nil {
		closeAll(1)
		p.work.Wait()
		return nil, fmt.Errorf("host: start: %w", err)
	}
	p.in = pipes[0][1]
	p.follow(pipes[1][1], pipes[2][1])
	return p, nil
}

// run starts the process and waits for its end on one thread: the kernel tells a
// child of its parent's death when the thread that made it ends (prctl(2),
// PR_SET_PDEATHSIG).
func (p *process) run(ctx context.Context, began time.Time, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := p.cmd.Start(); err != nil {
		started <- err
		return
	}
	p.Begin()
	close(started)
	// The number of the group stays its own until the first process was waited for.
	awaitExit(p.cmd.Process.Pid)
	p.group.Lock()
	killed := p.killed
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	_ = p.cmd.Wait() // the state tells it
	p.ended = true
	p.group.Unlock()
	p.sweep(ctx)
	drain := time.NewTimer(drainTime)
	defer drain.Stop()
	select {
	case <-p.drained:
	case <-drain.C:
	}
	exit := exitOf(p.cmd.ProcessState, time.Since(began))
	// Nobody tells whom the kernel killed for memory.
	exit.OOM = exit.OOM && !killed
	p.End(exit, nil)
}

func exitOf(state *os.ProcessState, duration time.Duration) sandbox.Exit {
	exit := sandbox.Exit{Code: state.ExitCode(), Usage: sandbox.Usage{
		CPUSeconds: (state.UserTime() + state.SystemTime()).Seconds(), Duration: duration,
	}}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		exit.Code = 128 + int(status.Signal())
		exit.OOM = status.Signal() == syscall.SIGKILL
	}
	if use, ok := state.SysUsage().(*syscall.Rusage); ok {
		exit.Usage.PeakMemoryBytes = peakBytes(use)
	}
	return exit
}

// follow takes the output, and ends the process when its time is over.
func (p *process) follow(stdout, stderr *os.File) {
	var both sync.WaitGroup
	both.Go(func() {
		if _, err := io.Copy(p.Out(), stdout); errors.Is(err, sandbox.ErrOutput) {
			_, _ = io.Copy(io.Discard, stdout)
		}
	})
	both.Go(func() { _, _ = io.Copy(p.Err(), stderr) })
	p.work.Go(func() {
		both.Wait()
		close(p.drained)
	})
	p.work.Go(func() {
		select {
		case <-p.Over():
			p.kill()
			<-p.Done()
		case <-p.Done():
		}
		// What left the group may hold the other ends.
		_, _ = stdout.Close(), stderr.Close()
		_ = p.in.Close()
	})
}

func (p *process) ID() string            { return p.id }
func (p *process) Stdin() io.WriteCloser { return stdin{p.in} }

// Signal goes to the whole group.
func (p *process) Signal(_ context.Context, sig syscall.Signal) error { return p.send(sig) }

func (p *process) send(sig syscall.Signal) error {
	p.group.Lock()
	defer p.group.Unlock()
	if p.ended {
		return nil
	}
	p.killed = p.killed || sig == syscall.SIGKILL
	if err := syscall.Kill(-p.cmd.Process.Pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("host: signal: %w", err)
	}
	return nil
}

func (p *process) kill() {
	_ = p.send(syscall.SIGKILL) // it fails for what is gone
}

func (p *process) Stop(ctx context.Context, grace time.Duration) error {
	if err := errors.Join(p.send(syscall.SIGTERM), p.send(syscall.SIGCONT)); err != nil {
		return err
	}
	return p.StopAfter(ctx, grace, func(context.Context) error {
		p.kill()
		return nil
	})
}

func (p *process) Pause(ctx context.Context) error   { return p.Signal(ctx, syscall.SIGSTOP) }
func (p *process) Unpause(ctx context.Context) error { return p.Signal(ctx, syscall.SIGCONT) }

func (p *process) Close() error {
	p.kill()
	p.work.Wait()
	return nil
}

type stdin struct{ f *os.File }

func (s stdin) Write(b []byte) (int, error) {
	n, err := s.f.Write(b)
	if err != nil {
		return n, fmt.Errorf("host: write to stdin: %w", err)
	}
	return n, nil
}

func (s stdin) Close() error {
	if err := s.f.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("host: close stdin: %w", err)
	}
	return nil
}
