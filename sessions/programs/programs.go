// Package programs is what the agents share that are programs: how one is to be
// run, what of its output a person reads, what is told when it ends badly, and
// the processes that are kept between the turns of a session, or ready for one.
//
// It never decides whether or where a program may run: a Launch is made from a
// decision, by the caller. It never starts a process but by the Launch's runtime,
// and tries no other one when that fails. A message is never made a part of a
// command line here, and a process that served one session never serves another.
package programs

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/parachute-gate/parachute/sandbox"
	"github.com/parachute-gate/parachute/sessions"
)

// Launch is how the program of a session is to be run, as the session's decision
// says.
type Launch struct {
	Runtime sandbox.Runtime
	// Spec is complete; its Limits.OutputBytes is the size of a reply.
	Spec sandbox.Spec
	// Times.Turn is the caller's to hold, by the context of a turn.
	Times sandbox.Times
	// Cwd is the workspace as the program sees it: sandbox.WorkspaceTarget in a
	// container, Spec.Workspace.Source on the host.
	Cwd string
}

// Launcher makes the Launch of a turn. Its error is tried again, unless it wraps
// sandbox.ErrUnavailable or sandbox.ErrSpec: those are told.
type Launcher func(ctx context.Context, t sessions.Turn) (Launch, error)

// File came with a message and stands in the workspace.
type File struct {
	// Path is slash-separated and relative to the workspace.
	Path  string
	Name  string
	Type  string
	Bytes int64
}

// Receiver puts what came with a message into the workspace, each file by a
// decision of its own, and tells what became of those that it did not keep.
type Receiver func(ctx context.Context, t sessions.Turn) (files []File, told string, err error)

// Receive asks r, where there is one, and says what it would have done otherwise.
func Receive(ctx context.Context, r Receiver, t sessions.Turn) ([]File, string, error) {
	switch {
	case len(t.Attachments) == 0:
		return nil, "", nil
	case r == nil:
		return nil, "The files that came with your message were not given to the program.", nil
	default:
		return r(ctx, t)
	}
}

// shape is the Launch without whom it serves: a process that was started for one
// shape never serves another.
func (l Launch) shape() string {
	s := l.Spec
	s.Session, s.Turn = "", ""
	return fmt.Sprintf("%s %q %s", l.Runtime.Name(), l.Cwd, fmt.Sprintf("%#v", s))
}

// protocolBytes is how much a program may write in a turn that speaks a protocol:
// what a reply weighs there, and what goes along with it.
const protocolBytes = 32 << 20

// ForProtocol is the Launch of a program that speaks a protocol on its stdout.
func (l Launch) ForProtocol() Launch {
	l.Spec.Limits.OutputBytes = min(max(protocolBytes, 8*l.Spec.Limits.OutputBytes), 1<<30)
	return l
}

// beginning is the number of the change by which a turn is remembered to have
// begun: far above those of the files that it received.
const beginning = 1 << 20

// Begin keeps that a program is about to be given a turn, and tells whether it
// was before, by a process that died: what a program did meanwhile nobody knows,
// so it is never given the same turn twice. With nil changes nothing is kept.
func Begin(ctx context.Context, changes sessions.Changes, t sessions.Turn) (again bool, err error) {
	if changes == nil {
		return false, nil
	}
	again, err = changes.BeginChange(ctx, t.ID, beginning, sha256.Sum256([]byte(t.Text)))
	if err != nil {
		return false, fmt.Errorf("begin turn: %w", err)
	}
	return again, nil
}

// Begun tells whether a program was given a turn before, by a process that died.
func Begun(ctx context.Context, changes sessions.Changes, t sessions.Turn) (bool, error) {
	if changes == nil {
		return false, nil
	}
	_, begun, err := changes.BegunChange(ctx, t.ID, beginning)
	if err != nil {
		return false, fmt.Errorf("look whether the turn began: %w", err)
	}
	return begun, nil
}

// The causes for which a turn's program is ended, beside those of the sandbox.
var (
	// ErrSilent: it said nothing for too long.
	ErrSilent = errors.New("silent for too long")
	// ErrTooLong: its reply is longer than it may be.
	ErrTooLong = errors.New("the reply is too long")
	// ErrLine: it wrote a line that is longer than its protocol has.
	ErrLine = errors.New("a line is too long")
)
