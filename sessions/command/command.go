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
	"path"
	"slices"
	"strings"
	"time"

	"github.com/parachute-gate/parachute/sandbox"
	"github.com/parachute-gate/parachute/sessions"
	"github.com/parachute-gate/parachute/sessions/programs"
)

// Message is the argument in whose place the message stands.
const Message = "{message}"

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
	// removed; Close waits for it.
	Ended func(ctx context.Context, e programs.Ended)
	Log   *slog.Logger
}

// Agent answers by a program. It is safe for concurrent use; close it.
type Agent struct {
	deps Deps
	pool *programs.Pool[*conversation]
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

// Close ends every program that is kept.
func (a *Agent) Close() {
	if a.pool != nil {
		a.pool.Close()
	}
}

// shells run what they are given, wherever "--" stands.
var shells = []string{"sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "csh", "tcsh", "fish", "busybox", "toybox", "env", "xargs", "eval", "sudo", "su", "ssh", "pwsh", "powershell", "cmd", "cmd.exe"}

// Check tells whether a command is one that a message may be given to: the
// message is a whole argument, behind "--", where no program takes it for an
// option, and never that of a shell. keep says that the program speaks Line.
func Check(command []string, keep bool) error {
	if len(command) == 0 || command[0] == "" {
		return errors.New("command: none")
	}
	for i, arg := range command {
		if !strings.Contains(arg, Message) {
			continue
		}
		switch {
		case keep:
			return fmt.Errorf("command: a program that is kept reads its messages from stdin: leave out %s", Message)
		case arg != Message || i == 0:
			return fmt.Errorf("command: %q: the message is an argument of its own: %s", arg, Message)
		case slices.Contains(shells, strings.ToLower(path.Base(command[0]))):
			return fmt.Errorf("command: %s would run the message: leave out %s and read it from stdin", command[0], Message)
		case !slices.Contains(command[1:i], "--"):
			return fmt.Errorf(`command: a message can begin with "-": put "--" before %s, or leave it out and read the message from stdin`, Message)
		}
	}
	return nil
}

// mostArgument is below what Linux takes as one argument (MAX_ARG_STRLEN).
const mostArgument = 120 << 10

const longMessage = "Your message is too long for the program that answers here."

// fill puts the message into the command; stdin is what the program reads.
func fill(command []string, message string) (argv []string, stdin string) {
	if !slices.Contains(command, Message) {
		return command, message
	}
	argv = slices.Clone(command)
	for i := range argv {
		if argv[i] == Message {
			argv[i] = message
		}
	}
	return argv, ""
}

// Answer implements sessions.Agent.
func (a *Agent) Answer(ctx context.Context, t sessions.Turn, show func(string)) (string, error) {
	q, words, err := programs.Ask(ctx, programs.AskDeps{Launch: a.deps.Launch, Check: a.check, Receive: a.deps.Receive, Log: a.deps.Log}, t, show)
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
	defer cancel(nil)
	p, err := l.Runtime.Start(run, spec)
	switch {
	case err != nil && ctx.Err() != nil:
		return "", errors.Join(context.Cause(ctx), err)
	case err != nil:
		return programs.Unstarted(ctx, a.deps.Log, t, err), nil
	}
	reply, end := a.follow(run, cancel, p, l, stdin, q.Show())
	if err := p.Close(); err != nil {
		a.deps.Log.WarnContext(ctx, "program not removed", "turn", t.ID, "session", t.Session.ID, "error", err)
	}
	if a.deps.Ended != nil {
		a.deps.Ended(context.WithoutCancel(ctx), programs.EndedOf(t, l, end))
	}
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	end.Log(ctx, a.deps.Log, l, t, p.Stderr())
	return programs.With(reply, end.Words(l)), nil
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
