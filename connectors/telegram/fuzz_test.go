package telegram

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/connectortest/telegramfake"
	"github.com/parachute-gate/parachute/connectors/driver"
)

func FuzzUpdate(f *testing.F) {
	for _, raw := range []string{
		`{"update_id":9,"message":{"message_id":5,"date":1,"from":` + ana + `,"chat":` + dm + `,"text":"/help@parachute_test_bot é","entities":[{"type":"bot_command","offset":0,"length":24}]}}`,
		`{"update_id":9,"edited_channel_post":{"message_id":5,"edit_date":1,"sender_chat":` + group + `,"chat":` + group + `,"caption":"x","photo":[{"file_id":"a","width":-1,"height":9}]}}`,
		`{"update_id":9,"callback_query":{"id":"1","from":` + ana + `,"data":"x","message":{"message_id":5,"chat":` + group + `}}}`,
		`{"update_id":9,"message_reaction":{"chat":` + group + `,"message_id":5,"user":` + ana + `,"new_reaction":[{}]}}`,
		`{"update_id":-1}`, `{"update_id":1,"message":[]}`, `[]`, `{`,
	} {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		u, id, err := decode(raw)
		if err != nil {
			if id < 0 || strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("id %d, error %q", id, err)
			}
			return
		}
		e, ok := translate(u, bot())
		if !ok {
			return
		}
		m := e.Message
		if m.ID == "" || m.User.ID == "" || m.Chat.ID == "" || m.Kind == "" || m.User.Local || m.User.ID == "4242" {
			t.Errorf("got %+v", m)
		}
		if m.Chat.Kind == connectors.ChatDM && !strings.Contains(strings.ToLower(string(raw)), "private") && !strings.Contains(string(raw), `\u`) {
			t.Errorf("a direct message of %q", raw)
		}
		if (m.Kind == connectors.EventCommand) != (m.Command != "") || (m.Kind == connectors.EventEdit) != (m.Revision != "") {
			t.Errorf("kind %q with the command %q, the revision %q", m.Kind, m.Command, m.Revision)
		}
	})
}

// FuzzMarkdown holds that Telegram takes the format of every text, and that
// nothing of it is lost: what it shows, written as Markdown, is the text.
func FuzzMarkdown(f *testing.F) {
	for _, text := range []string{
		"plain", "**bold** and `code`", "```go\nfunc x() {}\n```\nafter", "```\n```", "a ``` b", "** not **", "*one*", "``two``",
		"**`x`**", "\\*\\", "```a`b\nx\n```", "x```\ny\n```", "_*[]()~`>#+-=|{}.!", "**a** **b** ***c***", "```\n\\`\n```",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return
		}
		plain, shown, err := telegramfake.Parse(markdown(text))
		if err != nil {
			t.Fatalf("%q became %q: %v", text, markdown(text), err)
		}
		if driver.UTF16Len(plain) > driver.UTF16Len(text) {
			t.Errorf("%q is shown longer: %q", text, plain)
		}
		if shown != text && !strings.Contains(text, fence) {
			t.Errorf("%q is shown as %q", text, shown)
		}
		if bare(shown) != bare(text) {
			t.Errorf("%q lost something: %q", text, shown)
		}
	})
}

// bare is a text without line breaks, as the one behind what is no language moves.
func bare(text string) string { return strings.ReplaceAll(text, "\n", "") }
