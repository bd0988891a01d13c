package discord

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/connectortest"
	"github.com/parachute-gate/parachute/connectors/driver"
)

// TestConnectionThatBreaks holds for each way in which the gateway goes away that
// the session goes on, with nothing lost, doubled or moved.
func TestConnectionThatBreaks(t *testing.T) {
	fault := func(kind connectortest.FaultKind, d time.Duration) func(*platform) {
		return func(p *platform) { p.Fault(connectortest.Fault{Kind: kind, On: "receive", For: d}) }
	}
	closes := func(code int) func(*platform) { return func(p *platform) { p.Disconnect(code) } }
	for name, c := range map[string]struct {
		breaks  func(*platform)
		resumes bool
	}{
		"socket dropped":             {fault(connectortest.Drop, 0), true},
		"half-open socket":           {fault(connectortest.Stall, 10*time.Second), true},
		"server error":               {fault(connectortest.ServerError, 0), true},
		"garbage":                    {fault(connectortest.Garbage, 0), true},
		"a frame that is null":       {func(p *platform) { p.Frame("null"); p.AskToReconnect() }, true},
		"asked to reconnect":         {func(p *platform) { p.AskToReconnect() }, true},
		"unknown error":              {closes(4000), true},
		"rate limited":               {closes(4008), true},
		"unknown close code":         {closes(4899), true},
		"session ended":              {closes(1000), false},
		"sequence refused":           {closes(4007), false},
		"session timed out":          {closes(4009), false},
		"session forgotten":          {func(p *platform) { p.Forget() }, false},
		"invalid session, resumable": {func(p *platform) { p.Frame(`{"op":9,"d":true}`) }, true},
		"invalid session":            {func(p *platform) { p.Frame(`{"op":9,"d":false}`) }, false},
		"a heartbeat is asked for":   {func(p *platform) { p.Frame(`{"op":1,"d":null}`); p.AskToReconnect() }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := testPlatform(t, true)
			g := p.start(t, nil)
			must(t)(p.Inject(group("room", "0")))
			g.texts(1)
			c.breaks(p)
			want := []string{}
			for i := 1; i < 30; i++ {
				want = append(want, fmt.Sprint(i))
				must(t)(p.Inject(group("room", fmt.Sprint(i))))
			}
			if got := g.texts(len(want)); !slices.Equal(got, want) {
				t.Errorf("got %q", got)
			}
			until(t, "it connects again", func() bool {
				return slices.Contains(p.Requests(), "RESUME") || count(p, "IDENTIFY") > 1
			})
			g.none(p, group("room", ""))
			if resumed := count(p, "IDENTIFY") == 1; resumed != c.resumes {
				t.Errorf("resumed %v, want %v: %q", resumed, c.resumes, p.Requests())
			}
			if h := p.connector.Health(); h.Failures == 0 || h.State != connectors.Running {
				t.Errorf("health %+v", h)
			}
			g.stop()
		})
	}
}

func count(p *platform, request string) int {
	n := 0
	for _, r := range p.Requests() {
		if r == request {
			n++
		}
	}
	return n
}

// TestConnectionThatEndsForGood holds which close codes are final, and that the
// words say what to do.
func TestConnectionThatEndsForGood(t *testing.T) {
	for code, words := range map[int]string{
		4004: "the environment variable DISCORD_TOKEN", 4010: "shards", 4011: "shards", 4012: "update Parachute",
		4013: "update Parachute", 4014: "Message Content Intent",
	} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			t.Parallel()
			p := testPlatform(t, true)
			g := p.start(t, nil)
			must(t)(p.Inject(group("room", "hello")))
			g.texts(1)
			p.Disconnect(code)
			err := g.ended()
			if !driver.IsPermanent(err) || !strings.Contains(err.Error(), words) {
				t.Errorf("Run gave %v, want %q", err, words)
			}
			if h := p.connector.Health(); h.State != connectors.Failed || h.LastError == "" {
				t.Errorf("health %+v", h)
			}
		})
	}
}

func TestIntentThatIsNotGranted(t *testing.T) {
	p := testPlatform(t, true)
	p.Grant(0, Permissions())
	if err := p.start(t, nil).ended(); !driver.IsPermanent(err) || !strings.Contains(err.Error(), "Message Content Intent") {
		t.Errorf("Run gave %v", err)
	}
}

// TestReadyThatDoesNotSayWhoTheBotIs holds that a bot that does not know itself
// does not listen.
func TestReadyThatDoesNotSayWhoTheBotIs(t *testing.T) {
	p := testPlatform(t, true)
	g := p.start(t, nil)
	must(t)(p.Inject(group("room", "hello")))
	g.texts(1)
	p.Play("READY", map[string]any{"session_id": "x", "user": map[string]any{}})
	until(t, "the connection is given up", func() bool { return strings.Contains(p.connector.Health().LastError, "who the bot is") })
	g.stop()
}

func TestNoSessionsLeftToday(t *testing.T) {
	p := testPlatform(t, true)
	p.Starts(0)
	g := p.start(t, nil)
	until(t, "the limit is seen", func() bool { return strings.Contains(p.connector.Health().LastError, "sessions today") })
	if n := count(p, "IDENTIFY"); n != 0 {
		t.Errorf("it began %d sessions", n)
	}
	g.stop()
}

func TestTokenThatIsWrong(t *testing.T) {
	p := testPlatform(t, true)
	p.Fault(connectortest.Fault{Kind: connectortest.Revoke})
	err := p.start(t, nil).ended()
	if !driver.IsPermanent(err) || !strings.Contains(err.Error(), "DISCORD_TOKEN") || strings.Contains(err.Error(), testToken) {
		t.Errorf("Run gave %v", err)
	}
	err = p.connector.Send(t.Context(), connectors.Reply{ID: "r", Chat: "1", Text: "hello", Verdict: "allow"})
	if !driver.IsPermanent(err) || strings.Contains(err.Error(), testToken) {
		t.Errorf("Send gave %v", err)
	}
}

// TestEndlessThrottle holds that a limit is told rather than waited for without
// end.
func TestEndlessThrottle(t *testing.T) {
	p := testPlatform(t, true)
	ids := must(t)(p.Inject(group("room", "hello")))
	p.Fault(connectortest.Fault{Kind: connectortest.Throttle, On: "send", For: time.Hour})
	err := p.connector.Send(t.Context(), connectors.Reply{ID: "r", Chat: ids.Chat, Text: "hello", Verdict: "allow"})
	var throttled *driver.Throttled
	if !errors.As(err, &throttled) || throttled.After != time.Hour {
		t.Errorf("Send gave %v", err)
	}
	// Signs have a limit of their own.
	if err := (&writer{p.connector}).Working(t.Context(), ids.Chat, ids.Message, true); err != nil {
		t.Errorf("a sign waits behind an answer: %v", err)
	}
}
