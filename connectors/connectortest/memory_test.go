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
	replies []string // the ids of those that were sent
	refused int
	runs    int
	signs   []Sign
	faults  []Fault
	revoked bool
	log     string
	health  connectors.Health
	kept    [][]byte
	closed  chan struct{}
}

func (d *memory) Supports(f Feature) bool {
	if d.features == nil {
		return f != Local
	}
	return d.features[f]
}

func (d *memory) MaxText() int { return 100 << 10 }

func (d *memory) Open(context.Context) (Platform, error) {
	return &memory{
		fault: d.fault, arrived: make(chan struct{}, 1), closed: make(chan struct{}),
		health: connectors.Health{State: connectors.Stopped},
	}, nil
}

func (d *memory) Connector() connectors.Connector { return d }
func (d *memory) Name() string                    { return "memory" }
func (d *memory) Kind() string                    { return "memory" }

func (d *memory) Close() error {
	close(d.closed)
	return nil
}

func (d *memory) Inject(e Event) (IDs, error) {
	d.mu.Lock()
	d.next++
	m := connectors.Message{
		ID:          fmt.Sprint(d.next),
		Chat:        connectors.Chat{ID: "C/" + e.Chat, Kind: e.ChatKind, Name: e.ChatName},
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
	case connectors.EventCallback, connectors.EventReaction:
		m.ReplyTo = e.About
	case "":
		m.Kind = connectors.EventMessage
		command, to, addressed := strings.Cut(m.Text, "@"+d.BotName())
		if strings.HasPrefix(m.Text, "/") && addressed && strings.HasPrefix(to, " ") {
			m.MentionsBot = true
			m.Text = command + to
		}
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
	case "the group's name is the id":
		if m.Chat.Name != "" {
			m.Chat.ID = m.Chat.Name
		}
	case "a person has an id for each chat":
		m.User.ID += "@" + m.Chat.ID
	case "one chat for all":
		m.Chat.ID = "C/room1"
	case "a press forgets its message":
		if m.Kind == connectors.EventCallback {
			m.ReplyTo = ""
		}
	case "presses have the message's id":
		if m.Kind == connectors.EventCallback {
			m.ID = m.ReplyTo
		}
	case "reactions read empty":
		if m.Kind == connectors.EventReaction {
			m.Text = ""
		}
	case "commands for others are taken":
		if text, _, ok := strings.Cut(m.Text, "@"); ok && strings.HasPrefix(text, "/") {
			m.Text = text
			command()
		}
	case "several files come as one":
		m.Attachments = m.Attachments[:min(len(m.Attachments), 1)]
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
	if d.fault == "a redelivery reads otherwise" {
		m.Text += " again"
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
