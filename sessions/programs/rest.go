package programs

import (
	"context"
	"fmt"
	"time"
)

// settling bounds a call that pauses or unpauses.
const settling = 10 * time.Second

// rest pauses a process that was idle since then. One that cannot be paused is
// closed: an idle process gets no CPU.
func (p *Pool[K]) rest(at *place[K], since time.Time) {
	at.still <- struct{}{}
	defer func() { <-at.still }()
	p.mu.Lock()
	if p.closed || !at.idle(since) {
		p.mu.Unlock()
		return
	}
	p.work.Add(1)
	p.mu.Unlock()
	defer p.work.Done()
	ctx, done := context.WithTimeout(p.life, settling)
	defer done()
	err := at.kept.Pause(ctx)
	// After an error nobody knows: whoever takes it unpauses it.
	at.paused = true
	if err == nil {
		return
	}
	p.mu.Lock()
	idle := !p.closed && at.idle(since) && !ended(at.kept)
	if idle {
		p.drop(at, ErrReplaced)
	}
	p.mu.Unlock()
	if idle {
		p.deps.Log.WarnContext(ctx, "program not paused, so it was closed", "session", at.launch.Spec.Session, "error", err)
		p.shut(at)
	}
}

// wake unpauses a process that was taken. The error is that of ctx where that
// ended first, and the process is as it was.
func (p *Pool[K]) wake(ctx context.Context, at *place[K]) error {
	select {
	case at.still <- struct{}{}:
		defer func() { <-at.still }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if !at.paused {
		return nil
	}
	// Not the turn's context: to stop a turn is no reason to lose the process.
	bounded, done := context.WithTimeout(context.WithoutCancel(ctx), settling)
	defer done()
	if err := at.kept.Unpause(bounded); err != nil {
		return fmt.Errorf("unpause: %w", err)
	}
	at.paused = false
	return nil
}

// replace closes a taken process that cannot go on; false when its session ended.
func (p *Pool[K]) replace(ctx context.Context, at *place[K], err error) bool {
	p.mu.Lock()
	doomed := at.doomed
	p.drop(at, ErrReplaced)
	p.mu.Unlock()
	p.deps.Log.WarnContext(ctx, "program not unpaused, so it was closed", "session", at.session, "error", err)
	p.shut(at)
	return !doomed
}
