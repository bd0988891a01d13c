package acp

import (
	"context"
	"time"

	acp "github.com/coder/acp-go-sdk"
)

// killGrace is how long a command has to end when it is asked to.
const killGrace = time.Second

// terminal does something with a terminal of the turn that runs.
func (c *client) terminal(ctx context.Context, session acp.SessionId, id string, do func(ctx context.Context, t *turn, at *terminal) error) error {
	return c.serve(ctx, session, func(ctx context.Context, t *turn) error {
		at, err := t.terminals.get(id)
		if err != nil {
			return err
		}
		return do(ctx, t, at)
	})
}

// TerminalOutput gives what a command wrote so far. Its stderr stands below its
// stdout, and no more of it than the last sandbox.TailBytes.
func (c *client) TerminalOutput(ctx context.Context, r acp.TerminalOutputRequest) (response acp.TerminalOutputResponse, err error) {
	err = c.terminal(ctx, r.SessionId, r.TerminalId, func(_ context.Context, _ *turn, at *terminal) error {
		// First the end: an output that is told to be the whole has the last words.
		response.ExitStatus = at.status()
		response.Output, response.Truncated = at.output()
		return nil
	})
	return response, err
}

// WaitForTerminalExit waits for the end of a command, at most until the end of the
// turn.
func (c *client) WaitForTerminalExit(ctx context.Context, r acp.WaitForTerminalExitRequest) (response acp.WaitForTerminalExitResponse, err error) {
	err = c.terminal(ctx, r.SessionId, r.TerminalId, func(ctx context.Context, _ *turn, at *terminal) error {
		select {
		case <-at.done:
		case <-ctx.Done():
			return refused(codeRefused, "the turn is over")
		}
		s := at.status()
		response.ExitCode, response.Signal = s.ExitCode, s.Signal
		return nil
	})
	return response, err
}

// KillTerminal ends a command, whose output can be read then. It answers when the
// command ended.
func (c *client) KillTerminal(ctx context.Context, r acp.KillTerminalRequest) (acp.KillTerminalResponse, error) {
	return acp.KillTerminalResponse{}, c.terminal(ctx, r.SessionId, r.TerminalId, func(ctx context.Context, t *turn, at *terminal) error {
		err := at.process.Stop(ctx, killGrace)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return refused(codeRefused, "the turn is over")
		}
		c.log.WarnContext(ctx, "terminal not ended", "turn", t.of.ID, "session", t.of.Session.ID, "error", err)
		return refused(codeInternal, "the command could not be ended")
	})
}

// ReleaseTerminal ends a command and forgets it.
func (c *client) ReleaseTerminal(ctx context.Context, r acp.ReleaseTerminalRequest) (acp.ReleaseTerminalResponse, error) {
	return acp.ReleaseTerminalResponse{}, c.serve(ctx, r.SessionId, func(ctx context.Context, t *turn) error {
		return t.terminals.release(ctx, r.TerminalId)
	})
}
