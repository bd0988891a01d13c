package connectortest

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/parachute-gate/parachute/connectors"
)

// memory is a platform and a connector without any wire. Each fault is a way in
// which a connector can break the contract.
type memory struct {
	fault    string
	features map[Feature]bool // nil: all but the terminal's

	mu      sync.Mutex
	queue   []connectors.Message
	arrived chan struct{}
	ended   bool
	next    int
	sent    []Sent
	refused int
	runs    int
}

func (d *memory) Supports(f Feature) bool {
	if d.features == nil {
		return f != Local
	}
	return d.features[f]
}

func (d *memory) MaxText() int { return 100 << 10 }

func (d *memory) Open(context.Context) (Platform, error) {
	return &memory{fault: d.fault, features: d.features, arrived: make(chan struct{}, 1)}, nil
}

func (d *memory) Connector() connectors.Connector { return d }
func (d *memory) Name() string                    { return "memory" }
func (d *memory) Kind() string                    { return "memory" }
func (d *memory) Close() error                    { return nil }

func (d *memory) Inject(e Event) (IDs, error) {
	d.mu.Lock()
	d.next++
	m := connectors.Message{
		ID:          fmt.Sprint(d.next),
		Chat:        connectors.Chat{ID: "C/" + e.Chat, Kind: e.ChatKind},
		User:        connectors.User{ID: "U/" + e.Person, Name: e.Name, Bot: e.Bot, Local: e.Local},
		Kind:        e.Kind,
		Text:        e.Text,
		MentionsBot: e.Mention,
		ReplyTo:     e.ReplyTo,
		ReplyToBot:  e.ReplyToBot,
		Forwarded:   e.Forwarded,
		Attachments: e.Attachments,
	}
	switch e.Kind {
	case connectors.EventEdit:
		m.ID, m.Revision = e.About, fmt.Sprint("r", d.next)
	case "":
		m.Kind = connectors.EventMessage
		if name, args, ok := connectors.ParseCommand(m.Text); ok {
			m.Kind, m.Command, m.Args = connectors.EventCommand, name, args
		}
	}
	ids := IDs{Message: m.ID, Chat: m.Chat.ID, User: m.User.ID}
	m = d.spoil(m)
	d.queue = append(d.queue, m)
	d.mu.Unlock()
	d.wake()
	return ids, nil
}

// spoil changes a message as the fault says.
func (d *memory) spoil(m connectors.Message) connectors.Message {
	command := func() {
		if name, args, ok := connectors.ParseCommand(m.Text); ok {
			m.Kind, m.Command, m.Args = connectors.EventCommand, name, args
		}
	}
	switch d.fault {
	case "name is the id":
		if m.User.Name != "" {
			m.User.ID = m.User.Name
		}
	case "prefixed ids":
		m.User.ID = "memory:" + m.User.ID
	case "ids repeat":
		m.ID = "1"
	case "everybody is local":
		m.User.Local = true
	case "bots pass for people":
		m.User.Bot = false
	case "unknown chat is a dm":
		if m.Chat.Kind == connectors.ChatUnknown {
			m.Chat.Kind = connectors.ChatDM
		}
	case "mention by substring":
		m.MentionsBot = m.MentionsBot || strings.Contains(m.Text, "@bot")
	case "edits are commands":
		if m.Kind == connectors.EventEdit {
			command()
		}
	case "edits have no revision":
		m.Revision = ""
	case "callbacks are commands":
		if m.Kind == connectors.EventCallback {
			command()
		}
	case "commands are messages":
		if m.Kind == connectors.EventCommand {
			m.Kind, m.Command, m.Args = connectors.EventMessage, "", nil
		}
	case "text is trimmed of format characters":
		m.Text = strings.ReplaceAll(m.Text, "\u200b", "")
	case "angle brackets are escaped":
		m.Text = strings.ReplaceAll(m.Text, "<", "&lt;")
	case "lines are split":
		m.Text, _, _ = strings.Cut(m.Text, "\n")
	case "large text is cut":
		m.Text = m.Text[:min(len(m.Text), 4096)]
	}
	return m
}

func (d *memory) wake() {
	select {
	case d.arrived <- struct{}{}:
	default:
	}
}

func (d *memory) Redeliver() error {
	d.mu.Lock()
	m := d.queue[len(d.queue)-1]
	if d.fault == "redelivery has a new id" {
		m.ID += "-again"
	}
	d.queue = append(d.queue, m)
	d.mu.Unlock()
	d.wake()
	return nil
}

func (d *memory) Sent() []Sent {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]Sent(nil), d.sent...)
}

func (d *memory) Refused() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.refused
}

func (d *memory) End() error {
	d.mu.Lock()
	d.ended = true
	d.mu.Unlock()
	d.wake()
	return nil
}

func (d *memory) Send(ctx context.Context, r connectors.Reply) error {
	if err := ctx.Err(); err != nil {
		if d.fault == "nil for what was not sent" {
			return nil
		}
		return err
	}
	s := Sent{Chat: r.Chat, ReplyTo: r.ReplyTo, Text: r.Text}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.fault == "no send before run" && d.runs == 0:
		return nil
	case d.fault == "reply to another chat":
		s.Chat = "C/elsewhere"
	case d.fault == "replies are sent twice":
		d.sent = append(d.sent, s)
	}
	d.sent = append(d.sent, s)
	return nil
}
