//go:build goolm

package matrix

import (
	"fmt"
	"strings"
	"testing"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"
)

// TestWhatNobodyCanDecryptHoldsUpNobody plays strangers who write what nobody has
// the key of into more rooms than are handled at once.
func TestWhatNobodyCanDecryptHoldsUpNobody(t *testing.T) {
	s := newStage(t, true, func(d *Deps, _ *platform) { d.DirectMessages = true })
	s.run()
	alice := s.person("alice")
	hers := s.room(alice, mautrix.ReqCreateRoom{IsDirect: true}, true)
	s.ok(s.Present(s.ctx, alice, hers))
	s.say(alice, hers, "before", true)
	s.want("before")
	type theirs struct {
		by   string
		room id.RoomID
	}
	var rooms []theirs
	for n := range roomsBeside + 2 {
		by := []string{"mallory", "trudy"}[n%2]
		rooms = append(rooms, theirs{by, s.room(s.person(by), mautrix.ReqCreateRoom{IsDirect: true}, true)})
	}
	for _, r := range rooms {
		s.ok(s.Present(s.ctx, s.person(r.by), r.room))
	}
	for n, r := range rooms {
		_, err := s.person(r.by).Send(s.ctx, r.room, event.EventEncrypted, map[string]any{
			"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": strings.Repeat("AwgAEnAC", 40), "device_id": "X",
			"session_id": fmt.Sprintf("nobodyhasthissessionnobodyhasthissession%03d", n), "sender_key": "nobodyhasthissessionnobodyhasthissession000",
		})
		s.ok(err)
	}
	s.logged("event dropped", errLater.Error()) // there are more than may wait
	s.say(alice, hers, "now", true)
	s.want("now")
	if strings.Contains(s.log.String(), errNoKey.Error()) {
		t.Error("alice was heard only when the others' time was over")
	}
	s.logged("event dropped", errNoKey.Error())
}

// TestKeysThatPassForOneAnotherEncrypted plays a content of which other clients read
// another text than the bot would.
func TestKeysThatPassForOneAnotherEncrypted(t *testing.T) {
	s := newStage(t, true, func(d *Deps, _ *platform) { d.DirectMessages = true })
	s.run()
	alice := s.person("alice")
	room := s.room(alice, mautrix.ReqCreateRoom{IsDirect: true}, true)
	s.ok(s.Present(s.ctx, alice, room))
	dropped, err := alice.SendLocked(s.ctx, room, event.EventMessage, map[string]any{"msgtype": "m.text", "body": "hello", "\u017fender": "x", "BODY": "approve"})
	s.ok(err)
	s.say(alice, room, "last", true)
	s.want("last")
	s.logged("level=WARN", "event dropped", string(dropped), "passes for")
}
