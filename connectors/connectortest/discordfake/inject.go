package discordfake

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/connectortest"
)

// Inject plays one event. What Discord does not tell of it is empty in the ids:
// who deleted a message, and the id of a reaction.
func (s *Server) Inject(e connectortest.Event) (connectortest.IDs, error) {
	if e.Local || e.Kind == connectors.EventCommand {
		return connectortest.IDs{}, errors.New("this cannot be played on Discord")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, who := s.channelOf(e), s.personOf(e)
	ids := connectortest.IDs{Chat: c.ID, User: who.ID}
	var ev event
	switch e.Kind {
	case "", connectors.EventMessage:
		m := s.write(c, who, e)
		ids.Message = m.ID
		ev = event{"MESSAGE_CREATE", m, messageIntent(c)}
	case connectors.EventEdit:
		m := s.find(c, e.About)
		if m == nil {
			return ids, fmt.Errorf("there is no message %q to edit", e.About)
		}
		// The event is of a moment: an edit that follows must not change it.
		edited := *m
		now := stamp(time.Now())
		for edited.Edited != nil && *edited.Edited >= now {
			now = stamp(parse(*edited.Edited).Add(time.Microsecond))
		}
		edited.Content, edited.Edited = e.Text, &now
		*m = edited
		ids.Message = m.ID
		ev = event{"MESSAGE_UPDATE", &edited, messageIntent(c)}
	case connectors.EventDelete:
		s.remove(c, e.About)
		ids.Message, ids.User = e.About, ""
		ev = event{"MESSAGE_DELETE", map[string]any{"id": e.About, "channel_id": c.ID, "guild_id": c.GuildID}, messageIntent(c)}
	case connectors.EventReaction:
		ev = event{"MESSAGE_REACTION_ADD", s.reaction(c, who, e), reactionIntent(c)}
	case connectors.EventCallback:
		ids.Message, ev = s.press(c, who, e)
	default:
		return ids, fmt.Errorf("there is no event %q on Discord", e.Kind)
	}
	s.play(ev)
	return ids, nil
}

// Redeliver plays the last event once more, as a resume may.
func (s *Server) Redeliver() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last.name == "" {
		return errors.New("there was no event yet")
	}
	s.dispatch(s.last)
	return nil
}

// Play sends an event as it stands, with what a driver makes of no Event. It
// needs no intent.
func (s *Server) Play(name string, data any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.play(event{name, data, 0})
}

func (s *Server) play(ev event) {
	s.last = ev
	if !s.begun {
		s.held = append(s.held, ev)
		return
	}
	s.dispatch(ev)
}

// channelOf gives the channel of a label; each kind of chat has its own.
func (s *Server) channelOf(e connectortest.Event) *channel {
	label := string(e.ChatKind) + "/" + e.Chat
	if c := s.byLabel[label]; c != nil {
		if e.ChatName != "" && e.ChatName != c.Name && c.GuildID != "" {
			c.Name = e.ChatName
			s.play(event{"CHANNEL_UPDATE", *c, intentGuilds})
		}
		return c
	}
	c := &channel{ID: s.id(), Name: cmp.Or(e.ChatName, e.Chat), GuildID: s.guild}
	switch e.ChatKind {
	case connectors.ChatDM:
		c.Type, c.GuildID, c.Name = 1, "", ""
	case connectors.ChatGroup:
		c.Type = 0
	case connectors.ChatChannel:
		c.Type = 5
	default:
		// A type that the documentation does not know yet.
		c.Type = 99
	}
	s.byLabel[label], s.channels[c.ID] = c, c
	s.order = append(s.order, c)
	// Of a direct message a bot hears no CHANNEL_CREATE (D/events/gateway-events#channel-create).
	if c.GuildID != "" && s.begun {
		s.dispatch(event{"CHANNEL_CREATE", c, intentGuilds})
	}
	return c
}

func (s *Server) personOf(e connectortest.Event) user {
	u, ok := s.people[e.Person]
	if !ok {
		u = user{ID: s.id(), Username: "person"}
	}
	u.GlobalName, u.Bot = e.Name, e.Bot
	s.people[e.Person] = u
	return u
}

// write makes a person's message.
func (s *Server) write(c *channel, who user, e connectortest.Event) *message {
	m := &message{
		ID: s.id(), ChannelID: c.ID, GuildID: c.GuildID, Author: who, Content: e.Text, Timestamp: stamp(time.Now()),
		Mentions: []user{}, Attachments: s.attach(c, e.Attachments), Embeds: []any{}, Components: []row{},
	}
	if c.GuildID != "" {
		m.Member = &member{}
	}
	if e.Mention {
		m.Content, m.Mentions = "<@"+s.bot.ID+"> "+e.Text, []user{s.bot}
	}
	if e.ReplyTo != "" {
		m.Type = 19
		m.Reference = &reference{MessageID: e.ReplyTo, ChannelID: c.ID}
		m.Referenced = &message{ID: e.ReplyTo, ChannelID: c.ID, Author: user{ID: s.id(), Username: "other"}}
		if old := s.find(c, e.ReplyTo); old != nil {
			referenced := *old
			m.Referenced = &referenced
		}
		if e.ReplyToBot {
			m.Referenced.Author = s.bot
			// A reply pings whom it answers unless its writer turns that off
			// (D/resources/message#allowed-mentions-object): the list has the bot, the
			// text has not.
			m.Mentions = append(m.Mentions, s.bot)
		}
	}
	if e.Forwarded {
		// D/resources/message#message-snapshot-object: the words are the snapshot's.
		var snap snapshot
		snap.Message.Content, snap.Message.Attachments = m.Content, m.Attachments
		m.Reference, m.Snapshots = &reference{Type: 1, MessageID: s.id(), ChannelID: s.id()}, []snapshot{snap}
		m.Content, m.Attachments = "", []attachment{}
	}
	s.keep(c, m)
	return m
}

func (s *Server) attach(c *channel, all []connectors.Attachment) []attachment {
	out := []attachment{}
	for _, a := range all {
		id := s.id()
		path := "/attachments/" + c.ID + "/" + id + "/file"
		s.files[path] = fmt.Appendf(nil, "content of %s", a.Name)
		out = append(out, attachment{ID: id, Filename: a.Name, ContentType: a.Type, Size: a.Bytes, URL: s.http.URL + path + "?ex=1&is=2&hm=3"})
	}
	return out
}

func (s *Server) keep(c *channel, m *message) {
	c.LastID = m.ID
	c.messages = append(c.messages, m)
	if len(c.messages) > 2*keptMessages {
		c.messages = append([]*message(nil), c.messages[keptMessages:]...)
	}
}

func (s *Server) find(c *channel, id string) *message {
	for i := len(c.messages) - 1; i >= 0; i-- {
		if c.messages[i].ID == id {
			return c.messages[i]
		}
	}
	return nil
}

func (s *Server) remove(c *channel, id string) {
	for i, m := range c.messages {
		if m.ID == id {
			c.messages = append(c.messages[:i:i], c.messages[i+1:]...)
			return
		}
	}
}

// reaction is MESSAGE_REACTION_ADD (D/events/gateway-events#message-reaction-add).
func (s *Server) reaction(c *channel, who user, e connectortest.Event) map[string]any {
	about := e.About
	if about == "" {
		about = e.ReplyTo
	}
	data := map[string]any{
		"user_id": who.ID, "channel_id": c.ID, "message_id": about, "burst": false, "type": 0,
		"emoji": map[string]any{"id": nil, "name": e.Text},
	}
	if c.GuildID != "" {
		data["guild_id"], data["member"] = c.GuildID, member{User: &who}
	}
	if m := s.find(c, about); m != nil {
		data["message_author_id"] = m.Author.ID
	}
	if e.ReplyToBot {
		data["message_author_id"] = s.bot.ID
	}
	return data
}

func parse(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}
	}
	return t
}
