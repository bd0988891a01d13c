package discordfake

import (
	"crypto/rand"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parachute-gate/parachute/connectors/connectortest"
)

// ackTime is how long an interaction waits for its first response
// (D/interactions/receiving-and-responding#responding-to-an-interaction).
const ackTime = 3 * time.Second

// interaction is one that was given to the bot.
type interaction struct {
	id, token string
	kind      int
	channel   *channel
	born      time.Time
	response  int
	original  *message
}

// Slash plays a native command, "/name words", with the words as its option
// "args".
func (s *Server) Slash(e connectortest.Event) (connectortest.IDs, error) {
	name, words, err := slash(e.Text)
	if err != nil {
		return connectortest.IDs{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, who := s.channelOf(e), s.personOf(e)
	data := map[string]any{"id": s.id(), "name": name, "type": 1}
	if words != "" {
		data["options"] = []any{map[string]any{"name": "args", "type": 3, "value": words}}
	}
	id, object := s.interact(c, who, 2, data)
	s.play(event{"INTERACTION_CREATE", object, 0})
	return connectortest.IDs{Message: id, Chat: c.ID, User: who.ID}, nil
}

// press makes the press of a button; the message pressed is the bot's, as no
// other has buttons of this bot.
func (s *Server) press(c *channel, who user, e connectortest.Event) (string, event) {
	id, object := s.interact(c, who, 3, map[string]any{"custom_id": e.Text, "component_type": 2})
	about := message{ID: e.About, ChannelID: c.ID, Mentions: []user{}, Attachments: []attachment{}, Embeds: []any{}, Components: []row{}}
	if about.ID == "" {
		about.ID = e.ReplyTo
	}
	about.Author = s.bot
	object["message"] = about
	return id, event{"INTERACTION_CREATE", object, 0}
}

// interact makes an interaction object
// (D/interactions/receiving-and-responding#interaction-object).
func (s *Server) interact(c *channel, who user, kind int, data any) (string, map[string]any) {
	i := &interaction{id: s.id(), token: "interaction-" + rand.Text(), kind: kind, channel: c, born: time.Now()}
	s.presses[i.token] = i
	object := map[string]any{
		"id": i.id, "application_id": s.app, "type": kind, "token": i.token, "version": 1, "data": data,
		"channel_id": c.ID, "channel": c, "context": 1,
	}
	if c.GuildID != "" {
		object["guild_id"], object["member"], object["context"] = c.GuildID, member{User: &who}, 0
	} else {
		object["user"] = who
	}
	return i.id, object
}

// InteractionTokens are those that the bot was given: secrets.
func (s *Server) InteractionTokens() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for token := range s.presses {
		all = append(all, token)
	}
	return all
}

// Response is the type of the first response to an interaction; 0 for none
// (D/interactions/receiving-and-responding#interaction-response-object-interaction-callback-type).
func (s *Server) Response(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range s.presses {
		if i.id == id {
			return i.response
		}
	}
	return 0
}

// Expire makes all tokens of interactions invalid.
func (s *Server) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range s.presses {
		i.born = time.Time{}
	}
}

// callback is D/interactions/receiving-and-responding#create-interaction-response.
func (s *Server) callback(r *http.Request) (any, error) {
	var in struct {
		Type int      `json:"type"`
		Data *content `json:"data"`
	}
	if err := body(r, &in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.presses[r.PathValue("token")]
	switch {
	case i == nil || i.id != r.PathValue("interaction") || i.response == 0 && time.Since(i.born) > ackTime:
		return nil, refuse(http.StatusNotFound, 10062, "Unknown interaction")
	case i.response != 0:
		return nil, refuse(http.StatusBadRequest, 40060, "Interaction has already been acknowledged.")
	case in.Type == 4 && in.Data != nil:
		if err := in.Data.check(suppressEmbeds | ephemeral); err != nil {
			return nil, err
		}
		i.original = s.respond(i, *in.Data)
	case in.Type == 5 && i.kind == 2:
		empty := ""
		i.original = s.byBot(i.channel, content{Content: &empty})
		i.original.thinking, i.original.answers = true, i.id
		s.keep(i.channel, i.original)
	case in.Type == 6 && i.kind == 3:
	default:
		return nil, refuse(http.StatusBadRequest, 50035, "Invalid Form Body: type")
	}
	i.response = in.Type
	if r.URL.Query().Get("with_response") != "true" {
		return nil, nil
	}
	resource := map[string]any{"type": in.Type}
	if i.original != nil {
		resource["message"] = *i.original
	}
	return map[string]any{"interaction": map[string]any{"id": i.id, "type": i.kind}, "resource": resource}, nil
}

// respond makes a message by an interaction's token.
func (s *Server) respond(i *interaction, in content) *message {
	m := s.byBot(i.channel, in)
	m.answers, m.WebhookID = i.id, s.app
	if m.Flags&ephemeral != 0 {
		// Nobody else sees it, and neither does the gateway.
		return m
	}
	s.post(i.channel, m)
	return m
}

// webhook finds an interaction by its token, for 15 minutes
// (D/interactions/receiving-and-responding#followup-messages).
func (s *Server) webhook(r *http.Request) (*interaction, error) {
	i := s.presses[r.PathValue("token")]
	if i == nil || r.PathValue("app") != s.app || i.response == 0 {
		return nil, refuse(http.StatusNotFound, 10015, "Unknown Webhook")
	}
	if time.Since(i.born) > 15*time.Minute {
		return nil, refuse(http.StatusUnauthorized, 50027, "Invalid Webhook Token")
	}
	return i, nil
}

func (s *Server) followUp(r *http.Request) (any, error) {
	var in content
	if err := body(r, &in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.webhook(r)
	if err != nil {
		return nil, err
	}
	if err := in.check(suppressEmbeds | ephemeral); err != nil {
		return nil, err
	}
	if in.Nonce != "" || in.Reference != nil {
		return nil, refuse(http.StatusBadRequest, 50035, "Invalid Form Body: a webhook has neither nonce nor reference")
	}
	return *s.respond(i, in), nil
}

func (s *Server) response(r *http.Request) (*message, error) {
	i, err := s.webhook(r)
	if err != nil {
		return nil, err
	}
	id := r.PathValue("message")
	if id == "@original" && i.original != nil {
		return i.original, nil
	}
	for _, m := range s.sent {
		if m.ID == id && m.answers == i.id {
			return m, nil
		}
	}
	return nil, refuse(http.StatusNotFound, 10008, "Unknown Message")
}

func (s *Server) patchResponse(r *http.Request) (any, error) {
	var in content
	if err := body(r, &in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.response(r)
	if err != nil {
		return nil, err
	}
	if err := s.change(m, in); err != nil {
		return nil, err
	}
	return *m, nil
}

func (s *Server) deleteResponse(r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.response(r)
	if err != nil {
		return nil, err
	}
	for at, one := range s.sent {
		if one == m {
			s.sent = append(s.sent[:at:at], s.sent[at+1:]...)
			break
		}
	}
	s.remove(s.channels[m.ChannelID], m.ID)
	return nil, nil
}

// slash reads "/name words"
// (D/interactions/application-commands#application-command-object-application-command-naming).
func slash(text string) (name, words string, err error) {
	name, words, _ = strings.Cut(text, " ")
	name, ok := strings.CutPrefix(name, "/")
	if !ok || name == "" || len(name) > 32 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
		return "", "", refuse(http.StatusBadRequest, 50035, "this is no command: "+text)
	}
	return name, words, nil
}

// checkCommand refuses a command that Discord refuses
// (D/interactions/application-commands#application-command-object).
func checkCommand(one any) error {
	command, _ := one.(map[string]any)
	name, _ := command["name"].(string)
	about, _ := command["description"].(string)
	if _, _, err := slash("/" + name); err != nil || about == "" || utf8.RuneCountInString(about) > 100 {
		return refuse(http.StatusBadRequest, 50035, "Invalid Form Body: a command's name or description")
	}
	options, _ := command["options"].([]any)
	for _, o := range options {
		option, _ := o.(map[string]any)
		about, _ := option["description"].(string)
		if option["type"] != float64(3) || about == "" || utf8.RuneCountInString(about) > 100 {
			return refuse(http.StatusBadRequest, 50035, "Invalid Form Body: an option")
		}
	}
	return nil
}
