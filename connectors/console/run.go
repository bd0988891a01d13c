package console

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/parachute-gate/parachute/connectors"
)

func (c *Connector) run(ctx context.Context, h connectors.Handler) error {
	// says outlives ctx, so that what became of a call that ends after the stop
	// is still told.
	says, endOfSays := context.WithCancel(context.WithoutCancel(ctx))
	defer endOfSays()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(c.drain+c.last+c.last/2, endOfSays) })()
	for {
		if ctx.Err() != nil {
			return nil
		}
		if err := c.screen.ask(ctx, c.stage.prompt(), c.stage.chat().ID); err != nil {
			return stopped(ctx, err)
		}
		select {
		case <-ctx.Done():
		case <-c.screen.broken:
			return stopped(ctx, c.screen.err)
		case ln, ok := <-c.lines:
			c.screen.entered()
			if !ok {
				return c.end(ctx)
			}
			quit, err := c.take(ctx, says, h, ln)
			if quit || err != nil {
				return stopped(ctx, err)
			}
		}
	}
}

// stopped is what Run returns after err: after a cancel, nothing.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// end leaves the terminal's own prompt a line of its own.
func (c *Connector) end(ctx context.Context) error {
	if c.readErr != nil {
		return stopped(ctx, fmt.Errorf("read input: %w", c.readErr))
	}
	if !c.tty {
		return nil
	}
	return stopped(ctx, c.screen.print(ctx, "", styleNone))
}

// take handles one line, on a pipe up to its answer.
func (c *Connector) take(ctx, says context.Context, h connectors.Handler, ln line) (quit bool, err error) {
	if ln.tooLong {
		return false, c.screen.print(says, fmt.Sprintf("error: the line is longer than %d bytes, shorten it", maxLine), styleError)
	}
	a := c.stage.read(ln.text)
	switch {
	case a.quit:
		return true, nil
	case a.help:
		return false, c.screen.print(says, helpText, styleNotice)
	case a.problem != "":
		return false, c.screen.print(says, "error: "+a.problem, styleError)
	case a.message == nil:
		return false, nil
	}
	m := *a.message
	m.Time = c.now()
	answered := c.answers.expect(m.ID)
	if err := c.call(ctx, h, m); err != nil {
		return false, c.screen.print(says, fmt.Sprintf("error: the message was not taken, send it again: %v", err), styleError)
	}
	if c.tty || c.pending == nil || !c.pending(m.ID) {
		return false, nil
	}
	select {
	case <-answered:
	case <-ctx.Done():
	case <-c.screen.broken:
		return false, c.screen.err
	}
	return false, nil
}

// call gives one message to the handler. A stop lets it finish for a while, then
// cancels its context, then leaves it.
func (c *Connector) call(ctx context.Context, h connectors.Handler, m connectors.Message) error {
	hctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan error, 1)
	go func() {
		defer cancel()
		done <- h(hctx, m)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	for _, patience := range []time.Duration{c.drain, c.last} {
		timer := time.NewTimer(patience)
		select {
		case err := <-done:
			timer.Stop()
			return err
		case <-timer.C:
			cancel()
		}
	}
	return errors.New("stopped while it was being decided")
}

// Send prints one reply. It returns nil only when Out took the whole of it; when
// ctx ends during the write it is not known whether it was shown.
func (c *Connector) Send(ctx context.Context, r connectors.Reply) error {
	if err := c.screen.reply(ctx, r); err != nil {
		return fmt.Errorf("send reply: %w", err)
	}
	c.answers.came(r.ReplyTo)
	return nil
}
