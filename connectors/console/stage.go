package console

import (
	"strconv"

	"github.com/parachute-gate/parachute/connectors"
)

// stage is who speaks where. Only Run's goroutine uses it.
type stage struct {
	local string // the person at the terminal
	as    string // the person played; "" is the local one
	group string // the group talked in; "" is a direct message

	start string // what this start's message ids begin with
	count int    // messages so far
	// last is the last message of each speaker in each chat, for :edit.
	last map[place]*written
}

type place struct{ chat, user string }

type written struct {
	id    string
	edits int
}

func newStage(local, start string) stage {
	return stage{local: local, start: start, last: make(map[place]*written)}
}

func (s *stage) user() connectors.User {
	if s.as != "" {
		return connectors.User{ID: s.as, Name: s.as}
	}
	return connectors.User{ID: s.local, Name: s.local, Local: true}
}

func (s *stage) chat() connectors.Chat {
	switch {
	case s.group != "":
		return connectors.Chat{ID: "group-" + s.group, Kind: connectors.ChatGroup, Name: s.group}
	case s.as != "":
		return connectors.Chat{ID: "as-" + s.as, Kind: connectors.ChatDM}
	}
	return connectors.Chat{ID: localChat, Kind: connectors.ChatDM}
}

func (s *stage) place() place { return place{chat: s.chat().ID, user: s.user().ID} }

// write makes a message, a command where the text is one.
func (s *stage) write(text string, mention bool) connectors.Message {
	s.count++
	m := connectors.Message{
		ID:          s.start + "-" + strconv.Itoa(s.count),
		Chat:        s.chat(),
		User:        s.user(),
		Kind:        connectors.EventMessage,
		Text:        text,
		MentionsBot: mention,
	}
	if name, args, ok := connectors.ParseCommand(text); ok {
		m.Kind, m.Command, m.Args = connectors.EventCommand, name, args
	}
	s.last[s.place()] = &written{id: m.ID}
	return m
}

// edit makes a new version of the speaker's last message in this chat. It
// reports false when there is none.
func (s *stage) edit(text string) (connectors.Message, bool) {
	w := s.last[s.place()]
	if w == nil {
		return connectors.Message{}, false
	}
	w.edits++
	return connectors.Message{
		ID:       w.id,
		Revision: strconv.Itoa(w.edits),
		Chat:     s.chat(),
		User:     s.user(),
		Kind:     connectors.EventEdit,
		Text:     text,
	}, true
}

// prompt tells who speaks and, outside their own direct messages, where.
func (s *stage) prompt() string {
	p := s.user().ID
	if s.group != "" {
		p += "@" + s.group
	}
	return p + "> "
}
