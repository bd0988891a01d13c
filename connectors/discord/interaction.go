package discord

import (
	"encoding/json"
	"strings"

	"github.com/bwmarrin/discordgo"

	"github.com/parachute-gate/parachute/connectors"
)

// interaction translates a native command or the press of a button. It reports
// false for the kinds that the connector never offers.
func (t translator) interaction(w wireInteraction) (connectors.Message, bool) {
	user := w.User
	if w.Member != nil && w.Member.User != nil {
		user = w.Member.User
	}
	if w.ID == "" || w.Token == "" || w.ChannelID == "" || user == nil || user.ID == "" {
		return connectors.Message{}, false
	}
	m := connectors.Message{
		ID: w.ID, Chat: connectors.Chat{ID: w.ChannelID}, User: person(user, w.Member), Time: timeOf(w.ID),
	}
	if w.Channel != nil {
		m.Chat.Kind, m.Chat.Name = kindOf(w.Channel.Type, w.GuildID), w.Channel.Name
	}
	if w.Context != nil && discordgo.InteractionContextType(*w.Context) == discordgo.InteractionContextPrivateChannel && m.Chat.Kind == connectors.ChatDM {
		// Two people's own direct message, where one has the bot among their apps:
		// not one with the bot, and both read the answer.
		m.Chat.Kind = connectors.ChatGroup
	}
	switch w.Type {
	case int(discordgo.InteractionApplicationCommand):
		if w.Data.Name == "" {
			return connectors.Message{}, false
		}
		m.Kind, m.MentionsBot = connectors.EventCommand, true
		m.Command = strings.ToLower(w.Data.Name)
		words := ""
		for _, o := range w.Data.Options {
			words += " " + optionText(o.Value)
		}
		m.Text = "/" + m.Command + strings.TrimRight(words, " ")
		m.Args = strings.Fields(words)
	case int(discordgo.InteractionMessageComponent):
		m.Kind, m.Text = connectors.EventCallback, w.Data.CustomID
		if w.Message != nil {
			m.ReplyTo = w.Message.ID
			m.ReplyToBot = t.self != "" && w.Message.Author != nil && w.Message.Author.ID == t.self
		}
	default:
		return connectors.Message{}, false
	}
	return m, true
}

// optionText is an option's value as a person would have written it.
func optionText(raw json.RawMessage) string {
	var s string
	if err := json.Unmarshal(raw, &s); err == nil {
		return s
	}
	return string(raw)
}
