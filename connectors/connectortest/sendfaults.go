package connectortest

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/parachute-gate/parachute/connectors"
)

func sendFaultCases() []testCase {
	return []testCase{
		{"SendIsTriedAgainAfterAServerError", []Feature{Faults}, sendFault(Fault{Kind: ServerError, Times: 2}, false)},
		{"SendObeysAThrottle", []Feature{Faults}, sendThrottled},
		{"SendIsTriedAgainAfterADrop", []Feature{Faults}, sendFault(Fault{Kind: Drop}, true)},
		{"LostAnswerToASendIsNotDoubled", []Feature{Faults}, sendFault(Fault{Kind: Lost}, true)},
		{"GarbageForAnAnswerToASendIsNotDoubled", []Feature{Faults}, sendFault(Fault{Kind: Garbage}, true)},
		{"StalledSendIsNotDoubled", []Feature{Faults}, sendFault(Fault{Kind: Stall, For: time.Second}, true)},
		{"TokenInAnErrorsURL_GHSA-xwcj-hwhf-h378", []Feature{Faults}, sendRevoked},
		{"LongReplyKeepsItsFences", []Feature{Fences}, sendFences},
	}
}

// fault plays a fault; it reports false where the platform has none of that kind.
func (b *bench) fault(f Fault) (bool, error) {
	p, ok := b.platform.(Faulter)
	if !ok {
		return false, errors.New("the platform is no Faulter")
	}
	return p.Fault(f), nil
}

// sendFault plays a fault on the next send and holds that the reply is delivered
// once. Where the platform may have acted, the connector may say instead that it
// does not know; it may not say that the reply did not arrive.
func sendFault(f Fault, doubt bool) func(*bench) error {
	f.On = OnSend
	return func(b *bench) error {
		b.start(nil)
		m, ids, err := b.one(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "alice", Text: "hello"})
		if err != nil {
			return err
		}
		if played, err := b.fault(f); err != nil || !played {
			return err
		}
		switch err := b.send(ids, m.ID, "the answer"); {
		case err == nil:
			if err := b.sentOnce(ids, m.ID, "the answer"); err != nil {
				return err
			}
		case !doubt || !errors.Is(err, connectors.ErrUnconfirmed):
			return err
		default:
			var x expect
			x.that(b.count("the answer") <= 1, "the reply was sent %d times", b.count("the answer"))
			x.none(b.clean(err), "Send")
			if x.err() != nil {
				return x.err()
			}
		}
		if err := b.send(ids, m.ID, "one more"); err != nil {
			return fmt.Errorf("after the fault: %w", err)
		}
		return b.sentOnce(ids, m.ID, "one more")
	}
}

// count is how many messages read as text.
func (b *bench) count(text string) int {
	n := 0
	for _, s := range b.platform.Sent() {
		if s.Text == text {
			n++
		}
	}
	return n
}

// sendThrottled names a time that no connector waits by itself.
func sendThrottled(b *bench) error {
	const wait = 3 * time.Second
	b.start(nil)
	m, ids, err := b.one(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "alice", Text: "hello"})
	if err != nil {
		return err
	}
	if played, err := b.fault(Fault{Kind: Throttle, On: OnSend, For: wait}); err != nil || !played {
		return err
	}
	start := time.Now()
	if err := b.send(ids, m.ID, "the answer"); err != nil {
		return err
	}
	took := time.Since(start)
	var x expect
	x.that(took >= wait, "told to wait %v, it sent again after %v", wait, took)
	if err := b.sentOnce(ids, m.ID, "the answer"); err != nil {
		return err
	}
	return x.err()
}

func sendRevoked(b *bench) error {
	ids, err := b.inject(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "alice", Text: "hello"})
	if err != nil {
		return err
	}
	if played, err := b.fault(Fault{Kind: Revoke, On: OnSend}); err != nil || !played {
		return err
	}
	err = b.send(ids, ids.Message, "the answer")
	if err == nil {
		return errors.New("Send gave nil with a token that is revoked")
	}
	return b.clean(err)
}

// sendFences sends more code than fits one message: each part closes its fence,
// and no line of the code is lost or stands outside of one.
func sendFences(b *bench) error {
	b.start(nil)
	m, ids, err := b.one(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "alice", Text: "hello"})
	if err != nil {
		return err
	}
	const lines = 3000
	var text strings.Builder
	text.WriteString("The program:\n\n```go\n")
	for i := range lines {
		fmt.Fprintf(&text, "\tline(%d) // and what it does\n", i)
	}
	text.WriteString("```\n\nThat is all.")
	if err := b.send(ids, m.ID, text.String()); err != nil {
		return err
	}
	var x expect
	next := 0
	for _, s := range b.platform.Sent() {
		inside := false
		for line := range strings.Lines(s.Text) {
			switch line = strings.TrimSpace(line); {
			case strings.HasPrefix(line, "```"):
				inside = !inside
			case strings.HasPrefix(line, "line("):
				x.that(inside, "%q stands outside of a fence", line)
				x.that(strings.HasPrefix(line, fmt.Sprintf("line(%d)", next)), "after line %d came %q", next-1, line)
				next++
			}
		}
		x.that(!inside, "a part of %d bytes leaves its fence open", len(s.Text))
		if len(x.errs) > 0 {
			return x.err()
		}
	}
	x.that(next == lines, "%d of %d lines of code arrived", next, lines)
	return x.err()
}
