package programs

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/parachute-gate/parachute/sessions"
)

// Ended tells of a program that ended, for whoever keeps a record of it.
type Ended struct {
	// Session and Turn are those that it served last; both are empty for one that
	// served nobody.
	Session, Turn string
	// Ending has what it used in all its life, and why it was ended: ErrIdle, say.
	Ending Ending
	// Program is the first word of its command.
	Program string
}

// StartError is the error of a start that failed when a process had begun, which
// is gone.
type StartError struct {
	Err    error
	Ending Ending
	// Words, where there are some, are what the person reads.
	Words string
	// Stderr is the last of what the process wrote there. What must not be logged was
	// taken out.
	Stderr string
}

// NewStartError makes one. The values of the program's environment are taken out
// of what it wrote.
func NewStartError(err error, end Ending, l Launch, stderr []byte) *StartError {
	tail := Redact(string(stderr), l.Spec.Env)
	return &StartError{Err: err, Ending: end, Stderr: strings.ToValidUTF8(tail[max(0, len(tail)-mostStderr):], "�")}
}

// Error is for the log.
func (e *StartError) Error() string {
	s := fmt.Sprintf("%v (exit code %d)", e.Err, e.Ending.Exit.Code)
	if e.Stderr != "" {
		s += ": " + e.Stderr
	}
	return s
}

// Unwrap gives why.
func (e *StartError) Unwrap() error { return e.Err }

// program is the command's first word.
func (l Launch) program() string {
	if len(l.Spec.Command) == 0 {
		return ""
	}
	return l.Spec.Command[0]
}

// EndedOf tells of a program that served one turn alone.
func EndedOf(t sessions.Turn, l Launch, end Ending) Ended {
	return Ended{Session: t.Session.ID, Turn: t.ID, Ending: end, Program: l.program()}
}

// tellUnstarted tells of a process that ended while it started.
func (p *Pool[K]) tellUnstarted(ctx context.Context, at *place[K], err error) {
	var began *StartError
	if p.deps.Ended == nil || !errors.As(err, &began) {
		return
	}
	p.deps.Ended(context.WithoutCancel(ctx), Ended{Session: at.session, Turn: at.turn, Ending: began.Ending, Program: at.launch.program()})
}
