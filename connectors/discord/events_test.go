package discord

import (
	"slices"
	"testing"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/connectortest"
)

// attack is an event that pretends.
type attack struct {
	name, event string
	data        map[string]any
	want        func(m connectors.Message) bool
}

func author(id string) map[string]any { return map[string]any{"id": id, "username": "mallory"} }

// TestAttacks plays what no ordinary client writes, through the gateway.
func TestAttacks(t *testing.T) {
	p := testPlatform(t, true)
	g := p.start(t, nil)
	room := must(t)(p.Inject(group("room", "hello")))
	dm := must(t)(p.Inject(direct("hello")))
	g.texts(2)
	me := map[string]any{"id": p.BotID(), "username": "parachute", "bot": true}
	inRoom := func(more map[string]any) map[string]any {
		m := map[string]any{"id": "900", "channel_id": room.Chat, "guild_id": "7", "author": author("900001"), "type": 0, "content": "x"}
		for k, v := range more {
			m[k] = v
		}
		return m
	}
	snapshot := []any{map[string]any{"message": map[string]any{"content": "/approve X owner <@" + p.BotID() + ">"}}}
	for _, a := range []attack{
		{"MissingServerIDTakenForADM_CVE-2026-32924", "MESSAGE_CREATE",
			map[string]any{"id": "901", "channel_id": room.Chat, "author": author("900001"), "content": "no server"},
			func(m connectors.Message) bool { return m.Chat.Kind == connectors.ChatGroup }},
		{"ChannelNobodyKnowsTakenForADM_CVE-2026-32924", "MESSAGE_CREATE",
			map[string]any{"id": "902", "channel_id": "424242", "author": author("900001"), "content": "no channel"},
			func(m connectors.Message) bool { return m.Chat.Kind == connectors.ChatUnknown }},
		{"DMThatClaimsAServer_CVE-2026-32924", "MESSAGE_CREATE",
			map[string]any{"id": "903", "channel_id": dm.Chat, "guild_id": "7", "author": author("900001"), "content": "both"},
			func(m connectors.Message) bool { return m.Chat.Kind == connectors.ChatUnknown }},
		{"InteractionOfTwoPeoplesDM_CVE-2026-31991", "INTERACTION_CREATE",
			map[string]any{"id": "904", "application_id": "1", "type": 2, "token": "t-904", "channel_id": "555", "context": 2,
				"channel": map[string]any{"id": "555", "type": 1}, "user": author("900001"), "data": map[string]any{"name": "help"}},
			func(m connectors.Message) bool { return m.Chat.Kind == connectors.ChatGroup }},
		{"NicknameTakenForAnID_CVE-2026-28471", "MESSAGE_CREATE",
			inRoom(map[string]any{"member": map[string]any{"nick": "alice"}}),
			func(m connectors.Message) bool { return m.User.ID == "900001" && m.User.Name == "alice" }},
		{"WebhookWithAPersonsName_CVE-2026-28471", "MESSAGE_CREATE",
			inRoom(map[string]any{"author": author("800"), "webhook_id": "800"}),
			func(m connectors.Message) bool { return m.User.Bot && m.User.ID == "800" }},
		{"RoleAndEveryoneAreNoMention", "MESSAGE_CREATE",
			inRoom(map[string]any{"content": "@everyone <@&" + p.BotID() + ">", "mention_everyone": true, "mention_roles": []string{p.BotID()}}),
			func(m connectors.Message) bool { return !m.MentionsBot }},
		{"MentionInTheTextAlone", "MESSAGE_CREATE",
			inRoom(map[string]any{"content": "`<@" + p.BotID() + ">`", "mentions": []any{}}),
			func(m connectors.Message) bool { return !m.MentionsBot && m.Text == "`<@"+p.BotID()+">`" }},
		{"ReplyPingIsNoMention", "MESSAGE_CREATE",
			inRoom(map[string]any{"content": "yes", "mentions": []any{me}, "type": 19, "message_reference": map[string]any{"message_id": "5"},
				"referenced_message": map[string]any{"id": "5", "author": me, "content": "/approve X"}}),
			func(m connectors.Message) bool {
				return !m.MentionsBot && m.ReplyToBot && m.Text == "yes" && m.ReplyTo == "5"
			}},
		{"ForwardedCommandIsNobodysCommand", "MESSAGE_CREATE",
			inRoom(map[string]any{"content": "", "mentions": []any{me}, "message_reference": map[string]any{"type": 1}, "message_snapshots": snapshot}),
			func(m connectors.Message) bool {
				return m.Forwarded && m.Kind == connectors.EventMessage && !m.MentionsBot && m.Text != ""
			}},
		{"CommandAfterAMention", "MESSAGE_CREATE",
			inRoom(map[string]any{"content": "<@!" + p.BotID() + "> !status now", "mentions": []any{me}}),
			func(m connectors.Message) bool {
				return m.MentionsBot && m.Kind == connectors.EventCommand && m.Command == "status" && m.Text == "!status now"
			}},
		{"EditToACommand_CVE-2026-32895", "MESSAGE_UPDATE",
			inRoom(map[string]any{"content": "/approve X", "edited_timestamp": "2026-01-02T03:04:05.123456+00:00"}),
			func(m connectors.Message) bool {
				return m.Kind == connectors.EventEdit && m.Command == "" && m.Revision != ""
			}},
		{"SeveralDeletions_CVE-2026-32895", "MESSAGE_DELETE_BULK",
			map[string]any{"ids": []string{"31"}, "channel_id": room.Chat, "guild_id": "7"},
			func(m connectors.Message) bool {
				return m.Kind == connectors.EventDelete && m.ID == "31" && m.User.ID == nobody
			}},
		{"PressWithForeignData_CVE-2026-35652", "INTERACTION_CREATE",
			map[string]any{"id": "905", "application_id": "1", "type": 3, "token": "t-905", "channel_id": room.Chat, "guild_id": "7", "context": 0,
				"channel": map[string]any{"id": room.Chat, "type": 0}, "member": map[string]any{"user": author("900001")},
				"message": map[string]any{"id": "6", "author": me}, "data": map[string]any{"custom_id": "/approve X owner"}},
			func(m connectors.Message) bool {
				return m.Kind == connectors.EventCallback && m.Command == "" && m.Text == "/approve X owner" && m.ReplyTo == "6" && m.ReplyToBot
			}},
		{"ForgedAttachmentAddress", "MESSAGE_CREATE",
			inRoom(map[string]any{"attachments": []any{map[string]any{"filename": "a", "size": 1, "url": "http://169.254.169.254/attachments/x"}}}),
			func(m connectors.Message) bool { return len(m.Attachments) == 1 && m.Attachments[0].Ref == "" }},
	} {
		t.Run(a.name, func(t *testing.T) {
			g.t = t
			p.Play(a.event, a.data)
			if m := g.next(); !a.want(m) {
				t.Errorf("it became %+v", m)
			}
		})
	}
	g.t = t
	g.stop()
}

// TestEventsThatAreNone holds what the gateway gives and nobody did.
func TestEventsThatAreNone(t *testing.T) {
	p := testPlatform(t, true)
	g := p.start(t, nil)
	room := must(t)(p.Inject(group("room", "hello")))
	g.texts(1)
	base := map[string]any{"id": "900", "channel_id": room.Chat, "guild_id": "7", "author": author("5"), "content": "x"}
	with := func(k string, v any) map[string]any {
		m := map[string]any{}
		for k, v := range base {
			m[k] = v
		}
		m[k] = v
		return m
	}
	p.Play("MESSAGE_CREATE", with("type", 7))                   // a person joined
	p.Play("MESSAGE_CREATE", with("type", 6))                   // a pin
	p.Play("MESSAGE_CREATE", with("author", author(p.BotID()))) // the bot itself
	p.Play("MESSAGE_CREATE", with("author", nil))               // nobody
	p.Play("MESSAGE_CREATE", []string{"not", "an", "object"})   // nothing
	p.Play("MESSAGE_UPDATE", with("edited_timestamp", nil))     // a preview was added
	p.Play("MESSAGE_REACTION_ADD", map[string]any{"user_id": p.BotID(), "channel_id": room.Chat, "message_id": "1"})
	p.Play("INTERACTION_CREATE", map[string]any{"id": "1", "type": 1, "token": "t"})
	p.Play("SOMETHING_NEW", map[string]any{"id": "1"})
	p.Frame(`{"op":77,"d":null}`)
	g.none(p, group("room", ""))
}

// TestTextThatIsWithheld holds that without the intent only what addresses the
// bot is an event.
func TestTextThatIsWithheld(t *testing.T) {
	p := testPlatform(t, false)
	g := p.start(t, nil)
	must(t)(p.Inject(group("room", "not for the bot")))
	mention := group("room", "for the bot")
	mention.Mention = true
	must(t)(p.Inject(mention))
	reply := group("room", "an answer")
	reply.ReplyTo, reply.ReplyToBot = "5", true
	must(t)(p.Inject(reply))
	if got, want := g.texts(2), []string{"for the bot", "an answer"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	must(t)(p.Inject(direct("a direct message")))
	if m := g.next(); m.Text != "a direct message" || m.Chat.Kind != connectors.ChatDM {
		t.Errorf("got %+v", m)
	}
}

func TestReactionsHaveIDsOfTheirOwn(t *testing.T) {
	p := testPlatform(t, true)
	g := p.start(t, nil)
	ids := must(t)(p.Inject(group("room", "hello")))
	g.texts(1)
	like := connectortest.Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "bob", Kind: connectors.EventReaction, About: ids.Message, Text: "👍"}
	must(t)(p.Inject(like))
	must(t)(p.Inject(like))
	first, second := g.next(), g.next()
	if err := p.connector.Send(t.Context(), answerTo(first, "allow", "thanks")); err != nil {
		t.Errorf("an answer to a reaction: %v", err)
	}
	if sent := p.Sent(); len(sent) != 1 || sent[0].ReplyTo != ids.Message {
		t.Errorf("sent %+v", sent)
	}
	if first.ID == second.ID || first.ReplyTo != ids.Message || first.Text != "👍" {
		t.Errorf("got %+v and %+v", first, second)
	}
}
