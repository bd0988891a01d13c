package telegram

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/connectortest"
	"github.com/parachute-gate/parachute/connectors/driver"
)

// The topic is named in every part of an answer and in the typing sign, as the
// parts behind the first reply to nothing; after a restart the first part, which
// does, tells it.
func TestAnswerStaysInItsTopic(t *testing.T) {
	k := newKit(t, nil)
	k.run(nil)
	ids := k.inject(connectortest.Event{Chat: "forum#7", Person: "ana", Text: "hello"})
	if m := k.taken(1)[0]; m.Chat.ID != ids.Chat || m.ReplyTo != "" || m.ReplyToBot {
		t.Errorf("a message in a topic that the bot made: %+v", m)
	}
	long := strings.Repeat("word ", 1500)
	if err := k.c.Send(t.Context(), reply(ids, long)); err != nil {
		t.Fatal(err)
	}
	if topics := k.fake.Topics(); !slices.Equal(topics, []int{7, 7}) {
		t.Errorf("sent to the topics %v", topics)
	}
	if err := (&writer{api: k.c.api, places: k.c.places}).Typing(t.Context(), address(reply(ids, ""))); err != nil {
		t.Error(err)
	}
	if calls := k.fake.Calls("sendChatAction"); len(calls) != 1 || calls[0].Params["message_thread_id"] != "7" {
		t.Errorf("typing: %v", calls)
	}
	k.halt()

	press := k.inject(connectortest.Event{Chat: "room", Person: "ana", Kind: connectors.EventCallback, About: "1", Text: "x"})
	k.run(nil)
	k.taken(1)
	if err := k.c.Send(t.Context(), reply(press, "pressed")); err != nil {
		t.Fatal(err)
	}
	params := k.fake.Calls("sendMessage")[2].Params
	if !strings.Contains(params["reply_parameters"], `"message_id":1`) {
		t.Errorf("the answer to a press: %v", params)
	}
}

func TestPressOfBeforeARestartIsAnswered(t *testing.T) {
	k := newKit(t, nil)
	ids := k.inject(connectortest.Event{Chat: "room", Person: "ana", Kind: connectors.EventCallback, About: "1", Text: "x"})
	if err := k.c.Send(t.Context(), reply(ids, "pressed")); err != nil {
		t.Fatal(err)
	}
	if params := k.fake.Calls("sendMessage")[0].Params; params["reply_parameters"] != "" {
		t.Errorf("a press's id was taken for a message's: %v", params)
	}
}

func TestLinksAreNotPreviewed(t *testing.T) {
	k := newKit(t, nil)
	ids := k.inject(connectortest.Event{Chat: "room", Person: "ana", Text: "hello"})
	if err := k.c.Send(t.Context(), reply(ids, "see https://evil.example/?secret")); err != nil {
		t.Fatal(err)
	}
	if got := k.fake.Calls("sendMessage")[0].Params["link_preview_options"]; got != `{"is_disabled":true}` {
		t.Errorf("link_preview_options %q", got)
	}
}

func TestFormat(t *testing.T) {
	for text, want := range map[string]string{
		"a_b *c* [d](e) 1. 2! #":     `a\_b \*c\* \[d\]\(e\) 1\. 2\! \#`,
		"**bold!** and `a_b\\c`":     "*bold\\!* and `a_b\\\\c`",
		"** no ** and ***no***":      `\*\* no \*\* and \*\*\*no\*\*\*`,
		"**over\nlines**":            "\\*\\*over\nlines\\*\\*",
		"```go\nx := `1`\n```\nend.": "```go\nx := \\`1\\`\n```\nend\\.",
		"```\n\n```":                 "\\`\\`\\`\n\n\\`\\`\\`",
		"```go\nnever closed":        "\\`\\`\\`go\nnever closed",
		"text ```x``` more":          "text \\`\\`\\`x\\`\\`\\` more",
		"```a title\nx\n```":         "```\na title\nx\n```",
		"`unclosed":                  "\\`unclosed",
		"back\\slash":                `back\\slash`,
	} {
		if got := markdown(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestFormatThatIsRefusedIsSentPlain(t *testing.T) {
	k := newKit(t, nil)
	ids := k.inject(connectortest.Event{Chat: "room", Person: "ana", Text: "hello"})
	k.fake.RefuseFormat(true)
	if err := k.c.Send(t.Context(), reply(ids, "**bold** and 1.")); err != nil {
		t.Fatal(err)
	}
	sent := k.fake.Sent()
	if len(sent) != 1 || sent[0].Text != "**bold** and 1." || k.fake.Calls("sendMessage")[1].Params["parse_mode"] != "" {
		t.Errorf("sent %+v", sent)
	}
}

func TestGroupThatMovedIsFollowedOnce(t *testing.T) {
	k := newKit(t, nil)
	ids := k.inject(connectortest.Event{Chat: "small", Person: "ana", Text: "hello"})
	moved, err := k.fake.Migrate(k.fake.ChatID("small", connectors.ChatGroup, ""))
	if err != nil {
		t.Fatal(err)
	}
	if err := k.c.Send(t.Context(), reply(ids, "after all")); err != nil {
		t.Fatal(err)
	}
	if sent := k.fake.Sent(); len(sent) != 1 || sent[0].Chat != id(moved) || sent[0].ReplyTo != "" {
		t.Errorf("sent %+v, the chat is %d now", sent, moved)
	}
}

func TestSendErrors(t *testing.T) {
	for name, c := range map[string]struct {
		set   func(k *kit, ids connectortest.IDs) connectors.Reply
		words string
	}{
		"blocked by the person": {func(k *kit, ids connectortest.IDs) connectors.Reply {
			k.fake.Block(k.fake.UserID("ana"))
			return reply(ids, "x")
		}, "blocked by the user"},
		"a chat that is not known": {func(_ *kit, ids connectortest.IDs) connectors.Reply {
			ids.Chat = "-5"
			return reply(ids, "x")
		}, "chat not found"},
		"a name for a chat": {func(_ *kit, ids connectortest.IDs) connectors.Reply {
			ids.Chat = "@room"
			return reply(ids, "x")
		}, "no number"},
		"a button that is too much": {func(_ *kit, ids connectortest.IDs) connectors.Reply {
			r := reply(ids, "x")
			r.Buttons = []connectors.Button{{Label: "x", Data: strings.Repeat("x", 65)}}
			return r
		}, "BUTTON_DATA_INVALID"},
		"no text": {func(_ *kit, ids connectortest.IDs) connectors.Reply { return reply(ids, " \n") }, "no text"},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t, nil)
			ids := k.inject(connectortest.Event{Chat: "d", ChatKind: connectors.ChatDM, Person: "ana", Text: "hello"})
			err := k.c.Send(t.Context(), c.set(k, ids))
			if !driver.IsPermanent(err) || !strings.Contains(err.Error(), c.words) || errors.Is(err, connectors.ErrUnconfirmed) {
				t.Errorf("got %v", err)
			}
			if len(k.fake.Sent()) != 0 {
				t.Errorf("sent %+v", k.fake.Sent())
			}
		})
	}
}

func TestAnswerToWhatWasDeletedIsSent(t *testing.T) {
	k := newKit(t, nil)
	ids := k.inject(connectortest.Event{Chat: "room", Person: "ana", Text: "hello"})
	ids.Message = "99"
	if err := k.c.Send(t.Context(), reply(ids, "still")); err != nil {
		t.Fatal(err)
	}
	if sent := k.fake.Sent(); len(sent) != 1 || sent[0].ReplyTo != "" {
		t.Errorf("sent %+v", sent)
	}
}

func TestEditToTheSameIsASuccess(t *testing.T) {
	k := newKit(t, nil)
	ids := k.inject(connectortest.Event{Chat: "room", Person: "ana", Text: "hello"})
	w := &writer{api: k.c.api, places: k.c.places, log: k.c.log}
	p := driver.Post{Chat: address(reply(ids, "")), ReplyTo: ids.Message, Text: "draft", Buttons: []connectors.Button{{Label: "Stop", Data: "/stop"}}}
	message, err := w.Post(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	p.Text, p.Buttons = "**whole**", nil
	for range 2 {
		if err := w.Edit(t.Context(), message, p); err != nil {
			t.Fatal(err)
		}
	}
	sent := k.fake.Sent()
	if len(sent) != 1 || sent[0].Text != "**whole**" || len(sent[0].Buttons) != 0 || !slices.Equal(sent[0].Drafts, []string{"draft"}) {
		t.Errorf("sent %+v", sent)
	}
	if err := w.Edit(t.Context(), "77", p); !driver.IsPermanent(err) {
		t.Errorf("the edit of a message that is not there gave %v", err)
	}
}

func TestDraftsAndSigns(t *testing.T) {
	k := newKit(t, nil)
	ids := k.inject(connectortest.Event{Chat: "room", Person: "ana", Text: "hello"})
	answer := k.c.Compose(t.Context(), reply(ids, ""), 0)
	answer.Update("so far")
	k.until(func() bool { return len(k.fake.Sent()) == 1 && len(k.fake.Signs()) >= 2 })
	if b := k.fake.Sent()[0].Buttons; len(b) != 1 || b[0].Data != "/stop" {
		t.Errorf("the draft's buttons are %v", b)
	}
	if err := answer.Finish(t.Context(), reply(ids, "all of it")); err != nil {
		t.Fatal(err)
	}
	answer.Close()
	sent := k.fake.Sent()
	if len(sent) != 1 || sent[0].Text != "all of it" || len(sent[0].Buttons) != 0 || sent[0].ReplyTo != ids.Message {
		t.Errorf("sent %+v", sent)
	}
	eye := connectortest.Sign{Chat: ids.Chat, Message: ids.Message, Name: workingEmoji, On: true}
	off := eye
	off.On = false
	k.until(func() bool { return slices.Contains(k.fake.Signs(), off) })
	if !slices.Contains(k.fake.Signs(), eye) || !slices.Contains(k.fake.Signs(), connectortest.Sign{Chat: ids.Chat, Name: "typing", On: true}) {
		t.Errorf("signs %+v", k.fake.Signs())
	}
}

func TestMenu(t *testing.T) {
	k := newKit(t, func(d *Deps) {
		d.Commands = []connectors.Command{{Name: "help", About: "what I can do"}, {Name: "workspace", Args: "[NAME]", About: strings.Repeat("é", 300)}, {Name: "new"}}
	})
	k.run(nil)
	k.until(func() bool { return len(k.fake.Commands()) == 3 })
	menu := k.fake.Commands()
	if menu[0].Description != "what I can do" || !strings.HasPrefix(menu[1].Description, "[NAME] é") || menu[2].Description != "new" {
		t.Errorf("the menu is %+v", menu)
	}
}

func TestPressIsAcknowledgedAfterTheDecision(t *testing.T) {
	k := newKit(t, nil)
	decided := make(chan struct{})
	k.run(func(ctx context.Context, _ connectors.Message) error {
		select {
		case <-decided:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Minute):
			return errors.New("nobody decided")
		}
	})
	k.inject(connectortest.Event{Chat: "room", Person: "ana", Kind: connectors.EventCallback, About: "1", Text: "x"})
	k.until(func() bool { return len(k.fake.Calls("getUpdates")) > 1 })
	if len(k.fake.Calls("answerCallbackQuery")) != 0 {
		t.Error("a press was acknowledged before its decision")
	}
	close(decided)
	k.taken(1)
	k.until(func() bool { return k.fake.Unanswered() == 0 })
	if calls := k.fake.Calls("answerCallbackQuery"); len(calls) != 1 || len(calls[0].Params) != 1 {
		t.Errorf("the press was answered with words: %v", calls)
	}
}
