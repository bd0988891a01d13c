package gate

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/gate/limits"
	"github.com/parachute-gate/parachute/gate/users"
)

// Bounds of what is shown to the policies at all. They are far above any
// platform's own; the policies' limits are below them.
const (
	maxID   = 512
	maxName = 1024
	maxText = 1 << 20
	// More attachments than that are refused, and more words of a command are not
	// shown: nobody has to look through what a stranger can make endless.
	maxAttachments = 100
	maxArgs        = 64
	maxWorkspace   = 64
)

// maxShown is an id with its connector's name, and what is left of one that is
// refused for its length.
const maxShown = maxID + maxName

// event is a message on its way through the gate.
type event struct {
	from  Source
	msg   connectors.Message
	place Place
	key   string
	// identity is who speaks, as the platform says. Once the person is known whose
	// it is, place.User is that person.
	identity string
	// code is what a command gave as one; msg holds it no more.
	code string
}

// of is the event with the person whose it is.
func (ev event) of(facts Facts) event {
	if facts.Person != "" {
		ev.place.User = facts.Person
	}
	return ev
}

func newEvent(from Source, m connectors.Message) event {
	if m.Kind == connectors.EventCallback {
		// A button can give a command. It is decided as one, for whoever presses.
		m.Command, m.Args, _ = connectors.ParseCommand(m.Text)
	}
	key := eventKey(from, m)
	code := hideCode(&m)
	return event{
		from: from,
		msg:  m,
		code: code,
		place: Place{
			Connector: from.Name,
			Chat:      from.Name + ":" + m.Chat.ID,
			User:      from.Name + ":" + m.User.ID,
		},
		key:      key,
		identity: from.Name + ":" + m.User.ID,
	}
}

// eventKey is the same for an event that a platform delivers twice, and another
// one for each edit of a message. Every part carries its length, so that no two
// events are written alike.
func eventKey(from Source, m connectors.Message) string {
	class, revision := string(m.Kind), m.Revision
	switch m.Kind {
	case connectors.EventMessage, connectors.EventCommand:
		class = "new"
	case connectors.EventEdit:
		if revision == "" {
			revision = m.Text
		}
	}
	h := sha256.New()
	for _, part := range []string{from.Name, m.Chat.ID, m.ID, class, revision} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// check finds what no policy should have to think of.
func (ev event) check() error {
	m := ev.msg
	for _, id := range []struct {
		name, value string
		// Whoever is named to an owner must not forge the words around the name.
		names bool
	}{{"message id", m.ID, false}, {"chat id", m.Chat.ID, true}, {"user id", m.User.ID, true}} {
		switch {
		case id.value == "":
			return fmt.Errorf("the event has no %s", id.name)
		case len(id.value) > maxID:
			return fmt.Errorf("the %s has %d bytes; at most %d are taken", id.name, len(id.value), maxID)
		case !utf8.ValidString(id.value) || strings.ContainsFunc(id.value, unicode.IsControl), id.names && !users.Plain(id.value):
			return fmt.Errorf("the %s is not plain text", id.name)
		}
	}
	switch {
	case len(m.Text) > maxText:
		return fmt.Errorf("the text has %d bytes; at most %d are taken", len(m.Text), maxText)
	case !utf8.ValidString(m.Text):
		return errors.New("the text is not UTF-8")
	case m.Kind == "":
		return errors.New("the event has no kind")
	case len(m.Attachments) > maxAttachments:
		return fmt.Errorf("the event has %d attachments; at most %d are taken", len(m.Attachments), maxAttachments)
	case len(m.Args) > maxArgs:
		return fmt.Errorf("the command has %d words; at most %d are taken", len(m.Args), maxArgs)
	}
	return nil
}

// messageInput is the one mapping from a message to what the policies see.
func (g *Gate) messageInput(ev event, facts Facts, now time.Time) engine.MessageInput {
	m := ev.msg
	in := engine.MessageInput{
		Version:   engine.InputVersion,
		Time:      now.UnixNano(),
		Config:    g.Config.Input,
		Connector: engine.ConnectorInput{Name: ev.from.Name, Kind: ev.from.Kind},
		Chat:      engine.ChatInput{ID: clip(ev.place.Chat, maxShown), Kind: string(m.Chat.Kind)},
		Message: engine.EventInput{
			ID: clip(m.ID, maxShown), Kind: string(m.Kind), Text: m.Text, Bytes: len(m.Text),
			Command: clip(m.Command, maxName), Args: m.Args[:min(maxArgs, len(m.Args))],
			MentionsBot: m.MentionsBot, ReplyToBot: m.ReplyToBot, Forwarded: m.Forwarded,
		},
		User: facts.principal(now, ev.place, string(m.Chat.Kind)),
	}
	in.User.Name, in.User.Bot, in.User.Local = clip(m.User.Name, maxName), m.User.Bot, m.User.Local
	in.User.Identity = clip(ev.identity, maxShown)
	if !m.Time.IsZero() {
		// A platform whose clock is ahead has no message of the future.
		age := max(0, int64(now.Sub(m.Time)/time.Second))
		in.Message.AgeSeconds = &age
	}
	for _, a := range m.Attachments[:min(maxAttachments, len(m.Attachments))] {
		in.Message.Attachments = append(in.Message.Attachments,
			engine.AttachmentInput{Name: clip(a.Name, maxName), Type: clip(a.Type, maxName), Bytes: a.Bytes})
	}
	if s := facts.Session; s != nil {
		in.Session = &engine.SessionInput{ID: s.ID, User: s.User, Trust: s.Trust, Workspace: s.Workspace, Access: s.Access, Agent: s.Agent, Shared: facts.shared()}
	}
	if p := facts.Pairing; p != nil {
		in.User.Pairing = pairingState(*p, now)
	}
	if facts.token != "" {
		in.User.Token = &engine.TokenInput{ID: facts.tokenID, State: facts.token}
	}
	in.Message.Target = facts.target.input()
	if w := requested(m, facts); w != "" {
		in.Workspace = &engine.Requested{Requested: w}
	}
	return in
}

// requested is the workspace that a person asks for: with this very command, or
// the one chosen before.
func requested(m connectors.Message, facts Facts) string {
	if m.Command == "workspace" && len(m.Args) > 0 {
		return clip(m.Args[0], maxWorkspace)
	}
	if facts.shared() && m.Command != "new" {
		// Who speaks into the session of somebody else asks for its workspace; who
		// leaves it, for their own.
		return facts.Session.Workspace
	}
	return facts.Workspace
}

// clip cuts s to n bytes at a rune's edge and drops what is not UTF-8.
func clip(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.ToValidUTF8(s, "")
}

func exceededInput(full []limits.Exceeded, windows map[limits.Limit]string) *engine.LimitsInput {
	out := &engine.LimitsInput{Exceeded: []engine.ExceededInput{}}
	for _, e := range full {
		out.Exceeded = append(out.Exceeded, engine.ExceededInput{
			Name: e.Name, Per: e.Per, Max: e.Max, Window: windows[e.Limit],
			RetryAfterSeconds: int64((e.RetryAfter + time.Second - 1) / time.Second),
		})
	}
	return out
}
