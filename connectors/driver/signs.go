package driver

import (
	"context"
	"time"
)

const (
	// signAfter is how long an answer has before a sign is worth it.
	signAfter = 250 * time.Millisecond
	// signTime bounds one call for a sign, and clearTime all that is done to take
	// one away.
	signTime  = 5 * time.Second
	clearTime = 4 * time.Second
)

// signs shows that the bot is at work until the composition is over or ctx is
// done. It has a goroutine of its own: no answer waits behind a reaction.
func (c *composition) signs(ctx context.Context, s Signaller) {
	defer close(c.cleared)
	timer := time.NewTimer(signAfter)
	defer timer.Stop()
	if !c.atWork(ctx, timer.C) {
		return
	}
	if message := c.reply.ReplyTo; message != "" {
		err := c.sign(ctx, "working", func(ctx context.Context) error {
			return s.Working(ctx, c.reply.Chat, message, true)
		})
		// A sign that was not confirmed may stand.
		if !IsPermanent(err) {
			defer c.clear(ctx, s)
		}
	}
	for {
		err := c.sign(ctx, "typing", func(ctx context.Context) error { return s.Typing(ctx, c.reply.Chat) })
		every := c.out.deps.Manners.TypingEvery
		if every <= 0 || IsPermanent(err) {
			every = 0
		}
		if after, ok := throttle(err); ok {
			every = max(every, after)
		}
		var again <-chan time.Time
		if every > 0 {
			timer.Reset(every)
			again = timer.C
		}
		if !c.atWork(ctx, again) {
			return
		}
	}
}

// atWork waits for a time; it reports false when the composition is over before.
func (c *composition) atWork(ctx context.Context, t <-chan time.Time) bool {
	select {
	case <-c.over:
		return false
	case <-ctx.Done():
		return false
	case <-t:
		return true
	}
}

// clear takes the sign away. A turn that was given up has a ctx that is done,
// and a sign nevertheless.
func (c *composition) clear(ctx context.Context, s Signaller) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), clearTime)
	defer cancel()
	err := Retry(ctx, true, func(ctx context.Context) error {
		return s.Working(ctx, c.reply.Chat, c.reply.ReplyTo, false)
	})
	if err != nil {
		c.out.deps.Log.WarnContext(ctx, "sign not taken away", "error", shown(c.out.deps.Redact, err))
	}
}

func (c *composition) sign(ctx context.Context, name string, call func(context.Context) error) error {
	bounded, cancel := context.WithTimeout(ctx, signTime)
	defer cancel()
	err := call(bounded)
	if err != nil && ctx.Err() == nil {
		c.out.deps.Log.DebugContext(ctx, "sign not shown", "sign", name, "error", shown(c.out.deps.Redact, err))
	}
	return err
}
