package sandbox

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

// LifeDeps is what a Life is made of.
type LifeDeps struct {
	// Driver is the runtime's name, for errors.
	Driver string
	// OutputBytes is what may be written to stdout in one turn.
	OutputBytes int64
	// Quota watches the workspace and is closed at the end; nil: nothing does.
	Quota *Quota
}

// Life is what the processes of every driver have alike: what they write, what
// makes them be ended, and the wait for the end. The driver begins it when the
// process runs, kills the process when Over tells, and ends it.
type Life struct {
	deps LifeDeps
	ctx  context.Context
	out  *Output
	tail Tail

	over chan struct{}
	done chan struct{}
	// watch lives until the process ended.
	watch  context.Context
	unbind context.CancelFunc
	work   sync.WaitGroup

	mu    sync.Mutex
	cause error
	exit  Exit
	err   error
}

// NewLife makes the life of a process that is to end with ctx.
func NewLife(ctx context.Context, d LifeDeps) *Life {
	l := &Life{deps: d, ctx: ctx, over: make(chan struct{}), done: make(chan struct{})}
	l.watch, l.unbind = context.WithCancel(context.WithoutCancel(ctx))
	l.out = NewOutput(d.OutputBytes, func() { l.end(ErrOutput) })
	return l
}

// Begin watches what the process may not pass. It is called once, and End must
// follow.
func (l *Life) Begin() {
	l.work.Go(func() {
		select {
		case <-l.ctx.Done():
			l.end(context.Cause(l.ctx))
		case <-l.watch.Done():
		}
	})
	l.work.Go(func() {
		if err := l.deps.Quota.Watch(l.watch); err != nil {
			l.end(err)
		}
	})
}

// end says that the process is to end; the first cause stays.
func (l *Life) end(cause error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cause == nil {
		l.cause = fmt.Errorf("%s: ended: %w", l.deps.Driver, cause)
		close(l.over)
	}
}

// Over is closed when the process is to be killed.
func (l *Life) Over() <-chan struct{} { return l.over }

// Done is closed when the process ended.
func (l *Life) Done() <-chan struct{} { return l.done }

// Ended tells whether it has.
func (l *Life) Ended() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

// Out takes the process's stdout.
func (l *Life) Out() *Output { return l.out }

// Err takes the process's stderr.
func (l *Life) Err() io.Writer { return &l.tail }

// End tells how the process ended, once. err is the driver's own; the cause for
// which the process was to be killed goes before it.
func (l *Life) End(exit Exit, err error) {
	l.unbind()
	l.work.Wait()
	l.mu.Lock()
	cause := l.cause
	l.mu.Unlock()
	if cause == nil && err == nil {
		if err = l.deps.Quota.Ended(l.ctx, exit.Code); err != nil {
			err = fmt.Errorf("%s: ended: %w", l.deps.Driver, err)
		}
	}
	if cause != nil {
		err = cause
	}
	_ = l.deps.Quota.Close() // only read
	// Clocks that are set back, and engines, tell of ends before their beginnings.
	exit.Usage.Duration = max(exit.Usage.Duration, 0)
	l.exit, l.err = exit, err
	// A reader is told that words are missing, unless it has been told why.
	l.out.End(err)
	close(l.done)
}

// Stdout is as in Process; so are Stderr, Renew and Wait.
func (l *Life) Stdout() io.Reader { return l.out }

// Stderr is as in Process.
func (l *Life) Stderr() []byte { return l.tail.Bytes() }

// Renew is as in Process.
func (l *Life) Renew() { l.out.Renew() }

// Wait is as in Process.
func (l *Life) Wait(ctx context.Context) (Exit, error) {
	if l.Ended() {
		return l.exit, l.err
	}
	select {
	case <-l.done:
		return l.exit, l.err
	case <-ctx.Done():
		return Exit{}, fmt.Errorf("%s: wait: %w", l.deps.Driver, context.Cause(ctx))
	}
}

// StopAfter waits for the end of a process that was asked to, for grace at most,
// and kills it then: also when the caller waits no longer.
func (l *Life) StopAfter(ctx context.Context, grace time.Duration, kill func(context.Context) error) error {
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-l.done:
		return nil
	case <-ctx.Done():
	case <-timer.C:
	}
	if err := kill(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	select {
	case <-l.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s: stop: %w", l.deps.Driver, context.Cause(ctx))
	}
}
