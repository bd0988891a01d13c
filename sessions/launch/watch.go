package launch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/parachute-gate/parachute/sandbox"
)

const (
	// every is how often a runtime is asked whether it can be used.
	every = 2 * time.Second
	// asking bounds one such question.
	asking = 5 * time.Second
	// stale is after how long an answer says nothing any more: the one who asks is
	// stuck.
	stale = 15 * time.Second
	// sweeping is how often what was left behind is looked for, and strayed how old
	// it must be: what is just being started is not known yet.
	sweeping = 10 * time.Minute
	strayed  = 2 * time.Minute
)

// watched is a runtime whose readiness is known without asking, and that knows
// what it runs.
type watched struct {
	sandbox.Runtime
	failed func(ctx context.Context, session, turn string, err error)
	log    *slog.Logger

	mu    sync.Mutex
	err   error
	asked time.Time
	// swept is when what was left behind was looked for last; zero: not since this
	// process began, so that nothing may be started yet.
	swept time.Time
	// alive are the processes that this one waits for, and left those that could not
	// be removed when they ended: an engine that was away, say.
	alive, left map[string]bool
	// starting counts the starts under way, and starts all of them. One that failed
	// makes unsure: the engine may have made what nobody was told of.
	starting, starts int
	unsure           bool
}

var errNotAsked = errors.New("it has not answered yet")

func newWatched(r sandbox.Runtime, failed func(ctx context.Context, session, turn string, err error), log *slog.Logger) *watched {
	return &watched{Runtime: r, failed: failed, log: log, err: errNotAsked, asked: time.Now(), alive: map[string]bool{}, left: map[string]bool{}}
}

// ready is the last answer.
func (w *watched) ready() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.err
	if err == nil && time.Since(w.asked) > stale {
		err = errors.New("it does not answer")
	}
	if err != nil && !errors.Is(err, sandbox.ErrUnavailable) {
		err = fmt.Errorf("%s: %w: %w", w.Name(), sandbox.ErrUnavailable, err)
	}
	return err
}

// look asks the runtime, and lets nothing start in it before what an earlier
// process left there is gone.
func (w *watched) look(ctx context.Context) {
	asked := time.Now()
	asking, cancel := context.WithTimeout(ctx, asking)
	defer cancel()
	err := w.Ready(asking)
	if err == nil {
		w.retry(ctx)
		err = w.sweep(ctx)
	}
	if ctx.Err() != nil {
		return
	}
	w.mu.Lock()
	was := w.err
	w.err, w.asked = err, asked
	w.mu.Unlock()
	switch {
	case err != nil && (was == nil || was.Error() != err.Error()):
		w.log.WarnContext(ctx, "runtime not available", "runtime", w.Name(), "error", err)
	case err == nil && was != nil && !errors.Is(was, errNotAsked):
		w.log.InfoContext(ctx, "runtime available again", "runtime", w.Name())
	}
}

// retry removes what could not be removed when it ended.
func (w *watched) retry(ctx context.Context) {
	w.mu.Lock()
	left := slices.Collect(maps.Keys(w.left))
	w.mu.Unlock()
	for _, id := range left {
		if err := w.Remove(ctx, id); err != nil {
			w.log.WarnContext(ctx, "program not removed", "runtime", w.Name(), "id", id, "error", err)
			continue
		}
		w.note(id, w.left, false)
		w.log.InfoContext(ctx, "removed what was left behind", "runtime", w.Name(), "id", id)
	}
}

// note puts an id into one of the sets, or takes it out.
func (w *watched) note(id string, set map[string]bool, in bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if in {
		set[id] = true
	} else {
		delete(set, id)
	}
}

// sweep removes what nobody waits for.
func (w *watched) sweep(ctx context.Context) error {
	w.mu.Lock()
	swept, unsure, calm, starts := w.swept, w.unsure, w.starting == 0, w.starts
	w.mu.Unlock()
	if !swept.IsZero() && !unsure && time.Since(swept) < sweeping {
		return nil
	}
	began := time.Now()
	found, err := w.Find(ctx)
	if err != nil {
		return fmt.Errorf("find what was left behind: %w", err)
	}
	w.mu.Lock()
	// Where nothing is being started, what is not known is nobody's, however young.
	calm = calm && unsure && w.starts == starts
	w.mu.Unlock()
	for _, f := range found {
		if !swept.IsZero() && (w.isAlive(f.ID) || !calm && began.Sub(f.Started) < strayed) {
			continue
		}
		if err := w.Remove(ctx, f.ID); err != nil {
			return fmt.Errorf("remove what was left behind: %w", err)
		}
		w.log.InfoContext(ctx, "removed what was left behind", "runtime", w.Name(), "id", f.ID, "session", f.Session)
	}
	w.mu.Lock()
	w.swept = began
	w.unsure = w.unsure && !calm
	w.mu.Unlock()
	return nil
}

func (w *watched) isAlive(id string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.alive[id]
}

// Start implements sandbox.Runtime.
func (w *watched) Start(ctx context.Context, s sandbox.Spec) (sandbox.Process, error) {
	w.mu.Lock()
	w.starting++
	w.starts++
	w.mu.Unlock()
	p, err := w.Runtime.Start(ctx, s)
	if err != nil {
		w.failed(ctx, s.Session, s.Turn, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.starting--
	if err != nil {
		w.unsure = true
		return nil, err
	}
	w.alive[p.ID()] = true
	return &process{Process: p, watched: w}, nil
}

// process is one that is waited for until it was removed.
type process struct {
	sandbox.Process
	watched *watched
}

// Close implements sandbox.Process. What could not be removed is tried again
// when the runtime answers.
func (p *process) Close() error {
	err := p.Process.Close()
	p.watched.note(p.ID(), p.watched.left, err != nil)
	p.watched.note(p.ID(), p.watched.alive, false)
	return err
}
