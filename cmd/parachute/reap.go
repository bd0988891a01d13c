package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/parachute-gate/parachute/sessions"
)

// reapEvery is how soon a session that was ended elsewhere (by a command of the
// terminal, by a message that began another) is ended here.
const reapEvery = 200 * time.Millisecond

// reap ends what was granted for some time, and what runs for sessions that have
// ended. The store is asked, not told
// of: whoever ends a session, from whichever process, need not know of this one.
func (s *server) reap(ctx context.Context) error {
	tick := time.NewTicker(reapEvery)
	defer tick.Stop()
	failing := false
	for {
		err := errors.Join(s.gate.Expire(ctx), s.stopAnswered(ctx), s.reapOnce(ctx))
		if err != nil && !failing && ctx.Err() == nil {
			s.log.WarnContext(ctx, "sessions not looked after", "error", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// stopAnswered stops the agents whose turns were answered otherwise meanwhile.
func (s *server) stopAnswered(ctx context.Context) error {
	running := s.runner.Turns()
	if len(running) == 0 {
		return nil
	}
	stopped, err := s.db.Stopped(ctx, running)
	for _, turn := range stopped {
		s.runner.StopTurn(turn)
	}
	return err
}

func (s *server) reapOnce(ctx context.Context) error {
	held := s.runner.Sessions()
	for _, a := range s.fleet.programs {
		held = append(held, a.Kept()...)
	}
	if len(held) == 0 {
		return nil
	}
	slices.Sort(held)
	standings, err := s.db.Standings(ctx, slices.Compact(held))
	if err != nil {
		return err
	}
	for id, standing := range standings {
		s.settle(id, standing)
	}
	return nil
}

// settle ends what a session has here that it should not have any more.
func (s *server) settle(id string, is sessions.Standing) {
	if is.Cut {
		s.runner.Cut(id, is.Words)
	}
	if !is.Ended || is.Owed {
		return
	}
	for _, a := range s.fleet.programs {
		a.End(id)
	}
}
