package programs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/parachute-gate/parachute/sessions"
)

// AskDeps are what a turn is prepared by.
type AskDeps struct {
	Launch Launcher
	// Check may be nil. It refuses a Launch that the agent cannot be run by.
	Check   func(l Launch) error
	Receive Receiver
	// Changes may be nil, as for Begin.
	Changes sessions.Changes
	Log     *slog.Logger
}

// Asked is a turn that a program is to answer.
type Asked struct {
	Turn   sessions.Turn
	Launch Launch
	Files  []File

	told string
	show func(string)
	log  *slog.Logger
}

// Ask prepares a turn. Where there is no Asked and no error, words are the answer.
func Ask(ctx context.Context, d AskDeps, t sessions.Turn, show func(string)) (q *Asked, words string, err error) {
	// Before anything that can fail: "nothing was started" would be untrue of a turn
	// that a program was given before a crash.
	if begun, err := Begun(ctx, d.Changes, t); err != nil || begun {
		return nil, Again, err
	}
	l, err := d.Launch(ctx, t)
	if err == nil && d.Check != nil {
		err = d.Check(l)
	}
	switch {
	case err != nil && ctx.Err() == nil && Tellable(err):
		return nil, Unstarted(ctx, d.Log, t, err), nil
	case err != nil:
		return nil, "", fmt.Errorf("prepare program: %w", err)
	}
	files, told, err := Receive(ctx, d.Receive, t)
	if err != nil {
		return nil, "", err
	}
	return &Asked{Turn: t, Launch: l, Files: files, told: told, show: show, log: d.Log}, "", nil
}

// Answer is what the person reads, where the program said text.
func (q *Asked) Answer(text string) string { return With(q.told, text) }

// Show is what a draft is shown by; nil where nobody looks. It is asked for when
// the process is there.
func (q *Asked) Show() func(string) {
	if q.show == nil || q.told == "" {
		return q.show
	}
	return func(text string) { q.show(q.Answer(text)) }
}

// Ask gives the process that answers a turn, until Give. Where there is none and
// no error, words are the answer.
func (p *Pool[K]) Ask(ctx context.Context, q *Asked, changes sessions.Changes) (kept K, words string, err error) {
	var none K
	t := q.Turn
	kept, anew, err := p.Take(ctx, t, q.Launch)
	switch {
	case err != nil && ctx.Err() != nil:
		return none, "", context.Cause(ctx)
	case errors.Is(err, ErrClosed):
		return none, "", err
	case err != nil:
		return none, Unstarted(ctx, q.log, t, err), nil
	}
	if anew {
		q.told = With(Forgot, q.told)
	}
	again, err := Begin(ctx, changes, t)
	if err != nil {
		p.Give(t.Session.ID, Given{Idle: q.Launch.Times.Idle, Unheard: true})
		return none, "", err
	}
	if again {
		p.Give(t.Session.ID, Given{Idle: q.Launch.Times.Idle})
		return none, Again, nil
	}
	return kept, "", nil
}
