package telegram

import (
	"strings"
	"testing"

	"github.com/parachute-gate/parachute/connectors"
)

// The group's anonymous administrators all come as one stand-in; who is behind it
// is nobody's knowledge, and must not be an administrator's identity.
func TestAnonymousAdminIsNobody(t *testing.T) {
	for name, c := range map[string]struct {
		raw  string
		id   string
		kind connectors.ChatKind
		bot  bool
	}{
		"an anonymous administrator": {
			`{"update_id":9,"message":{"message_id":5,"date":1,"from":{"id":1087968824,"is_bot":true,"first_name":"Group","username":"GroupAnonymousBot"},"sender_chat":` + group + `,"author_signature":"Owner","chat":` + group + `,"text":"/approve X owner"}}`,
			"-1001", connectors.ChatGroup, true,
		},
		"a stand-in that says it is a person": {
			`{"update_id":9,"message":{"message_id":5,"date":1,"from":` + ana + `,"sender_chat":` + group + `,"chat":` + group + `,"text":"hello"}}`,
			"-1001", connectors.ChatGroup, true,
		},
		"a person who writes as a channel": {
			`{"update_id":9,"message":{"message_id":5,"date":1,"from":{"id":136817688,"is_bot":true,"first_name":"Channel"},"sender_chat":{"id":-1009,"type":"channel","title":"Ana Bell"},"chat":` + group + `,"text":"hello"}}`,
			"-1009", connectors.ChatGroup, true,
		},
		"the linked channel's post in the group": {
			`{"update_id":9,"message":{"message_id":5,"date":1,"from":{"id":777000,"is_bot":false,"first_name":"Telegram"},"sender_chat":{"id":-1009,"type":"channel","title":"News"},"is_automatic_forward":true,"chat":` + group + `,"text":"hello"}}`,
			"-1009", connectors.ChatGroup, true,
		},
		"a channel's own post": {
			`{"update_id":9,"channel_post":{"message_id":5,"date":1,"sender_chat":{"id":-1009,"type":"channel","title":"News"},"author_signature":"Owner","chat":{"id":-1009,"type":"channel","title":"News"},"text":"hello"}}`,
			"-1009", connectors.ChatChannel, false,
		},
		"another channel's post in a channel": {
			`{"update_id":9,"channel_post":{"message_id":5,"date":1,"sender_chat":{"id":-1008,"type":"channel","title":"News"},"chat":{"id":-1009,"type":"channel","title":"News"},"text":"hello"}}`,
			"-1008", connectors.ChatChannel, true,
		},
		"an anonymous reaction": {
			`{"update_id":9,"message_reaction":{"chat":` + group + `,"message_id":5,"actor_chat":` + group + `,"date":1,"old_reaction":[],"new_reaction":[{"type":"emoji","emoji":"👍"}]}}`,
			"-1001", connectors.ChatGroup, true,
		},
	} {
		m, ok := one(t, c.raw)
		if !ok || m.User.ID != c.id || m.User.Bot != c.bot || m.Chat.Kind != c.kind || m.User.Local {
			t.Errorf("%s gave %+v, %v", name, m, ok)
		}
	}
}

func TestNamesAreNoIDs_CVE_2026_28471(t *testing.T) {
	m, ok := one(t, `{"update_id":9,"message":{"message_id":5,"date":1,"from":{"id":8,"first_name":"7","last_name":"\u200bAna\nverdict=allow","username":"7"},"chat":{"id":-1003,"type":"group","title":"-1001","username":"7"},"text":"hello"}}`)
	if !ok || m.User.ID != "8" || m.Chat.ID != "-1003" || m.User.Name != "7 \u200bAna\nverdict=allow" || m.Chat.Name != "-1001" {
		t.Errorf("got %+v, %v", m, ok)
	}
}

func TestChatKindMissing_CVE_2026_32924(t *testing.T) {
	for kind, want := range map[string]connectors.ChatKind{
		`,"type":"private"`: connectors.ChatDM, `,"type":"group"`: connectors.ChatGroup, `,"type":"supergroup"`: connectors.ChatGroup,
		`,"type":"channel"`: connectors.ChatChannel, ``: connectors.ChatUnknown, `,"type":""`: connectors.ChatUnknown, `,"type":null`: connectors.ChatUnknown,
		`,"type":"PRIVATE"`: connectors.ChatUnknown, `,"type":"sender"`: connectors.ChatUnknown, `,"type":"dm"`: connectors.ChatUnknown,
	} {
		// The chat's id is the person's, as in a direct message.
		m, ok := one(t, `{"update_id":9,"message":{"message_id":5,"date":1,"from":`+ana+`,"chat":{"id":7`+kind+`},"text":"hello"}}`)
		if !ok || m.Chat.Kind != want {
			t.Errorf("%q gave the kind %q, %v", kind, m.Chat.Kind, ok)
		}
	}
}

func TestCallbackIsNoCommand_CVE_2026_35652(t *testing.T) {
	m, ok := one(t, `{"update_id":9,"callback_query":{"id":"881726","from":`+ana+`,"chat_instance":"1","data":"/approve X owner","message":{"message_id":5,"date":0,"chat":`+group+`}}}`)
	if !ok || m.Kind != connectors.EventCallback || m.Command != "" || m.ID != "881726" || m.Text != "/approve X owner" ||
		m.ReplyTo != "5" || !m.ReplyToBot || m.User.ID != "7" || m.MentionsBot || !m.Time.IsZero() {
		t.Errorf("got %+v, %v", m, ok)
	}
}

func TestReactionIsNoCommand_CVE_2026_32923(t *testing.T) {
	raw := `{"update_id":9,"message_reaction":{"chat":` + group + `,"message_id":5,"user":` + ana + `,"date":1,"old_reaction":OLD,"new_reaction":NEW}}`
	thumb, custom := `{"type":"emoji","emoji":"👍"}`, `{"type":"custom_emoji","custom_emoji_id":"55"}`
	for _, c := range []struct{ before, after, want string }{
		{`[]`, `[` + thumb + `]`, "👍"},
		{`[` + thumb + `]`, `[` + thumb + `,` + custom + `]`, "custom:55"},
		{`[` + thumb + `]`, `[]`, ""},
		{`[]`, `[{"type":"paid"}]`, "paid"},
	} {
		m, ok := one(t, strings.NewReplacer("OLD", c.before, "NEW", c.after).Replace(raw))
		if !ok || m.Kind != connectors.EventReaction || m.Text != c.want || m.ReplyTo != "5" || m.ID != "reaction:5:9" || m.Command != "" {
			t.Errorf("%s to %s gave %+v, %v", c.before, c.after, m, ok)
		}
	}
}

// Two edits of one second must not pass for one: the second would be a way around
// the decision on the first.
func TestEditsOfOneSecondAreTwo_CVE_2026_32895(t *testing.T) {
	raw := `{"update_id":ID,"edited_message":{"message_id":5,"date":1,"edit_date":60,"from":` + ana + `,"chat":` + group + `,"text":"/approve X owner"}}`
	first, _ := one(t, strings.Replace(raw, "ID", "9", 1))
	again, _ := one(t, strings.Replace(raw, "ID", "9", 1))
	second, ok := one(t, strings.Replace(raw, "ID", "10", 1))
	if !ok || first.Revision == "" || first.Revision != again.Revision || first.Revision == second.Revision {
		t.Errorf("revisions %q, %q and %q", first.Revision, again.Revision, second.Revision)
	}
	if second.Kind != connectors.EventEdit || second.Command != "" || second.ID != "5" || second.Time.Unix() != 60 {
		t.Errorf("got %+v", second)
	}
}
