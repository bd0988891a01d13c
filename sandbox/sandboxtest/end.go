package sandboxtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"
	"time"

	"github.com/parachute-gate/parachute/sandbox"
)

func endCases() []testCase {
	return []testCase{
		{name: "stop asks first", run: stops},
		{name: "a process that ignores SIGTERM is killed", run: stubborn},
		{name: "stop of a paused process", run: stopPaused},
		{name: "a signal", run: signals},
		{name: "the end of the context kills", run: contextEnds},
		{name: "a context that ended starts nothing", run: contextEnded},
		{name: "the wait is bounded apart", run: waitBounded},
		{name: "close kills, and again is nothing", run: closes},
		{name: "close beside all else", run: closeBeside},
		{name: "after the end everything answers", run: afterEnd},
		{name: "paused and let go on", run: pauses},
	}
}

func stops(b *bench) error {
	p, err := b.start("sleep")
	if err != nil {
		return err
	}
	if err := ready(p); err != nil {
		return err
	}
	if err := p.Stop(b.ctx, caseTime); err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	if got, err := io.ReadAll(p.Stdout()); err != nil || string(got) != "bye\n" {
		return fmt.Errorf("last words %q, %w", got, err)
	}
	return b.ends(p, 0)
}

// killed waits for a process that did not end by itself.
func (b *bench) killed(p sandbox.Process, cause error) error {
	exit, err := p.Wait(b.ctx)
	if !errors.Is(err, cause) || (cause == nil && err != nil) {
		return fmt.Errorf("wait: %w, want %w", err, cause)
	}
	if exit.Code == 0 || exit.OOM {
		return fmt.Errorf("exit %+v of a process that was killed", exit)
	}
	return nil
}

func stubborn(b *bench) error {
	p, err := b.start("stubborn")
	if err != nil {
		return err
	}
	if err := ready(p); err != nil {
		return err
	}
	if err := p.Signal(b.ctx, syscall.SIGTERM); err != nil {
		return fmt.Errorf("signal: %w", err)
	}
	if err := p.Stop(b.ctx, 50*time.Millisecond); err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	return b.killed(p, nil)
}

func stopPaused(b *bench) error {
	p, err := b.start("sleep")
	if err != nil {
		return err
	}
	if err := errors.Join(ready(p), p.Pause(b.ctx), p.Stop(b.ctx, caseTime)); err != nil {
		return err
	}
	return b.ends(p, 0)
}

func signals(b *bench) error {
	p, err := b.start("sleep")
	if err != nil {
		return err
	}
	if err := errors.Join(ready(p), p.Signal(b.ctx, syscall.SIGTERM)); err != nil {
		return err
	}
	return b.ends(p, 0)
}

func contextEnds(b *bench) error {
	over := errors.New("the turn is over")
	for _, paused := range []bool{false, true} {
		ctx, cancel := context.WithCancelCause(b.ctx)
		defer cancel(nil)
		p, err := b.startIn(ctx, nil, "stubborn")
		if err != nil {
			return err
		}
		if err := ready(p); err != nil {
			return err
		}
		if paused {
			if err := p.Pause(b.ctx); err != nil {
				return fmt.Errorf("pause: %w", err)
			}
		}
		cancel(over)
		if err := b.killed(p, over); err != nil {
			return fmt.Errorf("paused %v: %w", paused, err)
		}
		if _, err := io.ReadAll(p.Stdout()); !errors.Is(err, over) {
			return fmt.Errorf("read: %w, want the cause", err)
		}
	}
	return nil
}

func contextEnded(b *bench) error {
	ctx, cancel := context.WithCancel(b.ctx)
	cancel()
	p, err := b.startIn(ctx, nil, "sleep")
	if err == nil {
		_, err = p.Wait(b.ctx)
	}
	if !errors.Is(err, context.Canceled) {
		return fmt.Errorf("%w, want a cancelled context", err)
	}
	return nil
}

func waitBounded(b *bench) error {
	p, err := b.start("sleep")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(b.ctx)
	cancel()
	if _, err := p.Wait(ctx); !errors.Is(err, context.Canceled) {
		return fmt.Errorf("wait: %w", err)
	}
	if err := errors.Join(ready(p), p.Stop(b.ctx, caseTime)); err != nil {
		return fmt.Errorf("it ended with a wait: %w", err)
	}
	return b.ends(p, 0)
}

func closes(b *bench) error {
	p, err := b.start("stubborn")
	if err != nil {
		return err
	}
	if err := errors.Join(ready(p), p.Close(), b.nothingLeft(), p.Close()); err != nil {
		return err
	}
	if _, err := p.Wait(b.ctx); err != nil {
		return fmt.Errorf("wait after close: %w", err)
	}
	return nil
}

func closeBeside(b *bench) error {
	p, err := b.start("stubborn")
	if err != nil {
		return err
	}
	var wait sync.WaitGroup
	errs := make([]error, 4)
	for i, f := range []func() error{
		p.Close, p.Close,
		func() error { return p.Stop(b.ctx, time.Millisecond) },
		func() error { return p.Signal(b.ctx, syscall.SIGTERM) },
	} {
		wait.Go(func() { errs[i] = f() })
	}
	wait.Wait()
	return errors.Join(errs...)
}

func afterEnd(b *bench) error {
	p, err := b.start("exit", "0")
	if err != nil {
		return err
	}
	if err := b.ends(p, 0); err != nil {
		return err
	}
	for name, f := range map[string]func() error{
		"signal":      func() error { return p.Signal(b.ctx, syscall.SIGTERM) },
		"stop":        func() error { return p.Stop(b.ctx, caseTime) },
		"pause":       func() error { return p.Pause(b.ctx) },
		"unpause":     func() error { return p.Unpause(b.ctx) },
		"close stdin": p.Stdin().Close,
		"close":       p.Close,
	} {
		if err := f(); err != nil {
			return fmt.Errorf("%s after the end: %w", name, err)
		}
	}
	return b.ends(p, 0)
}

func pauses(b *bench) error {
	p, err := b.start("lines")
	if err != nil {
		return err
	}
	if err := p.Pause(b.ctx); err != nil {
		return fmt.Errorf("pause: %w", err)
	}
	if _, err := io.WriteString(p.Stdin(), "a\n"); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	if err := errors.Join(p.Unpause(b.ctx), p.Stdin().Close()); err != nil {
		return err
	}
	got, err := io.ReadAll(p.Stdout())
	if err != nil || !bytes.Equal(got, []byte("got a\n")) {
		return fmt.Errorf("%q, %w", got, err)
	}
	return b.ends(p, 0)
}
