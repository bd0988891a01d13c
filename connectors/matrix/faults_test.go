package matrix

import (
	"fmt"
	"testing"
	"time"

	"maunium.net/go/mautrix"

	"github.com/parachute-gate/parachute/connectors/connectortest"
)

// TestFaultsOnTheWayIn plays what the suite does not: faults in a row, a
// connection that is half open, a homeserver that wants to be left alone, and
// another's answer. Each event comes once, in order.
func TestFaultsOnTheWayIn(t *testing.T) {
	const in = connectortest.OnReceive
	for name, faults := range map[string][]connectortest.Fault{
		"a proxy's errors":           {{Kind: connectortest.ServerError, On: in, Times: 3}},
		"429 with a time":            {{Kind: connectortest.Throttle, On: in, For: 300 * time.Millisecond, Times: 2}},
		"dropped sockets":            {{Kind: connectortest.Drop, On: in, Times: 3}},
		"acted on, and no answer":    {{Kind: connectortest.Lost, On: in, Times: 2}},
		"garbage":                    {{Kind: connectortest.Garbage, On: in, Times: 2}},
		"a socket that is half open": {{Kind: connectortest.Stall, On: in, For: time.Minute}},
		"one after another":          {{Kind: connectortest.Garbage, On: in}, {Kind: connectortest.Drop, On: in}, {Kind: connectortest.ServerError, On: in}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, false, func(d *Deps, p *platform) {
				_, listed := mine(p, "faults")
				d.Rooms = []string{listed}
			})
			alice := s.person("alice")
			local, _ := mine(s.platform, "faults")
			room := s.room(alice, mautrix.ReqCreateRoom{RoomAliasName: local}, false)
			s.run()
			s.ok(s.Present(s.ctx, alice, room))
			for i := range 6 {
				if i == 2 {
					for _, f := range faults {
						s.Fault(f)
					}
				}
				s.say(alice, room, fmt.Sprint("number ", i), false)
			}
			for i := range 6 {
				s.want(fmt.Sprint("number ", i))
			}
			s.halt()
			if n := len(s.got); n > 0 {
				t.Errorf("%d events came twice: %+v", n, <-s.got)
			}
		})
	}
}

// TestAnEventThatCannotBeReadHidesNoOther plays a homeserver that puts into its
// answer what is no event.
func TestAnEventThatCannotBeReadHidesNoOther(t *testing.T) {
	s := newStage(t, false, func(d *Deps, p *platform) {
		_, listed := mine(p, "garbage")
		d.Rooms = []string{listed}
	})
	alice := s.person("alice")
	local, _ := mine(s.platform, "garbage")
	room := s.room(alice, mautrix.ReqCreateRoom{RoomAliasName: local}, false)
	s.run()
	s.ok(s.Present(s.ctx, alice, room))
	s.Lie(func(answer map[string]any) {
		for _, timeline := range timelines(answer) {
			events, _ := timeline["events"].([]any)
			timeline["events"] = append([]any{
				7, "x", nil, []any{}, map[string]any{}, map[string]any{"type": 7},
				map[string]any{"type": "m.room.message", "sender": "@alice:localhost", "event_id": 9, "content": map[string]any{"msgtype": "m.text", "body": "forged"}},
				map[string]any{"type": "m.room.message", "sender": "alice", "event_id": "$x", "content": map[string]any{"msgtype": "m.text", "body": "forged"}},
				map[string]any{"type": "m.room.message", "sender": "@alice:localhost", "event_id": "$y", "origin_server_ts": "now", "content": "x"},
			}, events...)
		}
	})
	s.say(alice, room, "hello", false)
	s.want("hello")
}

// timelines are the rooms' timelines of an answer.
func timelines(answer map[string]any) (all []map[string]any) {
	rooms, _ := answer["rooms"].(map[string]any)
	join, _ := rooms["join"].(map[string]any)
	for _, r := range join {
		if t, ok := r.(map[string]any)["timeline"].(map[string]any); ok {
			all = append(all, t)
		}
	}
	return all
}
