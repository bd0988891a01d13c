package telegram

import (
	"context"
	"sync"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/driver"
)

// run is one call of Run.
type run struct {
	c *Connector
	h connectors.Handler
	// calls is the handlers' context: it outlives a stop by drainTime.
	calls  context.Context
	cancel context.CancelFunc
	lanes  *driver.Lanes
	// aside is what nobody waits for: answers to presses, the menu.
	aside sync.WaitGroup
	menu  sync.Once
	// spinners bounds the answers to presses: pressing needs no right.
	spinners chan struct{}
}

const maxSpinners = 16

func newRun(ctx context.Context, c *Connector, h connectors.Handler) *run {
	r := &run{c: c, h: h, lanes: driver.NewLanes(beside, maxBatch), spinners: make(chan struct{}, maxSpinners)}
	r.calls, r.cancel = context.WithCancel(context.WithoutCancel(ctx))
	return r
}

// hello learns who the bot is, and finds out whether the token is valid.
func (r *run) hello(ctx context.Context) error {
	s, err := r.c.api.whoami(ctx)
	if err != nil {
		return err
	}
	r.c.self.Store(s)
	return nil
}

// up tells that the connection stands.
func (r *run) up(up func()) {
	up()
	r.menu.Do(func() { r.aside.Go(func() { r.c.menu(r.calls) }) })
}

// handle takes one event. It returns nil when that is durable.
func (r *run) handle(e event) error {
	r.c.Came()
	r.c.places.remember(e.Chat.ID, e.ID, e.place)
	if err := r.h(r.calls, e.Message); err != nil {
		return err
	}
	r.acknowledge(e.press)
	return nil
}

// acknowledge stops the spinner of a button that was pressed, and says nothing:
// what there is to say comes from the gate.
func (r *run) acknowledge(press string) {
	if press == "" {
		return
	}
	select {
	case r.spinners <- struct{}{}:
	default:
		return // it stops by itself in a while
	}
	r.aside.Go(func() {
		defer func() { <-r.spinners }()
		err := r.c.api.call(r.calls, "answerCallbackQuery", tgbotapi.Params{"callback_query_id": press}, nil)
		if err != nil && r.calls.Err() == nil {
			r.c.log.DebugContext(r.calls, "press not answered", "error", err)
		}
	})
}

// drain waits for the handlers that run, cancels them after a time, and gives
// them a little more to notice.
func (r *run) drain(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	if r.calls.Err() != nil {
		return
	}
	patience, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	err := r.lanes.Wait(patience)
	r.cancel()
	if err == nil {
		return
	}
	last, cancelLast := context.WithTimeout(ctx, lastCall)
	defer cancelLast()
	if r.lanes.Wait(last) != nil {
		r.c.log.ErrorContext(last, "stopped with calls that did not return", "waited", drainTime+lastCall)
	}
}

// end waits for what nobody waited for. Its context is done: that is soon.
func (r *run) end() {
	r.cancel()
	done := make(chan struct{})
	go func() {
		r.aside.Wait()
		close(done)
	}()
	timer := time.NewTimer(lastCall)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}
