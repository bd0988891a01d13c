package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"

	"github.com/parachute-gate/parachute/sandbox"
)

// drainTime bounds the wait for the last words of a container that ended.
const drainTime = 5 * time.Second

// lostTime bounds the wait for an engine's word that what it killed ended.
const lostTime = 10 * time.Second

// process is a container and the connection to its stdio.
type process struct {
	*sandbox.Life

	r  *Runtime
	id string
	// own is what the process's calls live by; stopOwn ends them.
	own     context.Context
	stopOwn context.CancelFunc

	conn types.HijackedResponse
	// ended gets the one answer of the engine that the container ended.
	ended   chan verdict
	running bool
	// drained is closed when all output was received.
	drained chan struct{}
	// killed says that we sent SIGKILL: code 137 is then no want of memory.
	killed atomic.Bool
	// shot is closed when the engine took that signal.
	shot chan struct{}
	once sync.Once
	// memory is the limit, in bytes.
	memory int64
	// paused says that we paused it: an engine takes no signal for it then.
	paused atomic.Bool
	use    usage
	work   sync.WaitGroup

	closing sync.Mutex
	removed bool
}

// verdict is the engine's word that a container ended, or that it cannot tell.
type verdict struct {
	code int
	err  error
}

func newProcess(ctx context.Context, r *Runtime, id string, s sandbox.Spec, q *sandbox.Quota) *process {
	p := &process{r: r, id: id, ended: make(chan verdict, 1), drained: make(chan struct{}), shot: make(chan struct{}), memory: s.Limits.MemoryBytes}
	p.own, p.stopOwn = context.WithCancel(context.WithoutCancel(ctx))
	p.Life = sandbox.NewLife(ctx, sandbox.LifeDeps{Driver: "docker", OutputBytes: s.Limits.OutputBytes, Quota: q})
	return p
}

// listen asks to be told of the end. The client's own channel must be read by
// somebody, whatever became of the process.
func (p *process) listen() {
	ended, lost := p.r.client.ContainerWait(p.own, p.id, container.WaitConditionNextExit)
	p.work.Go(func() {
		select {
		case status := <-ended:
			p.ended <- verdict{code: int(status.StatusCode)}
		case err := <-lost:
			p.ended <- verdict{err: p.r.fail("wait", err)}
		}
	})
}

// follow starts what runs beside the container until it ended.
func (p *process) follow() {
	p.Begin()
	p.work.Go(func() {
		defer close(p.drained)
		// The engine's frames are at most 32 KiB, whatever the process writes.
		_, err := stdcopy.StdCopy(p.Out(), p.Err(), p.conn.Reader)
		if errors.Is(err, sandbox.ErrOutput) {
			// An engine whose output nobody takes does not notice that a container ended.
			_, err = io.Copy(io.Discard, p.conn.Reader)
		}
		if err != nil && p.own.Err() == nil {
			p.r.deps.Log.DebugContext(p.own, "output of a container broke off", "container", p.id, "error", err)
		}
	})
	p.work.Go(func() { p.sample(p.own) })
	p.work.Go(p.watch)
}

// watch waits for the end, or makes it.
func (p *process) watch() {
	code, err := p.await()
	exit := sandbox.Exit{}
	if err == nil {
		// The container is gone: what it wrote is on its way.
		drain := time.NewTimer(drainTime)
		defer drain.Stop()
		select {
		case <-p.drained:
		case <-drain.C:
		}
		exit, err = p.outcome(code)
	}
	p.End(exit, err)
	p.conn.Close()
}

// await returns when the container ended, and kills it when it is to end. Who
// waits for a process that was killed does not wait for ever: an engine that does
// not tell of its end has lost it.
func (p *process) await() (code int, err error) {
	select {
	case v := <-p.ended:
		return v.code, v.err
	case <-p.shot:
	case <-p.Over():
		if err := p.kill(p.own); err != nil {
			return 0, err
		}
	}
	lost := time.NewTimer(p.r.lostTime)
	defer lost.Stop()
	select {
	case v := <-p.ended:
		return v.code, v.err
	case <-lost.C:
		return 0, fmt.Errorf("docker: wait: %w: lost: the engine killed the container and does not tell that it ended", sandbox.ErrUnavailable)
	}
}

func (p *process) outcome(code int) (sandbox.Exit, error) {
	exit := sandbox.Exit{Code: code, Usage: p.use.read()}
	ctx, cancel := context.WithTimeout(p.own, callTime)
	defer cancel()
	c, err := p.r.client.ContainerInspect(ctx, p.id)
	switch {
	case cerrdefs.IsNotFound(err):
		// Close was faster.
		return exit, nil
	case err != nil:
		return exit, p.r.fail("inspect", err)
	}
	exit.OOM = c.State.OOMKilled || !p.killed.Load() && mayWantMemory(exit, p.memory)
	exit.Usage.Duration = lasted(c.State.StartedAt, c.State.FinishedAt)
	return exit, nil
}

// mayWantMemory tells whether nothing speaks against want of memory. The engine
// can miss the kernel's word of a process that was killed for it; but a program
// may end with that code by itself, and one that was far from its limit did.
func mayWantMemory(exit sandbox.Exit, limit int64) bool {
	peak := exit.Usage.PeakMemoryBytes
	return exit.Code == 137 && (peak == 0 || peak >= limit/10*9)
}

// lasted is the time between two of an engine's; 0 for what never began.
func lasted(started, finished string) time.Duration {
	begun, err1 := time.Parse(time.RFC3339Nano, started)
	over, err2 := time.Parse(time.RFC3339Nano, finished)
	if err1 != nil || err2 != nil || begun.IsZero() {
		return 0
	}
	return max(over.Sub(begun), 0)
}

func (p *process) ID() string            { return p.id }
func (p *process) Stdin() io.WriteCloser { return stdin{p.conn} }

// call asks the engine about a container that may have ended meanwhile.
func (p *process) call(ctx context.Context, verb string, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	if err := f(ctx); err != nil && !cerrdefs.IsNotFound(err) && !cerrdefs.IsConflict(err) && !cerrdefs.IsNotModified(err) {
		return p.r.fail(verb, err)
	}
	return nil
}

func (p *process) Signal(ctx context.Context, sig syscall.Signal) error {
	if sig == syscall.SIGKILL {
		p.killed.Store(true)
	}
	return p.call(ctx, "signal", func(ctx context.Context) error {
		return p.r.client.ContainerKill(ctx, p.id, strconv.Itoa(int(sig)))
	})
}

func (p *process) kill(ctx context.Context) error {
	if err := p.Unpause(ctx); err != nil {
		return err
	}
	if err := p.Signal(ctx, syscall.SIGKILL); err != nil {
		return err
	}
	p.once.Do(func() { close(p.shot) })
	return nil
}

func (p *process) Stop(ctx context.Context, grace time.Duration) error {
	if err := p.Unpause(ctx); err != nil {
		return err
	}
	if err := p.Signal(ctx, syscall.SIGTERM); err != nil {
		return err
	}
	return p.StopAfter(ctx, grace, p.kill)
}

func (p *process) Pause(ctx context.Context) error {
	p.paused.Store(true)
	return p.call(ctx, "pause", func(ctx context.Context) error { return p.r.client.ContainerPause(ctx, p.id) })
}

func (p *process) Unpause(ctx context.Context) error {
	// An engine that is asked to unpause what runs calls it an error of its own.
	if !p.paused.Swap(false) {
		return nil
	}
	return p.call(ctx, "unpause", func(ctx context.Context) error {
		if p.Ended() {
			return nil
		}
		return p.r.client.ContainerUnpause(ctx, p.id)
	})
}

// Close removes the container by force, and ends what follows it.
func (p *process) Close() error {
	p.closing.Lock()
	defer p.closing.Unlock()
	if p.removed {
		return nil
	}
	p.killed.Store(true)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(p.own), callTime)
	defer cancel()
	err := p.r.remove(ctx, p.id)
	if p.running {
		wait := time.NewTimer(drainTime)
		defer wait.Stop()
		select {
		case <-p.Done():
		case <-wait.C:
		}
	}
	p.stopOwn()
	if p.conn.Conn != nil {
		p.conn.Close()
	}
	p.work.Wait()
	p.Out().End(nil)
	p.removed = err == nil
	return err
}

// stdin is the writing half of the attached connection.
type stdin struct{ conn types.HijackedResponse }

func (s stdin) Write(b []byte) (int, error) {
	n, err := s.conn.Conn.Write(b)
	if err != nil {
		return n, fmt.Errorf("docker: write to stdin: %w", err)
	}
	return n, nil
}

func (s stdin) Close() error {
	if err := s.conn.CloseWrite(); err != nil && !errors.Is(err, net.ErrClosed) && !errors.Is(err, syscall.ENOTCONN) {
		return fmt.Errorf("docker: close stdin: %w", err)
	}
	return nil
}
