package matrix

import (
	"strings"
	"testing"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/connectortest/matrixhome"
	"github.com/parachute-gate/parachute/connectors/driver"
)

// mine is an alias of one bot's test.
func mine(p *platform, label string) (local, whole string) {
	whole = p.Alias(label)
	return whole[1 : len(whole)-len(":localhost")], whole
}

func TestRoomsThatAreNotListedAreRefused(t *testing.T) {
	s := newStage(t, false, func(d *Deps, p *platform) {
		_, listed := mine(p, "listed")
		d.Rooms = []string{listed}
	})
	s.run()
	alice := s.person("alice")
	other := s.room(alice, mautrix.ReqCreateRoom{}, false)
	direct := s.room(alice, mautrix.ReqCreateRoom{IsDirect: true}, false)
	space := s.room(alice, mautrix.ReqCreateRoom{CreationContent: map[string]any{"type": "m.space"}}, false)
	local, _ := mine(s.platform, "listed")
	listed := s.room(alice, mautrix.ReqCreateRoom{RoomAliasName: local}, false)
	s.ok(s.Present(s.ctx, alice, listed))
	for _, room := range []id.RoomID{other, direct, space} {
		s.until("wait for the refusal", func() bool { return s.membership(alice, room) == event.MembershipLeave })
	}
	s.say(alice, listed, "hello", false)
	if m := s.want("hello"); m.Chat.Kind != connectors.ChatGroup || m.Chat.ID != string(listed) {
		t.Errorf("got %+v", m)
	}
}

func TestAnEmptyListAllowsNoRoom(t *testing.T) {
	s := newStage(t, false, nil)
	s.run()
	alice := s.person("alice")
	for _, req := range []mautrix.ReqCreateRoom{{}, {IsDirect: true}, {Preset: "public_chat"}} {
		room := s.room(alice, req, false)
		s.until("wait for the refusal", func() bool { return s.membership(alice, room) == event.MembershipLeave })
	}
	s.logged("level=WARN", "no room is allowed")
}

func TestARoomThatIsNoLongerListedIsLeft(t *testing.T) {
	s := newStage(t, false, func(d *Deps, p *platform) {
		_, a := mine(p, "a")
		_, b := mine(p, "b")
		d.Rooms = []string{a, b}
	})
	alice := s.person("alice")
	var rooms []id.RoomID
	for _, label := range []string{"a", "b"} {
		local, _ := mine(s.platform, label)
		rooms = append(rooms, s.room(alice, mautrix.ReqCreateRoom{RoomAliasName: local}, false))
	}
	s.run()
	for _, room := range rooms {
		s.ok(s.Present(s.ctx, alice, room))
	}
	s.halt()
	s.again(func(d *Deps) { d.Rooms = d.Rooms[:1] })
	s.say(alice, rooms[1], "into the room that is no longer listed", false)
	s.say(alice, rooms[0], "hello", false)
	s.run()
	s.until("wait until it left", func() bool { return s.membership(alice, rooms[1]) == event.MembershipLeave })
	s.want("hello")
}

// newListedPair is a stage on which the bot is alone with Alice in a room that is
// listed: else it would leave the room as soon as that is no direct message any more.
func newListedPair(t *testing.T, name string) (*stage, *matrixhome.Person, id.RoomID) {
	t.Helper()
	s := newStage(t, false, func(d *Deps, p *platform) {
		_, listed := mine(p, name)
		d.Rooms, d.DirectMessages = []string{listed}, true
	})
	s.run()
	alice := s.person("alice")
	local, _ := mine(s.platform, name)
	room := s.room(alice, mautrix.ReqCreateRoom{RoomAliasName: local, IsDirect: true}, false)
	s.ok(s.Present(s.ctx, alice, room))
	return s, alice, room
}

func TestPairingInADirectMessageOpensNoGroup_CVE_2026_31991(t *testing.T) {
	s, alice, room := newListedPair(t, "pair")
	mallory := s.person("mallory")
	said := func(by, text string, kind connectors.ChatKind) {
		t.Helper()
		s.say(s.person(by), room, text, false)
		if m := s.want(text); m.Chat.Kind != kind {
			t.Errorf("%q was said in a %q, want %q", text, m.Chat.Kind, kind)
		}
	}
	said("alice", "between us", connectors.ChatDM)
	_, err := alice.Cli.InviteUser(s.ctx, room, &mautrix.ReqInviteUser{UserID: mallory.ID})
	s.ok(err)
	said("alice", "mallory is invited and may read", connectors.ChatGroup)
	s.ok(mallory.Join(s.ctx, room, ""))
	said("mallory", "here I am", connectors.ChatGroup)
	said("alice", "and I", connectors.ChatGroup)
	s.ok(mallory.Leave(s.ctx, room))
	said("alice", "between us again", connectors.ChatDM)
	_, err = alice.Cli.InviteUser(s.ctx, room, &mautrix.ReqInviteUser{UserID: mallory.ID})
	s.ok(err)
	s.ok(mallory.Join(s.ctx, room, ""))
	s.ok(alice.Leave(s.ctx, room))
	said("mallory", "alone with the bot, who did not invite it", connectors.ChatGroup)
}

func TestANoticeIsReadByOnePersonAlone(t *testing.T) {
	s, alice, room := newListedPair(t, "alone")
	mallory := s.person("mallory")
	said := func(text string) {
		t.Helper()
		s.say(alice, room, text, false)
		s.want(text)
	}
	sends := func(text string, to *matrixhome.Person, private, sent bool) {
		t.Helper()
		before := len(s.Sent())
		err := s.connector.Send(s.ctx, connectors.Reply{ID: text, Chat: string(room), User: string(to.ID), Text: text, Private: private})
		if (err == nil) != sent || driver.IsPermanent(err) == sent || len(s.Sent())-before != map[bool]int{true: 1}[sent] {
			t.Errorf("%s: %v; sent %+v", text, err, s.Sent()[before:])
		}
	}
	said("between us")
	sends("a code for Alice", alice, true, true)
	sends("a code for Mallory, who is not there", mallory, true, false)
	_, err := alice.Cli.InviteUser(s.ctx, room, &mautrix.ReqInviteUser{UserID: mallory.ID})
	s.ok(err)
	said("mallory is invited and may read")
	sends("a second code for Alice", alice, true, false)
	sends("an answer to Alice", alice, false, true)
	s.ok(mallory.Join(s.ctx, room, ""))
	said("mallory is here")
	sends("a third code for Alice", alice, true, false)
	s.ok(mallory.Leave(s.ctx, room))
	said("between us again")
	s.halt()
	s.again(nil) // what it knew of the room is read again
	sends("a fourth code for Alice", alice, true, true)
}

func TestARoomIsNoDirectMessageWithoutTheInvitesWord(t *testing.T) {
	s := newStage(t, false, func(d *Deps, p *platform) {
		_, listed := mine(p, "two")
		d.Rooms, d.DirectMessages = []string{listed}, true
	})
	s.run()
	alice := s.person("alice")
	local, _ := mine(s.platform, "two")
	room := s.room(alice, mautrix.ReqCreateRoom{RoomAliasName: local}, false)
	s.ok(s.Present(s.ctx, alice, room))
	s.say(alice, room, "two of us", false)
	if m := s.want("two of us"); m.Chat.Kind != connectors.ChatGroup {
		t.Errorf("a room of two is a %q", m.Chat.Kind)
	}
}

func TestWhatWasWrittenWhileItWasDownComesOnce(t *testing.T) {
	s := newStage(t, false, func(d *Deps, p *platform) {
		_, listed := mine(p, "gap")
		d.Rooms = []string{listed}
	})
	alice := s.person("alice")
	local, _ := mine(s.platform, "gap")
	room := s.room(alice, mautrix.ReqCreateRoom{RoomAliasName: local}, false)
	s.say(alice, room, "before the bot came", false)
	s.run()
	s.ok(s.Present(s.ctx, alice, room))
	s.say(alice, room, "first", false)
	s.want("first")
	s.halt()
	const count = 120 // more than one answer brings
	for range count {
		s.say(alice, room, "while it was down", false)
	}
	s.again(nil)
	s.run()
	s.say(alice, room, "last", false)
	seen := map[string]bool{}
	for range count {
		m := s.want("while it was down")
		if seen[m.ID] {
			t.Fatalf("%s came twice", m.ID)
		}
		seen[m.ID] = true
	}
	s.want("last")
}

func TestReplyToTheBot(t *testing.T) {
	s := newStage(t, false, func(d *Deps, p *platform) {
		_, listed := mine(p, "reply")
		d.Rooms = []string{listed}
	})
	alice := s.person("alice")
	local, _ := mine(s.platform, "reply")
	room := s.room(alice, mautrix.ReqCreateRoom{RoomAliasName: local}, false)
	s.run()
	s.ok(s.Present(s.ctx, alice, room))
	s.say(alice, room, "hello", false)
	question := s.want("hello")
	s.ok(s.connector.Send(s.ctx, connectors.Reply{ID: "r", Chat: question.Chat.ID, ReplyTo: question.ID, Text: "an answer @room"}))
	answer := s.Sent()[0].ID
	for _, restart := range []bool{false, true} {
		if restart {
			s.halt()
			s.again(nil) // what it remembers of events is gone
			s.run()
		}
		for to, bots := range map[string]bool{answer: true, question.ID: false} {
			_, err := alice.Send(s.ctx, room, event.EventMessage, map[string]any{
				"msgtype": "m.text", "body": "yes", "m.relates_to": map[string]any{"m.in_reply_to": map[string]any{"event_id": to}},
			})
			s.ok(err)
			if m := s.want("yes"); m.ReplyTo != to || m.ReplyToBot != bots || m.MentionsBot {
				t.Errorf("a reply to %s came as %+v", to, m)
			}
		}
	}
}

func TestAnswersStayInTheThread(t *testing.T) {
	s := newStage(t, false, func(d *Deps, p *platform) {
		_, listed := mine(p, "thread")
		d.Rooms = []string{listed}
	})
	alice := s.person("alice")
	local, _ := mine(s.platform, "thread")
	room := s.room(alice, mautrix.ReqCreateRoom{RoomAliasName: local}, false)
	s.run()
	s.ok(s.Present(s.ctx, alice, room))
	root := s.say(alice, room, "the beginning", false)
	s.want("the beginning")
	_, err := alice.Send(s.ctx, room, event.EventMessage, map[string]any{
		"msgtype": "m.text", "body": "in a thread", "m.relates_to": map[string]any{"rel_type": "m.thread", "event_id": root},
	})
	s.ok(err)
	m := s.want("in a thread")
	long := make([]byte, 2*maxText)
	for i := range long {
		long[i] = "words "[i%6]
	}
	s.ok(s.connector.Send(s.ctx, connectors.Reply{ID: "r", Chat: m.Chat.ID, ReplyTo: m.ID, Text: string(long)}))
	raw := s.Raw()
	if len(raw) < 2 {
		t.Fatalf("%d parts were sent", len(raw))
	}
	for i, c := range raw {
		if !strings.Contains(c, `"rel_type":"m.thread"`) || !strings.Contains(c, string(root)) || !strings.Contains(c, `"m.mentions":{}`) {
			t.Errorf("part %d is %.300s", i, c)
		}
	}
}
