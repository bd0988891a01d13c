package telegram

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/parachute-gate/parachute/connectors"
)

// event is an update for the handler, with what an answer to it needs.
type event struct {
	connectors.Message
	// place is where the message is that an answer replies to.
	place place
	// press is a callback's id, which Telegram waits to hear of.
	press string
}

// translate turns an update into an event. It reports false for what is none: a
// service message, the bot's own, one that nobody can be named for.
func translate(u update, bot *self) (event, bool) {
	switch {
	case u.Message != nil:
		return said(u.Message, bot)
	case u.ChannelPost != nil:
		return said(u.ChannelPost, bot)
	case u.EditedMessage != nil:
		return edited(u.ID, u.EditedMessage, bot)
	case u.EditedChannelPost != nil:
		return edited(u.ID, u.EditedChannelPost, bot)
	case u.Callback != nil:
		return pressed(u.Callback, bot)
	case u.Reaction != nil:
		return reacted(u.ID, u.Reaction, bot)
	}
	return event{}, false
}

// said is a new message.
func said(m *message, bot *self) (event, bool) {
	e, ok := content(m, bot)
	if !ok {
		return event{}, false
	}
	e.Kind = connectors.EventMessage
	name, args, isCommand := connectors.ParseCommand(commandText(e.Text, entities(m), bot))
	if isCommand {
		e.Kind, e.Command, e.Args = connectors.EventCommand, name, args
	}
	return e, true
}

// edited is a message that was changed. Two edits can fall into the same second,
// and must not pass for one: the update's id tells them apart, and is the same
// when the update comes again.
func edited(id int64, m *message, bot *self) (event, bool) {
	e, ok := content(m, bot)
	if !ok {
		return event{}, false
	}
	e.Kind = connectors.EventEdit
	e.Revision = fmt.Sprintf("%d.%d", m.EditDate, id)
	e.Time = at(m.EditDate)
	return e, true
}

// content is what messages and edits have in common. Text that is quoted or
// replied to is not the sender's, and no part of it.
func content(m *message, bot *self) (event, bool) {
	user, ok := sender(m)
	if !ok || m.Chat == nil || m.MessageID == 0 || user.ID == id(bot.ID) {
		return event{}, false
	}
	e := event{Message: connectors.Message{
		ID: strconv.Itoa(m.MessageID), Chat: chat(m.Chat), User: user, Text: m.Text,
		MentionsBot: mentions(m, bot), Attachments: attachments(m), Time: at(m.Date),
		Forwarded: m.ForwardOrigin != nil || m.ForwardDate != 0 || m.AutoForward || m.ViaBot != nil,
	}}
	if e.Text == "" {
		e.Text = m.Caption
	}
	if e.Text == "" && len(e.Attachments) == 0 {
		return event{}, false
	}
	if r := answered(m); r != nil {
		e.ReplyTo = strconv.Itoa(r.MessageID)
		e.ReplyToBot = r.From != nil && r.From.ID == bot.ID && r.SenderChat == nil
	}
	e.place = placeOf(m)
	return e, true
}

// answered is the message that this one replies to. In a topic every message
// answers the one that made the topic, often the bot's own: that is no reply.
func answered(m *message) *original {
	r := m.ReplyTo
	if r == nil || r.MessageID == 0 || r.TopicCreated != nil || m.InTopic && r.MessageID == m.Thread {
		return nil
	}
	return r
}

// pressed is a button's press. "If the button that originated the query was
// attached to a message sent by the bot, the field message will be present"; the
// other buttons are those of inline queries, which this bot has not. The data is
// whatever the presser's program sends.
func pressed(c *callback, bot *self) (event, bool) {
	if c.From == nil || c.From.ID == bot.ID || c.Message == nil || c.Message.Chat == nil || c.ID == "" {
		return event{press: c.ID}, false
	}
	return event{
		Message: connectors.Message{
			ID: c.ID, Chat: chat(c.Message.Chat), User: person(c.From), Kind: connectors.EventCallback,
			Text: c.Data, ReplyTo: strconv.Itoa(c.Message.MessageID), ReplyToBot: true,
		},
		place: placeOf(c.Message), press: c.ID,
	}, true
}

// reacted is a change of somebody's reactions: the text is what was added, and
// empty where something was taken away. Telegram does not say whose message it is.
func reacted(update int64, r *reaction, bot *self) (event, bool) {
	var user connectors.User
	switch {
	case r.Chat == nil || r.MessageID == 0:
		return event{}, false
	case r.ActorChat != nil:
		user = crowd(r.ActorChat)
	case r.User != nil && r.User.ID != bot.ID:
		user = person(r.User)
	default:
		return event{}, false
	}
	about := strconv.Itoa(r.MessageID)
	return event{
		Message: connectors.Message{
			ID: fmt.Sprintf("reaction:%s:%d", about, update), Chat: chat(r.Chat), User: user,
			Kind: connectors.EventReaction, Text: added(r.Old, r.New), ReplyTo: about, Time: at(r.Date),
		},
		place: place{message: r.MessageID},
	}, true
}

func added(before, after []reactionType) string {
	had := map[string]bool{}
	for _, r := range before {
		had[r.text()] = true
	}
	var fresh []string
	for _, r := range after {
		if !had[r.text()] {
			fresh = append(fresh, r.text())
		}
	}
	return strings.Join(fresh, " ")
}

// chat is the place of an event. A kind that is not known here stays unknown.
func chat(c *tgbotapi.Chat) connectors.Chat {
	out := connectors.Chat{ID: id(c.ID), Name: c.Title}
	switch c.Type {
	case "private":
		out.Kind, out.Name = connectors.ChatDM, fullName(c.FirstName, c.LastName)
	case "group", "supergroup":
		out.Kind = connectors.ChatGroup
	case "channel":
		out.Kind = connectors.ChatChannel
	}
	return out
}

// sender is who wrote a message. One that is sent in the name of a chat (an
// anonymous administrator, a channel in a discussion group) is that chat's: "from"
// is then a stand-in that all such messages share. Behind it stands nobody known,
// so it counts as a bot, except for a channel that writes in itself.
func sender(m *message) (connectors.User, bool) {
	switch {
	case m.SenderChat != nil:
		u := crowd(m.SenderChat)
		u.Bot = m.Chat == nil || m.Chat.Type != "channel" || m.Chat.ID != m.SenderChat.ID
		return u, true
	case m.From != nil && m.From.ID != 0:
		return person(m.From), true
	}
	return connectors.User{}, false
}

func person(u *tgbotapi.User) connectors.User {
	return connectors.User{ID: id(u.ID), Name: fullName(u.FirstName, u.LastName), Bot: u.IsBot}
}

// crowd is a chat that acts like a person.
func crowd(c *tgbotapi.Chat) connectors.User {
	return connectors.User{ID: id(c.ID), Name: c.Title, Bot: true}
}

func fullName(first, last string) string {
	if last == "" {
		return first
	}
	return first + " " + last
}

// at is a time of the platform, in seconds since 1970.
func at(seconds int64) time.Time {
	if seconds <= 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}
