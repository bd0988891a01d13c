package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// DefaultTimeout bounds one decision. It is far above what a decision takes and
// there so that a policy that loops denies instead of hanging the gate.
const DefaultTimeout = 500 * time.Millisecond

// Deps are what an Engine is made of.
type Deps struct {
	Source Source
	Log    *slog.Logger
	// Timeout bounds one decision; zero means DefaultTimeout.
	Timeout time.Duration
	// SkipTests loads policies without running their tests, to ask what they would
	// say. What decides about people is always tested.
	SkipTests bool
	// Accept is asked about a revision that a reload would make live, last of all;
	// its error refuses it. It may be nil. Open asks it only about a revision that
	// it refuses in any case, for a better reason.
	Accept func(ctx context.Context, p *Policy) error
	// Fit is asked about the obligations with which a plain message would be
	// admitted; its error refuses the revision. It may be nil.
	Fit func(Obligations) error
	// Now tells the time for Status alone; no decision sees it.
	Now func() time.Time
}

// Engine holds the revision that decides and replaces it. Deciding never waits
// for a reload. Safe for concurrent use.
type Engine struct {
	deps    Deps
	current atomic.Pointer[Policy]

	reloading sync.Mutex
	mu        sync.Mutex
	status    Status
}

// Status is what the engine tells of itself.
type Status struct {
	Source   string    `json:"source"`
	Kind     string    `json:"kind"`
	Revision string    `json:"revision"`
	LoadedAt time.Time `json:"loaded_at"`
	// Failure is why the folder as it stands now does not decide; empty when it
	// does.
	Failure   string    `json:"failure,omitempty"`
	FailedAt  time.Time `json:"failed_at,omitzero"`
	Reloads   int       `json:"reloads"`
	Refusals  int       `json:"refusals"`
	TestCount int       `json:"tests"`
}

// Open loads the policies, or tells what is wrong with them.
func Open(ctx context.Context, deps Deps) (*Engine, error) {
	deps.Timeout = slower * cmp.Or(deps.Timeout, DefaultTimeout)
	e := &Engine{deps: deps}
	e.status.Source, e.status.Kind = deps.Source.Name, deps.Source.Kind
	f, err := deps.Source.read(ctx)
	if err != nil {
		return nil, err
	}
	if err := e.load(ctx, f, nil); err != nil {
		return nil, fmt.Errorf("load policies in %s: %w", deps.Source.Name, err)
	}
	return e, nil
}

// Current is the revision that decides now. Who needs several answers about one
// message takes it once and asks it for all of them.
func (e *Engine) Current() *Policy { return e.current.Load() }

// Status tells which revision decides and what became of the last reload.
func (e *Engine) Status() Status {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.status
}

// Reload reads the folder, and makes it the one that decides if it compiles, its
// tests pass and it answers the probes in time. Else the error tells why, the
// last good revision goes on deciding, and Status keeps the reason.
func (e *Engine) Reload(ctx context.Context) error {
	e.reloading.Lock()
	defer e.reloading.Unlock()
	f, err := e.deps.Source.read(ctx)
	if err != nil {
		return e.refuse(ctx, err)
	}
	return e.swap(ctx, f)
}

// swap loads f unless it is what decides already. Callers hold e.reloading.
func (e *Engine) swap(ctx context.Context, f files) error {
	if f.revision == e.Current().Revision() {
		e.mu.Lock()
		e.status.Failure, e.status.FailedAt = "", time.Time{}
		e.mu.Unlock()
		return nil
	}
	old := e.Current().Revision()
	if err := e.load(ctx, f, e.deps.Accept); err != nil {
		return e.refuse(ctx, err)
	}
	e.deps.Log.InfoContext(ctx, "policies reloaded", "revision", short(f.revision), "was", short(old), "source", e.deps.Source.Name)
	return nil
}

// loadTimeout bounds all that comes before a revision is live.
const loadTimeout = 3 * time.Minute

// load makes a revision ready aside, then swaps it in. It is back in time
// whatever the files hold.
func (e *Engine) load(ctx context.Context, f files, accept func(context.Context, *Policy) error) error {
	type outcome struct {
		policy *Policy
		tests  int
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		var out outcome
		defer func() {
			if p := recover(); p != nil {
				out.err = fmt.Errorf("loading panicked: %v", p)
			}
			done <- out
		}()
		out.policy, out.tests, out.err = e.ready(ctx, f, accept)
	}()
	late := time.NewTimer(loadTimeout)
	defer late.Stop()
	var out outcome
	select {
	case out = <-done:
	case <-late.C:
		return fmt.Errorf("they were not ready within %s", loadTimeout)
	}
	if out.err != nil {
		return out.err
	}
	e.current.Store(out.policy)
	e.mu.Lock()
	e.status.Revision, e.status.LoadedAt, e.status.TestCount = f.revision, e.deps.Now(), out.tests
	e.status.Failure, e.status.FailedAt = "", time.Time{}
	e.status.Reloads++
	e.mu.Unlock()
	return nil
}

// ready builds, probes and tests f, and asks accept about it.
func (e *Engine) ready(ctx context.Context, f files, accept func(context.Context, *Policy) error) (*Policy, int, error) {
	p, err := build(ctx, f, e.deps.Timeout)
	if err != nil {
		return nil, 0, err
	}
	// First, so that a policy that never ends is found once and not by each test.
	if err := p.probe(ctx, e.deps.Fit); err != nil {
		var fault *typeFault
		if errors.As(err, &fault) && e.deps.Accept != nil {
			// Whoever starts it may know better what is wrong.
			err = cmp.Or(e.deps.Accept(ctx, p), err)
		}
		return nil, 0, err
	}
	tests := 0
	// What is built in was tested when the program was built.
	if e.deps.Source.Kind != "embedded" && !e.deps.SkipTests {
		report, _, err := test(ctx, f, nil)
		if err == nil {
			err = report.Err()
		}
		if err != nil {
			return nil, 0, err
		}
		tests = len(report.Results)
	}
	if accept != nil {
		if err := accept(ctx, p); err != nil {
			return nil, 0, err
		}
	}
	return p, tests, nil
}

func (e *Engine) refuse(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	e.mu.Lock()
	e.status.Failure, e.status.FailedAt = err.Error(), e.deps.Now()
	e.status.Refusals++
	e.mu.Unlock()
	e.deps.Log.ErrorContext(ctx, "policies refused; the last good revision goes on deciding",
		"revision", short(e.Current().Revision()), "source", e.deps.Source.Name, "error", err)
	return err
}

// short is a revision as people are shown it.
func short(revision string) string { return revision[:min(12, len(revision))] }
