package connectortest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/parachute-gate/parachute/connectors"
)

func composeCases() []testCase {
	return []testCase{
		{"DraftBecomesTheAnswer", []Feature{Composes, Drafts}, draftBecomes},
		{"QuickAnswerComesWhole", []Feature{Composes}, quickAnswer},
		{"DraftOfALongAnswer", []Feature{Composes, Drafts}, longDraft},
		{"DraftThatFailsHarmsNothing", []Feature{Composes, Drafts, Faults}, draftFails},
		{"AnswerAfterItsContextEnded", []Feature{Composes, Drafts}, composeCancelled},
		{"SignsWhileAtWork", []Feature{Composes, Signs}, signs},
		{"SignsOfAGivenUpTurn", []Feature{Composes, Signs}, signsGivenUp},
	}
}

// compose has a person write, and begins the answer. Its drafts come as soon as
// they may, or never.
func (b *bench) compose(ctx context.Context, drafts bool) (connectors.Composition, connectors.Reply, error) {
	c, ok := b.platform.Connector().(connectors.Composer)
	if !ok {
		return nil, connectors.Reply{}, errors.New("the connector is no Composer")
	}
	m, ids, err := b.one(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "alice", Text: "hello"})
	if err != nil {
		return nil, connectors.Reply{}, err
	}
	r := connectors.Reply{ID: "reply-" + m.ID, Chat: ids.Chat, User: ids.User, ReplyTo: m.ID, Decision: "decision", Verdict: "allow"}
	after := time.Hour
	if drafts {
		after = time.Millisecond
	}
	return c.Compose(ctx, r, after), r, nil
}

// reads waits until a message of the bot reads as text.
func (b *bench) reads(text string) error {
	return b.until(fmt.Sprintf("wait for the draft %q", text), func() bool { return b.count(text) > 0 })
}

// finish delivers the whole answer, and holds that it is there once and that no
// draft is left beside it.
func (b *bench) finish(c connectors.Composition, r connectors.Reply) (Sent, error) {
	r.Text = "the whole answer"
	if err := c.Finish(b.ctx, r); err != nil {
		return Sent{}, fmt.Errorf("Finish: %w", err)
	}
	if err := b.sentOnce(IDs{Chat: r.Chat, User: r.User}, r.ReplyTo, r.Text); err != nil {
		return Sent{}, err
	}
	sent := b.platform.Sent()
	if len(sent) != 1 {
		return sent[0], fmt.Errorf("%d messages stand in the chat, want the answer alone: %+v", len(sent), sent)
	}
	return sent[0], nil
}

func draftBecomes(b *bench) error {
	b.start(nil)
	c, r, err := b.compose(b.ctx, true)
	if err != nil {
		return err
	}
	defer c.Close()
	drafts := []string{"a beginning", "a beginning, and more"}
	for _, text := range drafts {
		c.Update(text)
		if err := b.reads(text); err != nil {
			return err
		}
	}
	sent, err := b.finish(c, r)
	if err != nil {
		return err
	}
	var x expect
	x.that(slices.Equal(sent.Drafts, drafts), "the answer replaced %q, want %q", sent.Drafts, drafts)
	x.that(len(sent.Buttons) == 0, "the answer kept the draft's buttons %+v", sent.Buttons)
	if err := b.halt(); err != nil {
		return err
	}
	return x.err()
}

func quickAnswer(b *bench) error {
	b.start(nil)
	c, r, err := b.compose(b.ctx, false)
	if err != nil {
		return err
	}
	defer c.Close()
	for i := range 100 {
		c.Update(strings.Repeat("word ", i+1))
	}
	sent, err := b.finish(c, r)
	if err != nil {
		return err
	}
	var x expect
	x.that(len(sent.Drafts) == 0, "a quick answer had the drafts %q", sent.Drafts)
	return x.err()
}

// longDraft finishes with more than one message holds: the draft becomes the
// first, and no word is lost, doubled or moved.
func longDraft(b *bench) error {
	b.start(nil)
	c, r, err := b.compose(b.ctx, true)
	if err != nil {
		return err
	}
	defer c.Close()
	c.Update("word0 word1")
	if err := b.reads("word0 word1"); err != nil {
		return err
	}
	var words []string
	for i := range 8000 {
		words = append(words, fmt.Sprint("word", i))
	}
	r.Text = strings.Join(words, " ")
	if err := c.Finish(b.ctx, r); err != nil {
		return fmt.Errorf("Finish: %w", err)
	}
	return b.sentWords(words)
}

func draftFails(b *bench) error {
	b.start(nil)
	c, r, err := b.compose(b.ctx, true)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := b.fault(Fault{Kind: ServerError, On: OnSend}); err != nil {
		return err
	}
	c.Update("a beginning")
	if err := b.reads("a beginning"); err != nil {
		return err
	}
	if _, err := b.fault(Fault{Kind: ServerError, On: OnSend}); err != nil {
		return err
	}
	c.Update("a beginning, and more")
	_, err = b.finish(c, r)
	return err
}

// composeCancelled ends the context that the drafts have; the answer has its own.
func composeCancelled(b *bench) error {
	b.start(nil)
	ctx, cancel := context.WithCancel(b.ctx)
	defer cancel()
	c, r, err := b.compose(ctx, true)
	if err != nil {
		return err
	}
	defer c.Close()
	c.Update("a beginning")
	if err := b.reads("a beginning"); err != nil {
		return err
	}
	cancel()
	c.Update("a beginning, and more")
	_, err = b.finish(c, r)
	return err
}

// sign waits until the sign on a message is set, or taken away.
func (b *bench) sign(message string, on bool) error {
	p, ok := b.platform.(Signer)
	if !ok {
		return errors.New("the platform is no Signer")
	}
	return b.until(fmt.Sprintf("wait for the sign on %q to be set: %v", message, on), func() bool {
		stands, seen := map[string]bool{}, false
		for _, s := range p.Signs() {
			if s.Message == message && s.Message != "" {
				stands[s.Name], seen = s.On, true
			}
		}
		stand := slices.Contains(slices.Collect(maps.Values(stands)), true)
		return seen && stand == on
	})
}

func signs(b *bench) error {
	b.start(nil)
	c, r, err := b.compose(b.ctx, false)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := b.sign(r.ReplyTo, true); err != nil {
		return err
	}
	if _, err := b.finish(c, r); err != nil {
		return err
	}
	return b.sign(r.ReplyTo, false)
}

func signsGivenUp(b *bench) error {
	b.start(nil)
	c, r, err := b.compose(b.ctx, false)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := b.sign(r.ReplyTo, true); err != nil {
		return err
	}
	c.Close()
	if err := b.sign(r.ReplyTo, false); err != nil {
		return err
	}
	var x expect
	x.that(len(b.platform.Sent()) == 0, "a turn that was given up sent %+v", b.platform.Sent())
	return x.err()
}
