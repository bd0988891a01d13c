package matrix

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/connectortest"
	"github.com/parachute-gate/parachute/connectors/connectortest/matrixhome"
)

// stage is one bot with its homeserver, and what its handler was given.
type stage struct {
	*platform
	t    *testing.T
	ctx  context.Context
	got  chan connectors.Message
	stop context.CancelFunc
	done chan error
}

// newStage makes a bot. set changes its Deps before they are used.
func newStage(t *testing.T, encrypted bool, set func(d *Deps, p *platform)) *stage {
	t.Helper()
	h, err := home()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	t.Cleanup(cancel)
	p := &platform{log: &connectortest.Recorder{}, dir: t.TempDir()}
	if p.Server, err = h.Bot(ctx, matrixhome.Options{Encrypted: encrypted}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Server.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log(p.log.String())
		}
	})
	s := &stage{platform: p, t: t, ctx: ctx, got: make(chan connectors.Message, 1000)}
	d := p.deps(encrypted)
	d.DirectMessages = false
	if set != nil {
		set(&d, p)
	}
	p.connector = New(d)
	p.connector.door.every = 0
	return s
}

// run starts the connector and waits until it is connected.
func (s *stage) run() {
	s.t.Helper()
	ctx, stop := context.WithCancel(s.ctx)
	s.stop, s.done = stop, make(chan error, 1)
	done := s.done
	go func() {
		done <- s.connector.Run(ctx, func(_ context.Context, m connectors.Message) error {
			s.got <- m
			return nil
		})
	}()
	s.t.Cleanup(func() {
		stop()
		if s.done == done {
			if err := <-done; err != nil {
				s.t.Error(err)
			}
		}
	})
	if err := s.connected(s.ctx); err != nil {
		s.t.Fatal(err)
	}
}

// halt stops the connector.
func (s *stage) halt() {
	s.t.Helper()
	s.stop()
	select {
	case err := <-s.done:
		s.done = nil
		if err != nil {
			s.t.Fatalf("Run gave %v", err)
		}
	case <-time.After(5 * time.Second):
		s.t.Fatal("the stop took more than 5 s")
	}
}

// again is the connector after a restart of the process.
func (s *stage) again(set func(d *Deps)) {
	d := s.connector.deps
	if set != nil {
		set(&d)
	}
	s.connector = New(d)
	s.connector.door.every = 0
}

func (s *stage) next() connectors.Message {
	s.t.Helper()
	select {
	case m := <-s.got:
		return m
	case <-s.ctx.Done():
		s.t.Fatal("no event came")
		return connectors.Message{}
	}
}

// want waits for a message with a text, and fails for any other.
func (s *stage) want(text string) connectors.Message {
	s.t.Helper()
	m := s.next()
	if m.Text != text {
		s.t.Fatalf("got %+v, want the text %q", m, text)
	}
	return m
}

func (s *stage) person(name string) *matrixhome.Person {
	s.t.Helper()
	p, err := s.Home.Person(s.ctx, name)
	s.ok(err)
	return p
}

func (s *stage) ok(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// room makes a room of somebody's, inviting the bot, and by an alias that the
// bot's Deps may list.
func (s *stage) room(by *matrixhome.Person, req mautrix.ReqCreateRoom, encrypted bool) id.RoomID {
	s.t.Helper()
	req.Invite = append(req.Invite, id.UserID(s.User()))
	room, err := by.Create(s.ctx, &req, encrypted)
	s.ok(err)
	return room
}

// say sends a text, encrypted where asked.
func (s *stage) say(by *matrixhome.Person, room id.RoomID, text string, encrypted bool) id.EventID {
	s.t.Helper()
	send := by.Send
	if encrypted {
		send = by.SendLocked
	}
	sent, err := send(s.ctx, room, event.EventMessage, map[string]any{"msgtype": "m.text", "body": text})
	s.ok(err)
	return sent
}

// logged waits until the log has all words in one line.
func (s *stage) logged(words ...string) {
	s.t.Helper()
	s.until(fmt.Sprintf("wait for %q in the log", words), func() bool {
		for line := range strings.Lines(s.log.String()) {
			all := true
			for _, w := range words {
				all = all && strings.Contains(line, w)
			}
			if all {
				return true
			}
		}
		return false
	})
}

func (s *stage) until(what string, reached func() bool) {
	s.t.Helper()
	for !reached() {
		select {
		case <-s.ctx.Done():
			s.t.Fatal(what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// membership is what somebody sees of the bot in a room.
func (s *stage) membership(by *matrixhome.Person, room id.RoomID) event.Membership {
	var c event.MemberEventContent
	if err := by.Cli.StateEvent(s.ctx, room, event.StateMember, s.User(), &c); err != nil {
		return ""
	}
	return c.Membership
}
