package connectortest

import (
	"errors"
	"slices"

	"github.com/parachute-gate/parachute/connectors"
)

func commandCases() []testCase {
	return []testCase{
		{"CommandsAreParsed", nil, commands},
		{"CommandForAnotherBotIsAMessage", []Feature{Group, CommandAddress}, addressed},
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

// addressed plays commands that name a bot.
func addressed(b *bench) error {
	p, ok := b.platform.(Addressed)
	if !ok {
		return errors.New("the platform is not Addressed")
	}
	b.start(nil)
	var x expect
	for to, mine := range map[string]bool{
		"otherbot": false, p.BotName() + "2": false, "x" + p.BotName(): false, p.BotName(): true,
	} {
		text := "/help@" + to + " me"
		m, _, err := b.one(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "alice", Text: text})
		if err != nil {
			return err
		}
		kind, name := connectors.EventMessage, ""
		if mine {
			kind, name = connectors.EventCommand, "help"
		}
		x.that(m.Kind == kind && m.Command == name, "%q is of kind %q with the command %q, want %q and %q", text, m.Kind, m.Command, kind, name)
		x.that(m.MentionsBot == mine, "%q mentions the bot: %v, want %v", text, m.MentionsBot, mine)
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
