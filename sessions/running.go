package sessions

import (
	"maps"
	"slices"
)

// Stop ends the running turn of a session, if one runs here.
func (r *Runner) Stop(session string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if l := r.lanes[session]; l != nil && l.cancel != nil {
		l.cancel(ErrStopped)
	}
}

// StopTurn ends a turn, if it runs here.
func (r *Runner) StopTurn(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.lanes {
		if l.turn == id && l.cancel != nil {
			l.cancel(ErrStopped)
		}
	}
}

// Cut ends the running turn of a session from outside of its chat, if one runs
// here: its answer are the words given, and there is none where they are empty.
func (r *Runner) Cut(session, words string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if l := r.lanes[session]; l != nil && l.cancel != nil {
		l.cancel(&cut{words})
	}
}

// cut is why a turn ended that was ended from outside.
type cut struct{ words string }

// Error implements error.
func (*cut) Error() string { return "cut" }

// Is makes it a kind of ErrStopped.
func (*cut) Is(target error) bool { return target == ErrStopped }

// Sessions are those that have turns in this process.
func (r *Runner) Sessions() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Keys(r.lanes))
}

// Turns are those that run now.
func (r *Runner) Turns() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, l := range r.lanes {
		if l.cancel != nil {
			out = append(out, l.turn)
		}
	}
	return out
}

// Running is how many turns run now.
func (r *Runner) Running() int { return len(r.Turns()) }
