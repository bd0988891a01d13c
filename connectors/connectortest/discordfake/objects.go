package discordfake

import (
	"time"

	"github.com/parachute-gate/parachute/connectors/connectortest"
)

// The objects of the API, with the fields that a bot needs.

type user struct {
	ID         string `json:"id"`
	Username   string `json:"username"`
	GlobalName string `json:"global_name,omitempty"`
	Bot        bool   `json:"bot,omitempty"`
}

type member struct {
	User *user `json:"user,omitempty"`
}

// channel is a channel object (D/resources/channel#channel-object).
type channel struct {
	ID      string `json:"id"`
	Type    int    `json:"type"`
	GuildID string `json:"guild_id,omitempty"`
	Name    string `json:"name,omitempty"`
	LastID  string `json:"last_message_id,omitempty"`

	messages []*message
}

type attachment struct {
	ID          string `json:"id"`
	Filename    string `json:"filename"`
	ContentType string `json:"content_type,omitempty"`
	Size        int64  `json:"size"`
	URL         string `json:"url"`
}

type reference struct {
	Type      int    `json:"type"`
	MessageID string `json:"message_id,omitempty"`
	ChannelID string `json:"channel_id,omitempty"`
	// FailIfGone is of requests alone.
	FailIfGone *bool `json:"fail_if_not_exists,omitempty"`
}

type snapshot struct {
	Message struct {
		Content     string       `json:"content"`
		Attachments []attachment `json:"attachments"`
	} `json:"message"`
}

// message is a message object (D/resources/message#message-object).
type message struct {
	ID          string       `json:"id"`
	ChannelID   string       `json:"channel_id"`
	GuildID     string       `json:"guild_id,omitempty"`
	Type        int          `json:"type"`
	Author      user         `json:"author"`
	Member      *member      `json:"member,omitempty"`
	WebhookID   string       `json:"webhook_id,omitempty"`
	Content     string       `json:"content"`
	Timestamp   string       `json:"timestamp"`
	Edited      *string      `json:"edited_timestamp"`
	Mentions    []user       `json:"mentions"`
	Everyone    bool         `json:"mention_everyone"`
	Attachments []attachment `json:"attachments"`
	Embeds      []any        `json:"embeds"`
	Components  []row        `json:"components"`
	Flags       int          `json:"flags"`
	Nonce       string       `json:"nonce,omitempty"`
	Reference   *reference   `json:"message_reference,omitempty"`
	Referenced  *message     `json:"referenced_message,omitempty"`
	Snapshots   []snapshot   `json:"message_snapshots,omitempty"`

	// answers is the interaction that a message of the bot is the response to, and
	// drafts what stood in it before.
	answers string
	drafts  []string
	// thinking holds until a deferred response has its content.
	thinking bool
}

type row struct {
	Type       int      `json:"type"`
	Components []button `json:"components"`
}

// button is a component (D/components/reference#button).
type button struct {
	Type     int    `json:"type"`
	Style    int    `json:"style"`
	Label    string `json:"label"`
	CustomID string `json:"custom_id"`
	Disabled bool   `json:"disabled"`
}

// event is a dispatch that is not numbered yet.
type event struct {
	name string
	// data is what a session with all intents sees.
	data any
	// private says that it is of a direct message, and intent what it needs.
	intent int
}

// Intents (D/events/gateway#list-of-intents).
const (
	intentGuilds          = 1 << 0
	intentGuildMessages   = 1 << 9
	intentGuildReactions  = 1 << 10
	intentDirectMessages  = 1 << 12
	intentDirectReactions = 1 << 13
	intentMessageContent  = 1 << 15
	intentsPrivileged     = 1<<1 | 1<<8 | intentMessageContent
	intentsKnown          = 1<<26 - 1
)

func messageIntent(c *channel) int {
	if c.GuildID == "" {
		return intentDirectMessages
	}
	return intentGuildMessages
}

func reactionIntent(c *channel) int {
	if c.GuildID == "" {
		return intentDirectReactions
	}
	return intentGuildReactions
}

// seen is a message as an application with these intents sees it: without what
// people wrote, where it has not the intent, does not stand in a direct message
// and is not mentioned (D/events/gateway#message-content-intent).
func (s *Server) seen(m *message, intents int) *message {
	if intents&intentMessageContent != 0 || m.GuildID == "" || m.Author.ID == s.bot.ID {
		return m
	}
	for _, u := range m.Mentions {
		if u.ID == s.bot.ID {
			return m
		}
	}
	bare := *m
	bare.Content, bare.Attachments, bare.Embeds, bare.Components, bare.Snapshots = "", []attachment{}, []any{}, []row{}, nil
	return &bare
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000-07:00") }

// Sent are the messages of the bot, oldest first, as they read now.
func (s *Server) Sent() []connectortest.Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []connectortest.Sent
	for _, m := range s.sent {
		if m.thinking {
			continue
		}
		one := connectortest.Sent{
			ID: m.ID, Chat: m.ChannelID, ReplyTo: m.answers, Text: m.Content,
			Drafts: append([]string(nil), m.drafts...), Private: m.Flags&ephemeral != 0,
		}
		if m.Reference != nil && one.ReplyTo == "" {
			one.ReplyTo = m.Reference.MessageID
		}
		for _, r := range m.Components {
			for _, b := range r.Components {
				one.Buttons = append(one.Buttons, buttonOf(b))
			}
		}
		all = append(all, one)
	}
	return all
}

// Signs are the reactions and the typing signs of the bot.
func (s *Server) Signs() []connectortest.Sign {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]connectortest.Sign(nil), s.signs...)
}
