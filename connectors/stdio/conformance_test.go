package stdio

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/connectortest"
)

func TestConformance(t *testing.T) { connectortest.Run(t, driver{}) }

type driver struct{}

// Supports lists all but the terminal's, and what has to do with a network: a
// bridge is told texts alone, whole and once.
func (driver) Supports(f connectortest.Feature) bool {
	switch f {
	case connectortest.Local, connectortest.ChatNames, connectortest.CommandAddress, connectortest.OwnEcho,
		connectortest.Buttons, connectortest.DropsDoubles, connectortest.Composes, connectortest.Drafts,
		connectortest.Signs, connectortest.Health, connectortest.Faults, connectortest.Secrets:
		return false
	}
	return true
}

func (driver) MaxText() int { return maxLine - 1024 }

func (driver) Open(context.Context) (connectortest.Platform, error) {
	b := &bridge{in: connectortest.NewStream(), out: &connectortest.Recorder{}}
	b.connector = New(Deps{Name: "bridge", In: b.in, Out: b.out})
	return b, nil
}

// bridge is the other side of the connector's pipes.
type bridge struct {
	in        *connectortest.Stream
	out       *connectortest.Recorder
	connector *Connector
	count     int
	last      []byte
}

func (b *bridge) Connector() connectors.Connector { return b.connector }

func (b *bridge) Inject(e connectortest.Event) (connectortest.IDs, error) {
	b.count++
	w := wireMessage{
		ID: fmt.Sprintf("$%d:Example/\u00c4", b.count), Chat: "!" + e.Chat + ":Example", ChatKind: string(e.ChatKind),
		User: "@" + e.Person + ":Example", Name: e.Name, Bot: e.Bot, Text: e.Text, MentionsBot: e.Mention,
		ReplyTo: e.ReplyTo, ReplyToBot: e.ReplyToBot, Forwarded: e.Forwarded, Kind: string(e.Kind),
	}
	switch e.Kind {
	case connectors.EventEdit:
		w.ID, w.Kind, w.Edited = e.About, "", true
	case connectors.EventDelete:
		w.ID = e.About
	case connectors.EventCallback, connectors.EventReaction:
		w.ReplyTo = e.About
	}
	for _, a := range e.Attachments {
		w.Attachments = append(w.Attachments, wireAttachment{Name: a.Name, Type: a.Type, Bytes: a.Bytes})
	}
	object := map[string]any{}
	raw, err := json.Marshal(w)
	if err != nil {
		return connectortest.IDs{}, err
	}
	if err := json.Unmarshal(raw, &object); err != nil {
		return connectortest.IDs{}, err
	}
	if w.Attachments == nil {
		delete(object, "attachments")
	}
	if b.last, err = json.Marshal(object); err != nil {
		return connectortest.IDs{}, err
	}
	return connectortest.IDs{Message: w.ID, Chat: w.Chat, User: w.User}, b.Redeliver()
}

func (b *bridge) Redeliver() error {
	_, err := b.in.Write(append(b.last, '\n'))
	return err
}

func (b *bridge) Sent() []connectortest.Sent {
	var sent []connectortest.Sent
	for _, l := range outLines(b.out.String()) {
		if _, isError := l["error"]; !isError {
			sent = append(sent, connectortest.Sent{Chat: l["chat"].(string), ReplyTo: l["reply_to"].(string), Text: l["text"].(string)})
		}
	}
	return sent
}

func (b *bridge) Refused() int {
	refused := 0
	for _, l := range outLines(b.out.String()) {
		if _, isError := l["error"]; isError {
			refused++
		}
	}
	return refused
}

func (b *bridge) End() error {
	b.in.CloseWrite()
	return nil
}

func (b *bridge) Close() error { return b.End() }

// outLines decodes whole lines; one that is no object counts as an error line.
func outLines(out string) []map[string]any {
	var all []map[string]any
	for l := range strings.Lines(out) {
		object := map[string]any{}
		if err := json.Unmarshal([]byte(l), &object); err != nil {
			object["error"] = "no JSON: " + err.Error()
		}
		all = append(all, object)
	}
	return all
}
