package stdio

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/parachute-gate/parachute/connectors"
)

// wireMessage is a line of In. The decoder reads names, types and the need tag
// ("yes": present and not empty) from it; schema.json says the same to people.
type wireMessage struct {
	ID          string           `json:"id" need:"yes"`
	Chat        string           `json:"chat" need:"yes"`
	ChatKind    string           `json:"chat_kind"`
	User        string           `json:"user" need:"yes"`
	Name        string           `json:"name"`
	Bot         bool             `json:"bot"`
	Kind        string           `json:"kind"`
	Text        string           `json:"text"`
	MentionsBot bool             `json:"mentions_bot"`
	ReplyTo     string           `json:"reply_to"`
	ReplyToBot  bool             `json:"reply_to_bot"`
	Forwarded   bool             `json:"forwarded"`
	Edited      bool             `json:"edited"`
	Revision    string           `json:"revision"`
	Token       string           `json:"token"`
	Attachments []wireAttachment `json:"attachments"`
}

// wireAttachment must state type and size: they are what it is judged by.
type wireAttachment struct {
	Name  string `json:"name"`
	Type  string `json:"type" need:"yes"`
	Bytes int64  `json:"bytes" need:"yes"`
}

// wireReply is a line of Out that carries a reply.
type wireReply struct {
	ID       string `json:"id"`
	Chat     string `json:"chat"`
	ReplyTo  string `json:"reply_to"`
	Text     string `json:"text"`
	Decision string `json:"decision"`
	Verdict  string `json:"verdict"`
}

// wireError is a line of Out about a line of In. Chat and ReplyTo are there when
// the line was understood and may be sent again as it is.
type wireError struct {
	Error   string `json:"error"`
	Line    int    `json:"line"`
	Chat    string `json:"chat,omitempty"`
	ReplyTo string `json:"reply_to,omitempty"`
}

// message translates a line whose keys and types have been checked.
func (w wireMessage) message() (connectors.Message, error) {
	m := connectors.Message{
		ID:          w.ID,
		Revision:    w.Revision,
		Chat:        connectors.Chat{ID: w.Chat, Kind: connectors.ChatKind(w.ChatKind)},
		User:        connectors.User{ID: w.User, Name: w.Name, Bot: w.Bot},
		Text:        w.Text,
		MentionsBot: w.MentionsBot,
		ReplyTo:     w.ReplyTo,
		ReplyToBot:  w.ReplyToBot,
		Forwarded:   w.Forwarded,
		Token:       w.Token,
	}
	for _, a := range w.Attachments {
		m.Attachments = append(m.Attachments, connectors.Attachment{Name: a.Name, Type: a.Type, Bytes: a.Bytes})
	}
	var err error
	m.Kind, err = w.eventKind()
	if err != nil {
		return connectors.Message{}, err
	}
	switch m.Kind {
	case connectors.EventMessage:
		if m.Revision != "" {
			return connectors.Message{}, errors.New(`"revision" stands on the first version of a message, leave it out or set "edited" to true`)
		}
		if name, args, ok := connectors.ParseCommand(m.Text); ok {
			m.Kind, m.Command, m.Args = connectors.EventCommand, name, args
		}
	case connectors.EventEdit:
		if m.Revision == "" {
			m.Revision = textRevision(m.Text)
		}
	}
	return m, nil
}

func (w wireMessage) eventKind() (connectors.EventKind, error) {
	switch kind := connectors.EventKind(w.Kind); kind {
	case "", connectors.EventMessage:
		if w.Edited {
			return connectors.EventEdit, nil
		}
		return connectors.EventMessage, nil
	case connectors.EventCallback, connectors.EventReaction, connectors.EventDelete:
		if w.Edited {
			return "", fmt.Errorf(`"edited" does not go with "kind" %q, leave one of them out`, kind)
		}
		return kind, nil
	}
	return "", errors.New(`"kind" has an unknown value, the valid ones are "message", "callback", "reaction" and "delete"`)
}

// textRevision tells the edits of a message apart for a bridge whose platform
// gives them no number: with none they would all pass for the first version
// come again.
func textRevision(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "text-" + hex.EncodeToString(sum[:8])
}
