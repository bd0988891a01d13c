package discord

import (
	"strings"
	"time"

	"github.com/bwmarrin/discordgo"

	"github.com/parachute-gate/parachute/connectors"
)

// nobody is the user of an event whose doer Discord does not name. No id of
// Discord's is like it: those are numbers.
const nobody = "unknown"

// forwardType is the type of a message reference that forwards
// (https://docs.discord.com/developers/resources/message#message-reference-types).
const forwardType = 1

// translator makes messages of events. It asks nobody: the chat's kind is
// filled in by who knows the channel.
type translator struct {
	// self is the bot's user id.
	self  string
	files files
}

// message translates a message object. It reports false for what nobody wrote
// (joins, pins) and for the bot's own words.
func (t translator) message(w wireMessage) (connectors.Message, bool) {
	if w.ID == "" || w.ChannelID == "" || w.Author == nil || w.Author.ID == "" || w.Author.ID == t.self || !written(w.Type) {
		return connectors.Message{}, false
	}
	m := connectors.Message{
		ID:          w.ID,
		Chat:        connectors.Chat{ID: w.ChannelID},
		User:        person(w.Author, w.Member),
		Kind:        connectors.EventMessage,
		Text:        w.Content,
		Attachments: t.attachments(w.Attachments),
		Time:        parseTime(w.Timestamp),
	}
	// What a webhook posts has its own name and picture, in the author's place.
	m.User.Bot = m.User.Bot || w.WebhookID != ""
	if w.Reference != nil && w.Reference.Type == forwardType {
		return t.forwarded(m, w), true
	}
	if w.Reference != nil && discordgo.MessageType(w.Type) == discordgo.MessageTypeReply {
		m.ReplyTo = w.Reference.MessageID
		m.ReplyToBot = t.self != "" && w.Referenced != nil && w.Referenced.Author != nil && w.Referenced.Author.ID == t.self
	}
	m.MentionsBot = t.mentioned(w)
	if m.MentionsBot {
		m.Text = t.unaddressed(m.Text)
	}
	if name, args, ok := connectors.ParseCommand(m.Text); ok {
		m.Kind, m.Command, m.Args = connectors.EventCommand, name, args
	}
	return m, true
}

// forwarded takes the words of the message that was forwarded. They are somebody
// else's: neither a command nor a mention.
func (t translator) forwarded(m connectors.Message, w wireMessage) connectors.Message {
	m.Forwarded = true
	var texts []string
	if w.Content != "" {
		texts = append(texts, w.Content)
	}
	for _, s := range w.Snapshots {
		texts = append(texts, s.Message.Content)
		m.Attachments = append(m.Attachments, t.attachments(s.Message.Attachments)...)
	}
	m.Text = strings.Join(texts, "\n")
	return m
}

// edit translates MESSAGE_UPDATE. It reports false where nobody edited: the event
// also comes when Discord adds a preview or a pin.
func (t translator) edit(w wireMessage) (connectors.Message, bool) {
	edited := parseTime(w.Edited)
	if edited.IsZero() {
		return connectors.Message{}, false
	}
	m, ok := t.message(w)
	m.Kind, m.Command, m.Args = connectors.EventEdit, "", nil
	m.Revision, m.Time = edited.Format(time.RFC3339Nano), edited
	return m, ok
}

// deletion translates the deletion of one message. Discord does not say who did
// it: the author or a moderator.
func (translator) deletion(id, channel string) connectors.Message {
	return connectors.Message{
		ID: id, Chat: connectors.Chat{ID: channel}, User: connectors.User{ID: nobody}, Kind: connectors.EventDelete,
	}
}

// reaction translates MESSAGE_REACTION_ADD; id is made by the caller, as Discord
// gives it none.
func (t translator) reaction(w wireReaction, id string, now time.Time) (connectors.Message, bool) {
	if w.UserID == "" || w.UserID == t.self || w.ChannelID == "" || w.MessageID == "" {
		return connectors.Message{}, false
	}
	user := &wireUser{ID: w.UserID}
	if w.Member != nil && w.Member.User != nil && w.Member.User.ID == w.UserID {
		user = w.Member.User
	}
	emoji := w.Emoji.Name
	if w.Emoji.ID != "" {
		emoji = "<:" + w.Emoji.Name + ":" + w.Emoji.ID + ">"
	}
	return connectors.Message{
		ID: id, Chat: connectors.Chat{ID: w.ChannelID}, User: person(user, w.Member), Kind: connectors.EventReaction,
		Text: emoji, ReplyTo: w.MessageID, ReplyToBot: t.self != "" && w.AuthorID == t.self, Time: now,
	}, true
}

// mentioned holds that the bot itself is mentioned in the text. The list alone
// does not say so: it has the author of a message that is replied to as well, and
// the text alone may be a quotation.
func (t translator) mentioned(w wireMessage) bool {
	if t.self == "" || !strings.Contains(w.Content, "<@"+t.self+">") && !strings.Contains(w.Content, "<@!"+t.self+">") {
		return false
	}
	for _, u := range w.Mentions {
		if u.ID == t.self {
			return true
		}
	}
	return false
}

// unaddressed takes the bot's mention from the start of a text.
func (t translator) unaddressed(text string) string {
	for _, mention := range []string{"<@" + t.self + ">", "<@!" + t.self + ">"} {
		if rest, ok := strings.CutPrefix(text, mention); ok {
			return strings.TrimLeft(rest, " \t\r\n")
		}
	}
	return text
}

func (t translator) attachments(all []wireAttachment) []connectors.Attachment {
	var out []connectors.Attachment
	for _, a := range all {
		out = append(out, connectors.Attachment{Name: a.Filename, Type: a.ContentType, Bytes: a.Size, Ref: t.files.ref(a.URL)})
	}
	return out
}

// person is who a user object is; the name is the one that people see.
func person(u *wireUser, m *wireMember) connectors.User {
	name := u.Username
	if u.GlobalName != "" {
		name = u.GlobalName
	}
	if m != nil && m.Nick != "" {
		name = m.Nick
	}
	return connectors.User{ID: u.ID, Name: name, Bot: u.Bot || u.System}
}

// written holds for the types of message that somebody wrote, or a bot for them.
func written(kind int) bool {
	switch discordgo.MessageType(kind) {
	case discordgo.MessageTypeDefault, discordgo.MessageTypeReply,
		discordgo.MessageTypeChatInputCommand, discordgo.MessageTypeContextMenuCommand:
		return true
	default:
		return false
	}
}
