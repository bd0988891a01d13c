package discord

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/bwmarrin/discordgo"

	"github.com/parachute-gate/parachute/connectors/driver"
)

const (
	// eyes is the sign that the bot is at work.
	eyes = "👀"
	// maxNonce is a nonce's longest, and the others are those of components
	// (https://docs.discord.com/developers/components/reference).
	maxNonce      = 25
	maxLabel      = 80
	buttonsPerRow = 5
	maxRows       = 5
)

// content is the body of a message that is created or edited
// (https://docs.discord.com/developers/resources/message#create-message). It is not
// discordgo's MessageSend, which has no nonce.
type content struct {
	Content string `json:"content"`
	// Mentions allows none: no word of an agent pings anybody.
	Mentions   discordgo.MessageAllowedMentions `json:"allowed_mentions"`
	Components []discordgo.MessageComponent     `json:"components"`
	Flags      discordgo.MessageFlags           `json:"flags"`
	Reference  *reference                       `json:"message_reference,omitempty"`
	// Nonce makes Discord drop a second message like it, for some minutes.
	Nonce   string `json:"nonce,omitempty"`
	Enforce bool   `json:"enforce_nonce,omitempty"`
}

type reference struct {
	MessageID string `json:"message_id"`
	// FailIfGone is false: the answer to a message that was deleted, or to an
	// interaction of an earlier process, is a plain message.
	FailIfGone bool `json:"fail_if_not_exists"`
}

func contentOf(p driver.Post) content {
	return content{
		Content:    p.Text,
		Mentions:   discordgo.MessageAllowedMentions{Parse: []discordgo.AllowedMentionType{}},
		Components: componentsOf(p),
		// Previews are not shown: a link in an agent's words is for a person to open.
		Flags: discordgo.MessageFlagsSuppressEmbeds,
	}
}

// componentsOf makes rows of buttons. Discord refuses a message with an empty or
// a doubled custom_id as a whole: such a button is left out.
func componentsOf(p driver.Post) []discordgo.MessageComponent {
	rows := []discordgo.MessageComponent{}
	var row []discordgo.MessageComponent
	seen := map[string]bool{"": true}
	for _, b := range p.Buttons {
		if seen[b.Data] || len(rows) == maxRows {
			continue
		}
		seen[b.Data] = true
		label := b.Label
		if utf8.RuneCountInString(label) > maxLabel {
			label = string([]rune(label)[:maxLabel-1]) + "…"
		}
		row = append(row, discordgo.Button{Label: label, Style: discordgo.SecondaryButton, CustomID: b.Data})
		if len(row) == buttonsPerRow {
			rows, row = append(rows, discordgo.ActionsRow{Components: row}), nil
		}
	}
	if len(row) > 0 {
		rows = append(rows, discordgo.ActionsRow{Components: row})
	}
	return rows
}

// nonceOf is the same for each try of one message. The text is part of it, so
// that an answer never vanishes behind its own draft of a process that died.
func nonceOf(p driver.Post) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q", p.Chat, p.Key, p.Text))
	return base64.RawURLEncoding.EncodeToString(sum[:])[:maxNonce]
}

// messageOf is the message that an event is about, by the event's id: that of a
// reaction has more after it. Discord refuses a request with what is no id.
func messageOf(id string) string {
	id, _, _ = strings.Cut(id, "-")
	if snowflake(id) == 0 {
		return ""
	}
	return id
}

// writer is the connector's driver.Writer and driver.Signaller.
type writer struct{ c *Connector }

var (
	_ driver.Writer    = (*writer)(nil)
	_ driver.Signaller = (*writer)(nil)
)

// Post sends a message: the answer to an interaction by its token while that is
// valid, all others, and that one later, to the channel.
func (w *writer) Post(ctx context.Context, p driver.Post) (string, error) {
	if i := w.c.pending.of(p); i != nil {
		if id, ok, err := i.post(ctx, p); ok || err != nil {
			return id, err
		}
	}
	body := contentOf(p)
	body.Nonce, body.Enforce = nonceOf(p), true
	if id := messageOf(p.ReplyTo); id != "" {
		body.Reference = &reference{MessageID: id}
	}
	var sent wireMessage
	err := w.c.api.call(ctx, "POST", "channels/"+url.PathEscape(p.Chat)+"/messages", body, &sent)
	return sent.ID, err
}

// Edit replaces a message's text and buttons.
func (w *writer) Edit(ctx context.Context, id string, p driver.Post) error {
	if i := w.c.pending.ofMessage(id); i != nil {
		if err := i.edit(ctx, id, p); err == nil || !gone(err) {
			return err
		}
	}
	path := "channels/" + url.PathEscape(p.Chat) + "/messages/" + url.PathEscape(id)
	return w.c.api.call(ctx, "PATCH", path, contentOf(p), nil)
}

// Working sets or takes away the reaction on the message answered. An interaction
// takes none: Discord shows by itself that the bot is at work.
func (w *writer) Working(ctx context.Context, chat, message string, on bool) error {
	if message = messageOf(message); message == "" || w.c.pending.has(message) {
		return nil
	}
	method := "DELETE"
	if on {
		method = "PUT"
	}
	path := "channels/" + url.PathEscape(chat) + "/messages/" + url.PathEscape(message) + "/reactions/" + url.PathEscape(eyes) + "/@me"
	return w.c.api.call(ctx, method, path, nil, nil)
}

// Typing shows the typing sign for ten seconds.
func (w *writer) Typing(ctx context.Context, chat string) error {
	return w.c.api.call(ctx, "POST", "channels/"+url.PathEscape(chat)+"/typing", nil, nil)
}
