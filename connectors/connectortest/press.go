package connectortest

import (
	"fmt"
	"slices"

	"github.com/parachute-gate/parachute/connectors"
)

func pressCases() []testCase {
	return []testCase{
		{"ButtonsAreShownAndPressed", []Feature{Buttons, Callbacks}, buttons},
		{"ReactionToTheBotsMessage", []Feature{Reactions}, reactions},
		{"OwnMessagesAreNoEvents", []Feature{OwnEcho}, ownEcho},
	}
}

// answered has a person write and the bot answer, with buttons; it gives the
// message and the answer.
func (b *bench) answered(with []connectors.Button) (connectors.Message, Sent, error) {
	m, ids, err := b.one(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "alice", Text: "hello"})
	if err != nil {
		return m, Sent{}, err
	}
	r := connectors.Reply{
		ID: "reply-" + m.ID, Chat: ids.Chat, User: ids.User, ReplyTo: m.ID,
		Text: "the answer", Decision: "decision", Verdict: "allow", Buttons: with,
	}
	if err := b.platform.Connector().Send(b.ctx, r); err != nil {
		return m, Sent{}, fmt.Errorf("Send: %w", err)
	}
	if err := b.sentOnce(ids, m.ID, r.Text); err != nil {
		return m, Sent{}, err
	}
	sent := b.platform.Sent()
	return m, sent[slices.IndexFunc(sent, func(s Sent) bool { return s.Text == r.Text })], nil
}

// buttons presses the bot's buttons, and sends data that no button has: it is no
// less a press.
func buttons(b *bench) error {
	b.start(nil)
	shown := []connectors.Button{{Label: "Yes", Data: "/approve ABCD2345 member"}, {Label: "No, never", Data: "/deny ABCD2345"}}
	_, sent, err := b.answered(shown)
	if err != nil {
		return err
	}
	var x expect
	x.that(slices.Equal(sent.Buttons, shown), "the buttons %+v were sent as %+v", shown, sent.Buttons)
	seen := map[string]bool{}
	for _, data := range []string{shown[0].Data, shown[0].Data, shown[1].Data, "/approve ABCD2345 owner"} {
		m, ids, err := b.one(Event{
			Chat: "room", ChatKind: connectors.ChatGroup, Person: "mallory",
			Kind: connectors.EventCallback, About: sent.ID, ReplyToBot: true, Text: data,
		})
		if err != nil {
			return err
		}
		x.that(m.Kind == connectors.EventCallback && m.Command == "", "a press is of kind %q with the command %q", m.Kind, m.Command)
		x.that(m.Text == data, "a press of %q arrived as %q", data, m.Text)
		x.that(m.User.ID == ids.User && m.Chat.ID == ids.Chat && m.Chat.Kind == connectors.ChatGroup, "a press by %q in %q came of %q in %q, a %q", ids.User, ids.Chat, m.User.ID, m.Chat.ID, m.Chat.Kind)
		x.that(m.ReplyTo == sent.ID && m.ReplyToBot, "a press below %q came for %q, the bot's: %v", sent.ID, m.ReplyTo, m.ReplyToBot)
		x.that(m.ID != "" && m.ID != sent.ID && !seen[m.ID], "a press has the id %q, which is empty or was given before", m.ID)
		seen[m.ID] = true
	}
	return x.err()
}

func reactions(b *bench) error {
	b.start(nil)
	question, sent, err := b.answered(nil)
	if err != nil {
		return err
	}
	about := sent.ID
	if about == "" {
		about = question.ID
	}
	var x expect
	seen := map[string]bool{}
	for _, emoji := range []string{"👍", "👎", "👍"} {
		m, ids, err := b.one(Event{
			Chat: "room", ChatKind: connectors.ChatGroup, Person: "mallory",
			Kind: connectors.EventReaction, About: about, ReplyToBot: sent.ID != "", Text: emoji,
		})
		if err != nil {
			return err
		}
		x.that(m.Kind == connectors.EventReaction && m.Text == emoji, "the reaction %s is of kind %q and reads %q", emoji, m.Kind, m.Text)
		x.that(m.User.ID == ids.User && m.Chat.ID == ids.Chat, "a reaction of %q in %q came of %q in %q", ids.User, ids.Chat, m.User.ID, m.Chat.ID)
		x.that(m.ReplyTo == about, "a reaction to %q came for %q", about, m.ReplyTo)
		x.that(m.ID != "" && m.ID != about && !seen[m.ID], "a reaction has the id %q, which is empty or was given before", m.ID)
		seen[m.ID] = true
	}
	return x.err()
}

// ownEcho has the bot write between two events of a person.
func ownEcho(b *bench) error {
	b.start(nil)
	if _, _, err := b.answered(nil); err != nil {
		return err
	}
	m, ids, err := b.one(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "bob", Text: "and I"})
	if err != nil {
		return err
	}
	var x expect
	x.that(m.Text == "and I" && m.User.ID == ids.User, "after the bot's message came %q of %q", m.Text, m.User.ID)
	return x.err()
}
