package telegram

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/connectortest"
)

// A chat whose event could not be stored keeps its order: what is behind waits.
// Other chats go on.
func TestFailedEventComesAgainInOrder(t *testing.T) {
	k := newKit(t, nil)
	var mu sync.Mutex
	broken := map[string]int{"one": 2}
	for i, text := range []string{"one", "two", "three"} {
		k.inject(connectortest.Event{Chat: "room", Person: "ana", Text: text})
		k.inject(connectortest.Event{Chat: "other", Person: "ana", Text: fmt.Sprint("other ", i)})
	}
	k.run(func(_ context.Context, m connectors.Message) error {
		mu.Lock()
		defer mu.Unlock()
		if broken[m.Text]--; broken[m.Text] >= 0 {
			return errors.New("the disk is full")
		}
		return nil
	})
	got := k.taken(6)
	var room, other []string
	for _, m := range got {
		if strings.HasPrefix(m.Text, "other") {
			other = append(other, m.Text)
		} else {
			room = append(room, m.Text)
		}
	}
	if strings.Join(room, " ") != "one two three" || strings.Join(other, " ") != "other 0 other 1 other 2" {
		t.Errorf("got %q and %q", room, other)
	}
	k.until(func() bool { return k.fake.Waiting() == 0 })
	k.halt()
	if got := k.taken(0); len(got) != 6 {
		t.Errorf("%d events were taken, want 6", len(got))
	}
}

// An update that nobody can read is passed over: it would stand before all others
// for ever.
func TestGarbageUpdatesHoldNothingUp(t *testing.T) {
	k := newKit(t, nil)
	k.run(nil)
	for kind, value := range map[string]string{
		"message": `"text"`, "edited_message": `{"message_id":"x"}`, "callback_query": `[]`, "message_reaction": `{"chat":{"id":"x"}}`, "channel_post": `null`,
	} {
		k.fake.Raw(kind, value)
	}
	k.inject(connectortest.Event{Chat: "room", Person: "ana", Text: "hello"})
	if got := k.taken(1); got[0].Text != "hello" {
		t.Errorf("got %+v", got)
	}
	k.until(func() bool { return k.fake.Waiting() == 0 })
	if strings.Contains(k.log.String(), `"x"`) {
		t.Error("the log quotes an update")
	}
}

func TestStopWhileAnEventIsNotTaken(t *testing.T) {
	k := newKit(t, nil)
	k.run(func(_ context.Context, m connectors.Message) error {
		if m.Text == "bad" {
			return errors.New("the disk is full")
		}
		return nil
	})
	k.inject(connectortest.Event{Chat: "a", Person: "ana", Text: "good"})
	k.inject(connectortest.Event{Chat: "b", Person: "ana", Text: "bad"})
	k.taken(1)
	k.until(func() bool { return k.fake.Refused() == 1 })
	k.halt()
	if k.fake.Waiting() != 1 {
		t.Errorf("%d updates wait at Telegram, want the one that was not taken", k.fake.Waiting())
	}
	k.run(nil)
	if got := k.taken(1); got[1].Text != "bad" {
		t.Errorf("after the next start came %+v", got)
	}
}

func TestAnotherPollerIsNamed(t *testing.T) {
	k := newKit(t, nil)
	k.run(nil)
	k.until(func() bool { return k.c.Health().State == connectors.Running })
	other := New(Deps{Name: "other", Token: testToken, API: k.fake.URL(), Poll: time.Second})
	p := newPoller(newRun(t.Context(), other, nil))
	// Of two that ask at once the first is told: now the one, now the other.
	for k.c.Health().Failures == 0 {
		if err := p.once(t.Context(), time.Second); err != nil && !strings.Contains(err.Error(), "Conflict") {
			t.Fatal(err)
		}
	}
	if h := k.c.Health(); !strings.Contains(h.LastError, "another program uses this token") {
		t.Errorf("health %+v", h)
	}
	k.until(func() bool { return k.c.Health().State == connectors.Running })
}

func TestWebhookOfBeforeIsTakenAway(t *testing.T) {
	k := newKit(t, nil)
	if err := k.c.api.call(t.Context(), "setWebhook", tgbotapi.Params{"url": "https://old.example.org/secret-path"}, nil); err != nil {
		t.Fatal(err)
	}
	k.inject(connectortest.Event{Chat: "room", Person: "ana", Text: "hello"})
	k.run(nil)
	k.taken(1)
	if calls := k.fake.Calls("deleteWebhook"); len(calls) != 1 || calls[0].Params["drop_pending_updates"] != "false" {
		t.Errorf("deleteWebhook: %v", calls)
	}
	if !strings.Contains(k.log.String(), "old.example.org") || strings.Contains(k.log.String(), "secret-path") {
		t.Error("the log does not say which webhook went, or says too much")
	}
}

func TestAllowedUpdatesAreAskedFor(t *testing.T) {
	k := newKit(t, nil)
	k.run(nil)
	k.until(func() bool { return len(k.fake.Calls("getUpdates")) > 0 })
	if got := k.fake.Calls("getUpdates")[0].Params["allowed_updates"]; !strings.Contains(got, "message_reaction") || strings.Contains(got, "inline_query") {
		t.Errorf("allowed_updates %s", got)
	}
}

func TestRunTwice(t *testing.T) {
	k := newKit(t, nil)
	k.run(nil)
	k.until(func() bool { return k.c.Health().State == connectors.Running })
	if err := k.c.Run(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "running already") {
		t.Errorf("got %v", err)
	}
}

func TestTokensThatAreNone(t *testing.T) {
	for _, token := range []string{"", " ", "no token", testToken + "\n", "12:a/../../x", "12:é", "12"} {
		k := newKit(t, func(d *Deps) { d.Token = token })
		k.run(nil)
		err := k.failed()
		if !strings.Contains(err.Error(), "the file token.txt") {
			t.Errorf("%q gave %v", token, err)
		}
		if len(strings.TrimSpace(token)) > 3 && strings.Contains(err.Error(), strings.TrimSpace(token)) {
			t.Errorf("the error quotes %q", token)
		}
	}
}

func TestWindow(t *testing.T) {
	w := newWindow()
	begin := func(ids ...int64) {
		t.Helper()
		for _, id := range ids {
			if !w.begin(id) {
				t.Errorf("%d is no news", id)
			}
		}
	}
	next := func(want int64) {
		t.Helper()
		if got := w.next(); got != want {
			t.Errorf("next is %d, want %d", got, want)
		}
	}
	next(0)
	begin(10, 11, 12)
	next(10)
	w.end(11, "b", true)
	next(10)
	if w.begin(11) || w.begin(10) {
		t.Error("what runs or was taken is news")
	}
	w.end(10, "a", true)
	next(12)
	w.end(12, "a", false)
	next(12)
	w.confirmed(12)
	begin(13)
	if w.may(13, "a") || !w.may(13, "b") || !w.may(12, "a") {
		t.Error("a chat with a failed event does not keep its order")
	}
	w.end(13, "a", false)
	begin(12, 13)
	w.end(12, "a", true)
	if !w.may(13, "a") {
		t.Error("a chat is held after its event was taken")
	}
	w.end(13, "a", true)
	next(14)
	w.confirmed(14)
	next(14)
	// Telegram forgets what is a day old.
	begin(14, 15)
	w.end(14, "a", false)
	w.end(15, "a", false)
	w.listed(map[int64]bool{15: true}, 14)
	if next(15); !w.may(15, "a") {
		t.Error("a chat is held for what will not come again")
	}
	w.listed(map[int64]bool{}, 14)
	next(15)
	begin(15)
	w.end(15, "a", true)
	w.confirmed(16)
	// Telegram counts anew after a week of silence.
	begin(3)
	w.end(3, "a", true)
	next(4)
	if w.empty() {
		t.Error("3 is not confirmed")
	}
}
