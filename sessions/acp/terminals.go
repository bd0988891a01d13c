package acp

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"sync"

	"github.com/parachute-gate/parachute/sandbox"
	"github.com/parachute-gate/parachute/sessions"
	"github.com/parachute-gate/parachute/sessions/programs"
)

const (
	// mostTerminals is how many an agent may have in a turn that were not released.
	mostTerminals = 4
	// terminalBytes is what one may write to stdout in all.
	terminalBytes = 32 << 20
)

// terminals are those of one turn. None of them outlives it.
type terminals struct {
	of      sessions.Turn
	runtime sandbox.Runtime
	ended   func(ctx context.Context, e programs.Ended)
	log     *slog.Logger
	// heard is called for what any of them writes.
	heard func()

	mu     sync.Mutex
	closed bool
	// taken counts those that start and those that are not gone.
	taken int
	// begun counts those that were ever taken.
	begun int
	all   map[string]*terminal
	work  sync.WaitGroup
}

// start runs a process, of whose output so many bytes are kept, and gives the id
// of its terminal. A start ends with ctx; what was started, by close or release.
func (ts *terminals) start(ctx context.Context, s sandbox.Spec, most int) (string, error) {
	if err := ts.take(); err != nil {
		return "", err
	}
	defer ts.work.Done()
	life, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	process, err := ts.runtime.Start(life, s)
	if err != nil {
		stop()
		cancel(nil)
		ts.leave()
		return "", err
	}
	t := newTerminal(ctx, process, s.Command[0], most, ts.heard)
	if !stop() {
		ts.shut(ctx, t)
		ts.leave()
		return "", fmt.Errorf("start terminal: %w", context.Cause(ctx))
	}
	// Of no meaning to anybody: an id of an earlier turn names no terminal of this.
	id := rand.Text()
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.all[id] = t
	return id, nil
}

// take makes a place, and begins what close waits for.
func (ts *terminals) take() error {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	switch {
	case ts.closed:
		return refused(codeRefused, "the turn is over")
	case ts.begun >= mostBegun:
		return errAskedTooMuch
	case ts.taken >= mostTerminals:
		return refused(codeRefused, "there are %d terminals already: release one first", mostTerminals)
	}
	ts.taken++
	ts.begun++
	ts.work.Add(1)
	return nil
}

func (ts *terminals) leave() {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.taken--
}

// get gives a terminal that was not released.
func (ts *terminals) get(id string) (*terminal, error) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	t, ok := ts.all[id]
	if !ok {
		return nil, noTerminal()
	}
	return t, nil
}

func noTerminal() error { return refused(codeNotFound, "there is no such terminal") }

// release ends a terminal and forgets it; there is room for another then.
func (ts *terminals) release(ctx context.Context, id string) error {
	ts.mu.Lock()
	t, ok := ts.all[id]
	if !ok || ts.closed {
		ts.mu.Unlock()
		return noTerminal()
	}
	delete(ts.all, id)
	ts.work.Add(1)
	ts.mu.Unlock()
	defer ts.work.Done()
	ts.shut(ctx, t)
	ts.leave()
	return nil
}

// close ends all of them, and waits for that. It may be called again, and beside
// everything else.
func (ts *terminals) close(ctx context.Context) {
	ts.mu.Lock()
	ts.closed = true
	ts.mu.Unlock()
	// Nothing begins any more; what did is in all, or gone.
	ts.work.Wait()
	ts.mu.Lock()
	all := make([]*terminal, 0, len(ts.all))
	for _, t := range ts.all {
		all = append(all, t)
	}
	ts.mu.Unlock()
	var shut sync.WaitGroup
	for _, t := range all {
		shut.Go(func() { ts.shut(ctx, t) })
	}
	shut.Wait()
}

// shut closes one and tells of its end.
func (ts *terminals) shut(ctx context.Context, t *terminal) {
	ctx = context.WithoutCancel(ctx)
	t.close(func(end programs.Ending, err error) {
		if err != nil {
			ts.log.WarnContext(ctx, "terminal not removed", "turn", ts.of.ID, "session", ts.of.Session.ID, "error", err)
		}
		ts.log.DebugContext(ctx, "terminal ended", "turn", ts.of.ID, "session", ts.of.Session.ID, "code", end.Exit.Code, "error", end.Err)
		if ts.ended != nil {
			ts.ended(ctx, programs.Ended{Session: ts.of.Session.ID, Turn: ts.of.ID, Ending: end, Program: programs.Line(t.program, mostTitle)})
		}
	})
}

// spoke tells whether any of them wrote to stderr since it was asked last.
func (ts *terminals) spoke() bool {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	spoke := false
	for _, t := range ts.all {
		// Each of them: what one had to say is not to be news again.
		spoke = t.spoke() || spoke
	}
	return spoke
}
