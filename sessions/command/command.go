// Package command lets any program answer turns: the message on its stdin, or as
// one argument, and the reply on its stdout. A program that is kept between the
// turns speaks lines of JSON instead; see Line.
//
// No shell ever reads a message, and a message is an argument only behind "--".
// What the program wrote to stderr is for the log alone. The package never runs a
// turn twice, and never starts a program but by the runtime that it is given.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/parachute-gate/parachute/sandbox"
	"github.com/parachute-gate/parachute/sessions"
	"github.com/parachute-gate/parachute/sessions/programs"
)

// Deps are what an Agent is made of.
type Deps struct {
	Launch programs.Launcher
	// Receive may be nil: then what came with a message is not given to the program.
	Receive programs.Receiver
	// Changes may be nil: then a turn that a crash cut off is run again.
	Changes sessions.Changes
	// Keep is the most programs that there are at a time, for those that speak Line;
	// 0 starts one for each turn.
	Keep int
	// Spares is how many of those that are kept may be started before anybody asks
	// them; 0 is none.
	Spares int
	// PauseAfter is the idleness after which a program that is kept gets no CPU: 0 is
	// programs.DefaultPauseAfter, and less is never.
	PauseAfter time.Duration
	// Ended may be nil. It is called once for each process that ended, after it was
	// removed, which may be after the reply was given; Close waits for it.
	Ended func(ctx context.Context, e programs.Ended)
	Log   *slog.Logger
}

// Agent answers by a program. It is safe for concurrent use; close it.
type Agent struct {
	deps Deps
	pool *programs.Pool[*conversation]

	mu     sync.Mutex
	closed bool
	// closing are the programs of one turn that ended, and are being removed.
	closing sync.WaitGroup
}

var _ sessions.Agent = (*Agent)(nil)

// New makes an Agent.
func New(d Deps) *Agent {
	a := &Agent{deps: d}
	if d.Keep > 0 {
		a.pool = programs.NewPool(programs.PoolDeps[*conversation]{
			Start: converse, Most: d.Keep, Spares: d.Spares, PauseAfter: d.PauseAfter, Ended: d.Ended, Log: d.Log,
		})
	}
	return a
}

// Kept are the sessions that have a program now, in order.
func (a *Agent) Kept() []string {
	if a.pool == nil {
		return nil
	}
	return a.pool.Sessions()
}

// End closes what is kept for a session that ended.
func (a *Agent) End(session string) {
	if a.pool != nil {
		a.pool.End(session)
	}
}

// Close ends every program that is kept, and waits until those that answered are
// removed.
func (a *Agent) Close() {
	if a.pool != nil {
		a.pool.Close()
	}
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
	a.closing.Wait()
}

// Answer implements sessions.Agent.
func (a *Agent) Answer(ctx context.Context, t sessions.Turn, show func(string)) (string, error) {
	q, words, err := programs.Ask(ctx, programs.AskDeps{Launch: a.deps.Launch, Check: a.check, Receive: a.deps.Receive, Changes: a.deps.Changes, Log: a.deps.Log}, t, show)
	if q == nil {
		return words, err
	}
	answer := a.once
	if a.pool != nil {
		answer = a.talk
	}
	text, err := answer(ctx, q)
	if err != nil {
		return "", err
	}
	if text == "" {
		text = programs.Nothing
	}
	return q.Answer(text), nil
}

func (a *Agent) check(l programs.Launch) error {
	if err := Check(l.Spec.Command, a.pool != nil); err != nil {
		return fmt.Errorf("%w: %w", sandbox.ErrSpec, err)
	}
	return nil
}

// once runs a program for one turn.
func (a *Agent) once(ctx context.Context, q *programs.Asked) (string, error) {
	t, l := q.Turn, q.Launch
	message := strings.ReplaceAll(t.Text, "\x00", "")
	for _, f := range q.Files {
		message += "\n[file: " + f.Path + "]"
	}
	argv, stdin := fill(l.Spec.Command, message)
	if stdin == "" && len(message) > mostArgument {
		return longMessage, nil
	}
	if again, err := programs.Begin(ctx, a.deps.Changes, t); again || err != nil {
		return programs.Again, err
	}
	spec := l.Spec
	spec.Command, spec.Turn = argv, t.ID
	run, cancel := context.WithCancelCause(ctx)
	p, err := l.Runtime.Start(run, spec)
	switch {
	case err != nil && ctx.Err() != nil:
		cancel(nil)
		return "", errors.Join(context.Cause(ctx), err)
	case err != nil:
		cancel(nil)
		return programs.Unstarted(ctx, a.deps.Log, t, err), nil
	}
	reply, end := a.follow(run, cancel, p, l, stdin, q.Show())
	remove := func() {
		defer cancel(nil)
		if err := p.Close(); err != nil {
			a.deps.Log.WarnContext(ctx, "program not removed", "turn", t.ID, "session", t.Session.ID, "error", err)
		}
		if a.deps.Ended != nil {
			a.deps.Ended(context.WithoutCancel(ctx), programs.EndedOf(t, l, end))
		}
	}
	// What did not end by itself may run on until it is removed, and is waited for.
	if end.Err != nil || ctx.Err() != nil || !a.behind(remove) {
		remove()
	}
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	end.Log(ctx, a.deps.Log, l, t, p.Stderr())
	return programs.With(reply, end.Words(l)), nil
}

// behind does something behind the reply, which is not to wait for a slow engine;
// false when the Agent was closed, and nobody would wait for it any more.
func (a *Agent) behind(do func()) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.closed {
		a.closing.Go(do)
	}
	return !a.closed
}

// follow gives a program its message and takes its reply, until it ended.
func (a *Agent) follow(run context.Context, cancel context.CancelCauseFunc, p sandbox.Process, l programs.Launch, message string, show func(string)) (string, programs.Ending) {
	reply := programs.NewReply(l.Spec.Limits.OutputBytes)
	draft := programs.NewDraft(show, reply.Text)
	silence := programs.NewSilence(l.Times.Silent, func() { cancel(programs.ErrSilent) })
	written := make(chan struct{})
	go func() {
		defer close(written)
		// A program need not read its message; then its end breaks the pipe.
		_, _ = io.WriteString(p.Stdin(), message)
		_ = p.Stdin().Close()
	}()
	buf := make([]byte, 32<<10)
	for {
		n, err := p.Stdout().Read(buf)
		if n > 0 {
			silence.Heard()
			if _, full := reply.Write(buf[:n]); full != nil {
				cancel(full)
			}
			draft.Changed()
		}
		if err != nil {
			break
		}
	}
	// It may go on without an output.
	exit, err := p.Wait(context.WithoutCancel(run))
	silence.Close()
	draft.Close()
	<-written
	if cause := context.Cause(run); cause != nil && err != nil {
		err = cause
	}
	if errors.Is(err, sandbox.ErrOutput) {
		// The limit of the process is that of the reply.
		err = programs.ErrTooLong
	}
	return reply.Text(), programs.Ending{Exit: exit, Err: err}
}
