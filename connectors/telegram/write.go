package telegram

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/driver"
)

// writer is a driver.Writer and a driver.Signaller. Chats are given to it as
// addresses.
type writer struct {
	api    *api
	places *places
	log    *slog.Logger
}

// Post sends a new message.
func (w *writer) Post(ctx context.Context, p driver.Post) (string, error) {
	params, at, err := w.target(p.Chat)
	if err != nil {
		return "", err
	}
	if at.topic != 0 {
		params["message_thread_id"] = strconv.Itoa(at.topic)
	}
	if p.ReplyTo != "" && at.message != 0 {
		object(params, "reply_parameters", map[string]any{
			// An answer to what was deleted meanwhile is an answer all the same.
			"message_id": at.message, "allow_sending_without_reply": true,
		})
	}
	var sent message
	if err := w.write(ctx, "sendMessage", params, p, &sent); err != nil {
		return "", err
	}
	chat, event := parse(p.Chat)
	if sent.InTopic {
		// After a restart the first part tells the topic of the others.
		w.places.remember(chat, event, place{message: at.message, topic: sent.Thread})
	}
	return strconv.Itoa(sent.MessageID), nil
}

// Edit replaces a message's text and buttons. One that reads so already is a
// success: the edit before it was not lost after all.
func (w *writer) Edit(ctx context.Context, id string, p driver.Post) error {
	params, _, err := w.target(p.Chat)
	if err != nil {
		return err
	}
	params["message_id"] = id
	err = w.write(ctx, "editMessageText", params, p, nil)
	if says(err, "message is not modified") {
		return nil
	}
	return err
}

// target begins the parameters of a request. A chat's name ("@room") is refused:
// names change hands, ids do not.
func (w *writer) target(address string) (tgbotapi.Params, place, error) {
	chat, event := parse(address)
	if _, err := strconv.ParseInt(chat, 10, 64); err != nil {
		return nil, place{}, driver.Permanent(errors.New("write to chat: its id is no number"))
	}
	return tgbotapi.Params{"chat_id": chat}, w.places.find(chat, event), nil
}

// write sends a text with its buttons: formatted, and plain where Telegram does
// not take the format; to the supergroup where the group became one. Nothing is
// written twice, as each such error says that nothing was.
func (w *writer) write(ctx context.Context, method string, params tgbotapi.Params, p driver.Post, out any) error {
	// Telegram fetches what a text links to, to show it. An agent that was talked
	// into putting a secret into a link would have given it away by that alone.
	object(params, "link_preview_options", map[string]any{"is_disabled": true})
	if len(p.Buttons) > 0 {
		object(params, "reply_markup", keyboard(p.Buttons))
	}
	params["text"], params["parse_mode"] = markdown(p.Text), "MarkdownV2"
	err := w.api.call(ctx, method, params, out)
	if says(err, "can't parse entities") || says(err, "text is empty") || says(err, "text must be non-empty") {
		w.log.DebugContext(ctx, "format refused, sent as plain text", "method", method)
		delete(params, "parse_mode")
		params["text"] = p.Text
		err = w.api.call(ctx, method, params, out)
	}
	var r *refusal
	if errors.As(err, &r) && r.migrated != 0 {
		w.log.InfoContext(ctx, "group became a supergroup", "chat", params["chat_id"], "supergroup", r.migrated)
		params["chat_id"] = id(r.migrated)
		// Its messages have other ids there.
		delete(params, "reply_parameters")
		err = w.api.call(ctx, method, params, out)
	}
	return err
}

// buttonsInRow is how many buttons stand side by side, so that their labels can
// be read on a telephone.
const buttonsInRow = 3

func keyboard(buttons []connectors.Button) tgbotapi.InlineKeyboardMarkup {
	var rows [][]tgbotapi.InlineKeyboardButton
	for i, b := range buttons {
		if i%buttonsInRow == 0 {
			rows = append(rows, nil)
		}
		row := &rows[len(rows)-1]
		*row = append(*row, tgbotapi.NewInlineKeyboardButtonData(b.Label, b.Data))
	}
	return tgbotapi.NewInlineKeyboardMarkup(rows...)
}

// workingEmoji is one of those that bots may react with
// (https://core.telegram.org/bots/api#reactiontypeemoji).
const workingEmoji = "👀"

// Working sets or takes away the reaction on the message answered. What is no
// message, the press of a button say, has none.
func (w *writer) Working(ctx context.Context, chat, event string, on bool) error {
	params, _, err := w.target(chat)
	if err != nil {
		return err
	}
	if n, err := strconv.ParseInt(event, 10, 32); err != nil || n <= 0 {
		return nil
	}
	reactions := []map[string]string{}
	if on {
		reactions = append(reactions, map[string]string{"type": "emoji", "emoji": workingEmoji})
	}
	params["message_id"] = event
	object(params, "reaction", reactions)
	if err := w.api.call(ctx, "setMessageReaction", params, nil); err != nil {
		return fmt.Errorf("set reaction: %w", err)
	}
	return nil
}

// Typing shows the typing sign for 5 s.
func (w *writer) Typing(ctx context.Context, chat string) error {
	params, at, err := w.target(chat)
	if err != nil {
		return err
	}
	if at.topic != 0 {
		params["message_thread_id"] = strconv.Itoa(at.topic)
	}
	params["action"] = tgbotapi.ChatTyping
	return w.api.call(ctx, "sendChatAction", params, nil)
}
