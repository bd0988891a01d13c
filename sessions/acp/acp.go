// Package acp lets programs that speak the Agent Client Protocol over their stdio
// answer turns: Claude Code, Codex, Gemini CLI, Goose and others. See
// https://agentclientprotocol.com/protocol/overview.
//
// What an agent asks permission for, each file that it asks us to read or write,
// and each command that it asks us to run, is decided by an Authorizer. A command
// runs as the agent does: by the Launch of the turn, with the same bounds for each,
// in the workspace, but without the agent's environment; and no longer than the
// turn. The package runs nothing anywhere else, never allows more than once, never
// has more decided in a turn than a person could look at, and never gives an agent
// the same turn twice. What an agent does on its own, its
// sandbox bounds.
package acp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/parachute-gate/parachute/sandbox"
	"github.com/parachute-gate/parachute/sessions"
	"github.com/parachute-gate/parachute/sessions/programs"
	"github.com/parachute-gate/parachute/sessions/vault"
)

// Deps are what an Agent is made of.
type Deps struct {
	Launch programs.Launcher
	// Authorizer decides what the agent asks for in a turn: tools "acp.KIND", paths
	// relative to the workspace, or as the agent gave them where they lead out.
	Authorizer func(t sessions.Turn) vault.Authorizer
	// Receive may be nil: then what came with a message is not given to the agent.
	Receive programs.Receiver
	// Changes may be nil: then a turn that a crash cut off is run again.
	Changes sessions.Changes
	// Keep is the most agents that there are at a time; 0 is DefaultKeep.
	Keep int
	// Spares is how many of them may be started, up to their own session, before
	// anybody asks them; 0 is none.
	Spares int
	// PauseAfter is the idleness after which an agent gets no CPU: 0 is
	// programs.DefaultPauseAfter, and less is never.
	PauseAfter time.Duration
	// Ended may be nil. It is called once for each process that ended, those of
	// terminals too, after it was removed; Close waits for it.
	Ended func(ctx context.Context, e programs.Ended)
	// Starting bounds the handshake with an agent, and Stopping the time that it has
	// to end a turn that was stopped, before it is killed; 0 is the default of each.
	Starting, Stopping time.Duration
	// Login is the method by which the agent logs itself in, one of those that it
	// offers; "" asks for no login. See
	// https://agentclientprotocol.com/protocol/initialization#authentication.
	Login string
	// Version is ours, as the agent is told.
	Version string
	Log     *slog.Logger
}

// The defaults of Deps. Stopping leaves room in the five seconds in which the
// whole program stops.
const (
	DefaultKeep     = 16
	DefaultStarting = time.Minute
	DefaultStopping = 3 * time.Second
)

// Agent answers by an agent of the protocol, one process for each session. It is
// safe for concurrent use; close it.
type Agent struct {
	deps Deps
	pool *programs.Pool[*peer]
}

var _ sessions.Agent = (*Agent)(nil)

// New makes an Agent.
func New(d Deps) *Agent {
	if d.Keep == 0 {
		d.Keep = DefaultKeep
	}
	if d.Starting == 0 {
		d.Starting = DefaultStarting
	}
	if d.Stopping == 0 {
		d.Stopping = DefaultStopping
	}
	a := &Agent{deps: d}
	a.pool = programs.NewPool(programs.PoolDeps[*peer]{
		Start: a.start, Most: d.Keep, Spares: d.Spares, PauseAfter: d.PauseAfter, Ended: d.Ended, Log: d.Log,
	})
	return a
}

// Kept are the sessions that have an agent now, in order.
func (a *Agent) Kept() []string { return a.pool.Sessions() }

// End closes the agent of a session that ended.
func (a *Agent) End(session string) { a.pool.End(session) }

// Close ends every agent.
func (a *Agent) Close() { a.pool.Close() }

// What a person reads, beside the words of package programs.
const (
	noAnswer    = "(The agent gave no answer.)"
	refusal     = "The agent refuses to answer this."
	cutShort    = "(The agent stopped here: its answer is as long as its model lets it be.)"
	tooManyRuns = "(The agent stopped here: it asked its model as often as it may in one turn.)"
	cancelled   = "(The agent stopped here by itself.)"
	agentError  = "The agent reported an error and could not finish this. The owner can find it in the log."
	anew        = "It begins anew with your next message, and will not remember this conversation."
	askedMuch   = "The agent asked for too much in one turn, so I stopped it."
	login       = "The agent wants to be logged in before it works. The owner can find what it said in the log."
)

// Answer implements sessions.Agent.
func (a *Agent) Answer(ctx context.Context, t sessions.Turn, show func(string)) (string, error) {
	q, words, err := programs.Ask(ctx, programs.AskDeps{Launch: a.deps.Launch, Receive: a.deps.Receive, Changes: a.deps.Changes, Log: a.deps.Log}, t, show)
	if q == nil {
		return words, err
	}
	text, err := a.prompt(ctx, q)
	if err != nil {
		return "", err
	}
	return q.Answer(text), nil
}

func (a *Agent) prompt(ctx context.Context, q *programs.Asked) (string, error) {
	p, words, err := a.pool.Ask(ctx, q, a.deps.Changes)
	if words != "" || err != nil {
		return words, err
	}
	turn := a.newTurn(ctx, q)
	err = p.prompt(ctx, turn, q.Files, q.Show(), a.deps.Stopping)
	end := programs.Ending{Err: err}
	if errors.Is(err, errEnded) {
		end = p.ending()
	}
	given := programs.Given{Idle: q.Launch.Times.Idle, Unheard: ctx.Err() != nil}
	kept := keeps(ctx, err, p)
	if !kept {
		given.Why = end.Err
	}
	a.pool.Give(q.Turn.Session.ID, given)
	if given.Unheard {
		return "", context.Cause(ctx)
	}
	return a.words(ctx, turn, p, err, end), nil
}

// keeps tells whether an agent can take another turn: it was one that ended a
// stopped turn in time, or made an answer.
func keeps(ctx context.Context, err error, p *peer) bool {
	select {
	case <-p.Ended():
		return false
	default:
	}
	var reported *reportedError
	switch {
	case err == nil:
		return true
	case errors.Is(err, errUnstopped):
		return false
	case errors.As(err, &reported):
		return !reported.login
	default:
		return ctx.Err() != nil || errors.Is(err, programs.ErrTooLong) || errors.Is(err, errAskedTooMuch)
	}
}

// words are the answer of a turn, however it ended.
func (a *Agent) words(ctx context.Context, turn *turn, p *peer, err error, end programs.Ending) string {
	text := turn.answer()
	var reported *reportedError
	switch {
	case err == nil:
		return programs.With(text, turn.note())
	case errors.As(err, &reported):
		a.deps.Log.LogAttrs(ctx, slog.LevelError, "agent reported an error", slog.String("turn", turn.of.ID), slog.String("session", turn.of.Session.ID),
			slog.String("error", reported.Error()))
		if reported.login {
			return programs.With(text, login)
		}
		return programs.With(text, agentError)
	}
	words := end.Words(turn.launch)
	if errors.Is(err, errAskedTooMuch) {
		words = askedMuch
	}
	if keeps(ctx, err, p) {
		a.deps.Log.WarnContext(ctx, "agent stopped", "turn", turn.of.ID, "session", turn.of.Session.ID, "error", err)
		return programs.With(text, words)
	}
	end.Log(ctx, a.deps.Log, turn.launch, turn.of, p.process.Stderr())
	return programs.With(text, words+" "+anew)
}

var errProtocol = fmt.Errorf("%w: the agent speaks another version of the protocol", sandbox.ErrSpec)
