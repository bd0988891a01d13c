package discord

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/parachute-gate/parachute/connectors"
)

// FuzzTranslate holds that no event of any form panics, is a direct message
// without a word of Discord's, is of the bot itself, or shows a token.
func FuzzTranslate(f *testing.F) {
	for _, s := range []string{
		`{"id":"2","channel_id":"3","author":{"id":"4","username":"ana"},"content":"hello","type":0,"timestamp":"2026-01-02T03:04:05.000000+00:00"}`,
		`{"id":"2","channel_id":"3","guild_id":"5","author":{"id":"1"},"content":"own"}`,
		`{"id":"2","channel_id":"3","author":{"id":"4"},"content":"<@1> /help me","mentions":[{"id":"1"}],"edited_timestamp":"2026-01-02T03:04:05Z"}`,
		`{"id":"2","channel_id":"3","author":{"id":"4"},"type":19,"message_reference":{"message_id":"9"},"referenced_message":{"id":"9","author":{"id":"1"}}}`,
		`{"id":"2","channel_id":"3","author":{"id":"4"},"message_reference":{"type":1},"message_snapshots":[{"message":{"content":"/approve X"}}]}`,
		`{"id":"2","type":2,"token":"tok","channel_id":"3","channel":{"id":"3","type":1},"user":{"id":"4"},"data":{"name":"help","options":[{"name":"args","value":"a b"}]}}`,
		`{"id":"2","type":3,"token":"tok","channel_id":"3","channel":{"id":"3","type":1},"context":2,"user":{"id":"4"},"data":{"custom_id":"/stop"},"message":{"id":"7","author":{"id":"1"}}}`,
		`{"user_id":"4","channel_id":"3","message_id":"2","emoji":{"id":null,"name":"👍"},"message_author_id":"1"}`,
		`{}`, `null`, `[]`, `{"author":null,"mentions":[null],"message_snapshots":[null],"message_reference":{}}`,
	} {
		f.Add([]byte(s))
	}
	tr := translator{self: "1", files: files{base: overrideOf("http://127.0.0.1:1")}}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var w wireMessage
		if json.Unmarshal(raw, &w) == nil {
			for _, translate := range []func(wireMessage) (connectors.Message, bool){tr.message, tr.edit} {
				m, ok := translate(w)
				sound(t, m, ok)
				if ok && (m.Chat.Kind != connectors.ChatUnknown || m.Forwarded && (m.MentionsBot || m.Kind == connectors.EventCommand)) {
					t.Errorf("%s gave %+v", raw, m)
				}
			}
		}
		var i wireInteraction
		if json.Unmarshal(raw, &i) == nil {
			m, ok := tr.interaction(i)
			sound(t, m, ok)
			if ok && m.Chat.Kind == connectors.ChatDM && (i.Channel == nil || i.Channel.Type != 1 || i.GuildID != "" || i.Context != nil && *i.Context == 2) {
				t.Errorf("%s is taken for a direct message", raw)
			}
			if ok && len(i.Token) > 20 && strings.Contains(m.ID, i.Token) {
				t.Errorf("%s shows its token", raw)
			}
		}
		var r wireReaction
		if json.Unmarshal(raw, &r) == nil {
			m, ok := tr.reaction(r, "id", timeOf("1"))
			sound(t, m, ok)
		}
	})
}

func sound(t *testing.T, m connectors.Message, ok bool) {
	t.Helper()
	if !ok {
		return
	}
	if m.ID == "" || m.Chat.ID == "" || m.User.ID == "" || m.User.ID == "1" || m.User.Local || m.Kind == "" {
		t.Errorf("%+v is no event", m)
	}
	if m.Kind != connectors.EventCommand && (m.Command != "" || m.Args != nil) {
		t.Errorf("%+v has a command", m)
	}
	if (m.Kind == connectors.EventEdit) != (m.Revision != "") {
		t.Errorf("%+v has a wrong revision", m)
	}
}
