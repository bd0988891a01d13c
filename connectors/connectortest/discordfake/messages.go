package discordfake

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/connectortest"
)

// ephemeral and suppressEmbeds are the flags of a message that a bot may set here
// (D/resources/message#message-object-message-flags).
const (
	suppressEmbeds = 1 << 2
	ephemeral      = 1 << 6
)

// content is what a request for a message holds
// (D/resources/message#create-message).
type content struct {
	Content  *string `json:"content"`
	Mentions *struct {
		Parse       []string `json:"parse"`
		RepliedUser bool     `json:"replied_user"`
	} `json:"allowed_mentions"`
	Components []row      `json:"components"`
	Flags      int        `json:"flags"`
	Reference  *reference `json:"message_reference"`
	Nonce      string     `json:"nonce"`
	Enforce    bool       `json:"enforce_nonce"`
}

// check refuses what Discord refuses; flags are those that the request may set.
func (c content) check(flags int) error {
	invalid := func(text string) error { return refuse(http.StatusBadRequest, 50035, "Invalid Form Body: "+text) }
	switch {
	case c.Content == nil || strings.TrimSpace(*c.Content) == "":
		return refuse(http.StatusBadRequest, 50006, "Cannot send an empty message")
	case utf8.RuneCountInString(*c.Content) > 2000:
		return invalid("content must be 2000 or fewer in length")
	case c.Reference != nil && !isID(c.Reference.MessageID):
		return invalid("message_reference.message_id: Value is not snowflake")
	case len(c.Nonce) > 25:
		return invalid("nonce must be 25 or fewer in length")
	case c.Flags&^flags != 0:
		return invalid("flags")
	case c.Mentions == nil || len(c.Mentions.Parse) > 0:
		// Not Discord's: a bot that lets an agent's words ping is a mistake here.
		return invalid("allowed_mentions lets words ping people")
	case len(c.Components) > 5:
		return invalid("components must be 5 or fewer")
	}
	seen := map[string]bool{}
	for _, r := range c.Components {
		if r.Type != 1 || len(r.Components) == 0 || len(r.Components) > 5 {
			return invalid("a row has one to five components")
		}
		for _, b := range r.Components {
			label := utf8.RuneCountInString(b.Label)
			if b.Type != 2 || b.Style < 1 || b.Style > 4 || label > 80 || b.CustomID == "" || utf8.RuneCountInString(b.CustomID) > 100 {
				return invalid("a button")
			}
			if seen[b.CustomID] {
				return invalid("component custom id cannot be duplicated")
			}
			seen[b.CustomID] = true
		}
	}
	return nil
}

func isID(s string) bool {
	_, err := strconv.ParseUint(s, 10, 64)
	return err == nil
}

func buttonOf(b button) connectors.Button { return connectors.Button{Label: b.Label, Data: b.CustomID} }

func jsonNumber(n int64) string { return strconv.FormatInt(n, 10) }

// channelFor finds a request's channel.
func (s *Server) channelFor(r *http.Request) (*channel, error) {
	if c := s.channels[r.PathValue("channel")]; c != nil {
		return c, nil
	}
	return nil, refuse(http.StatusNotFound, 10003, "Unknown Channel")
}

func (s *Server) getChannel(r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.channelFor(r)
	if err != nil {
		return nil, err
	}
	known := *c
	return known, nil
}

// byBot makes a message of the bot, and tells the gateway: a bot hears itself.
func (s *Server) byBot(c *channel, in content) *message {
	m := &message{
		ID: s.id(), ChannelID: c.ID, GuildID: c.GuildID, Author: s.bot, Content: *in.Content, Timestamp: stamp(time.Now()),
		Mentions: []user{}, Attachments: []attachment{}, Embeds: []any{}, Components: in.Components, Flags: in.Flags, Nonce: in.Nonce,
	}
	if m.Components == nil {
		m.Components = []row{}
	}
	s.sent = append(s.sent, m)
	return m
}

func (s *Server) post(c *channel, m *message) {
	s.keep(c, m)
	s.dispatch(event{"MESSAGE_CREATE", m, messageIntent(c)})
}

// postMessage is D/resources/message#create-message.
func (s *Server) postMessage(r *http.Request) (any, error) {
	var in content
	if err := body(r, &in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.channelFor(r)
	if err != nil {
		return nil, err
	}
	if err := in.check(suppressEmbeds); err != nil {
		return nil, err
	}
	if in.Enforce && in.Nonce != "" {
		for _, m := range slices.Backward(s.sent) {
			if m.Nonce == in.Nonce {
				return *m, nil
			}
		}
	}
	m := s.byBot(c, in)
	if in.Reference != nil {
		if s.find(c, in.Reference.MessageID) == nil && (in.Reference.FailIfGone == nil || *in.Reference.FailIfGone) {
			s.sent = s.sent[:len(s.sent)-1]
			return nil, refuse(http.StatusBadRequest, 50035, "Invalid Form Body: message_reference: Unknown message")
		}
		m.Type, m.Reference = 19, &reference{MessageID: in.Reference.MessageID, ChannelID: c.ID}
	}
	s.post(c, m)
	return *m, nil
}

// patchMessage is D/resources/message#edit-message.
func (s *Server) patchMessage(r *http.Request) (any, error) {
	var in content
	if err := body(r, &in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.channelFor(r)
	if err != nil {
		return nil, err
	}
	m := s.find(c, r.PathValue("message"))
	switch {
	case m == nil:
		return nil, refuse(http.StatusNotFound, 10008, "Unknown Message")
	case m.Author.ID != s.bot.ID:
		return nil, refuse(http.StatusForbidden, 50005, "Cannot edit a message authored by another user")
	}
	if err := s.change(m, in); err != nil {
		return nil, err
	}
	return *m, nil
}

// change edits a message of the bot.
func (s *Server) change(m *message, in content) error {
	if err := in.check(suppressEmbeds); err != nil {
		return err
	}
	if !m.thinking && m.Content != *in.Content {
		m.drafts = append(m.drafts, m.Content)
	}
	now := stamp(time.Now())
	m.Content, m.Edited, m.thinking = *in.Content, &now, false
	if in.Components != nil {
		m.Components = in.Components
	}
	c := s.channels[m.ChannelID]
	if m.Flags&ephemeral == 0 {
		s.dispatch(event{"MESSAGE_UPDATE", m, messageIntent(c)})
	}
	return nil
}

// getMessages is D/resources/message#get-channel-messages: the newest first, and
// with "after" the ones that follow it.
func (s *Server) getMessages(r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.channelFor(r)
	if err != nil {
		return nil, err
	}
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil || limit < 1 || limit > 100 {
		return nil, refuse(http.StatusBadRequest, 50035, "Invalid Form Body: limit")
	}
	all := []*message{}
	after, err := strconv.ParseUint(r.URL.Query().Get("after"), 10, 64)
	for _, m := range c.messages {
		if id, _ := strconv.ParseUint(m.ID, 10, 64); err != nil || id > after {
			all = append(all, s.fetched(m))
		}
	}
	if err == nil {
		all = all[:min(limit, len(all))]
	}
	all = all[max(0, len(all)-limit):]
	slices.Reverse(all)
	return all, nil
}

// fetched is a message as a request gives it: without the server's id and the
// member, which are the gateway's (D/events/gateway-events#message-create).
func (s *Server) fetched(m *message) *message {
	intents := 0
	if s.flags&(1<<18|1<<19) != 0 {
		intents = intentMessageContent
	}
	known := *s.seen(m, intents)
	known.GuildID, known.Member = "", nil
	return &known
}

func (s *Server) getMessage(r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.channelFor(r)
	if err != nil {
		return nil, err
	}
	m := s.find(c, r.PathValue("message"))
	if m == nil {
		return nil, refuse(http.StatusNotFound, 10008, "Unknown Message")
	}
	return s.fetched(m), nil
}

func (s *Server) typing(r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.channelFor(r)
	if err == nil {
		s.signs = append(s.signs, connectortest.Sign{Chat: c.ID, Name: "typing", On: true})
	}
	return nil, err
}

func (s *Server) react(r *http.Request) (any, error)   { return nil, s.sign(r, true) }
func (s *Server) unreact(r *http.Request) (any, error) { return nil, s.sign(r, false) }

// sign is D/resources/message#create-reaction. The gateway gives the bot its own.
func (s *Server) sign(r *http.Request, on bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.channelFor(r)
	if err != nil {
		return err
	}
	if s.find(c, r.PathValue("message")) == nil {
		return refuse(http.StatusNotFound, 10008, "Unknown Message")
	}
	emoji := r.PathValue("emoji")
	s.signs = append(s.signs, connectortest.Sign{Chat: c.ID, Message: r.PathValue("message"), Name: emoji, On: on})
	if on {
		data := s.reaction(c, s.bot, connectortest.Event{About: r.PathValue("message"), Text: emoji})
		s.dispatch(event{"MESSAGE_REACTION_ADD", data, reactionIntent(c)})
	}
	return nil
}
