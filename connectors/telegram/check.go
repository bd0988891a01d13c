package telegram

import (
	"context"
	"fmt"
	"time"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/driver"
)

// Check asks Telegram whether the token is valid, who the bot is, what it may
// read in groups, and how updates come.
func (c *Connector) Check(ctx context.Context) []connectors.Finding {
	bot, err := c.api.whoami(ctx)
	switch {
	case driver.IsPermanent(err):
		return []connectors.Finding{{About: "token", Detail: c.redact(err.Error())}}
	case err != nil:
		return []connectors.Finding{{About: "reaching Telegram", Detail: fmt.Sprintf(
			"%s: is the network up, and may this machine reach %s?", c.redact(err.Error()), hostOf(c.api.base))}}
	}
	found := []connectors.Finding{
		{OK: true, About: "token", Detail: fmt.Sprintf("valid: @%s, id %d", bot.UserName, bot.ID)},
		groups(bot),
	}
	return append(found, c.checkUpdates(ctx)...)
}

// groups is what the bot may read in groups. Neither answer is a fault.
func groups(bot *self) connectors.Finding {
	f := connectors.Finding{OK: true, About: "groups"}
	switch {
	case !bot.CanJoinGroups:
		f.Detail = "the bot can be added to none (/setjoingroups of @BotFather)"
	case bot.ReadsAllInGroup:
		f.Detail = "privacy mode is off: every message of a group reaches the gate, which decides on each"
	default:
		f.Detail = "privacy mode is on: of a group's messages only commands, mentions and replies reach the gate (/setprivacy of @BotFather, then add the bot anew)"
	}
	return f
}

// checkUpdates compares how updates should come with how they do.
func (c *Connector) checkUpdates(ctx context.Context) []connectors.Finding {
	var hook webhookInfo
	if err := c.api.call(ctx, "getWebhookInfo", nil, &hook); err != nil {
		return []connectors.Finding{{About: "updates", Detail: c.redact(err.Error())}}
	}
	w := c.deps.Webhook
	if w == nil {
		f := connectors.Finding{OK: true, About: "updates", Detail: fmt.Sprintf("by long polling, %d wait", hook.Pending)}
		if hook.URL != "" {
			f.Detail = fmt.Sprintf("by long polling: the webhook at %s, which is set now, will be taken away at the start", hostOf(hook.URL))
		}
		return []connectors.Finding{f}
	}
	if _, err := w.check(); err != nil {
		return []connectors.Finding{{About: "webhook", Detail: err.Error()}}
	}
	f := connectors.Finding{OK: true, About: "webhook", Detail: fmt.Sprintf("set, %d updates wait", hook.Pending)}
	switch {
	case hook.URL == "":
		f.Detail = "not set yet: it will be at the start"
	case hook.URL != w.URL:
		f.Detail = fmt.Sprintf("set to another address, at %s: it will be changed at the start", hostOf(hook.URL))
	case hook.LastError != "" && hook.Pending > 0:
		f.OK = false
		f.Detail = fmt.Sprintf("%d updates wait, as Telegram could not deliver: %s (%s). Does %s reach %s?", hook.Pending,
			c.redact(hook.LastError), time.Unix(hook.LastErrorAt, 0).UTC().Format(time.RFC3339), hostOf(w.URL), w.Listen)
	}
	return []connectors.Finding{f}
}
