package telegramfake

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/connectortest"
)

// maxText is the longest text, "1-4096 characters after entities parsing", in
// the UTF-16 units of the section "MessageEntity".
const maxText = 4096

// message is one that the bot sent.
type message struct {
	id      int
	chat    int64
	thread  int
	replyTo int
	text    string // as an agent would write it: entities as Markdown
	plain   string
	drafts  []string
	buttons []connectors.Button
}

type keyboard struct {
	Rows [][]struct {
		Text string  `json:"text"`
		Data *string `json:"callback_data"`
	} `json:"inline_keyboard"`
}

// Sent is what the bot sent, as it reads now. Entities are shown as the Markdown
// that makes them: three backticks, one, and two stars.
func (s *Server) Sent() []connectortest.Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]connectortest.Sent, 0, len(s.sent))
	for _, m := range s.sent {
		one := connectortest.Sent{
			ID: strconv.Itoa(m.id), Chat: strconv.FormatInt(m.chat, 10), Text: m.text,
			Drafts: slices.Clone(m.drafts), Buttons: slices.Clone(m.buttons),
		}
		if m.replyTo != 0 {
			one.ReplyTo = strconv.Itoa(m.replyTo)
		}
		all = append(all, one)
	}
	return all
}

// RefuseFormat makes the server refuse every format, as it does where it reads
// one in another way than the bot meant.
func (s *Server) RefuseFormat(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unformatted = on
}

// Topics are the topics of what the bot sent, in the order of Sent; zero is none.
func (s *Server) Topics() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []int
	for _, m := range s.sent {
		all = append(all, m.thread)
	}
	return all
}

// sendMessage is the method of this name. What it replies to puts a message into
// no topic: message_thread_id does ("Unique identifier for the target message
// thread (topic) of a forum").
func (s *Server) sendMessage(p params) (any, *fail) {
	chat, problem := s.place(p["chat_id"])
	if problem != nil {
		return nil, problem
	}
	m := &message{chat: chat.id}
	if problem := s.content(p, m); problem != nil {
		return nil, problem
	}
	if p["message_thread_id"] != "" {
		m.thread, _ = strconv.Atoi(p["message_thread_id"]) // zero is no topic
		if !chat.topics[m.thread] {
			return nil, bad("message thread not found")
		}
	}
	var reply struct {
		Message int  `json:"message_id"`
		Without bool `json:"allow_sending_without_reply"`
	}
	if problem := p.object("reply_parameters", &reply); problem != nil {
		return nil, problem
	}
	switch _, known := chat.messages[reply.Message]; {
	case known:
		m.replyTo = reply.Message
	case reply.Message != 0 && !reply.Without:
		return nil, bad("message to be replied not found")
	}
	m.id = chat.add(s.me.ID)
	s.sent = append(s.sent, m)
	return s.wire(chat, m), nil
}

// content reads what sendMessage and editMessageText have in common.
func (s *Server) content(p params, m *message) *fail {
	text, shown := p["text"], p["text"]
	if !utf8.ValidString(text) {
		return bad("text must be encoded in UTF-8")
	}
	switch p["parse_mode"] {
	case "":
	case "MarkdownV2":
		var problem *fail
		if s.unformatted {
			return unparsed("any", 0)
		}
		if text, shown, problem = parse(text); problem != nil {
			return problem
		}
	default:
		return bad("unsupported parse_mode")
	}
	if strings.TrimSpace(text) == "" {
		return bad("message text is empty")
	}
	if utf16Len(text) > maxText {
		return bad("message is too long")
	}
	var previews struct {
		Disabled bool `json:"is_disabled"`
	}
	if problem := p.object("link_preview_options", &previews); problem != nil {
		return problem
	}
	var keys keyboard
	if problem := p.object("reply_markup", &keys); problem != nil {
		return problem
	}
	m.text, m.plain, m.buttons = shown, text, nil
	for _, row := range keys.Rows {
		for _, b := range row {
			// "Data to be sent in a callback query to the bot when the button is pressed,
			// 1-64 bytes"
			if b.Text == "" || b.Data == nil || *b.Data == "" || len(*b.Data) > 64 {
				return bad("BUTTON_DATA_INVALID")
			}
			m.buttons = append(m.buttons, connectors.Button{Label: b.Text, Data: *b.Data})
		}
	}
	return nil
}

func (s *Server) wire(chat *place, m *message) map[string]any {
	wire := map[string]any{"message_id": m.id, "date": now(), "chat": chat.wire(), "from": s.me, "text": m.plain}
	if m.thread != 0 {
		wire["message_thread_id"], wire["is_topic_message"] = m.thread, true
	}
	return wire
}

// editMessageText is the method of this name.
func (s *Server) editMessageText(p params) (any, *fail) {
	chat, problem := s.place(p["chat_id"])
	if problem != nil {
		return nil, problem
	}
	i := slices.IndexFunc(s.sent, func(m *message) bool { return m.chat == chat.id && strconv.Itoa(m.id) == p["message_id"] })
	if i < 0 {
		if id, err := strconv.Atoi(p["message_id"]); err == nil && chat.messages[id] != 0 {
			return nil, bad("message can't be edited")
		}
		return nil, bad("message to edit not found")
	}
	m := s.sent[i]
	changed := message{}
	if problem := s.content(p, &changed); problem != nil {
		return nil, problem
	}
	if changed.text == m.text && slices.Equal(changed.buttons, m.buttons) {
		return nil, bad("message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message")
	}
	m.drafts = append(m.drafts, m.text)
	m.text, m.plain, m.buttons = changed.text, changed.plain, changed.buttons
	return s.wire(chat, m), nil
}

// reactions are some of those that the object ReactionTypeEmoji lists.
const reactions = "👍👎❤🔥👏😁🤔😢🎉👌👀🤝"

// setMessageReaction is the method of this name: an empty list takes the bot's
// reactions away.
func (s *Server) setMessageReaction(p params) (any, *fail) {
	chat, problem := s.place(p["chat_id"])
	if problem != nil {
		return nil, problem
	}
	var list []struct {
		Type  string `json:"type"`
		Emoji string `json:"emoji"`
	}
	if problem := p.object("reaction", &list); problem != nil {
		return nil, problem
	}
	id, err := strconv.Atoi(p["message_id"])
	if err != nil || chat.messages[id] == 0 {
		return nil, bad("message to react not found")
	}
	sign := connectortest.Sign{Chat: p["chat_id"], Message: p["message_id"], Name: chat.reacted[id], On: len(list) > 0}
	if len(list) > 0 {
		if len(list) > 1 || list[0].Type != "emoji" || list[0].Emoji == "" || !strings.Contains(reactions, list[0].Emoji) {
			return nil, bad("REACTION_INVALID")
		}
		sign.Name = list[0].Emoji
	}
	chat.reacted[id] = sign.Name
	s.signs = append(s.signs, sign)
	return true, nil
}

// action is one that the method sendChatAction lists.
var action = regexp.MustCompile(`^(typing|upload_photo|record_video|upload_video|record_voice|upload_voice|upload_document)$`)

func (s *Server) sendChatAction(p params) (any, *fail) {
	chat, problem := s.place(p["chat_id"])
	if problem != nil {
		return nil, problem
	}
	if !action.MatchString(p["action"]) {
		return nil, bad("wrong parameter action in request")
	}
	if t := p["message_thread_id"]; t != "" {
		if id, err := strconv.Atoi(t); err != nil || !chat.topics[id] {
			return nil, bad("message thread not found")
		}
	}
	s.signs = append(s.signs, connectortest.Sign{Chat: p["chat_id"], Name: p["action"], On: true})
	return true, nil
}
