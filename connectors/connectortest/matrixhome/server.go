package matrixhome

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"sync"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/connectortest"
)

// patience bounds what Inject and Sent wait for.
const patience = 2 * time.Minute

// Options say what a bot's rooms are like.
type Options struct {
	// Encrypted makes rooms be encrypted and people write encrypted.
	Encrypted bool
	// Allow is called with the id of each group before the bot is in it; nil does
	// nothing. A connector that lists the group's alias needs no call.
	Allow func(room string)
}

// Server is the homeserver as one bot sees it. It implements
// connectortest.Server and Faulter, and plays one bot's people.
type Server struct {
	Home *Home
	opts Options

	front *httptest.Server
	proxy *proxy
	name  string
	pass  string
	// hand is a second device of the bot, which a test joins rooms with.
	hand *Person

	mu     sync.Mutex
	places map[string]*place
	texts  map[id.EventID]string
}

// place is a room.
type place struct {
	room   id.RoomID
	reader *Person
}

// Bot makes an account for a bot and its way to the homeserver.
func (h *Home) Bot(ctx context.Context, o Options) (*Server, error) {
	if o.Encrypted && !CanEncrypt {
		return nil, errors.New("make a bot: this build cannot encrypt: build with -tags goolm")
	}
	h.mu.Lock()
	h.bots++
	name := fmt.Sprintf("bot%d", h.bots)
	h.mu.Unlock()
	s := &Server{
		Home: h, opts: o, proxy: newProxy(h.http), name: name, pass: "secret-of-" + name + "/ü%",
		places: map[string]*place{}, texts: map[id.EventID]string{},
	}
	cli, err := h.register(ctx, name, s.pass)
	if err != nil {
		return nil, err
	}
	s.hand = &Person{ID: cli.UserID, Cli: cli, rooms: map[id.RoomID]string{}}
	s.front = httptest.NewServer(s.proxy)
	return s, nil
}

// URL is the address for the key homeserver.
func (s *Server) URL() string { return s.front.URL }

// User is the bot's id, and Password what it logs in with.
func (s *Server) User() string { return string(s.hand.ID) }

// Password is the bot's.
func (s *Server) Password() string { return s.pass }

// Hand is another device of the bot.
func (s *Server) Hand() *Person { return s.hand }

// Alias is the alias of the group with a label.
func (s *Server) Alias(label string) string { return "#" + s.alias(label) + ":" + serverName }

func (s *Server) alias(label string) string { return s.name + "-" + label }

// Close ends the way to the homeserver.
func (s *Server) Close() error {
	s.proxy.close()
	s.front.CloseClientConnections()
	s.front.Close()
	return nil
}

// Fault plays a fault on the next calls. Revoke ends the password as well.
func (s *Server) Fault(f connectortest.Fault) bool {
	s.proxy.mu.Lock()
	defer s.proxy.mu.Unlock()
	if f.Kind == connectortest.Revoke {
		s.proxy.revoked = true
		return true
	}
	f.Times = max(f.Times, 1)
	s.proxy.faults = append(s.proxy.faults, f)
	return true
}

// Expire makes all tokens invalid that were used so far, and no password.
func (s *Server) Expire() {
	s.proxy.mu.Lock()
	defer s.proxy.mu.Unlock()
	maps.Copy(s.proxy.expired, s.proxy.tokens)
}

// Logins are the requests that logged in, oldest first.
func (s *Server) Logins() []string {
	s.proxy.mu.Lock()
	defer s.proxy.mu.Unlock()
	return slices.Clone(s.proxy.logins)
}

// Lie lets a test change what the homeserver answers to requests for events; nil
// ends it.
func (s *Server) Lie(edit func(answer map[string]any)) {
	s.proxy.mu.Lock()
	defer s.proxy.mu.Unlock()
	s.proxy.edit = edit
}

// Redeliver gives the bot its last answer with a message once more.
func (s *Server) Redeliver() error {
	s.proxy.again()
	return nil
}

// Place gives the room of a label, made at its first use with a name, which may be
// empty. A direct message waits
// until the bot has come in by itself; into a group the bot is brought by another
// device of its own, so that nothing waits for a bot that does not run.
func (s *Server) Place(ctx context.Context, label, name string, kind connectors.ChatKind, by *Person) (id.RoomID, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at := s.places[label]; at != nil {
		return at.room, nil
	}
	if kind == connectors.ChatDM {
		room, err := by.Create(ctx, &mautrix.ReqCreateRoom{Name: name, Preset: "trusted_private_chat", IsDirect: true, Invite: []id.UserID{s.hand.ID}}, s.opts.Encrypted)
		if err != nil {
			return "", err
		}
		s.places[label] = &place{room, by}
		return room, s.Present(ctx, by, room)
	}
	warden, err := s.Home.Person(ctx, "warden")
	if err != nil {
		return "", err
	}
	room, err := warden.Create(ctx, &mautrix.ReqCreateRoom{Name: name, Preset: "public_chat", RoomAliasName: s.alias(label)}, s.opts.Encrypted)
	if err != nil {
		return "", err
	}
	if s.opts.Allow != nil {
		s.opts.Allow(string(room))
	}
	s.places[label] = &place{room, warden}
	return room, s.hand.Join(ctx, room, "")
}

// Present waits until the bot is in a room that somebody sees.
func (s *Server) Present(ctx context.Context, by *Person, room id.RoomID) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		in, err := by.Cli.JoinedMembers(ctx, room)
		if err != nil {
			return fmt.Errorf("wait for the bot: %w", err)
		}
		if _, ok := in.Joined[s.hand.ID]; ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the bot: %w", ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Inject plays one event.
func (s *Server) Inject(e connectortest.Event) (connectortest.IDs, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	p, err := s.Home.Person(ctx, e.Person)
	if err != nil {
		return connectortest.IDs{}, err
	}
	room, err := s.Place(ctx, e.Chat, e.ChatName, e.ChatKind, p)
	if err != nil {
		return connectortest.IDs{}, err
	}
	if err := p.Join(ctx, room, e.Name); err != nil {
		return connectortest.IDs{}, err
	}
	sent, err := s.write(ctx, p, room, e)
	return connectortest.IDs{Message: string(sent), Chat: string(room), User: string(p.ID)}, err
}

func (s *Server) write(ctx context.Context, p *Person, room id.RoomID, e connectortest.Event) (id.EventID, error) {
	if e.Kind == connectors.EventDelete {
		gone, err := s.power(ctx, p, room, e.About)
		if err != nil {
			return "", err
		}
		return id.EventID(e.About), gone
	}
	kind, c := content(e, s.hand.ID)
	send := p.Send
	if s.opts.Encrypted {
		send = p.SendLocked
	}
	sent, err := send(ctx, room, kind, c)
	if e.Kind == connectors.EventEdit {
		sent = id.EventID(e.About)
	}
	return sent, err
}

// power redacts a message. Who did not write it needs a moderator's power first.
func (s *Server) power(ctx context.Context, p *Person, room id.RoomID, about string) (failed, err error) {
	warden, err := s.Home.Person(ctx, "warden")
	if err != nil {
		return nil, err
	}
	if _, err := p.Cli.RedactEvent(ctx, room, id.EventID(about)); err == nil {
		return nil, nil
	}
	levels := &event.PowerLevelsEventContent{}
	if err := warden.Cli.StateEvent(ctx, room, event.StatePowerLevels, "", levels); err != nil {
		return nil, err
	}
	levels.SetUserLevel(p.ID, 50)
	if _, err := warden.Cli.SendStateEvent(ctx, room, event.StatePowerLevels, "", levels); err != nil {
		return nil, err
	}
	_, failed = p.Cli.RedactEvent(ctx, room, id.EventID(about))
	return failed, nil
}

// content is what a client would send.
func content(e connectortest.Event, bot id.UserID) (event.Type, map[string]any) {
	c := map[string]any{"msgtype": "m.text", "body": e.Text}
	if e.Bot {
		c["msgtype"] = "m.notice"
	}
	if e.Mention {
		c["m.mentions"] = map[string]any{"user_ids": []string{string(bot)}}
	}
	if e.ReplyTo != "" {
		c["m.relates_to"] = map[string]any{"m.in_reply_to": map[string]any{"event_id": e.ReplyTo}}
	}
	if len(e.Attachments) > 0 {
		a := e.Attachments[0]
		c["msgtype"], c["filename"], c["url"] = "m.file", a.Name, "mxc://"+serverName+"/file"
		c["info"] = map[string]any{"mimetype": a.Type, "size": a.Bytes}
	}
	switch e.Kind {
	case connectors.EventReaction:
		return event.EventReaction, map[string]any{"m.relates_to": map[string]any{"rel_type": "m.annotation", "event_id": e.About, "key": e.Text}}
	case connectors.EventEdit:
		return event.EventMessage, map[string]any{
			"msgtype": "m.text", "body": "* " + e.Text, "m.new_content": c,
			"m.relates_to": map[string]any{"rel_type": "m.replace", "event_id": e.About},
		}
	}
	return event.EventMessage, c
}

// Signs are the bot's reactions and typing signs so far.
func (s *Server) Signs() []connectortest.Sign {
	s.proxy.mu.Lock()
	defer s.proxy.mu.Unlock()
	return slices.Clone(s.proxy.signs)
}

// Sent is what the bot has written so far, as somebody in the room reads it.
func (s *Server) Sent() []connectortest.Sent {
	s.proxy.mu.Lock()
	wrote := slices.Clone(s.proxy.wrote)
	s.proxy.mu.Unlock()
	var all []connectortest.Sent
	at := map[string]int{}
	for _, w := range wrote {
		var c struct {
			Body string `json:"body"`
			New  *struct {
				Body string `json:"body"`
			} `json:"m.new_content"`
			Relates struct {
				Event string `json:"event_id"`
				Reply struct {
					Event string `json:"event_id"`
				} `json:"m.in_reply_to"`
			} `json:"m.relates_to"`
		}
		raw := s.clear(w)
		if json.Unmarshal(raw, &c) != nil {
			c.Body = "unreadable: " + string(raw)
		}
		if i, ok := at[c.Relates.Event]; ok && c.New != nil {
			all[i].Drafts = append(all[i].Drafts, all[i].Text)
			all[i].Text = c.New.Body
			continue
		}
		at[string(w.id)] = len(all)
		all = append(all, connectortest.Sent{ID: string(w.id), Chat: string(w.room), ReplyTo: c.Relates.Reply.Event, Text: c.Body})
	}
	return all
}

// Raw are the contents of what the bot has written so far, decrypted.
func (s *Server) Raw() []string {
	s.proxy.mu.Lock()
	wrote := slices.Clone(s.proxy.wrote)
	s.proxy.mu.Unlock()
	var all []string
	for _, w := range wrote {
		all = append(all, string(s.clear(w)))
	}
	return all
}

// clear gives a message's content as a person of the room reads it.
func (s *Server) clear(w written) []byte {
	if w.kind != event.EventEncrypted.Type {
		return w.content
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if text, ok := s.texts[w.id]; ok {
		return []byte(text)
	}
	var reader *Person
	for _, at := range s.places {
		if at.room == w.room {
			reader = at.reader
		}
	}
	if reader == nil {
		return []byte(`{"body":"nobody is there to read it"}`)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	e := &event.Event{Type: event.EventEncrypted, ID: w.id, RoomID: w.room, Sender: s.hand.ID, Content: event.Content{VeryRaw: w.content}}
	plain, err := reader.Read(ctx, e)
	if err != nil {
		return fmt.Appendf(nil, `{"body":%q}`, "not decrypted: "+err.Error())
	}
	s.texts[w.id] = string(plain.Content.VeryRaw)
	return plain.Content.VeryRaw
}

// Kinds are the types of the events that the bot has written so far.
func (s *Server) Kinds() []string {
	s.proxy.mu.Lock()
	defer s.proxy.mu.Unlock()
	var all []string
	for _, w := range s.proxy.wrote {
		all = append(all, w.kind)
	}
	return all
}
