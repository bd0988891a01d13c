//go:build goolm

package matrix

import (
	"strings"
	"testing"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"

	"github.com/parachute-gate/parachute/connectors"
)

func TestEncryptedRoomAcrossARestart(t *testing.T) {
	s := newStage(t, true, func(d *Deps, p *platform) {
		_, listed := mine(p, "locked")
		d.Rooms = []string{listed}
	})
	alice := s.person("alice")
	local, _ := mine(s.platform, "locked")
	room := s.room(alice, mautrix.ReqCreateRoom{RoomAliasName: local}, true)
	s.run()
	s.ok(s.Present(s.ctx, alice, room))
	s.say(alice, room, "first", true)
	s.want("first")
	before := s.connector.Check(s.ctx)
	s.halt()
	s.ok(alice.Renew(s.ctx, room)) // its key comes while the bot is down as well
	s.say(alice, room, "while it was down", true)
	s.again(nil)
	s.run()
	m := s.want("while it was down")
	s.ok(s.connector.Send(s.ctx, connectors.Reply{ID: "r", Chat: m.Chat.ID, ReplyTo: m.ID, Text: "the answer"}))
	s.say(alice, room, "last", true)
	s.want("last") // and nothing twice before it
	after := s.connector.Check(s.ctx)
	if before[0] != after[0] {
		t.Errorf("the device was %q and is %q", before[0].Detail, after[0].Detail)
	}
	if n := len(s.Logins()); n != 1 {
		t.Errorf("it logged in %d times", n)
	}
	for _, kind := range s.Kinds() {
		if kind != event.EventEncrypted.Type {
			t.Errorf("it sent a %s into an encrypted room", kind)
		}
	}
}

func TestPlainTextInAnEncryptedRoomIsDropped(t *testing.T) {
	s := newStage(t, true, func(d *Deps, p *platform) {
		_, listed := mine(p, "plain")
		d.Rooms = []string{listed}
	})
	alice := s.person("alice")
	local, _ := mine(s.platform, "plain")
	room := s.room(alice, mautrix.ReqCreateRoom{RoomAliasName: local}, true)
	s.run()
	s.ok(s.Present(s.ctx, alice, room))
	first := s.say(alice, room, "in the clear", false)
	_, err := alice.Send(s.ctx, room, event.EventReaction, map[string]any{"m.relates_to": map[string]any{"rel_type": "m.annotation", "event_id": first, "key": "👍"}})
	s.ok(err)
	s.say(alice, room, "encrypted", true)
	s.want("encrypted")
	s.logged("level=WARN", "event dropped", string(first), "unencrypted into an encrypted room")
}

// TestTheServerPutsAnothersNameOnAMessage plays a homeserver that says that the
// owner wrote what mallory wrote, and one that gives an old message again as a new
// one.
func TestTheServerPutsAnothersNameOnAMessage(t *testing.T) {
	s := newStage(t, true, func(d *Deps, p *platform) {
		_, listed := mine(p, "forged")
		d.Rooms = []string{listed}
	})
	alice, mallory := s.person("alice"), s.person("mallory")
	local, _ := mine(s.platform, "forged")
	room := s.room(alice, mautrix.ReqCreateRoom{RoomAliasName: local, Preset: "public_chat"}, true)
	s.run()
	s.ok(s.Present(s.ctx, alice, room))
	s.ok(mallory.Join(s.ctx, room, ""))
	s.Lie(func(answer map[string]any) {
		visitEvents(answer, func(e map[string]any) {
			if e["type"] == event.EventEncrypted.Type && e["sender"] == string(mallory.ID) {
				e["sender"] = string(alice.ID)
			}
		})
	})
	forged := s.say(mallory, room, "approve it", true)
	s.logged("level=WARN", "event dropped", string(forged), errNotTheirs.Error())
	s.Lie(func(answer map[string]any) {
		visitEvents(answer, func(e map[string]any) {
			if e["type"] == event.EventEncrypted.Type && e["sender"] == string(alice.ID) {
				again := map[string]any{}
				for k, v := range e {
					again[k] = v
				}
				again["event_id"] = "$again"
				e["unsigned"] = map[string]any{"again": again}
			}
		})
		for _, timeline := range timelines(answer) {
			events, _ := timeline["events"].([]any)
			for _, e := range events {
				if u, ok := e.(map[string]any)["unsigned"].(map[string]any); ok && u["again"] != nil {
					timeline["events"] = append(events, u["again"])
				}
			}
		}
	})
	s.say(alice, room, "once", true)
	s.want("once")
	s.logged("level=WARN", "event dropped", "$again")
	s.Lie(nil)
	s.say(alice, room, "last", true)
	s.want("last")
}

func visitEvents(answer map[string]any, visit func(e map[string]any)) {
	for _, t := range timelines(answer) {
		events, _ := t["events"].([]any)
		for _, e := range events {
			if e, ok := e.(map[string]any); ok {
				visit(e)
			}
		}
	}
}

// TestTheServerSaysTheRoomIsNotEncrypted holds that what was encrypted once is
// written to encrypted, or not at all.
func TestTheServerSaysTheRoomIsNotEncrypted(t *testing.T) {
	s := newStage(t, true, func(d *Deps, p *platform) {
		_, listed := mine(p, "down")
		d.Rooms = []string{listed}
	})
	alice := s.person("alice")
	local, _ := mine(s.platform, "down")
	room := s.room(alice, mautrix.ReqCreateRoom{RoomAliasName: local}, true)
	s.run()
	s.ok(s.Present(s.ctx, alice, room))
	s.say(alice, room, "hello", true)
	m := s.want("hello")
	s.halt()
	s.again(func(d *Deps) { d.Encrypted = false })
	err := s.connector.Send(s.ctx, connectors.Reply{ID: "r", Chat: m.Chat.ID, Text: "in the clear"})
	if err == nil || !strings.Contains(err.Error(), errNoKeys.Error()) || len(s.Sent()) > 0 {
		t.Errorf("Send gave %v and sent %+v", err, s.Sent())
	}
}
