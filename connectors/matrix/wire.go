package matrix

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"maunium.net/go/mautrix/crypto/attachment"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"
)

// relation is m.relates_to.
type relation struct {
	Type    event.RelationType `json:"rel_type"`
	Event   id.EventID         `json:"event_id"`
	Key     string             `json:"key"`
	ReplyTo struct {
		Event id.EventID `json:"event_id"`
	} `json:"m.in_reply_to"`
	// Fallback says that ReplyTo is there for clients without threads.
	Fallback bool `json:"is_falling_back"`
}

type relating struct {
	Relates relation `json:"m.relates_to"`
}

func (r relation) thread() id.EventID {
	if r.Type == event.RelThread {
		return r.Event
	}
	return ""
}

// replyTo is the event that a person chose to reply to.
func (r relation) replyTo() id.EventID {
	if r.Type == event.RelThread && r.Fallback {
		return ""
	}
	return r.ReplyTo.Event
}

// words is what an m.room.message says, and m.new_content says anew.
type words struct {
	Type     event.MessageType `json:"msgtype"`
	Body     *string           `json:"body"`
	File     string            `json:"filename"`
	URL      string            `json:"url"`
	Locked   *lockedFile       `json:"file"`
	Info     fileInfo          `json:"info"`
	Mentions mentions          `json:"m.mentions"`
}

type message struct {
	words
	relating
	New *words `json:"m.new_content"`
}

type mentions struct {
	Users []id.UserID `json:"user_ids"`
}

func (m mentions) of(who id.UserID) bool { return slices.Contains(m.Users, who) }

type fileInfo struct {
	Type string `json:"mimetype"`
	// Size may come with a decimal point from bridges.
	Size float64 `json:"size"`
}

// lockedFile is where an encrypted file is and how it is opened.
type lockedFile struct {
	attachment.EncryptedFile
	URL string `json:"url"`
}

// validUser tells whether an id is a whole one. Historical ids may hold any
// character (appendices, "Historical User IDs"), so nothing is changed in it.
func validUser(u id.UserID) bool {
	local, server, ok := strings.Cut(string(u), ":")
	return ok && server != "" && strings.HasPrefix(local, "@") && len(u) <= 255 && utf8.ValidString(string(u))
}

// withoutFallback strips the quoted text that older clients put before a reply:
// lines that start with ">", the first of which names who is quoted, and an empty
// one (spec v1.12 and older, "Fallbacks for rich replies"). What is quoted was not
// said by who sent the message.
func withoutFallback(body string) string {
	if !strings.HasPrefix(body, "> <@") && !strings.HasPrefix(body, "> * <@") {
		return body
	}
	rest := body
	for strings.HasPrefix(rest, ">") {
		_, after, more := strings.Cut(rest, "\n")
		if !more {
			return ""
		}
		rest = after
	}
	return strings.TrimPrefix(rest, "\n")
}

// jsonLen is a text's length as an event holds it.
func jsonLen(s string) int {
	raw, err := json.Marshal(s)
	if err != nil {
		return len(s)
	}
	return len(raw) - len(`""`)
}
