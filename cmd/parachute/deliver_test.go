package main

import (
	"testing"

	"github.com/parachute-gate/parachute/sessions"
)

// TestNoticesArePrivate: what tells one person of another's request is marked, so
// that no connector gives it to a room.
func TestNoticesArePrivate(t *testing.T) {
	session := &sessions.Session{ID: "s"}
	for _, c := range []struct {
		name    string
		turn    sessions.Turn
		private bool
	}{
		{"a notice", sessions.Turn{ID: "1", Chat: "dm", User: "olga", Reply: "Somebody asks to be let in."}, true},
		{"the answer to a command", sessions.Turn{ID: "1", Chat: "team", Message: "7", Reply: "up"}, false},
		{"an agent's answer", sessions.Turn{ID: "1", Chat: "team", Message: "7", Session: session}, false},
		{"an agent's answer to a press", sessions.Turn{ID: "1", Chat: "team", Session: session}, false},
	} {
		if got := turnReply(sessions.Reply{Turn: c.turn, Text: c.turn.Reply}).Private; got != c.private {
			t.Errorf("%s: private is %v", c.name, got)
		}
	}
}
