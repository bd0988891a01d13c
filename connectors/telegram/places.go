package telegram

import (
	"strconv"
	"strings"
	"sync"

	"github.com/parachute-gate/parachute/connectors"
)

// place is where in a chat an answer goes: the message it replies to, and the
// topic, each zero for none.
//
// Telegram does not promise that a reply lands in the topic of what it replies
// to, and a long answer's later parts and the typing sign reply to nothing: so
// the topic is always named (message_thread_id).
type place struct {
	message, topic int
}

// maxPlaces bounds what is remembered. An answer that comes later than that many
// events goes to the group, as a reply.
const maxPlaces = 4096

// places remembers the place of events whose id does not tell it: those in
// topics, presses of buttons, and reactions. Safe for concurrent use.
type places struct {
	mu    sync.Mutex
	known map[string]place
	order []string
}

func newPlaces() *places { return &places{known: map[string]place{}} }

// remember notes the place of an event.
func (p *places) remember(chat, event string, at place) {
	if at.topic == 0 && event == strconv.Itoa(at.message) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	key := chat + "/" + event
	if _, ok := p.known[key]; !ok {
		if len(p.order) >= maxPlaces {
			delete(p.known, p.order[0])
			p.order = p.order[1:]
		}
		p.order = append(p.order, key)
	}
	p.known[key] = at
}

// find gives the place of an event. A message's id is its place; the others are
// not known any more after a restart.
func (p *places) find(chat, event string) place {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at, ok := p.known[chat+"/"+event]; ok {
		return at
	}
	// Presses have ids of 64 bits, messages of 32.
	n, err := strconv.ParseInt(event, 10, 32)
	if err != nil || n <= 0 {
		return place{}
	}
	return place{message: int(n)}
}

// placeOf is where a message is. A thread that is no topic is one of replies, and
// cannot be named.
func placeOf(m *message) place {
	at := place{message: m.MessageID}
	if m.InTopic {
		at.topic = m.Thread
	}
	return at
}

// address names a chat to the writer together with the event that is answered,
// so that each part of the answer finds its topic.
func address(r connectors.Reply) string { return r.Chat + "/" + r.ReplyTo }

// parse takes an address apart.
func parse(address string) (chat, event string) {
	chat, event, _ = strings.Cut(address, "/")
	return chat, event
}
