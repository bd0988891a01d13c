package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/parachute-gate/parachute/connectors/driver"
)

const (
	// maxBatch is the most updates that one answer holds
	// (https://core.telegram.org/bots/api#getupdates).
	maxBatch = 100
	// minPace and maxPace are between requests while handlers run or failed:
	// Telegram then has an answer at once, mostly of updates that came before.
	minPace = 100 * time.Millisecond
	maxPace = 2 * time.Second
)

// poller asks for updates. Its window lives as long as Run: a connection that
// broke leaves nothing to take twice.
type poller struct {
	*run
	window *window
	// own is set when the bot is known to have no webhook.
	own  bool
	pace time.Duration
}

func newPoller(r *run) *poller { return &poller{run: r, window: newWindow(), pace: minPace} }

// poll is one connection, as driver.Connection knows it: it asks until a request
// fails.
func (p *poller) poll(ctx context.Context, up func()) error {
	if err := p.hello(ctx); err != nil {
		return err
	}
	if err := p.unhook(ctx); err != nil {
		return err
	}
	// The first request waits for nothing, and so tells soon that all is well.
	for wait := time.Duration(0); ; {
		if err := p.once(ctx, wait); err != nil {
			return err
		}
		p.up(up)
		if err := p.rest(ctx); err != nil {
			return err
		}
		wait = p.c.deps.Poll
		if busy, _, _ := p.window.busy(); busy {
			wait = 0
		}
	}
}

// unhook takes away a webhook that an earlier configuration has set, once: a
// second one was set by somebody who wants it.
func (p *poller) unhook(ctx context.Context) error {
	if p.own {
		return nil
	}
	var hook webhookInfo
	if err := p.c.api.call(ctx, "getWebhookInfo", nil, &hook); err != nil {
		return err
	}
	if hook.URL != "" {
		p.c.log.WarnContext(ctx, "webhook taken away, as updates are asked for", "host", hostOf(hook.URL))
		if err := p.c.api.call(ctx, "deleteWebhook", tgbotapi.Params{"drop_pending_updates": "false"}, nil); err != nil {
			return err
		}
	}
	p.own = true
	return nil
}

// once makes one request and hands out what came.
func (p *poller) once(ctx context.Context, wait time.Duration) error {
	offset := p.window.next()
	batch, err := p.get(ctx, offset, wait, maxBatch)
	if err != nil {
		return err
	}
	p.window.confirmed(offset)
	unread, listed, last := 0, map[int64]bool{}, int64(math.MaxInt64)
	for i, raw := range batch {
		u, id, err := decode(raw)
		listed[id] = true
		if i == maxBatch-1 {
			last = id
		}
		switch {
		case id == 0:
			unread++
		case !p.window.begin(id):
		case err != nil:
			// Waiting for it to become readable would hold up all that is behind it.
			p.c.log.WarnContext(ctx, "update passed over", "error", err)
			p.window.end(id, "", true)
		default:
			if err := p.give(ctx, u); err != nil {
				return err
			}
		}
	}
	p.window.listed(listed, last)
	if unread > 0 && unread == len(batch) {
		return errors.New("getUpdates: no update in the answer has an id")
	}
	return nil
}

// get asks for updates for at most wait, and a little longer than that for an
// answer.
func (p *poller) get(ctx context.Context, offset int64, wait time.Duration, limit int) ([]json.RawMessage, error) {
	params := tgbotapi.Params{"limit": strconv.Itoa(limit), "timeout": strconv.Itoa(int(wait / time.Second))}
	if offset > 0 {
		params["offset"] = strconv.FormatInt(offset, 10)
	}
	object(params, "allowed_updates", kinds())
	bounded, cancel := context.WithTimeout(ctx, wait+p.c.grace)
	defer cancel()
	var batch []json.RawMessage
	if err := p.c.api.ready(); err != nil {
		return nil, err
	}
	err := p.c.api.ask(bounded, "getUpdates", params, &batch)
	var r *refusal
	switch {
	case errors.As(err, &r) && r.code == http.StatusConflict:
		return nil, fmt.Errorf("%w: another program uses this token; stop it, or give each program a bot of its own (a webhook that it set goes when this one starts anew)", err)
	case err != nil && bounded.Err() != nil && ctx.Err() == nil:
		return nil, fmt.Errorf("getUpdates: no answer in %v, the connection is dead", wait+p.c.grace)
	}
	return batch, err
}

// give hands one update to its chat's lane.
func (p *poller) give(ctx context.Context, u update) error {
	e, ok := translate(u, p.c.self.Load())
	if !ok {
		p.acknowledge(e.press)
		p.window.end(u.ID, "", true)
		return nil
	}
	chat := e.Chat.ID
	err := p.lanes.Do(ctx, chat, func() {
		if ctx.Err() != nil || !p.window.may(u.ID, chat) {
			p.window.end(u.ID, chat, false)
			return
		}
		err := p.handle(e)
		if err != nil {
			p.c.log.ErrorContext(ctx, "event not taken", "update", u.ID, "error", err)
		}
		p.window.end(u.ID, chat, err == nil)
	})
	if err != nil {
		p.window.end(u.ID, chat, false)
		return fmt.Errorf("hand out update: %w", err)
	}
	return nil
}

// rest waits until the next request makes sense: at once when all was taken.
func (p *poller) rest(ctx context.Context) error {
	busy, quiet, failing := p.window.busy()
	if !busy {
		p.pace = minPace
		return nil
	}
	if failing {
		// What failed a moment ago fails again: the whole pause is waited.
		quiet = nil
	}
	timer := time.NewTimer(p.pace)
	defer timer.Stop()
	p.pace = min(2*p.pace, maxPace)
	select {
	case <-quiet:
		p.pace = minPace
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// confirm tells Telegram what was taken, after a stop: it would come again at the
// next start. What comes with the answer is not taken, and stays there.
func (p *poller) confirm(ctx context.Context) {
	if p.window.empty() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), confirmTime)
	defer cancel()
	if _, err := p.get(ctx, p.window.next(), 0, 1); err != nil && !driver.IsPermanent(err) {
		p.c.log.WarnContext(ctx, "last updates not confirmed: they may come again", "error", err)
	}
}
