package telegramfake

import (
	"fmt"
	"hash/fnv"
	"net/http"
	"strconv"
	"strings"

	"github.com/parachute-gate/parachute/connectors"
)

// user is the object User.
type user struct {
	ID        int64  `json:"id"`
	IsBot     bool   `json:"is_bot"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name,omitempty"`
	Username  string `json:"username,omitempty"`
}

// place is a chat.
type place struct {
	id    int64
	kind  string
	title string
	// messages are the authors by message id: ids are counted in each chat.
	messages map[int]int64
	reacted  map[int]string
	topics   map[int]bool
	next     int
}

// add makes a message's id.
func (p *place) add(author int64) int {
	p.next++
	p.messages[p.next] = author
	return p.next
}

// wire is the object Chat.
func (p *place) wire() map[string]any {
	w := map[string]any{"id": p.id, "type": p.kind}
	if p.kind == "private" {
		w["first_name"] = p.title
	} else {
		w["title"] = p.title
	}
	if len(p.topics) > 0 {
		w["is_forum"] = true
	}
	return w
}

// number turns a label into an id that is the same in every run: the label
// itself where it is a number.
func number(label string) int64 {
	if n, err := strconv.ParseInt(label, 10, 64); err == nil && n > 0 {
		return n
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(label)) // a hash takes everything
	return 1e9 + int64(h.Sum32())
}

// UserID is the id of the person with this label.
func (s *Server) UserID(person string) int64 { return number(person) }

// ChatID is the id of the chat with this label. A direct message's is the
// person's; a group is a supergroup (-100…), and a basic one where its label
// begins with "small" ("Groups" have other negative numbers).
func (s *Server) ChatID(label string, kind connectors.ChatKind, person string) int64 {
	label, _, _ = strings.Cut(label, "#")
	switch {
	case kind == connectors.ChatDM:
		return number(person)
	case strings.HasPrefix(label, "small"):
		return -number(label)
	}
	return -1_000_000_000_000 - number(label)
}

// open gives the chat of an event. s.mu is held.
func (s *Server) open(label string, kind connectors.ChatKind, person, name, title string) *place {
	id := s.ChatID(label, kind, person)
	if s.chats[id] == nil {
		s.chats[id] = &place{id: id, title: label, messages: map[int]int64{}, reacted: map[int]string{}, topics: map[int]bool{}}
	}
	p := s.chats[id]
	if title != "" {
		p.title = title
	}
	switch {
	case kind == connectors.ChatDM:
		p.kind, p.title = "private", name
	case kind == connectors.ChatChannel:
		p.kind = "channel"
	case kind != connectors.ChatGroup:
		// A kind that the platform may have one day.
		p.kind = "parlour"
	case id > -1_000_000_000_000:
		p.kind = "group"
	default:
		p.kind = "supergroup"
	}
	return p
}

// place finds the chat of a request: the bot knows those only that wrote to it.
// s.mu is held.
func (s *Server) place(id string) (*place, *fail) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return nil, bad("chat not found")
	}
	if why := s.blocked[n]; why != "" {
		return nil, &fail{code: http.StatusForbidden, description: "Forbidden: " + why}
	}
	if to := s.moved[n]; to != 0 {
		f := bad("group chat was upgraded to a supergroup chat")
		f.migrate = to
		return nil, f
	}
	p := s.chats[n]
	if p == nil {
		return nil, bad("chat not found")
	}
	return p, nil
}

// Block makes a person block the bot, or throw it out of a chat.
func (s *Server) Block(chat int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blocked[chat] = "bot was blocked by the user"
	if chat < 0 {
		s.blocked[chat] = "bot was kicked from the group chat"
	}
}

// Migrate makes a basic group a supergroup and gives the new id. The bot is told
// by messages in both, and by the error of a request to the old one, the object
// ResponseParameters.
func (s *Server) Migrate(chat int64) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.chats[chat]
	if old == nil || old.kind != "group" {
		return 0, fmt.Errorf("migrate chat %d: it is no basic group", chat)
	}
	id := chat - 1_000_000_000_000
	s.chats[id] = &place{
		id: id, kind: "supergroup", title: old.title,
		messages: map[int]int64{}, reacted: map[int]string{}, topics: map[int]bool{},
	}
	s.push(chat, "message", map[string]any{
		"message_id": old.add(0), "date": now(), "chat": old.wire(), "from": user{ID: 1, FirstName: "Admin"}, "migrate_to_chat_id": id,
	})
	s.moved[chat] = id
	return id, nil
}
