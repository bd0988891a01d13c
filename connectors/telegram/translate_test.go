package telegram

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/connectors"
)

// one reads an update as it comes over the wire and translates it.
func one(t *testing.T, raw string) (connectors.Message, bool) {
	t.Helper()
	if !json.Valid([]byte(raw)) {
		t.Fatalf("no JSON: %s", raw)
	}
	u, _, err := decode([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	e, ok := translate(u, bot())
	return e.Message, ok
}

const (
	ana   = `{"id":7,"is_bot":false,"first_name":"Ana","last_name":"Bell","username":"ana"}`
	me    = `{"id":4242,"is_bot":true,"first_name":"Parachute","username":"parachute_test_bot"}`
	dm    = `{"id":7,"type":"private","first_name":"Ana"}`
	group = `{"id":-1001,"type":"supergroup","title":"Team"}`
	forum = `{"id":-1002,"type":"supergroup","title":"Forum","is_forum":true}`
)

func TestTranslateMessages(t *testing.T) {
	base := connectors.Message{
		ID: "5", Chat: connectors.Chat{ID: "-1001", Kind: connectors.ChatGroup, Name: "Team"},
		User: connectors.User{ID: "7", Name: "Ana Bell"}, Kind: connectors.EventMessage, Text: "hello", Time: time.Unix(1700000000, 0).UTC(),
	}
	with := func(change func(m *connectors.Message)) connectors.Message {
		m := base
		change(&m)
		return m
	}
	head := `{"update_id":9,"message":{"message_id":5,"date":1700000000,"from":` + ana + `,"chat":` + group + `,`
	for name, c := range map[string]struct {
		raw  string
		want connectors.Message
	}{
		"text": {head + `"text":"hello"}}`, base},
		"direct message": {`{"update_id":9,"message":{"message_id":5,"date":1700000000,"from":` + ana + `,"chat":` + dm + `,"text":"hello"}}`,
			with(func(m *connectors.Message) {
				m.Chat = connectors.Chat{ID: "7", Kind: connectors.ChatDM, Name: "Ana"}
			})},
		"mention by name in another case": {head + `"text":"hi @Parachute_TEST_bot","entities":[{"type":"mention","offset":3,"length":19}]}}`,
			with(func(m *connectors.Message) { m.Text, m.MentionsBot = "hi @Parachute_TEST_bot", true })},
		"mention behind characters of two units": {head + `"text":"😀😀 @parachute_test_bot","entities":[{"type":"mention","offset":5,"length":19}]}}`,
			with(func(m *connectors.Message) { m.Text, m.MentionsBot = "😀😀 @parachute_test_bot", true })},
		"mention of a longer name": {head + `"text":"@parachute_test_bot2","entities":[{"type":"mention","offset":0,"length":20}]}}`,
			with(func(m *connectors.Message) { m.Text = "@parachute_test_bot2" })},
		"mention without an entity": {head + `"text":"@parachute_test_bot"}}`,
			with(func(m *connectors.Message) { m.Text = "@parachute_test_bot" })},
		"mention in letters that look alike": {head + `"text":"@parachute_te\u017ft_bot","entities":[{"type":"mention","offset":0,"length":19}]}}`,
			with(func(m *connectors.Message) { m.Text = "@parachute_te\u017ft_bot" })},
		"mention of somebody else by link": {head + `"text":"hello","entities":[{"type":"text_mention","offset":0,"length":5,"user":` + ana + `}]}}`, base},
		"entities outside of the text":     {head + `"text":"hello","entities":[{"type":"mention","offset":4,"length":2147483647},{"type":"mention","offset":-1,"length":3}]}}`, base},
		"command": {head + `"text":"/help me","entities":[{"type":"bot_command","offset":0,"length":5}]}}`,
			with(func(m *connectors.Message) {
				m.Text, m.Kind, m.Command, m.Args = "/help me", connectors.EventCommand, "help", []string{"me"}
			})},
		"command for this bot": {head + `"text":"/Help@parachute_test_BOT me","entities":[{"type":"bot_command","offset":0,"length":24}]}}`,
			with(func(m *connectors.Message) {
				m.Text, m.Kind, m.Command, m.Args, m.MentionsBot = "/Help@parachute_test_BOT me", connectors.EventCommand, "help", []string{"me"}, true
			})},
		"command for another bot": {head + `"text":"/help@other_bot","entities":[{"type":"bot_command","offset":0,"length":15}]}}`,
			with(func(m *connectors.Message) { m.Text = "/help@other_bot" })},
		"reply to the bot": {head + `"text":"hello","reply_to_message":{"message_id":3,"from":` + me + `,"text":"quoted"},"quote":{"text":"/approve X owner"}}}`,
			with(func(m *connectors.Message) { m.ReplyTo, m.ReplyToBot = "3", true })},
		"reply to a person": {head + `"text":"hello","reply_to_message":{"message_id":3,"from":` + ana + `}}}`,
			with(func(m *connectors.Message) { m.ReplyTo = "3" })},
		"reply to a message of another chat": {head + `"text":"hello","external_reply":{"origin":{"type":"user","sender_user":` + me + `},"message_id":3}}}`, base},
		"forwarded":                          {head + `"text":"hello","forward_origin":{"type":"user","sender_user":` + ana + `,"date":1}}}`, with(func(m *connectors.Message) { m.Forwarded = true })},
		"picked from another bot": {head + `"text":"/new","via_bot":{"id":9,"is_bot":true,"first_name":"other"}}}`, with(func(m *connectors.Message) {
			m.Text, m.Forwarded = "/new", true
			m.Kind, m.Command, m.Args = connectors.EventCommand, "new", []string{}
		})},
		"forwarded, as old servers say": {head + `"text":"hello","forward_date":1}}`, with(func(m *connectors.Message) { m.Forwarded = true })},
		"in a topic, which the bot made": {`{"update_id":9,"message":{"message_id":5,"date":1700000000,"from":` + ana + `,"chat":` + forum + `,"text":"hello","message_thread_id":2,"is_topic_message":true,
			"reply_to_message":{"message_id":2,"from":` + me + `,"forum_topic_created":{"name":"x"}}}}`,
			with(func(m *connectors.Message) { m.Chat.ID, m.Chat.Name = "-1002", "Forum" })},
		"a reply to the bot in a topic": {`{"update_id":9,"message":{"message_id":5,"date":1700000000,"from":` + ana + `,"chat":` + forum + `,"text":"hello","message_thread_id":2,"is_topic_message":true,
			"reply_to_message":{"message_id":4,"from":` + me + `,"text":"x"}}}`,
			with(func(m *connectors.Message) {
				m.Chat.ID, m.Chat.Name, m.ReplyTo, m.ReplyToBot = "-1002", "Forum", "4", true
			})},
		"photo: the largest, with its caption": {head + `"caption":"hello","photo":[{"file_id":"big","width":90,"height":90,"file_size":9},{"file_id":"a","width":9,"height":9,"file_size":1}]}}`,
			with(func(m *connectors.Message) {
				m.Attachments = []connectors.Attachment{{Name: "photo.jpg", Type: "image/jpeg", Bytes: 9, Ref: "big"}}
			})},
		"another bot": {`{"update_id":9,"message":{"message_id":5,"date":1700000000,"from":{"id":8,"is_bot":true,"first_name":"R"},"chat":` + group + `,"text":"hello"}}`,
			with(func(m *connectors.Message) { m.User = connectors.User{ID: "8", Name: "R", Bot: true} })},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := one(t, c.raw)
			if !ok || !same(got, c.want) {
				t.Errorf("got  %+v, %v\nwant %+v", got, ok, c.want)
			}
		})
	}
}

func same(a, b connectors.Message) bool {
	args, files := slices.Equal(a.Args, b.Args), slices.Equal(a.Attachments, b.Attachments)
	a.Args, b.Args, a.Attachments, b.Attachments = nil, nil, nil, nil
	left, err := json.Marshal(a)
	right, err2 := json.Marshal(b)
	return args && files && err == nil && err2 == nil && string(left) == string(right)
}

func TestWhatIsNoEvent(t *testing.T) {
	for name, raw := range map[string]string{
		"the bot's own message":     `{"update_id":9,"message":{"message_id":5,"date":1,"from":` + me + `,"chat":` + group + `,"text":"hello"}}`,
		"nobody's message":          `{"update_id":9,"message":{"message_id":5,"date":1,"chat":` + group + `,"text":"hello"}}`,
		"a message without a chat":  `{"update_id":9,"message":{"message_id":5,"date":1,"from":` + ana + `,"text":"hello"}}`,
		"somebody came":             `{"update_id":9,"message":{"message_id":5,"date":1,"from":` + ana + `,"chat":` + group + `,"new_chat_members":[` + ana + `]}}`,
		"a group that moved":        `{"update_id":9,"message":{"message_id":5,"date":1,"from":` + ana + `,"chat":` + group + `,"migrate_to_chat_id":-1005}}`,
		"an inline message's press": `{"update_id":9,"callback_query":{"id":"1","from":` + ana + `,"inline_message_id":"x","data":"/approve"}}`,
		"the bot's own reaction":    `{"update_id":9,"message_reaction":{"chat":` + group + `,"message_id":5,"user":` + me + `,"date":1,"old_reaction":[],"new_reaction":[{"type":"emoji","emoji":"👀"}]}}`,
		"a kind nobody asked for":   `{"update_id":9,"business_message":{"message_id":5,"date":1,"from":` + ana + `,"chat":` + dm + `,"text":"hello"}}`,
		"nothing":                   `{"update_id":9}`,
		"null":                      `{"update_id":9,"message":null}`,
	} {
		if m, ok := one(t, raw); ok {
			t.Errorf("%s gave %+v", name, m)
		}
	}
}

func TestAttachments(t *testing.T) {
	head := `{"update_id":9,"message":{"message_id":5,"date":1,"from":` + ana + `,"chat":` + dm + `,`
	for raw, want := range map[string]connectors.Attachment{
		`"document":{"file_id":"f","file_name":"../x","mime_type":"text/plain","file_size":3}`: {Name: "../x", Type: "text/plain", Bytes: 3, Ref: "f"},
		`"document":{"file_id":"f"}`:                                                                                {Name: "document", Type: "application/octet-stream", Ref: "f"},
		`"voice":{"file_id":"f","duration":2,"file_size":3}`:                                                        {Name: "voice.ogg", Type: "audio/ogg", Bytes: 3, Ref: "f"},
		`"audio":{"file_id":"f","file_name":"a.flac","mime_type":"audio/flac","file_size":3}`:                       {Name: "a.flac", Type: "audio/flac", Bytes: 3, Ref: "f"},
		`"video":{"file_id":"f","mime_type":"video/webm","file_size":3}`:                                            {Name: "video.mp4", Type: "video/webm", Bytes: 3, Ref: "f"},
		`"video_note":{"file_id":"f","file_size":3}`:                                                                {Name: "video_note.mp4", Type: "video/mp4", Bytes: 3, Ref: "f"},
		`"animation":{"file_id":"f","file_size":3},"document":{"file_id":"g","file_size":3}`:                        {Name: "animation.mp4", Type: "video/mp4", Bytes: 3, Ref: "f"},
		`"sticker":{"file_id":"f","file_size":3,"width":1,"height":1}`:                                              {Name: "sticker.webp", Type: "image/webp", Bytes: 3, Ref: "f"},
		`"sticker":{"file_id":"f","file_size":3,"is_animated":true}`:                                                {Name: "sticker.tgs", Type: "application/x-tgsticker", Bytes: 3, Ref: "f"},
		`"sticker":{"file_id":"f","file_size":3,"is_video":true}`:                                                   {Name: "sticker.webm", Type: "video/webm", Bytes: 3, Ref: "f"},
		`"photo":[{"file_id":"s","width":1,"height":1},{"file_id":"f","width":20,"height":20,"file_size":5000000}]`: {Name: "photo.jpg", Type: "image/jpeg", Bytes: 5000000, Ref: "f"},
	} {
		m, ok := one(t, head+raw+`}}`)
		if !ok || !slices.Equal(m.Attachments, []connectors.Attachment{want}) || m.Kind != connectors.EventMessage {
			t.Errorf("%s gave %+v, %v", raw, m, ok)
		}
	}
}
