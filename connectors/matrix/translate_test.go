package matrix

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"maunium.net/go/mautrix/id"

	"github.com/parachute-gate/parachute/connectors"
)

const (
	bot   = id.UserID("@bot:example.org")
	alice = "@alice:example.org"
)

// old are the events that others speak of.
func old(_ context.Context, ev id.EventID) (fact, bool, error) {
	switch ev {
	case "$bots":
		return fact{sender: bot}, true, nil
	case "$alices":
		return fact{sender: alice}, true, nil
	case "$broken":
		return fact{}, false, errors.New("the homeserver is away")
	}
	return fact{}, false, nil
}

func translate(t testing.TB, raw string) (connectors.Message, error) {
	t.Helper()
	e, err := decodeEvent([]byte(raw))
	if err != nil {
		return connectors.Message{}, passedOver(err.Error())
	}
	return translator{self: bot, came: time.UnixMilli(1800000000000), find: old}.message(t.Context(), e, connectors.Chat{ID: "!r:example.org", Kind: connectors.ChatGroup}, "Alice")
}

// of makes an event of alice's.
func of(kind, content string) string {
	return fmt.Sprintf(`{"type":%q,"event_id":"$e","sender":%q,"origin_server_ts":1700000000123,"content":%s}`, kind, alice, content)
}

func text(content string) string { return of("m.room.message", content) }

func TestTranslate(t *testing.T) {
	user := connectors.User{ID: alice, Name: "Alice"}
	bots := user
	bots.Bot = true
	base := connectors.Message{
		ID: "$e", Chat: connectors.Chat{ID: "!r:example.org", Kind: connectors.ChatGroup}, User: user,
		Kind: connectors.EventMessage, Time: time.UnixMilli(1700000000123),
	}
	with := func(change func(m *connectors.Message)) connectors.Message {
		m := base
		change(&m)
		return m
	}
	for name, c := range map[string]struct {
		raw  string
		want connectors.Message
	}{
		"text":  {text(`{"msgtype":"m.text","body":"hello"}`), with(func(m *connectors.Message) { m.Text = "hello" })},
		"emote": {text(`{"msgtype":"m.emote","body":"waves"}`), with(func(m *connectors.Message) { m.Text = "waves" })},
		"a notice is a bot's": {text(`{"msgtype":"m.notice","body":"beep"}`), with(func(m *connectors.Message) {
			m.Text, m.User = "beep", bots
		})},
		"command": {text(`{"msgtype":"m.text","body":"!Workspace Notes"}`), with(func(m *connectors.Message) {
			m.Kind, m.Text, m.Command, m.Args = connectors.EventCommand, "!Workspace Notes", "workspace", []string{"Notes"}
		})},
		"mention": {text(`{"msgtype":"m.text","body":"hi","m.mentions":{"user_ids":["@x:y","@bot:example.org"]}}`), with(func(m *connectors.Message) {
			m.Text, m.MentionsBot = "hi", true
		})},
		"a pill and a name are no mention": {
			text(`{"msgtype":"m.text","body":"@bot:example.org: hi","format":"org.matrix.custom.html","formatted_body":"<a href=\"https://matrix.to/#/@bot:example.org\">bot</a>: hi"}`),
			with(func(m *connectors.Message) { m.Text = "@bot:example.org: hi" }),
		},
		"the room is not the bot": {text(`{"msgtype":"m.text","body":"@room hi","m.mentions":{"room":true}}`), with(func(m *connectors.Message) { m.Text = "@room hi" })},
		"another's localpart is not the bot": {text(`{"msgtype":"m.text","body":"hi","m.mentions":{"user_ids":["@bot:evil.org","bot","@Bot:example.org"]}}`), with(func(m *connectors.Message) {
			m.Text = "hi"
		})},
		"reply to the bot": {text(`{"msgtype":"m.text","body":"yes","m.relates_to":{"m.in_reply_to":{"event_id":"$bots"}}}`), with(func(m *connectors.Message) {
			m.Text, m.ReplyTo, m.ReplyToBot = "yes", "$bots", true
		})},
		"reply to another": {text(`{"msgtype":"m.text","body":"yes","m.relates_to":{"m.in_reply_to":{"event_id":"$alices"}}}`), with(func(m *connectors.Message) {
			m.Text, m.ReplyTo = "yes", "$alices"
		})},
		"reply to nothing": {text(`{"msgtype":"m.text","body":"yes","m.relates_to":{"m.in_reply_to":{"event_id":"$none"}}}`), with(func(m *connectors.Message) {
			m.Text, m.ReplyTo = "yes", "$none"
		})},
		"quoted words are stripped": {text(`{"msgtype":"m.text","body":"> <@owner:example.org> approve\n> it all\n\nno","m.relates_to":{"m.in_reply_to":{"event_id":"$bots"}}}`), with(func(m *connectors.Message) {
			m.Text, m.ReplyTo, m.ReplyToBot = "no", "$bots", true
		})},
		"a quoted command is none": {text(`{"msgtype":"m.text","body":"> <@owner:example.org> /approve X\n\n/deny X","m.relates_to":{"m.in_reply_to":{"event_id":"$bots"}}}`), with(func(m *connectors.Message) {
			m.Kind, m.Text, m.ReplyTo, m.ReplyToBot, m.Command, m.Args = connectors.EventCommand, "/deny X", "$bots", true, "deny", []string{"X"}
		})},
		"an own quote stays": {text(`{"msgtype":"m.text","body":"> said\nno"}`), with(func(m *connectors.Message) { m.Text = "> said\nno" })},
		"thread, and no reply": {text(`{"msgtype":"m.text","body":"x","m.relates_to":{"rel_type":"m.thread","event_id":"$alices","is_falling_back":true,"m.in_reply_to":{"event_id":"$bots"}}}`), with(func(m *connectors.Message) {
			m.Text = "x"
		})},
		"reply in a thread": {text(`{"msgtype":"m.text","body":"x","m.relates_to":{"rel_type":"m.thread","event_id":"$alices","m.in_reply_to":{"event_id":"$bots"}}}`), with(func(m *connectors.Message) {
			m.Text, m.ReplyTo, m.ReplyToBot = "x", "$bots", true
		})},
		"edit": {text(`{"msgtype":"m.text","body":"* /stop","m.new_content":{"msgtype":"m.text","body":"/stop","m.mentions":{"user_ids":["@bot:example.org"]}},"m.relates_to":{"rel_type":"m.replace","event_id":"$alices"}}`), with(func(m *connectors.Message) {
			m.Kind, m.ID, m.Revision, m.Text, m.MentionsBot = connectors.EventEdit, "$alices", "$e", "/stop", true
		})},
		"reaction": {of("m.reaction", `{"m.relates_to":{"rel_type":"m.annotation","event_id":"$bots","key":"👍"}}`), with(func(m *connectors.Message) {
			m.Kind, m.Text, m.ReplyTo, m.ReplyToBot = connectors.EventReaction, "👍", "$bots", true
		})},
		"a reaction that reads like a command": {of("m.reaction", `{"m.relates_to":{"rel_type":"m.annotation","event_id":"$alices","key":"/approve X"}}`), with(func(m *connectors.Message) {
			m.Kind, m.Text, m.ReplyTo = connectors.EventReaction, "/approve X", "$alices"
		})},
		"redaction, room version 11": {of("m.room.redaction", `{"redacts":"$alices"}`), with(func(m *connectors.Message) {
			m.Kind, m.ID, m.Revision = connectors.EventDelete, "$alices", "$e"
		})},
		"redaction, older rooms": {`{"redacts":"$alices",` + of("m.room.redaction", `{}`)[1:], with(func(m *connectors.Message) {
			m.Kind, m.ID, m.Revision = connectors.EventDelete, "$alices", "$e"
		})},
		"file": {text(`{"msgtype":"m.file","body":"plan.pdf","url":"mxc://example.org/abc","info":{"mimetype":"application/pdf","size":48213}}`), with(func(m *connectors.Message) {
			m.Attachments = []connectors.Attachment{{Name: "plan.pdf", Type: "application/pdf", Bytes: 48213, Ref: `{"url":"mxc://example.org/abc"}`}}
		})},
		"image with a caption": {text(`{"msgtype":"m.image","body":"/approve X","filename":"a.png","url":"mxc://example.org/abc","info":{"mimetype":"image/png","size":12.0}}`), with(func(m *connectors.Message) {
			m.Kind, m.Text, m.Command, m.Args = connectors.EventCommand, "/approve X", "approve", []string{"X"}
			m.Attachments = []connectors.Attachment{{Name: "a.png", Type: "image/png", Bytes: 12, Ref: `{"url":"mxc://example.org/abc"}`}}
		})},
		"a file's name is no command": {text(`{"msgtype":"m.file","body":"/approve X","url":"mxc://example.org/abc"}`), with(func(m *connectors.Message) {
			m.Attachments = []connectors.Attachment{{Name: "/approve X", Ref: `{"url":"mxc://example.org/abc"}`}}
		})},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := translate(t, c.raw)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestPassedOver(t *testing.T) {
	for name, raw := range map[string]string{
		"the bot's own":                       strings.Replace(text(`{"msgtype":"m.text","body":"x"}`), alice, string(bot), 1),
		"a state event that says a message":   `{"state_key":"",` + text(`{"msgtype":"m.text","body":"x"}`)[1:],
		"a sender without a server":           strings.Replace(text(`{"msgtype":"m.text","body":"x"}`), alice, "@alice", 1),
		"a sender that is a localpart":        strings.Replace(text(`{"msgtype":"m.text","body":"x"}`), alice, "alice", 1),
		"no body":                             text(`{"msgtype":"m.text"}`),
		"a body that is no text":              text(`{"msgtype":"m.text","body":{"a":1}}`),
		"an unknown msgtype":                  text(`{"msgtype":"m.key.verification.request","body":"x"}`),
		"what a redaction left":               text(`{}`),
		"a poll":                              of("m.poll.start", `{"body":"x"}`),
		"an edit of another's message":        strings.Replace(text(`{"msgtype":"m.text","body":"* x","m.new_content":{"msgtype":"m.text","body":"x"},"m.relates_to":{"rel_type":"m.replace","event_id":"$alices"}}`), alice, "@mallory:example.org", 1),
		"an edit of the bot's message":        text(`{"msgtype":"m.text","body":"* x","m.new_content":{"msgtype":"m.text","body":"x"},"m.relates_to":{"rel_type":"m.replace","event_id":"$bots"}}`),
		"an edit of what nobody can see":      text(`{"msgtype":"m.text","body":"* x","m.new_content":{"msgtype":"m.text","body":"x"},"m.relates_to":{"rel_type":"m.replace","event_id":"$none"}}`),
		"an edit without new words":           text(`{"msgtype":"m.text","body":"* x","m.relates_to":{"rel_type":"m.replace","event_id":"$alices"}}`),
		"a reaction to nothing":               of("m.reaction", `{"m.relates_to":{"rel_type":"m.annotation","key":"x"}}`),
		"a reaction that is none":             of("m.reaction", `{}`),
		"a redaction of nothing":              of("m.room.redaction", `{}`),
		"mentions that are not a list of ids": text(`{"msgtype":"m.text","body":"x","m.mentions":{"user_ids":"@bot:example.org"}}`),
	} {
		t.Run(name, func(t *testing.T) {
			m, err := translate(t, raw)
			if _, ok := whyNot(err); !ok {
				t.Errorf("got %+v and %v, want it passed over", m, err)
			}
		})
	}
}

func TestALookUpThatFailsIsNotGuessed(t *testing.T) {
	for _, raw := range []string{
		text(`{"msgtype":"m.text","body":"yes","m.relates_to":{"m.in_reply_to":{"event_id":"$broken"}}}`),
		text(`{"msgtype":"m.text","body":"* x","m.new_content":{"msgtype":"m.text","body":"x"},"m.relates_to":{"rel_type":"m.replace","event_id":"$broken"}}`),
	} {
		_, err := translate(t, raw)
		if _, ok := whyNot(err); err == nil || ok {
			t.Errorf("%s gave %v, want the look-up's error", raw, err)
		}
	}
}

func TestLocalpartTakenForAnID_CVE_2026_28474(t *testing.T) {
	seen := map[string]bool{}
	for _, sender := range []string{
		"@owner:example.org", "@owner:evil.org", "@Owner:example.org", "@owner:example.org:8448", "@оwner:example.org",
		"@telegram_123:example.org", "@telegram_123:evil.org", "@own\u200ber:example.org", "@owner=2f:example.org",
	} {
		raw := strings.Replace(text(`{"msgtype":"m.text","body":"x"}`), alice, sender, 1)
		m, err := translate(t, raw)
		if err != nil {
			t.Fatalf("%s: %v", sender, err)
		}
		if m.User.ID != sender || seen[m.User.ID] {
			t.Errorf("the sender %+q has the id %+q", sender, m.User.ID)
		}
		seen[m.User.ID] = true
	}
}

func FuzzTranslate(f *testing.F) {
	for _, seed := range []string{
		text(`{"msgtype":"m.text","body":"> <@a:b> x\n\n/help"}`),
		text(`{"msgtype":"m.file","body":"x","file":{"url":"mxc://a/b","v":"v2","key":{"k":"x"}},"info":{"size":1e99}}`),
		text(`{"m.new_content":{"body":"x"},"m.relates_to":{"rel_type":"m.replace","event_id":"$alices"}}`),
		of("m.reaction", `{"m.relates_to":{"rel_type":"m.annotation","event_id":"$bots","key":"👍"}}`),
		of("m.room.member", `{"membership":"join"}`), of("m.room.redaction", `{"redacts":"$x"}`), `{}`, `{"content":null}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		known := &room{members: map[id.UserID]string{}}
		for _, e := range decodeEvents(slog.New(slog.DiscardHandler), "", []json.RawMessage{raw}) {
			known.apply(e)
			moves(e)
			ownJoin(e, bot)
			tr := translator{self: bot, came: time.UnixMilli(1800000000000), find: old}
			m, err := tr.message(t.Context(), e, connectors.Chat{ID: "!r:example.org"}, "")
			if err != nil {
				continue
			}
			if m.Chat.Kind == connectors.ChatDM || m.User.Local || m.ID == "" || m.User.ID != string(e.Sender) || m.User.ID == string(bot) {
				t.Errorf("%s gave %+v", raw, m)
			}
			if (m.Kind == connectors.EventCommand) != (m.Command != "") {
				t.Errorf("%s is of kind %s with the command %q", raw, m.Kind, m.Command)
			}
			for _, a := range m.Attachments {
				if a.Bytes < 0 {
					t.Errorf("%s has a file of %d bytes", raw, a.Bytes)
				}
			}
		}
	})
}
