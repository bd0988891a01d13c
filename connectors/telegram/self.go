package telegram

import (
	"context"
	"errors"
	"strconv"
	"strings"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/driver"
)

// self is the bot as getMe gives it (https://core.telegram.org/bots/api#user).
type self struct {
	ID              int64  `json:"id"`
	IsBot           bool   `json:"is_bot"`
	UserName        string `json:"username"`
	CanJoinGroups   bool   `json:"can_join_groups"`
	ReadsAllInGroup bool   `json:"can_read_all_group_messages"`
}

// is tells whether a name without its "@" is the bot's: "usernames are case
// insensitive, but may only include Latin characters, numbers, and underscores".
// Unicode's folding would let letters pass that only look alike.
func (s *self) is(name string) bool {
	return s.UserName != "" && len(name) == len(s.UserName) && asciiLower(name) == asciiLower(s.UserName)
}

func asciiLower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + ('a' - 'A')
		}
		return r
	}, s)
}

// whoami asks Telegram who the bot is.
func (a *api) whoami(ctx context.Context) (*self, error) {
	var s self
	if err := a.call(ctx, "getMe", nil, &s); err != nil {
		return nil, err
	}
	if s.ID == 0 || !s.IsBot {
		return nil, errors.New("getMe: the answer names no bot")
	}
	return &s, nil
}

const (
	// The limits of a menu (https://core.telegram.org/bots/api#botcommand).
	maxCommands = 100
	maxAbout    = 256
)

// menu sets the bot's command menu. Its failure harms nothing but the menu.
func (c *Connector) menu(ctx context.Context) {
	list := make([]tgbotapi.BotCommand, 0, len(c.deps.Commands))
	for _, cmd := range c.deps.Commands[:min(len(c.deps.Commands), maxCommands)] {
		list = append(list, tgbotapi.BotCommand{Command: cmd.Name, Description: about(cmd)})
	}
	if len(list) == 0 {
		return
	}
	params := tgbotapi.Params{}
	object(params, "commands", list)
	err := driver.Retry(ctx, true, func(ctx context.Context) error { return c.api.call(ctx, "setMyCommands", params, nil) })
	if err != nil && ctx.Err() == nil {
		c.log.WarnContext(ctx, "command menu not set", "error", err)
	}
}

func about(cmd connectors.Command) string {
	text := []rune(strings.TrimSpace(cmd.Args + " " + cmd.About))
	if len(text) == 0 {
		text = []rune(cmd.Name)
	}
	return string(text[:min(len(text), maxAbout)])
}

// id writes an id as the platform does.
func id(n int64) string { return strconv.FormatInt(n, 10) }
