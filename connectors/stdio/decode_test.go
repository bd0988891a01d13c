package stdio

import (
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/parachute-gate/parachute/connectors"
)

func TestDecode(t *testing.T) {
	chat := connectors.Chat{ID: "c"}
	user := connectors.User{ID: "u"}
	for name, c := range map[string]struct {
		line string
		want connectors.Message
	}{
		"least": {
			`{"id":"1","chat":"c","user":"u"}`,
			connectors.Message{ID: "1", Chat: chat, User: user, Kind: connectors.EventMessage},
		},
		"most": {
			`{"id":"1","chat":"c","chat_kind":"group","user":"u","name":"U","bot":true,"text":"hi","mentions_bot":true,` +
				`"reply_to":"0","reply_to_bot":true,"forwarded":true,"attachments":[{"name":"a","type":"b/c","bytes":7}]}`,
			connectors.Message{
				ID: "1", Chat: connectors.Chat{ID: "c", Kind: connectors.ChatGroup},
				User: connectors.User{ID: "u", Name: "U", Bot: true}, Kind: connectors.EventMessage, Text: "hi",
				MentionsBot: true, ReplyTo: "0", ReplyToBot: true, Forwarded: true,
				Attachments: []connectors.Attachment{{Name: "a", Type: "b/c", Bytes: 7}},
			},
		},
		"command": {
			`{"id":"1","chat":"c","user":"u","text":"!Pair ABC"}`,
			connectors.Message{ID: "1", Chat: chat, User: user, Kind: connectors.EventCommand, Text: "!Pair ABC", Command: "pair", Args: []string{"ABC"}},
		},
		"token": {
			`{"id":"1","chat":"c","user":"u","token":"parachute_a_b"}`,
			connectors.Message{ID: "1", Chat: chat, User: user, Kind: connectors.EventMessage, Token: "parachute_a_b"},
		},
		"kind message is the default": {
			`{"id":"1","chat":"c","user":"u","text":"/help","kind":"message"}`,
			connectors.Message{ID: "1", Chat: chat, User: user, Kind: connectors.EventCommand, Text: "/help", Command: "help", Args: []string{}},
		},
		"edit to a command": {
			`{"id":"1","chat":"c","user":"u","text":"/help","edited":true,"revision":"2"}`,
			connectors.Message{ID: "1", Revision: "2", Chat: chat, User: user, Kind: connectors.EventEdit, Text: "/help"},
		},
		"reaction with a revision": {
			`{"id":"1","chat":"c","user":"u","text":"+1","kind":"reaction","revision":"3"}`,
			connectors.Message{ID: "1", Revision: "3", Chat: chat, User: user, Kind: connectors.EventReaction, Text: "+1"},
		},
		"delete": {
			`{"id":"1","chat":"c","user":"u","kind":"delete"}`,
			connectors.Message{ID: "1", Chat: chat, User: user, Kind: connectors.EventDelete},
		},
		"escapes, white space and a carriage return": {
			" {\t\"id\" : \"\\u0031\", \"chat\":\"c\",\"user\":\"u\",\"text\":\"\\ud83d\\ude00 \\\\ud800 \\n\"} \r",
			connectors.Message{ID: "1", Chat: chat, User: user, Kind: connectors.EventMessage, Text: "\U0001F600 \\ud800 \n"},
		},
		"id that is only spaces stays": {
			`{"id":" ","chat":"c","user":"u"}`,
			connectors.Message{ID: " ", Chat: chat, User: user, Kind: connectors.EventMessage},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Decode([]byte(c.line))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestDecodeRejects(t *testing.T) {
	const rest = `,"chat":"c","user":"u","text":"SECRET"}`
	for _, c := range []struct{ line, want string }{
		{`{"chat":"c","user":"u","text":"SECRET"}`, `"id" is missing, needed are id, chat, user`},
		{`{"id":"1","user":"u","text":"SECRET"}`, `"chat" is missing`},
		{`{"id":"1","chat":"c","text":"SECRET"}`, `"user" is missing`},
		{`{"id":""` + rest, `"id" is empty`},
		{`{"id":7` + rest, `"id" must be a string, not a number`},
		{`{"id":null` + rest, `"id" must be a string, not null`},
		{`{"id":"1","edited":"SECRET"` + rest, `"edited" must be true or false, not a string`},
		{`{"id":"1","edited":null` + rest, `"edited" must be true or false, not null`},
		{`{"id":"1","name":["SECRET"]` + rest, `"name" must be a string, not an array`},
		{`{"id":"1","usr":"SECRET"` + rest, `unknown key "usr", the valid ones are id, chat, chat_kind, user, name,`},
		{`{"id":"1","Text":"SECRET"` + rest, `unknown key "Text"`},
		{`{"id":"1","ID":"2"` + rest, `unknown key "ID"`},
		{`{"id":"1","local":true` + rest, `unknown key "local"`},
		{`{"id":"1","a\n\u202eb` + strings.Repeat("x", 99) + `":1` + rest, `unknown key "a\n\u202eb` + strings.Repeat("x", 26) + `..."`},
		{`{"id":"1","id":"2"` + rest, `key "id" stands twice, keep one`},
		{`{"id":"1","\u0069d":"2"` + rest, `key "id" stands twice`},
		{`{"id":"1","chat_kind":"SECRET"` + rest, `"chat_kind" has an unknown value, the valid ones are "dm", "group" and "channel"`},
		{`{"id":"1","chat_kind":"DM"` + rest, `"chat_kind" has an unknown value`},
		{`{"id":"1","kind":"command"` + rest, `"kind" has an unknown value, the valid ones are "message", "callback", "reaction" and "delete"`},
		{`{"id":"1","kind":"callback","edited":true` + rest, `"edited" does not go with "kind" "callback"`},
		{`{"id":"1","revision":"2"` + rest, `"revision" stands on the first version of a message`},
		{`{"id":"1","attachments":{}` + rest, `"attachments" must be an array, not an object`},
		{`{"id":"1","attachments":["SECRET"]` + rest, `"attachments[0]" must be an object, not a string`},
		{`{"id":"1","attachments":[{"type":"a/b","bytes":1},{"type":"a/b"}]` + rest, `"attachments[1].bytes" is missing`},
		{`{"id":"1","attachments":[{"bytes":1}]` + rest, `"attachments[0].type" is missing`},
		{`{"id":"1","attachments":[{"type":"a/b","bytes":-1}]` + rest, `"attachments[0].bytes" must be a whole number`},
		{`{"id":"1","attachments":[{"type":"a/b","bytes":1.5}]` + rest, `"attachments[0].bytes" must be a whole number`},
		{`{"id":"1","attachments":[{"type":"a/b","bytes":9223372036854775808}]` + rest, `"attachments[0].bytes" must be a whole number`},
		{`{"id":"1","attachments":[{"type":"a/b","bytes":1,"path":"SECRET"}]` + rest, `unknown key "attachments[0].path"`},
		{`{"id":"1"` + rest + ` {"id":"2"}`, `there is more after the JSON value`},
		{`{"id":"1"` + rest + `SECRET`, `there is more after the JSON value`},
		{`{"id":"1"` + rest + "\u00a0", `there is more after the JSON value`},
		{`{"id":"1","text":"SECRET`, `the JSON ends too early`},
		{`{"id":"1",}`, `invalid JSON at byte 11`},
		{`{'id':"SECRET"}`, `invalid JSON at byte 2`},
		{`SECRET`, `invalid JSON at byte 1`},
		{`["SECRET"]`, `the line is an array, write one object a line`},
		{`"SECRET"`, `the line is a string`},
		{`null`, `the line is null`},
		{"\xef\xbb\xbf{}", `byte order mark`},
		{`{"id":"1","text":"SECRET` + "\xff" + `"}`, `invalid UTF-8 at byte 25`},
		{`{"id":"\ud800"` + rest, `half a surrogate pair at byte 8`},
		{`{"id":"\udc00\ud800"` + rest, `half a surrogate pair at byte 8`},
		{`{"id":"\ud83d\ude00\ud83dx"` + rest, `half a surrogate pair at byte 20`},
		{`{"id":"\\\ud800"` + rest, `half a surrogate pair at byte 10`},
		{strings.Repeat("[", 20_000), `invalid JSON`},
	} {
		m, err := Decode([]byte(c.line))
		if err == nil {
			t.Errorf("%.80s: accepted as %+v", c.line, m)
			continue
		}
		if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.80s:\ngot  %v\nwant %s", c.line, err, c.want)
		}
		if strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%.80s: the error repeats a value: %v", c.line, err)
		}
	}
}

func TestEditsWithoutARevisionAreToldApart(t *testing.T) {
	revision := func(text string) string {
		m, err := Decode([]byte(`{"id":"1","chat":"c","user":"u","edited":true,"text":"` + text + `"}`))
		if err != nil {
			t.Fatal(err)
		}
		return m.Revision
	}
	if a, again, b := revision("a"), revision("a"), revision("b"); a == "" || a != again || a == b {
		t.Errorf("revisions of texts a, a, b: %q, %q, %q", a, again, b)
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`{"id":"1","chat":"c","user":"u"}`,
		`{"id":"1","chat":"c","user":"u","text":"/help me","chat_kind":"dm","mentions_bot":true}`,
		`{"id":"1","chat":"c","user":"u","text":"/help","edited":true,"revision":"1"}`,
		`{"id":"1","chat":"c","user":"u","attachments":[{"type":"a/b","bytes":1}],"kind":"callback"}`,
		`{"id":"\ud83d\ude00","chat":"\ud800","user":"u"}`,
		`{"id":"1","id":"2"}`, `{"a":[[[{}]]]}`, `[]`, ``, "\xff", `{"id":"1","chat":"c","user":"u"} x`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := Decode(raw)
		if err != nil {
			if msg := err.Error(); len(msg) > 512 || strings.ContainsAny(msg, "\n\r\x1b") || !utf8.ValidString(msg) {
				t.Errorf("error of %d bytes: %q", len(msg), msg)
			}
			return
		}
		if m.ID == "" || m.Chat.ID == "" || m.User.ID == "" {
			t.Errorf("accepted without a needed id: %+v", m)
		}
		if m.User.Local {
			t.Error("accepted as local")
		}
		if m.Kind != connectors.EventCommand && (m.Command != "" || m.Args != nil) {
			t.Errorf("a command of kind %q", m.Kind)
		}
		if m.Kind == connectors.EventEdit && m.Revision == "" {
			t.Error("an edit without a revision")
		}
		if first := m.Kind == connectors.EventMessage || m.Kind == connectors.EventCommand; first && m.Revision != "" {
			t.Errorf("a first version with the revision %q", m.Revision)
		}
		assertSameAsPlainDecoder(t, raw, m)
	})
}
