package console

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/connectortest"
)

func TestConformance(t *testing.T) { connectortest.Run(t, driver{}) }

type driver struct{}

func (driver) Supports(f connectortest.Feature) bool {
	switch f {
	case connectortest.DM, connectortest.Group, connectortest.Local, connectortest.Mention,
		connectortest.Edits, connectortest.Ends, connectortest.Load:
		return true
	}
	return false
}

func (driver) MaxText() int { return maxLine - 1024 }

func (driver) Open(context.Context) (connectortest.Platform, error) {
	p := &person{in: connectortest.NewStream(), out: &connectortest.Recorder{}}
	p.connector = New(Deps{Name: "console", In: p.in, Out: p.out, User: "root"})
	return p, nil
}

// person types at the console, on a pipe.
type person struct {
	in        *connectortest.Stream
	out       *connectortest.Recorder
	connector *Connector
}

func (p *person) Connector() connectors.Connector { return p.connector }

func (p *person) Inject(e connectortest.Event) (connectortest.IDs, error) {
	if strings.ContainsAny(e.Text, "\n") {
		return connectortest.IDs{}, errors.New("the console has no text of several lines")
	}
	ids := connectortest.IDs{Chat: "terminal", User: "root"}
	as := ":as"
	if !e.Local {
		// The suite's people may be called as the local person is.
		ids.User = "p-" + e.Person
		ids.Chat = "as-" + ids.User
		as += " " + ids.User
	}
	where := ":dm"
	if e.ChatKind == connectors.ChatGroup {
		where, ids.Chat = ":group "+e.Chat, "group-"+e.Chat
	}
	text := e.Text
	switch {
	case e.Mention:
		text = ":mention " + text
	case e.Kind == connectors.EventEdit:
		text = ":edit " + text
	}
	_, err := fmt.Fprintf(p.in, "%s\n%s\n%s\n", as, where, text)
	return ids, err
}

func (p *person) Sent() []connectortest.Sent {
	var sent []connectortest.Sent
	for l := range strings.Lines(p.out.String()) {
		if !strings.HasPrefix(l, "error: ") {
			sent = append(sent, connectortest.Sent{Text: strings.TrimSuffix(l, "\n")})
		}
	}
	return sent
}

func (p *person) Refused() int {
	return strings.Count(p.out.String(), "error: the message was not taken")
}

func (p *person) End() error {
	p.in.CloseWrite()
	return nil
}

func (p *person) Close() error { return p.End() }
