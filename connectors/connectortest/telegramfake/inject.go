package telegramfake

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/connectortest"
)

// Inject plays an event. A chat's label may name a topic: "room#7". In a channel
// nobody has a name: the user is the channel itself. An event with several
// attachments is an album, which on this platform is several messages; the ids
// are those of the first.
func (s *Server) Inject(e connectortest.Event) (connectortest.IDs, error) {
	if e.Local {
		return connectortest.IDs{}, errors.New("inject: nobody sits at a terminal here")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	name := e.Name
	if name == "" {
		name = e.Person
	}
	from := user{ID: number(e.Person), FirstName: name, IsBot: e.Bot}
	chat := s.open(e.Chat, e.ChatKind, e.Person, name, e.ChatName)
	ids := connectortest.IDs{Chat: strconv.FormatInt(chat.id, 10), User: strconv.FormatInt(from.ID, 10)}
	if chat.kind == "channel" {
		ids.User = ids.Chat
	}
	switch e.Kind {
	case "", connectors.EventMessage:
		ids.Message = strconv.Itoa(s.say(e, chat, from))
	case connectors.EventEdit:
		ids.Message = e.About
		return ids, s.change(e, chat, from)
	case connectors.EventCallback:
		ids.Message = s.press(e, chat, from)
	case connectors.EventReaction:
		s.react(e, chat, from)
	default:
		return ids, fmt.Errorf("inject: Telegram tells bots nothing of the kind %q", e.Kind)
	}
	return ids, nil
}

// say plays a new message. s.mu is held.
func (s *Server) say(e connectortest.Event, chat *place, from user) int {
	kind := "message"
	if chat.kind == "channel" {
		kind = "channel_post"
	}
	m := s.message(e, chat, from)
	first := chat.add(from.ID)
	m["message_id"] = first
	for i, a := range e.Attachments {
		if i > 0 {
			m = s.message(connectortest.Event{Chat: e.Chat, Person: e.Person}, chat, from)
			m["message_id"] = chat.add(from.ID)
		}
		if len(e.Attachments) > 1 {
			m["media_group_id"] = fmt.Sprint("album", first)
		}
		s.attach(m, a)
		if i < len(e.Attachments)-1 {
			s.push(chat.id, kind, m)
		}
	}
	s.push(chat.id, kind, m)
	return first
}

// message makes the object Message, without its id. s.mu is held.
func (s *Server) message(e connectortest.Event, chat *place, from user) map[string]any {
	m := map[string]any{"date": now(), "chat": chat.wire()}
	if chat.kind == "channel" {
		m["sender_chat"] = chat.wire()
	} else {
		m["from"] = from
	}
	if e.Text != "" {
		m["text"] = e.Text
		if all := entities(e, s.me); len(all) > 0 {
			m["entities"] = all
		}
	}
	if _, topic, ok := strings.Cut(e.Chat, "#"); ok {
		// "reply_to_message": whatever is said in a topic answers the message that made it.
		id, _ := strconv.Atoi(topic) // zero is no topic
		chat.topics[id], chat.messages[id], chat.next = true, s.me.ID, max(chat.next, id)
		m["chat"], m["message_thread_id"], m["is_topic_message"] = chat.wire(), id, true
		m["reply_to_message"] = map[string]any{
			"message_id": id, "date": now(), "chat": chat.wire(), "from": s.me,
			"message_thread_id": id, "is_topic_message": true,
			"forum_topic_created": map[string]any{"name": topic, "icon_color": 7322096},
		}
	}
	if e.ReplyTo != "" {
		author := user{ID: 5, FirstName: "Somebody"}
		if e.ReplyToBot {
			author = s.me
		}
		id, _ := strconv.Atoi(e.ReplyTo) // zero is no message
		m["reply_to_message"] = map[string]any{"message_id": id, "date": now(), "chat": chat.wire(), "from": author, "text": "the text replied to"}
	}
	if e.Forwarded {
		m["forward_origin"] = map[string]any{"type": "hidden_user", "sender_user_name": "Owner", "date": now()}
	}
	return m
}

// change plays an edit. s.mu is held.
func (s *Server) change(e connectortest.Event, chat *place, from user) error {
	id, err := strconv.Atoi(e.About)
	if err != nil {
		return fmt.Errorf("inject an edit: %w", err)
	}
	kind := "edited_message"
	if chat.kind == "channel" {
		kind = "edited_channel_post"
	}
	m := s.message(e, chat, from)
	m["message_id"], m["edit_date"] = id, now()
	s.push(chat.id, kind, m)
	return nil
}

// press plays the object CallbackQuery. s.mu is held.
func (s *Server) press(e connectortest.Event, chat *place, from user) string {
	s.nextPress++
	id := strconv.FormatInt(from.ID<<32+s.nextPress, 10)
	s.presses[id] = true
	about, _ := strconv.Atoi(e.About) // zero is no message
	s.push(chat.id, "callback_query", map[string]any{
		"id": id, "from": from, "chat_instance": "1", "data": e.Text,
		"message": map[string]any{"message_id": about, "date": now(), "chat": chat.wire(), "from": s.me, "text": "press"},
	})
	return id
}

// react plays the object MessageReactionUpdated. s.mu is held.
func (s *Server) react(e connectortest.Event, chat *place, from user) {
	about, _ := strconv.Atoi(e.About) // zero is no message
	s.push(chat.id, "message_reaction", map[string]any{
		"chat": chat.wire(), "message_id": about, "user": from, "date": now(),
		"old_reaction": []any{}, "new_reaction": []any{map[string]any{"type": "emoji", "emoji": e.Text}},
	})
}

// attach puts a file into a message, as a photo or a voice message where it is
// one without a name. s.mu is held.
func (s *Server) attach(m map[string]any, a connectors.Attachment) {
	id := fmt.Sprintf("file%d_-x", len(s.files)+1)
	f := map[string]any{"file_id": id, "file_unique_id": "u" + id, "file_size": a.Bytes}
	path := fmt.Sprintf("documents/file_%d.bin", len(s.files)+1)
	switch {
	case a.Name == "" && strings.HasPrefix(a.Type, "image/"):
		small := map[string]any{"file_id": id + "s", "file_unique_id": "us" + id, "file_size": 10, "width": 90, "height": 90}
		f["width"], f["height"] = 1280, 1280
		m["photo"] = []any{small, f}
	case a.Name == "" && a.Type == "audio/ogg":
		f["duration"], f["mime_type"] = 3, a.Type
		m["voice"] = f
	default:
		f["file_name"], f["mime_type"] = a.Name, a.Type
		m["document"] = f
	}
	s.files[id] = file{name: a.Name, path: path, bytes: a.Bytes}
	if text, ok := m["text"]; ok {
		m["caption"] = text
		if all, ok := m["entities"]; ok {
			m["caption_entities"] = all
		}
		delete(m, "text")
		delete(m, "entities")
	}
}

// found is what the server sees in a text by itself: commands and mentions by
// name, each after a space or at the start.
var found = regexp.MustCompile(`(^|\s)(/[A-Za-z0-9_]{1,32}(?:@[A-Za-z0-9_]{4,32})?|@[A-Za-z0-9_]{4,32})`)

// entities are the objects MessageEntity of a text. A mention that the text does
// not have is one without a name ("text_mention").
func entities(e connectortest.Event, me user) []map[string]any {
	var all []map[string]any
	for _, at := range found.FindAllStringSubmatchIndex(e.Text, -1) {
		kind := "mention"
		if e.Text[at[4]] == '/' {
			kind = "bot_command"
		}
		all = append(all, map[string]any{
			"type": kind, "offset": utf16Len(e.Text[:at[4]]), "length": utf16Len(e.Text[at[4]:at[5]]),
		})
	}
	if e.Mention && !strings.Contains(strings.ToLower(e.Text), "@"+me.Username) {
		word, _, _ := strings.Cut(e.Text, " ")
		all = append(all, map[string]any{"type": "text_mention", "offset": 0, "length": utf16Len(word), "user": me})
	}
	return all
}
