package discord

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/bwmarrin/discordgo"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/driver"
)

// ackTime bounds the request that acknowledges an interaction.
const ackTime = 5 * time.Second

// path of the interaction's webhook, which its token opens.
func (i *interaction) path(more string) string {
	return "webhooks/" + url.PathEscape(i.app) + "/" + url.PathEscape(i.token) + more
}

// callback gives the first response
// (https://docs.discord.com/developers/interactions/receiving-and-responding#create-interaction-response).
func (i *interaction) callback(ctx context.Context, kind discordgo.InteractionResponseType, data, out any) error {
	path := "interactions/" + url.PathEscape(i.id) + "/" + url.PathEscape(i.token) + "/callback"
	body := map[string]any{"type": kind}
	if data != nil {
		body["data"] = data
		path += "?with_response=true"
	}
	return i.c.api.call(ctx, "POST", path, body, out)
}

// acknowledge tells Discord that the interaction was received, without content.
func (i *interaction) acknowledge() {
	ctx, cancel := context.WithTimeout(i.ctx, ackTime)
	defer cancel()
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.state != fresh {
		return
	}
	// Whether anything will be said is not known yet: a sign for all would show that
	// the bot heard somebody whom it answers with silence.
	kind, next, data := discordgo.InteractionResponseDeferredChannelMessageWithSource, thinking, any(map[string]any{"flags": discordgo.MessageFlagsEphemeral})
	if i.pressed {
		kind, next, data = discordgo.InteractionResponseDeferredMessageUpdate, open, nil
	}
	switch err := i.callback(ctx, kind, data, nil); {
	case err == nil || has(err, codeAlreadyAcknowledged):
		i.state = next
	case errors.Is(err, connectors.ErrUnconfirmed):
		// An answer finds out: it is refused as the second, or taken as the first.
	default:
		i.state = dead
		i.c.deps.Log.WarnContext(ctx, "interaction not acknowledged", "connector", i.c.deps.Name, "message", i.id, "error", err)
	}
}

// giveUp takes away the sign that an answer will come, when none came: it would
// stand there as an error.
func (i *interaction) giveUp() {
	ctx, cancel := context.WithTimeout(i.ctx, ackTime)
	defer cancel()
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.state != thinking {
		return
	}
	i.state = dead
	if err := i.c.api.call(ctx, "DELETE", i.path("/messages/@original"), nil, nil); err != nil {
		i.c.deps.Log.DebugContext(ctx, "sign not taken away", "connector", i.c.deps.Name, "message", i.id, "error", err)
	}
}

// taken is called when the handler took the event: a press needs no more. A
// command waits for its answer, as the first response decides who can read it.
func (i *interaction) taken() {
	if i.pressed {
		i.acknowledge()
	}
}

// abandon leaves an interaction that the handler did not take: Discord tells the
// person that it failed, and that is so.
func (i *interaction) abandon() {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.state == fresh {
		i.ack.Stop()
		i.state = dead
	}
}

// post sends one message by the interaction's token. It reports false where the
// token is of no use any more, and a plain message must do.
func (i *interaction) post(ctx context.Context, p driver.Post) (id string, ok bool, err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	content := contentOf(p)
	if p.Verdict == "deny" {
		content.Flags |= discordgo.MessageFlagsEphemeral
	}
	if i.state == fresh {
		if id, ok, err = i.first(ctx, content); ok || err != nil {
			return id, ok, err
		}
	}
	var sent wireMessage
	switch i.state {
	case thinking:
		// The acknowledgement has settled who can read it.
		content.Flags &^= discordgo.MessageFlagsEphemeral
		err = i.c.api.call(ctx, "PATCH", i.path("/messages/@original"), content, &sent)
	case open:
		err = i.c.api.call(ctx, "POST", i.path("?wait=true"), content, &sent)
		if err != nil && errors.Is(err, connectors.ErrUnconfirmed) {
			// A webhook knows no nonce: once more could be twice.
			err = driver.Permanent(err)
		}
	default:
		return "", false, nil
	}
	switch {
	case err == nil:
		i.state = open
		i.c.pending.sent(i, sent.ID)
		return sent.ID, true, nil
	case gone(err):
		i.state = dead
		return "", false, nil
	}
	return "", true, err
}

// first answers an interaction that was not acknowledged yet. Where it was, after
// all, it notes so and reports false.
func (i *interaction) first(ctx context.Context, content content) (id string, ok bool, err error) {
	var said struct {
		Resource struct {
			Message wireMessage `json:"message"`
		} `json:"resource"`
	}
	err = i.callback(ctx, discordgo.InteractionResponseChannelMessageWithSource, content, &said)
	switch {
	case err == nil:
		i.ack.Stop()
		i.state = open
		id = said.Resource.Message.ID
		i.c.pending.sent(i, id)
		return id, true, nil
	case has(err, codeAlreadyAcknowledged):
		// By a try whose answer was lost: what stands there is made right.
		i.ack.Stop()
		i.state = thinking
		if i.pressed {
			i.state = open
		}
		return "", false, nil
	case gone(err):
		i.ack.Stop()
		i.state = dead
		return "", false, nil
	}
	return "", false, err
}

// edit changes a message that was sent by the token.
func (i *interaction) edit(ctx context.Context, id string, p driver.Post) error {
	return i.c.api.call(ctx, "PATCH", i.path("/messages/"+url.PathEscape(id)), contentOf(p), nil)
}
