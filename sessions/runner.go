package sessions

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
)

// Agent answers one turn. Its error makes the turn fail visibly; what the person
// should read instead of an answer it returns as the answer. It may call show
// with the whole of its answer so far, as often as it likes: show never waits.
type Agent interface {
	Answer(ctx context.Context, t Turn, show func(text string)) (string, error)
}

// Composition is an answer that a connector shows while it is made. Its methods
// are called from one goroutine at a time.
type Composition interface {
	// Update shows the whole of the answer so far. It never waits.
	Update(text string)
	// Finish delivers the answer, as Deps.Deliver does.
	Finish(ctx context.Context, r Reply) error
	// Close ends the showing; after Finish it does nothing.
	Close()
}

// ErrUnconfirmed is the error of a delivery that may have arrived, and that must
// not be tried again.
var ErrUnconfirmed = errors.New("nobody can tell whether it arrived")

// Reply is an answer on its way to a connector. Failed says that it tells of a
// failure.
type Reply struct {
	Turn   Turn
	Text   string
	Failed bool
}

// Deps are what a Runner is made of.
type Deps struct {
	Store Store
	// Agents answer by the name that a session has.
	Agents map[string]Agent
	// Deliver gives a reply to its connector. It retries what is worth it.
	Deliver func(ctx context.Context, r Reply) error
	// Compose begins an answer that is shown while it is made.
	Compose func(ctx context.Context, t Turn) Composition
	// TurnTimeout bounds one answer.
	TurnTimeout time.Duration
	Log         *slog.Logger
}

// Runner works turns. Safe for concurrent use.
type Runner struct {
	Deps

	mu sync.Mutex
	// lanes has an entry for each session with turns in this process.
	lanes map[string]*lane
	// ends are the turns whose reply was delivered and whose end is not on disk.
	ends map[string]State
}

// lane lets one turn of a session through at a time.
type lane struct {
	// slot holds a token while a turn runs.
	slot chan struct{}
	// users counts who has the lane in hand; it is forgotten at zero.
	users int
	// turn is the one that runs and cancel ends it; nil while none runs.
	turn   string
	cancel context.CancelCauseFunc
}

// ErrStopped is why a turn ended that its person stopped.
var ErrStopped = errors.New("stopped")

// errPanic is a fault of an agent, which trying again does not mend.
var errPanic = errors.New("the agent panicked")

// NewRunner makes a Runner.
func NewRunner(d Deps) *Runner {
	return &Runner{Deps: d, lanes: map[string]*lane{}, ends: map[string]State{}}
}

// Work sees that a turn is answered or has visibly failed. An error says that it
// is neither yet and must be worked again; with last true an agent's failure is
// told instead of tried again. Turns of one session run in order of arrival.
func (r *Runner) Work(ctx context.Context, id string, last bool) error {
	t, err := r.Store.Turn(ctx, id)
	if err != nil {
		return err
	}
	if t.Session == nil {
		return r.step(ctx, ctx, t, last)
	}
	l, leave, err := r.enter(ctx, t.Session.ID)
	if err != nil {
		return err
	}
	defer leave()
	turns, err := r.Store.OpenTurns(ctx, t.Session.ID, t.Seq)
	if err != nil {
		return err
	}
	for _, t := range turns {
		if err := r.next(ctx, t.ID, l, last && t.ID == id); err != nil {
			return err
		}
	}
	return nil
}

// GiveUp fails a turn visibly without letting its agent begin; a turn that is
// further than that is taken to its end.
func (r *Runner) GiveUp(ctx context.Context, id string) error {
	t, err := r.Store.Turn(ctx, id)
	if err != nil {
		return err
	}
	if t.State != Pending {
		return r.Work(ctx, id, true)
	}
	r.Log.ErrorContext(ctx, "turn given up: the process died under it too often", "turn", t.ID)
	return r.send(ctx, Reply{Turn: t, Text: broken, Failed: true}, r.Deliver)
}

// next takes the turn that comes next in its lane to its end. It reads the turn
// once Stop can reach it: one that was stopped while it waited must not begin.
func (r *Runner) next(ctx context.Context, id string, l *lane, last bool) error {
	turn, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r.running(l, id, cancel)
	defer r.running(l, "", nil)
	t, err := r.Store.Turn(ctx, id)
	if err != nil {
		return err
	}
	return r.step(ctx, turn, t, last)
}

func (r *Runner) running(l *lane, turn string, cancel context.CancelCauseFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l.turn, l.cancel = turn, cancel
}

// enter waits for the session's lane to be free.
func (r *Runner) enter(ctx context.Context, session string) (*lane, func(), error) {
	r.mu.Lock()
	l := r.lanes[session]
	if l == nil {
		l = &lane{slot: make(chan struct{}, 1)}
		r.lanes[session] = l
	}
	l.users++
	r.mu.Unlock()
	forget := func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if l.users--; l.users == 0 {
			delete(r.lanes, session)
		}
	}
	select {
	case l.slot <- struct{}{}:
		return l, func() { <-l.slot; forget() }, nil
	case <-ctx.Done():
		forget()
		return nil, nil, ctx.Err()
	}
}

// step takes one turn from where it is to its end. turn is ctx until the turn is
// stopped: what an agent does ends by it, but not what the person is told.
func (r *Runner) step(ctx, turn context.Context, t Turn, last bool) error {
	switch t.State {
	case Sent, Failed:
		return nil
	case Sending:
		if state, ok := r.told(t.ID); ok {
			return r.close(ctx, t.ID, state)
		}
		return r.deliver(ctx, Reply{Turn: t, Text: unconfirmed, Failed: true}, r.Deliver)
	case Ready:
		if t.Reply == "" {
			// Who is to hear nothing any more.
			return r.close(ctx, t.ID, Failed)
		}
		return r.send(ctx, Reply{Turn: t, Text: t.Reply}, r.Deliver)
	case Pending:
		return r.answer(ctx, turn, t, last)
	default:
		return fmt.Errorf("turn %s: unknown state %q", t.ID, t.State)
	}
}

// What a person reads when there is no answer.
const (
	unconfirmed = "I was restarted while an answer to this was on its way to you. If it did not arrive, please ask again."
	unheard     = "The connection broke while an answer to this was on its way to you. If it did not arrive, please ask again."
	stopped     = "Stopped."
	tooLong     = "This took too long, so I stopped it. Please try something smaller."
	broken      = "Something went wrong and I could not finish this. Please try again; the owner can find the reason in the log."
)

func (r *Runner) answer(ctx, turn context.Context, t Turn, last bool) error {
	agent, ok := r.Agents[t.Session.Agent]
	if !ok {
		r.Log.ErrorContext(ctx, "turn failed", "turn", t.ID, "session", t.Session.ID, "error", fmt.Sprintf("there is no agent %q", t.Session.Agent))
		return r.send(ctx, Reply{Turn: t, Text: broken, Failed: true}, r.Deliver)
	}
	shown := r.Compose(ctx, t)
	defer shown.Close()
	text, err := r.run(turn, agent, t, shown.Update)
	finish := func(reply Reply) error { return r.send(ctx, reply, shown.Finish) }
	switch {
	case err == nil:
		return finish(Reply{Turn: t, Text: text})
	case errors.Is(err, ErrStopped):
		words := stopped
		if c, ok := errors.AsType[*cut](err); ok {
			words = c.words
		}
		if words == "" {
			return r.close(ctx, t.ID, Failed)
		}
		return finish(Reply{Turn: t, Text: words, Failed: true})
	case ctx.Err() != nil:
		// The process ends: the turn stays as it is and runs again.
		return ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		r.Log.WarnContext(ctx, "turn took too long", "turn", t.ID, "session", t.Session.ID, "limit", r.TurnTimeout, "error", err)
		return finish(Reply{Turn: t, Text: tooLong, Failed: true})
	case last || errors.Is(err, errPanic):
		r.Log.ErrorContext(ctx, "turn failed", "turn", t.ID, "session", t.Session.ID, "error", err)
		return finish(Reply{Turn: t, Text: broken, Failed: true})
	default:
		return fmt.Errorf("answer turn %s: %w", t.ID, err)
	}
}

// run lets the agent answer. Why the turn's context ended is the error whatever
// the agent makes of it, and a panic is an error like any other.
func (r *Runner) run(ctx context.Context, agent Agent, t Turn, show func(string)) (text string, err error) {
	ctx, stop := context.WithTimeout(ctx, r.TurnTimeout)
	defer stop()
	defer func() {
		if p := recover(); p != nil {
			text, err = "", fmt.Errorf("%w: %v\n%s", errPanic, p, debug.Stack())
		}
	}()
	text, err = agent.Answer(ctx, t, show)
	if err != nil && ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	return text, err
}

// send keeps the reply, then delivers it. A crash in between leaves the turn
// sending: the next start then tells that the answer may be lost, and never
// gives it twice.
func (r *Runner) send(ctx context.Context, reply Reply, by func(context.Context, Reply) error) error {
	t := reply.Turn
	err := r.Store.SendTurn(ctx, t.ID, t.State, reply.Text, reply.Failed)
	if errors.Is(err, ErrAnswered) && t.State == Pending {
		return r.overtaken(ctx, t.ID, by)
	}
	if err != nil {
		return err
	}
	return r.deliver(ctx, reply, by)
}

// overtaken gives the answer that a turn got while its agent made another: it was
// stopped, or its person may not have that any more.
func (r *Runner) overtaken(ctx context.Context, id string, by func(context.Context, Reply) error) error {
	t, err := r.Store.Turn(ctx, id)
	switch {
	case err != nil:
		return err
	case t.State != Ready:
		return fmt.Errorf("turn %s is %s: %w", id, t.State, ErrAnswered)
	case t.Reply == "":
		return r.close(ctx, id, Failed)
	default:
		return r.send(ctx, Reply{Turn: t, Text: t.Reply, Failed: true}, by)
	}
}

func (r *Runner) deliver(ctx context.Context, reply Reply, by func(context.Context, Reply) error) error {
	state := Sent
	if reply.Failed {
		state = Failed
	}
	if err := by(ctx, reply); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		state = Failed
		r.Log.ErrorContext(ctx, "answer not delivered", "turn", reply.Turn.ID, "connector", reply.Turn.Connector, "error", err)
		if errors.Is(err, ErrUnconfirmed) {
			// Given again it might be read twice; so the person is told instead.
			if err := r.Deliver(ctx, Reply{Turn: reply.Turn, Text: unheard, Failed: true}); err != nil {
				r.Log.ErrorContext(ctx, "person not told of it", "turn", reply.Turn.ID, "error", err)
			}
		}
	}
	return r.close(ctx, reply.Turn.ID, state)
}

// close notes how a turn ended. What was told is remembered until that is on
// disk: a full disk must not make a reply look lost that was not. It does not
// stop with the process, which would do the same.
func (r *Runner) close(ctx context.Context, id string, state State) error {
	r.mu.Lock()
	r.ends[id] = state
	r.mu.Unlock()
	if err := r.Store.CloseTurn(context.WithoutCancel(ctx), id, state); err != nil {
		return err
	}
	r.mu.Lock()
	delete(r.ends, id)
	r.mu.Unlock()
	return nil
}

// told gives the end of a turn whose reply this process has delivered.
func (r *Runner) told(id string) (State, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	state, ok := r.ends[id]
	return state, ok
}
