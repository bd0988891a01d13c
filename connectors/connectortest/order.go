package connectortest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/parachute-gate/parachute/connectors"
)

func orderCases() []testCase {
	return []testCase{
		{"OrderPerChatUnderLoad", nil, order},
		{"SlowChatDoesNotHoldUpTheOthers", []Feature{SideBySide}, sideBySide},
		{"RedeliveredEventKeepsItsID", []Feature{Redelivery}, redelivered},
		{"RedeliveryUnderLoadKeepsTheOrder", []Feature{Redelivery}, redeliveredUnderLoad},
	}
}

const (
	loadChats    = 10
	loadMessages = 1000
)

// order plays messages of several chats in turn and holds that no chat's handler
// calls overlap, and that each chat's texts come in order and whole.
func order(b *bench) error {
	var inside sync.Map // chat id → *atomic.Int32
	var overlaps atomic.Int32
	b.start(func(_ context.Context, m connectors.Message) error {
		n, _ := inside.LoadOrStore(m.Chat.ID, new(atomic.Int32))
		if n.(*atomic.Int32).Add(1) != 1 {
			overlaps.Add(1)
		}
		runtime.Gosched()
		n.(*atomic.Int32).Add(-1)
		return nil
	})
	chatOf := map[string]int{}
	for i := range loadMessages {
		chat := i % loadChats
		ids, err := b.inject(Event{
			Chat: fmt.Sprint("room", chat), ChatKind: connectors.ChatGroup,
			Person: fmt.Sprint("person", i%3), Text: fmt.Sprint("number ", i),
		})
		if err != nil {
			return err
		}
		chatOf[ids.Chat] = chat
	}
	got, err := b.events(loadMessages)
	if err != nil {
		return err
	}
	var x expect
	x.that(len(chatOf) == loadChats, "%d chats have %d ids", loadChats, len(chatOf))
	x.that(overlaps.Load() == 0, "%d calls ran beside another of the same chat", overlaps.Load())
	x.that(len(got) == loadMessages, "%d messages arrived, want %d", len(got), loadMessages)
	next := map[string]int{}
	for _, m := range got {
		want := fmt.Sprint("number ", chatOf[m.Chat.ID]+next[m.Chat.ID]*loadChats)
		if m.Text != want {
			x.that(false, "chat %q: got %q, want %q", m.Chat.ID, m.Text, want)
			break
		}
		next[m.Chat.ID]++
	}
	return x.err()
}

// sideBySide blocks one chat until another's event was handled. Many others are
// played, as some may share the blocked one's worker.
func sideBySide(b *bench) error {
	others := make(chan struct{}, 1)
	b.start(func(ctx context.Context, m connectors.Message) error {
		if m.Text == "slow" {
			select {
			case <-others:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			case <-b.ctx.Done():
				return b.ctx.Err()
			}
		}
		select {
		case others <- struct{}{}:
		default:
		}
		return nil
	})
	if _, err := b.inject(Event{Chat: "slow", ChatKind: connectors.ChatGroup, Person: "alice", Text: "slow"}); err != nil {
		return err
	}
	const count = 40
	for i := range count {
		if _, err := b.inject(Event{Chat: fmt.Sprint("fast", i), ChatKind: connectors.ChatGroup, Person: "bob", Text: "fast"}); err != nil {
			return err
		}
	}
	_, err := b.events(count + 1)
	return err
}

// redelivered holds that an event that the platform gives twice can be told by
// its ids: acting on it once is the gate's part.
func redelivered(b *bench) error {
	p, ok := b.platform.(Redeliverer)
	if !ok {
		return errors.New("the driver lists redelivery, its platform is no Redeliverer")
	}
	b.start(nil)
	if _, _, err := b.one(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "alice", Text: "hello"}); err != nil {
		return err
	}
	if err := p.Redeliver(); err != nil {
		return fmt.Errorf("redeliver: %w", err)
	}
	got, err := b.events(2)
	if err != nil {
		return err
	}
	var x expect
	x.that(got[0].ID == got[1].ID && got[0].Chat.ID == got[1].Chat.ID && got[0].Revision == got[1].Revision,
		"an event came as %q in %q and again as %q in %q", got[0].ID, got[0].Chat.ID, got[1].ID, got[1].Chat.ID)
	return x.err()
}

// redeliveredUnderLoad has some events given twice between others, and holds that
// the first of each come in order.
func redeliveredUnderLoad(b *bench) error {
	p, ok := b.platform.(Redeliverer)
	if !ok {
		return errors.New("the platform is no Redeliverer")
	}
	b.start(nil)
	const chats, count = 5, 200
	chatOf := map[string]int{}
	for i := range count {
		ids, err := b.inject(Event{Chat: fmt.Sprint("room", i%chats), ChatKind: connectors.ChatGroup, Person: "alice", Text: fmt.Sprint("number ", i)})
		if err != nil {
			return err
		}
		chatOf[ids.Chat] = i % chats
		if i%10 == 3 {
			if err := p.Redeliver(); err != nil {
				return fmt.Errorf("redeliver: %w", err)
			}
		}
	}
	got, err := b.distinct(count)
	if err != nil {
		return err
	}
	var x expect
	next := map[string]int{}
	for _, m := range got {
		want := fmt.Sprint("number ", chatOf[m.Chat.ID]+next[m.Chat.ID]*chats)
		x.that(m.Text == want, "chat %q: got %q, want %q", m.Chat.ID, m.Text, want)
		next[m.Chat.ID]++
	}
	return x.err()
}
