package stdio

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/parachute-gate/parachute/connectors"
)

// assertSameAsPlainDecoder holds an accepted line against what encoding/json
// makes of it without our structs.
func assertSameAsPlainDecoder(t *testing.T, raw []byte, m connectors.Message) {
	t.Helper()
	var plain map[string]any
	if err := json.Unmarshal(raw, &plain); err != nil {
		t.Fatalf("accepted, but no JSON object: %v", err)
	}
	str := func(key string) string { s, _ := plain[key].(string); return s }
	flag := func(key string) bool { b, _ := plain[key].(bool); return b }
	items, _ := plain["attachments"].([]any)
	for what, same := range map[string]bool{
		"id":           m.ID == str("id"),
		"chat":         m.Chat.ID == str("chat"),
		"chat_kind":    string(m.Chat.Kind) == str("chat_kind"),
		"user":         m.User.ID == str("user"),
		"name":         m.User.Name == str("name"),
		"bot":          m.User.Bot == flag("bot"),
		"text":         m.Text == str("text"),
		"mentions_bot": m.MentionsBot == flag("mentions_bot"),
		"reply_to":     m.ReplyTo == str("reply_to"),
		"reply_to_bot": m.ReplyToBot == flag("reply_to_bot"),
		"forwarded":    m.Forwarded == flag("forwarded"),
		"token":        m.Token == str("token"),
		"edited":       (m.Kind == connectors.EventEdit) == flag("edited"),
		"attachments":  len(m.Attachments) == len(items),
	} {
		if !same {
			t.Errorf("%s differs from the plain decoder's: %+v from %v", what, m, plain)
		}
	}
}

// started runs a connector in the background.
type started struct {
	cancel context.CancelFunc
	done   chan error
}

func start(t *testing.T, c *Connector, h connectors.Handler) started {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	s := started{cancel: cancel, done: make(chan error, 1)}
	go func() { s.done <- c.Run(ctx, h) }()
	t.Cleanup(cancel)
	return s
}

func takeAll(context.Context, connectors.Message) error { return nil }
