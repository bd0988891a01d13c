package connectortest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/parachute-gate/parachute/connectors"
)

func sendCases() []testCase {
	return []testCase{
		{"SendBeforeRun", nil, sendBefore},
		{"SendDuringRun", nil, sendDuring},
		{"SendAfterRun", nil, sendAfter},
		{"SendFromManySides", nil, sendConcurrent},
		{"SendWithinAHandlerCall", nil, sendInside},
		{"SendCancelled", nil, sendCancelled},
		{"SendLargeText", nil, sendLarge},
		{"SameReplyTwiceArrivesOnce", []Feature{DropsDoubles}, sendTwice},
		{"ReplyTextArrivesAsItIs", []Feature{ExactReplies}, sendExact},
	}
}

// send sends a text as the answer to an event and tells what is wrong.
func (b *bench) send(ids IDs, messageID, text string) error {
	r := connectors.Reply{
		ID: fmt.Sprintf("reply-%d", b.replies.Add(1)), Chat: ids.Chat, User: ids.User, ReplyTo: messageID,
		Text: text, Decision: "decision", Verdict: "allow",
	}
	if err := b.platform.Connector().Send(b.ctx, r); err != nil {
		return fmt.Errorf("Send: %w", err)
	}
	return nil
}

// sentOnce holds that the platform was given this reply, whole and once.
func (b *bench) sentOnce(ids IDs, messageID, text string) error {
	return b.onceIn(b.platform.Sent(), ids, messageID, text)
}

func (b *bench) onceIn(sent []Sent, ids IDs, messageID, text string) error {
	var found []Sent
	for _, s := range sent {
		if s.Text == text {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		return fmt.Errorf("the text %+q was sent %d times, want once", text, len(found))
	}
	var x expect
	if b.driver.Supports(ReplyTargets) {
		x.that(found[0].Chat == ids.Chat, "sent to chat %q, want %q", found[0].Chat, ids.Chat)
		x.that(found[0].ReplyTo == messageID, "sent as the answer to %q, want %q", found[0].ReplyTo, messageID)
	}
	return x.err()
}

func sendBefore(b *bench) error {
	ids, err := b.inject(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "alice", Text: "hello"})
	if err != nil {
		return err
	}
	if err := b.send(ids, ids.Message, "an early answer"); err != nil {
		return err
	}
	return b.sentOnce(ids, ids.Message, "an early answer")
}

func sendDuring(b *bench) error {
	b.start(nil)
	m, ids, err := b.one(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "alice", Text: "hello"})
	if err != nil {
		return err
	}
	if err := b.send(ids, m.ID, "the answer"); err != nil {
		return err
	}
	return b.sentOnce(ids, m.ID, "the answer")
}

func sendAfter(b *bench) error {
	b.start(nil)
	m, ids, err := b.one(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "alice", Text: "hello"})
	if err != nil {
		return err
	}
	if err := b.halt(); err != nil {
		return err
	}
	if err := b.send(ids, m.ID, "a late answer"); err != nil {
		return err
	}
	return b.sentOnce(ids, m.ID, "a late answer")
}

func sendConcurrent(b *bench) error {
	b.start(nil)
	m, ids, err := b.one(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "alice", Text: "hello"})
	if err != nil {
		return err
	}
	const sides, each = 8, 25
	text := func(side, i int) string {
		return fmt.Sprintf("side %d says %d %s.", side, i, strings.Repeat("and so on ", 20))
	}
	errs := make([]error, sides)
	var wg sync.WaitGroup
	for side := range sides {
		wg.Go(func() {
			for i := range each {
				errs[side] = errors.Join(errs[side], b.send(ids, m.ID, text(side, i)))
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	sent := b.platform.Sent()
	for side := range sides {
		for i := range each {
			if err := b.onceIn(sent, ids, m.ID, text(side, i)); err != nil {
				return err
			}
		}
	}
	return nil
}

// sendInside sends from within the handler, as a denial's reply is sent.
func sendInside(b *bench) error {
	var failed error
	b.start(func(_ context.Context, m connectors.Message) error {
		failed = b.send(IDs{Chat: m.Chat.ID, User: m.User.ID}, m.ID, "a denial")
		return nil
	})
	m, ids, err := b.one(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "alice", Text: "hello"})
	if err != nil {
		return err
	}
	if failed != nil {
		return failed
	}
	return b.sentOnce(ids, m.ID, "a denial")
}

// sendCancelled holds that nil is not returned for what was never sent.
func sendCancelled(b *bench) error {
	ids, err := b.inject(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "alice", Text: "hello"})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(b.ctx)
	cancel()
	r := connectors.Reply{ID: "reply", Chat: ids.Chat, User: ids.User, ReplyTo: ids.Message, Text: "too late", Verdict: "allow"}
	if err := b.platform.Connector().Send(ctx, r); err == nil {
		return b.sentOnce(ids, ids.Message, "too late")
	}
	return nil
}

// sendLarge sends more than some platforms take in one message: it may be split,
// but no word is lost, doubled or moved.
func sendLarge(b *bench) error {
	b.start(nil)
	m, ids, err := b.one(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "alice", Text: "hello"})
	if err != nil {
		return err
	}
	var words []string
	for i := range 10_000 {
		words = append(words, fmt.Sprint("word", i))
	}
	if err := b.send(ids, m.ID, strings.Join(words, " ")); err != nil {
		return err
	}
	return b.sentWords(words)
}

// sendTwice gives one reply again, as is done when nobody knows whether it
// arrived, and another one with the same text.
func sendTwice(b *bench) error {
	b.start(nil)
	m, ids, err := b.one(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "alice", Text: "hello"})
	if err != nil {
		return err
	}
	r := connectors.Reply{ID: "reply-a", Chat: ids.Chat, User: ids.User, ReplyTo: m.ID, Text: "the answer", Decision: "decision", Verdict: "allow"}
	var x expect
	for _, step := range []struct {
		id   string
		want int
	}{{"reply-a", 1}, {"reply-a", 1}, {"reply-b", 2}} {
		r.ID = step.id
		if err := b.platform.Connector().Send(b.ctx, r); err != nil {
			return fmt.Errorf("Send: %w", err)
		}
		x.that(b.count(r.Text) == step.want, "after the reply %s there are %d messages, want %d", r.ID, b.count(r.Text), step.want)
	}
	return x.err()
}

func sendExact(b *bench) error {
	b.start(nil)
	m, ids, err := b.one(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "alice", Text: "hello"})
	if err != nil {
		return err
	}
	all := append(unicodeTexts(), framingTexts()...)
	for _, text := range append(all, "several\nlines\n\nand \x1b[31mred", "{\"chat\":\"other\"}\n{\"error\":\"forged\"}") {
		if err := b.send(ids, m.ID, text); err != nil {
			return err
		}
		if err := b.sentOnce(ids, m.ID, text); err != nil {
			return err
		}
	}
	return nil
}

// sentWords holds that all that was sent are these words, in their order.
func (b *bench) sentWords(words []string) error {
	var got []string
	for _, s := range b.platform.Sent() {
		got = append(got, strings.Fields(s.Text)...)
	}
	var x expect
	x.that(slices.Equal(got, words), "%d words were sent, %d arrived or not in order", len(words), len(got))
	return x.err()
}
