package telegram

import (
	"encoding/json"
	"errors"
	"fmt"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"
)

// kinds are the updates asked for; all others never come. Business messages,
// inline queries, payments and membership are not a chat with the bot.
func kinds() []string {
	return []string{
		"message", "edited_message", "channel_post", "edited_channel_post", "callback_query", "message_reaction",
	}
}

// update is one event (https://core.telegram.org/bots/api#update). The library's
// type is older than topics and reactions.
type update struct {
	ID                int64     `json:"update_id"`
	Message           *message  `json:"message"`
	EditedMessage     *message  `json:"edited_message"`
	ChannelPost       *message  `json:"channel_post"`
	EditedChannelPost *message  `json:"edited_channel_post"`
	Callback          *callback `json:"callback_query"`
	Reaction          *reaction `json:"message_reaction"`
}

// message is what is read of one (https://core.telegram.org/bots/api#message).
// What is not read cannot make a message unreadable when the platform changes it.
type message struct {
	MessageID  int            `json:"message_id"`
	Thread     int            `json:"message_thread_id"`
	InTopic    bool           `json:"is_topic_message"`
	From       *tgbotapi.User `json:"from"`
	SenderChat *tgbotapi.Chat `json:"sender_chat"`
	Chat       *tgbotapi.Chat `json:"chat"`
	Date       int64          `json:"date"`
	EditDate   int64          `json:"edit_date"`

	ReplyTo       *original `json:"reply_to_message"`
	ForwardOrigin *struct{} `json:"forward_origin"`
	// ForwardDate is what servers before Bot API 7.0 say of a forwarded message.
	ForwardDate int64 `json:"forward_date"`
	AutoForward bool  `json:"is_automatic_forward"`
	// ViaBot wrote the words that somebody picked by their title.
	ViaBot *tgbotapi.User `json:"via_bot"`

	Text            string                   `json:"text"`
	Entities        []tgbotapi.MessageEntity `json:"entities"`
	Caption         string                   `json:"caption"`
	CaptionEntities []tgbotapi.MessageEntity `json:"caption_entities"`

	Animation *tgbotapi.Animation  `json:"animation"`
	Audio     *tgbotapi.Audio      `json:"audio"`
	Document  *tgbotapi.Document   `json:"document"`
	Photo     []tgbotapi.PhotoSize `json:"photo"`
	Sticker   *sticker             `json:"sticker"`
	Video     *tgbotapi.Video      `json:"video"`
	VideoNote *tgbotapi.VideoNote  `json:"video_note"`
	Voice     *tgbotapi.Voice      `json:"voice"`
}

// sticker is the library's, with its third type.
type sticker struct {
	tgbotapi.Sticker
	IsVideo bool `json:"is_video"`
}

// original is a message that another one answers.
type original struct {
	MessageID    int            `json:"message_id"`
	From         *tgbotapi.User `json:"from"`
	SenderChat   *tgbotapi.Chat `json:"sender_chat"`
	TopicCreated *struct{}      `json:"forum_topic_created"`
}

// callback is the press of a button (https://core.telegram.org/bots/api#callbackquery).
type callback struct {
	ID      string         `json:"id"`
	From    *tgbotapi.User `json:"from"`
	Message *message       `json:"message"`
	Data    string         `json:"data"`
}

// reaction is a change of one person's reactions to a message
// (https://core.telegram.org/bots/api#messagereactionupdated).
type reaction struct {
	Chat      *tgbotapi.Chat `json:"chat"`
	MessageID int            `json:"message_id"`
	User      *tgbotapi.User `json:"user"`
	ActorChat *tgbotapi.Chat `json:"actor_chat"`
	Date      int64          `json:"date"`
	Old       []reactionType `json:"old_reaction"`
	New       []reactionType `json:"new_reaction"`
}

// reactionType is one reaction (https://core.telegram.org/bots/api#reactiontype).
type reactionType struct {
	Type        string `json:"type"`
	Emoji       string `json:"emoji"`
	CustomEmoji string `json:"custom_emoji_id"`
}

func (r reactionType) text() string {
	switch r.Type {
	case "emoji":
		return r.Emoji
	case "custom_emoji":
		return "custom:" + r.CustomEmoji
	}
	return r.Type
}

// decode reads one update. Where it cannot, id is still the update's if it has
// one, so that what nobody will ever read does not hold up the others.
func decode(raw []byte) (u update, id int64, err error) {
	var head struct {
		ID *int64 `json:"update_id"`
	}
	if err := json.Unmarshal(raw, &head); err != nil || head.ID == nil || *head.ID <= 0 {
		return update{}, 0, errors.New("read update: it has no id")
	}
	if err := json.Unmarshal(raw, &u); err != nil {
		// The error of the decoder quotes what a person wrote.
		return update{}, *head.ID, fmt.Errorf("read update %d: it has not the form of one", *head.ID)
	}
	return u, *head.ID, nil
}
