package acp

import (
	"context"
	"errors"

	"github.com/parachute-gate/parachute/sessions/vault"
)

const (
	// mostDecisions is how many an agent may ask for in one turn. Each is a line of
	// the decision log, which nothing of an agent's may fill.
	mostDecisions = 1000
	// mostBegun is how many terminals an agent may begin in one turn. Each is a
	// program of its own, started and removed.
	mostBegun = 100
)

// errAskedTooMuch ends a turn. What was one too much is refused without a decision.
var errAskedTooMuch = errors.New("the agent asked for too much in one turn")

// authorize asks the Authorizer, until the turn has asked too much.
func (t *turn) authorize(ctx context.Context, call vault.Call) error {
	t.mu.Lock()
	spent := t.decisions >= mostDecisions
	if !spent {
		t.decisions++
	}
	t.mu.Unlock()
	if spent {
		return t.tooMuch()
	}
	return t.auth.Authorize(ctx, call)
}

// tooMuch makes the turn end.
func (t *turn) tooMuch() error {
	t.flood()
	return errAskedTooMuch
}

// flooded is how a turn ended that the agent ended itself: it may have been
// quicker than we were.
func (t *turn) flooded() error {
	select {
	case <-t.much:
		return errAskedTooMuch
	default:
		return nil
	}
}

// spent tells whether no more terminals may begin in this turn.
func (ts *terminals) spent() bool {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	return ts.begun >= mostBegun
}
