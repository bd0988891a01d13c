package connectortest

import (
	"slices"

	"github.com/parachute-gate/parachute/connectors"
)

func commandCases() []testCase {
	return []testCase{
		{"CommandsAreParsed", nil, commands},
		{"CommandAnsweredBeforeTheGate", nil, answersNothing},
	}
}

func commands(b *bench) error {
	b.start(nil)
	var x expect
	for _, want := range []struct {
		text, name string
		args       []string
	}{
		{"/help", "help", nil},
		{"!help", "help", nil},
		{"/approve ABCD2345 member", "approve", []string{"ABCD2345", "member"}},
		{"!Workspace  Notes", "workspace", []string{"Notes"}},
		{"/etc/passwd", "", nil},
		{"!! look", "", nil},
		{"say /help", "", nil},
		{"hello", "", nil},
	} {
		m, _, err := b.one(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "alice", Text: want.text})
		if err != nil {
			return err
		}
		kind := connectors.EventMessage
		if want.name != "" {
			kind = connectors.EventCommand
		}
		x.that(m.Kind == kind, "%q is of kind %q, want %q", want.text, m.Kind, kind)
		x.that(m.Command == want.name && slices.Equal(m.Args, want.args), "%q gave the command %q with %q", want.text, m.Command, m.Args)
		x.that(m.Text == want.text, "%q arrived as %q", want.text, m.Text)
	}
	return x.err()
}

// answersNothing holds that a connector has no words of its own for anybody on
// the platform: all that is sent came through Send.
func answersNothing(b *bench) error {
	b.start(nil)
	for _, text := range []string{"/help", "/start", "/whoami", "!status", "hello", "/pair 12345678"} {
		if _, _, err := b.one(Event{Chat: "dm", ChatKind: connectors.ChatDM, Person: "alice", Text: text}); err != nil {
			return err
		}
	}
	if err := b.halt(); err != nil {
		return err
	}
	var x expect
	x.that(len(b.platform.Sent()) == 0, "the connector answered by itself: %+v", b.platform.Sent())
	return x.err()
}
