package telegram

import (
	"unicode/utf16"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"
)

// entities are what the platform marked in the text, or in the caption.
func entities(m *message) []tgbotapi.MessageEntity {
	if m.Text == "" {
		return m.CaptionEntities
	}
	return m.Entities
}

// mentions tells whether the platform marked a mention of this bot: its name
// ("mention"), a link to it ("text_mention"), or a command for it by name.
// What only looks like one in the text is text.
func mentions(m *message, bot *self) bool {
	text := m.Text
	if text == "" {
		text = m.Caption
	}
	var units []uint16
	for _, e := range entities(m) {
		switch e.Type {
		case "text_mention":
			if e.User != nil && e.User.ID == bot.ID {
				return true
			}
		case "mention", "bot_command":
			if units == nil {
				units = utf16.Encode([]rune(text))
			}
			if name, ok := named(marked(units, e)); ok && bot.is(name) {
				return true
			}
		}
	}
	return false
}

// marked is the text of an entity: "Offset in UTF-16 code units". An entity that
// does not lie in the text marks nothing.
func marked(units []uint16, e tgbotapi.MessageEntity) string {
	if e.Offset < 0 || e.Length <= 0 || e.Offset > len(units) || e.Length > len(units)-e.Offset {
		return ""
	}
	return string(utf16.Decode(units[e.Offset : e.Offset+e.Length]))
}

// named is the name behind the first "@".
func named(text string) (string, bool) {
	for i := range len(text) {
		if text[i] == '@' {
			return text[i+1:], true
		}
	}
	return "", false
}

// commandText is the text for ParseCommand: "/help@thisbot me" reads "/help me".
// A command for another bot keeps its name, and is no command here.
func commandText(text string, all []tgbotapi.MessageEntity, bot *self) string {
	for _, e := range all {
		if e.Type != "bot_command" || e.Offset != 0 || e.Length <= 0 || e.Length > len(text) {
			continue
		}
		// A command is of ASCII alone: units are bytes. Where they are not, the name
		// is nobody's.
		if name, ok := named(text[:e.Length]); ok && bot.is(name) {
			return text[:e.Length-len(name)-1] + text[e.Length:]
		}
	}
	return text
}
