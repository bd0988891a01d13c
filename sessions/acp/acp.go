// Package acp lets programs that speak the Agent Client Protocol over their stdio
// answer turns: Claude Code, Codex, Gemini CLI, Goose and others. See
// https://agentclientprotocol.com/protocol/overview.
//
// What an agent asks permission for, and each file that it asks us to read or
// write, is decided by an Authorizer. The package offers no terminals, asks no
// other program to run, never allows more than once, and never gives an agent the
// same turn twice. What an agent does on its own, its sandbox bounds.
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
	// Keep is the most agents that are kept at a time; 0 is DefaultKeep.
	Keep int
	// Starting bounds the handshake with an agent, and Stopping the time that it has
	// to end a turn that was stopped, before it is killed; 0 is the default of each.
	Starting, Stopping time.Duration
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
	return &Agent{deps: d, pool: programs.NewPool[*peer](programs.PoolDeps{Most: d.Keep, Log: d.Log})}
}

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
	login       = "The agent wants to be logged in before it works. The owner can find what it said in the log."
)

// Answer implements sessions.Agent.
func (a *Agent) Answer(ctx context.Context, t sessions.Turn, show func(string)) (string, error) {
	l, err := a.deps.Launch(ctx, t)
	switch {
	case err != nil && ctx.Err() == nil && programs.Tellable(err):
		return programs.Unstarted(ctx, a.deps.Log, t, err), nil
	case err != nil:
		return "", fmt.Errorf("prepare agent: %w", err)
	}
	files, told, err := programs.Receive(ctx, a.deps.Receive, t)
	if err != nil {
		return "", err
	}
	if told != "" && show != nil {
		inner := show
		show = func(text string) { inner(programs.With(told, text)) }
	}
	text, err := a.prompt(ctx, t, l, files, show)
	if err != nil {
		return "", err
	}
	return programs.With(told, text), nil
}

func (a *Agent) prompt(ctx context.Context, t sessions.Turn, l programs.Launch, files []programs.File, show func(string)) (string, error) {
	p, err := a.pool.Take(ctx, t.Session.ID, l, func(life context.Context) (*peer, error) { return a.start(ctx, life, l, t) })
	switch {
	case err != nil && ctx.Err() != nil:
		return "", context.Cause(ctx)
	case errors.Is(err, programs.ErrClosed):
		return "", err
	case errors.Is(err, errLogin):
		a.deps.Log.ErrorContext(ctx, "agent not started", "turn", t.ID, "session", t.Session.ID, "error", err)
		return login, nil
	case err != nil:
		return programs.Unstarted(ctx, a.deps.Log, t, err), nil
	}
	if again, err := programs.Begin(ctx, a.deps.Changes, t); again || err != nil {
		a.pool.Give(t.Session.ID, true, l.Times.Idle)
		return programs.Again, err
	}
	turn := newTurn(ctx, t, a.deps.Authorizer(t), l)
	err = p.prompt(ctx, turn, files, show, a.deps.Stopping)
	end := programs.Ending{Err: err}
	if errors.Is(err, errEnded) {
		end = p.ending()
	}
	a.pool.Give(t.Session.ID, keeps(ctx, err, p), l.Times.Idle)
	if ctx.Err() != nil {
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
		return ctx.Err() != nil || errors.Is(err, programs.ErrTooLong)
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
	if keeps(ctx, err, p) {
		a.deps.Log.WarnContext(ctx, "agent stopped", "turn", turn.of.ID, "session", turn.of.Session.ID, "error", err)
		return programs.With(text, words)
	}
	end.Log(ctx, a.deps.Log, turn.launch, turn.of, p.process.Stderr())
	return programs.With(text, words+" "+anew)
}

var errProtocol = fmt.Errorf("%w: the agent speaks another version of the protocol", sandbox.ErrSpec)
