package connectortest

import (
	"slices"

	"github.com/parachute-gate/parachute/connectors"
)

func eventCases() []testCase {
	return []testCase{
		{"DirectMessage", []Feature{DM}, chatKind(connectors.ChatDM)},
		{"GroupMessage", []Feature{Group}, chatKind(connectors.ChatGroup)},
		{"ChannelPost", []Feature{Channel}, chatKind(connectors.ChatChannel)},
		{"MissingChatKindTakenForADM_CVE-2026-32924", []Feature{UnknownChat}, chatKind(connectors.ChatUnknown)},
		{"MentionIsAnEntityNotASubstring", []Feature{Group}, noMention},
		{"Mention", []Feature{Group, Mention}, mention},
		{"ReplyToTheBot", []Feature{Replies}, replies},
		{"Forwarded", []Feature{Forwards}, forwarded},
		{"AttachmentsAreDescribedOnly", []Feature{Attachments}, attachments},
		{"EditIsANewEvent_CVE-2026-32895", []Feature{Edits}, edits},
		{"DeletionIsItsOwnEvent_CVE-2026-32895", []Feature{Deletes}, other(connectors.EventDelete)},
		{"CallbackIsItsOwnEvent_CVE-2026-35652", []Feature{Callbacks}, other(connectors.EventCallback)},
		{"ReactionIsItsOwnEvent_CVE-2026-32923", []Feature{Reactions}, other(connectors.EventReaction)},
	}
}

func chatKind(kind connectors.ChatKind) func(*bench) error {
	return func(b *bench) error {
		b.start(nil)
		m, _, err := b.one(Event{Chat: "place", ChatKind: kind, Person: "alice", Text: "hello"})
		if err != nil {
			return err
		}
		var x expect
		x.that(m.Chat.Kind == kind, "chat kind %q, want %q", m.Chat.Kind, kind)
		x.that(m.Kind == connectors.EventMessage, "event kind %q, want a message", m.Kind)
		x.that(m.Text == "hello", "text %q", m.Text)
		return x.err()
	}
}

func noMention(b *bench) error {
	b.start(nil)
	var x expect
	name := b.platform.Connector().Name()
	for _, text := range []string{"@bot hello", "@" + name + " hello", "hello @bot2", "<@1> @here bot", "parachute, hello"} {
		m, _, err := b.one(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "alice", Text: text})
		if err != nil {
			return err
		}
		x.that(!m.MentionsBot, "the text %q was taken for a mention", text)
		x.that(m.Text == text, "text %q arrived as %q", text, m.Text)
	}
	return x.err()
}

func mention(b *bench) error {
	b.start(nil)
	var x expect
	for _, mentioned := range []bool{true, false} {
		m, _, err := b.one(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "alice", Text: "hello", Mention: mentioned})
		if err != nil {
			return err
		}
		x.that(m.MentionsBot == mentioned, "mention %v, want %v", m.MentionsBot, mentioned)
	}
	return x.err()
}

func replies(b *bench) error {
	b.start(nil)
	first, _, err := b.one(Event{Chat: "room", Person: "alice", Text: "hello"})
	if err != nil {
		return err
	}
	var x expect
	x.that(first.ReplyTo == "" && !first.ReplyToBot, "a message that answers none has reply to %q, to the bot %v", first.ReplyTo, first.ReplyToBot)
	for _, toBot := range []bool{false, true} {
		m, _, err := b.one(Event{Chat: "room", Person: "bob", Text: "yes", ReplyTo: first.ID, ReplyToBot: toBot})
		if err != nil {
			return err
		}
		x.that(m.ReplyTo == first.ID, "reply to %q, want %q", m.ReplyTo, first.ID)
		x.that(m.ReplyToBot == toBot, "reply to the bot %v, want %v", m.ReplyToBot, toBot)
	}
	return x.err()
}

func forwarded(b *bench) error {
	b.start(nil)
	var x expect
	for _, forwarded := range []bool{true, false} {
		m, _, err := b.one(Event{Chat: "room", Person: "alice", Text: "hello", Forwarded: forwarded})
		if err != nil {
			return err
		}
		x.that(m.Forwarded == forwarded, "forwarded %v, want %v", m.Forwarded, forwarded)
	}
	return x.err()
}

// attachments plays files that are described by name, type and size; how they are
// fetched is the connector's own.
func attachments(b *bench) error {
	b.start(nil)
	want := []connectors.Attachment{
		{Name: "plan.pdf", Type: "application/pdf", Bytes: 48213},
		{Name: "../../etc/passwd", Type: "text/plain", Bytes: 11 << 20},
	}
	events := [][]connectors.Attachment{want[:1], want[1:]}
	if b.driver.Supports(SeveralAttachments) {
		events = append(events, want)
	}
	var x expect
	for _, files := range events {
		m, _, err := b.one(Event{Chat: "room", Person: "alice", Text: "look", Attachments: files})
		if err != nil {
			return err
		}
		got := slices.Clone(m.Attachments)
		for i := range got {
			got[i].Ref = ""
		}
		x.that(slices.Equal(got, files), "attachments %+v, want %+v", got, files)
		x.that(m.Text == "look", "the text beside %d files arrived as %q", len(files), m.Text)
	}
	return x.err()
}

func edits(b *bench) error {
	b.start(nil)
	first, _, err := b.one(Event{Chat: "room", ChatKind: connectors.ChatDM, Person: "alice", Text: "hello"})
	if err != nil {
		return err
	}
	var x expect
	x.that(first.Revision == "", "the first version has the revision %q", first.Revision)
	revisions := map[string]bool{}
	for _, text := range []string{"hello again", "/approve CODE owner", "!stop"} {
		m, _, err := b.one(Event{Chat: "room", ChatKind: connectors.ChatDM, Person: "alice", Kind: connectors.EventEdit, About: first.ID, Text: text})
		if err != nil {
			return err
		}
		x.that(m.Kind == connectors.EventEdit, "the edit to %q is of kind %q", text, m.Kind)
		x.that(m.Command == "" && len(m.Args) == 0, "the edit to %q has the command %q", text, m.Command)
		x.that(m.ID == first.ID && m.Chat.ID == first.Chat.ID && m.User.ID == first.User.ID, "the edit belongs to message %q in %q of %q", m.ID, m.Chat.ID, m.User.ID)
		x.that(m.Text == text, "the edit to %q arrived as %q", text, m.Text)
		x.that(m.Revision != "" && !revisions[m.Revision], "the revision %q is empty or was given before", m.Revision)
		revisions[m.Revision] = true
	}
	return x.err()
}

// other plays an event that is no message, with a text that would be a command.
func other(kind connectors.EventKind) func(*bench) error {
	return func(b *bench) error {
		b.start(nil)
		first, _, err := b.one(Event{Chat: "room", Person: "alice", Text: "hello"})
		if err != nil {
			return err
		}
		m, ids, err := b.one(Event{Chat: "room", Person: "mallory", Kind: kind, About: first.ID, Text: "/approve CODE owner"})
		if err != nil {
			return err
		}
		var x expect
		x.that(m.Kind == kind, "event kind %q, want %q", m.Kind, kind)
		x.that(m.Command == "" && len(m.Args) == 0, "the event has the command %q", m.Command)
		x.that(m.User.ID == ids.User && m.User.ID != first.User.ID, "the event's user is %q, who did it is %q", m.User.ID, ids.User)
		return x.err()
	}
}
