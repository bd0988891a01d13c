package connectortest

import (
	"errors"
	"fmt"
	"time"

	"github.com/parachute-gate/parachute/connectors"
)

func receiveFaultCases() []testCase {
	return []testCase{
		{"EventsComeAfterAServerError", []Feature{Faults}, receiveFault(ServerError)},
		{"EventsComeAfterADrop", []Feature{Faults}, receiveFault(Drop)},
		{"EventsComeAfterGarbage", []Feature{Faults}, receiveFault(Garbage)},
		{"EventsComeAfterAStall", []Feature{Faults}, receiveFault(Stall)},
		{"RevokedTokenEndsRun", []Feature{Faults}, receiveRevoked},
	}
}

// receiveFault plays a fault on how events come in, and events before, during and
// after it. Each comes, in the order of its chat; one that comes twice is the
// same.
func receiveFault(kind FaultKind) func(*bench) error {
	return func(b *bench) error {
		const chats, count = 2, 12
		b.start(nil)
		chatOf := map[string]int{}
		var ids []IDs
		for i := range count {
			if i == 4 {
				if played, err := b.fault(Fault{Kind: kind, On: OnReceive, For: time.Second}); err != nil || !played {
					return err
				}
			}
			if i == 4 || i == count-1 {
				// What came before is not what the fault is about.
				if _, err := b.distinct(i); err != nil {
					return err
				}
			}
			one, err := b.inject(Event{Chat: fmt.Sprint("room", i%chats), ChatKind: connectors.ChatGroup, Person: "alice", Text: fmt.Sprint("number ", i)})
			if err != nil {
				return err
			}
			chatOf[one.Chat] = i % chats
			ids = append(ids, one)
		}
		got, err := b.distinct(count)
		if err != nil {
			return err
		}
		var x expect
		x.that(len(got) == count, "%d events were played, %d different ones came", count, len(got))
		next := map[string]int{}
		for _, m := range got {
			n := chatOf[m.Chat.ID] + next[m.Chat.ID]*chats
			next[m.Chat.ID]++
			if want := fmt.Sprint("number ", n); m.Text != want {
				x.that(false, "chat %q: got %q, want %q", m.Chat.ID, m.Text, want)
				break
			}
			x.that(m.User.ID == ids[n].User, "%q is of %q, want %q", m.Text, m.User.ID, ids[n].User)
		}
		if err := b.halt(); err != nil {
			return err
		}
		x.that(b.platform.Refused() == 0, "%d events are refused", b.platform.Refused())
		return x.err()
	}
}

// receiveRevoked takes the token away while the connector runs: that is for good,
// and said without the token.
func receiveRevoked(b *bench) error {
	b.start(nil)
	if _, _, err := b.one(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "alice", Text: "hello"}); err != nil {
		return err
	}
	if played, err := b.fault(Fault{Kind: Revoke, On: OnReceive}); err != nil || !played {
		return err
	}
	select {
	case err := <-b.done:
		b.finished = true
		if err == nil {
			return errors.New("Run returned nil with a token that is revoked")
		}
		if err := b.clean(err); err != nil {
			return err
		}
	case <-b.ctx.Done():
		return fmt.Errorf("wait for Run with a token that is revoked: %w", b.ctx.Err())
	}
	if r, ok := b.platform.Connector().(connectors.Reporter); ok && r.Health().State != connectors.Failed {
		return fmt.Errorf("the state is %q with a token that is revoked, want %q", r.Health().State, connectors.Failed)
	}
	return nil
}
