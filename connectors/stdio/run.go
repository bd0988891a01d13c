package stdio

import (
	"bytes"
	"context"
	"fmt"
	"hash/maphash"
	"sync"
	"time"

	"github.com/parachute-gate/parachute/connectors"
)

// event is a message with the line it stood on.
type event struct {
	line    int
	message connectors.Message
}

// run is one call of Run: a dispatcher that decodes, and workers that each own
// the chats whose hash falls to them, so that a chat keeps its order.
type run struct {
	c *Connector
	h connectors.Handler

	// parent is the caller's; ctx ends with it or when Out is lost.
	parent context.Context
	ctx    context.Context
	lose   context.CancelCauseFunc
	// calls is the handlers' context and says that of the error lines: a stop
	// lets the one finish what it began, and the other tell what was not.
	calls      context.Context
	endOfCalls context.CancelFunc
	says       context.Context
	endOfSays  context.CancelFunc

	seed    maphash.Seed
	queues  []chan event
	workers sync.WaitGroup
}

func newRun(ctx context.Context, c *Connector, h connectors.Handler) *run {
	r := &run{c: c, h: h, parent: ctx, seed: maphash.MakeSeed(), queues: make([]chan event, c.workers)}
	r.ctx, r.lose = context.WithCancelCause(ctx)
	r.calls, r.endOfCalls = context.WithCancel(context.WithoutCancel(ctx))
	r.says, r.endOfSays = context.WithCancel(context.WithoutCancel(ctx))
	for i := range r.queues {
		r.queues[i] = make(chan event, queueLength)
	}
	return r
}

func (r *run) do() error {
	defer r.lose(nil)
	defer r.endOfCalls()
	defer r.endOfSays()
	// The clock of a stop runs from the stop itself: the dispatcher may then be
	// held up by an Out that nobody reads.
	defer context.AfterFunc(r.ctx, func() {
		time.AfterFunc(r.c.drain, r.endOfCalls)
		time.AfterFunc(r.c.drain+r.c.last, r.endOfSays)
	})()
	for _, q := range r.queues {
		r.workers.Go(func() { r.work(q) })
	}
	ended := r.dispatch()
	for _, q := range r.queues {
		close(q)
	}
	r.wait()
	switch {
	case r.parent.Err() != nil:
		return nil
	case r.ctx.Err() != nil:
		return fmt.Errorf("tell a refusal: %w", context.Cause(r.ctx))
	case ended && r.c.readErr != nil:
		return fmt.Errorf("read input: %w", r.c.readErr)
	}
	return nil
}

// dispatch gives each line to its chat's worker. It reports whether the input
// ended, rather than the run.
func (r *run) dispatch() bool {
	for r.ctx.Err() == nil {
		select {
		case <-r.ctx.Done():
		case ln, ok := <-r.c.lines:
			if !ok {
				return true
			}
			r.take(ln)
		}
	}
	return false
}

func (r *run) take(ln line) {
	if ln.tooLong {
		r.reject(ln.number, fmt.Errorf("the line is longer than %d bytes, shorten its text", maxLine))
		return
	}
	if len(bytes.Trim(ln.raw, jsonSpace)) == 0 {
		return
	}
	m, err := Decode(ln.raw)
	if err != nil {
		r.reject(ln.number, err)
		return
	}
	ev := event{line: ln.number, message: m}
	queue := r.queues[maphash.String(r.seed, m.Chat.ID)%uint64(len(r.queues))]
	select {
	case queue <- ev:
	case <-r.ctx.Done():
		r.refuse(ev)
	}
}

func (r *run) work(queue <-chan event) {
	for ev := range queue {
		if r.ctx.Err() != nil {
			r.refuse(ev)
			continue
		}
		if err := r.h(r.calls, ev.message); err != nil {
			r.c.log.Error("event not taken", "line", ev.line, "error", err)
			r.refuse(ev)
		}
	}
}

// wait returns when the workers are done, or, after a stop, when their time is
// over.
func (r *run) wait() {
	done := make(chan struct{})
	go func() {
		r.workers.Wait()
		close(done)
	}()
	select {
	case <-done:
		return
	case <-r.ctx.Done():
	}
	// A worker may be stuck in its handler: what waits behind it is told here.
	for _, q := range r.queues {
		for ev := range q {
			r.refuse(ev)
		}
	}
	select {
	case <-done:
	case <-r.says.Done():
		r.c.log.Error("stopped with calls that did not return", "waited", r.c.drain+r.c.last)
	}
}

// reject tells that a line cannot be used.
func (r *run) reject(number int, problem error) {
	r.c.log.Warn("line rejected", "line", number, "problem", problem)
	r.say(wireError{Error: fmt.Sprintf("line %d: %v", number, problem), Line: number})
}

// refuse tells that an event was understood but not taken. The handler's error
// stays in the log: it may hold what is not the bridge's business.
func (r *run) refuse(ev event) {
	r.say(wireError{
		Error:   fmt.Sprintf("line %d: the event was not taken, send the line again", ev.line),
		Line:    ev.line,
		Chat:    ev.message.Chat.ID,
		ReplyTo: ev.message.ID,
	})
}

func (r *run) say(e wireError) {
	err := r.c.out.line(r.says, e)
	if err == nil {
		return
	}
	r.c.log.Error("refusal not told", "line", e.Line, "error", err)
	if r.says.Err() == nil {
		r.lose(err)
	}
}
