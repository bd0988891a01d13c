package discord

import (
	"encoding/json"
	"strconv"
	"time"
)

// The structures of the gateway and of the requests, with the fields that are
// used. They are not discordgo's, which refuse a whole message for one component
// of a kind that they do not know and leave out who wrote what was reacted to.

// frame is a gateway payload
// (https://docs.discord.com/developers/events/gateway-events#payload-structure).
type frame struct {
	Op   int             `json:"op"`
	Data json.RawMessage `json:"d"`
	Seq  *int64          `json:"s,omitempty"`
	Type string          `json:"t,omitempty"`
}

type wireUser struct {
	ID         string `json:"id"`
	Username   string `json:"username"`
	GlobalName string `json:"global_name"`
	Bot        bool   `json:"bot"`
	System     bool   `json:"system"`
}

type wireMember struct {
	Nick string    `json:"nick"`
	User *wireUser `json:"user"`
}

type wireAttachment struct {
	Filename    string `json:"filename"`
	ContentType string `json:"content_type"`
	Size        int64  `json:"size"`
	URL         string `json:"url"`
}

type wireReference struct {
	Type      int    `json:"type"`
	MessageID string `json:"message_id"`
}

type wireSnapshot struct {
	Message struct {
		Content     string           `json:"content"`
		Attachments []wireAttachment `json:"attachments"`
	} `json:"message"`
}

// wireMessage is a message object
// (https://docs.discord.com/developers/resources/message#message-object).
type wireMessage struct {
	ID          string           `json:"id"`
	ChannelID   string           `json:"channel_id"`
	GuildID     string           `json:"guild_id"`
	Type        int              `json:"type"`
	Author      *wireUser        `json:"author"`
	Member      *wireMember      `json:"member"`
	WebhookID   string           `json:"webhook_id"`
	Content     string           `json:"content"`
	Timestamp   string           `json:"timestamp"`
	Edited      string           `json:"edited_timestamp"`
	Mentions    []wireUser       `json:"mentions"`
	Attachments []wireAttachment `json:"attachments"`
	Reference   *wireReference   `json:"message_reference"`
	Referenced  *wireMessage     `json:"referenced_message"`
	Snapshots   []wireSnapshot   `json:"message_snapshots"`
}

type wireDelete struct {
	ID        string   `json:"id"`
	IDs       []string `json:"ids"`
	ChannelID string   `json:"channel_id"`
	GuildID   string   `json:"guild_id"`
}

// wireReaction is what MESSAGE_REACTION_ADD says.
type wireReaction struct {
	UserID    string      `json:"user_id"`
	ChannelID string      `json:"channel_id"`
	MessageID string      `json:"message_id"`
	GuildID   string      `json:"guild_id"`
	Member    *wireMember `json:"member"`
	AuthorID  string      `json:"message_author_id"`
	Emoji     struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"emoji"`
}

// wireInteraction is an interaction object
// (https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object).
type wireInteraction struct {
	ID        string       `json:"id"`
	AppID     string       `json:"application_id"`
	Type      int          `json:"type"`
	Token     string       `json:"token"`
	ChannelID string       `json:"channel_id"`
	GuildID   string       `json:"guild_id"`
	Context   *int         `json:"context"`
	Channel   *wireChannel `json:"channel"`
	Member    *wireMember  `json:"member"`
	User      *wireUser    `json:"user"`
	Message   *wireMessage `json:"message"`
	Data      struct {
		Name     string `json:"name"`
		CustomID string `json:"custom_id"`
		Options  []struct {
			Name  string          `json:"name"`
			Value json.RawMessage `json:"value"`
		} `json:"options"`
	} `json:"data"`
}

type wireChannel struct {
	ID      string `json:"id"`
	Type    int    `json:"type"`
	GuildID string `json:"guild_id"`
	Name    string `json:"name"`
}

type wireGuild struct {
	ID       string        `json:"id"`
	Channels []wireChannel `json:"channels"`
	Threads  []wireChannel `json:"threads"`
}

type wireReady struct {
	User        wireUser `json:"user"`
	SessionID   string   `json:"session_id"`
	ResumeURL   string   `json:"resume_gateway_url"`
	Application struct {
		ID string `json:"id"`
	} `json:"application"`
}

// epoch is the first second of 2015, from which Discord's ids count.
const epoch = 1420070400000

// snowflake reads an id (https://docs.discord.com/developers/reference#snowflakes);
// what is none is 0.
func snowflake(id string) uint64 {
	n, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// timeOf is when an id was made; the zero time for what is none.
func timeOf(id string) time.Time {
	n := snowflake(id)
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(n>>22) + epoch).UTC()
}

func parseTime(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
