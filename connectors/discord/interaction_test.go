package discord

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/connectortest"
	"github.com/parachute-gate/parachute/connectors/driver"
)

func answerTo(m connectors.Message, verdict, text string) connectors.Reply {
	return connectors.Reply{ID: "r-" + m.ID + verdict, Chat: m.Chat.ID, User: m.User.ID, ReplyTo: m.ID, Text: text, Verdict: verdict}
}

func slash(t *testing.T, p *platform, text string) connectortest.IDs {
	t.Helper()
	return must(t)(p.Slash(group("room", text)))
}

func TestNativeCommand(t *testing.T) {
	p := testPlatform(t, false)
	g := p.start(t, nil)
	ids := slash(t, p, "/workspace Notes  of mine")
	m := g.next()
	if m.Kind != connectors.EventCommand || m.Command != "workspace" || strings.Join(m.Args, "|") != "Notes|of|mine" ||
		m.Text != "/workspace Notes  of mine" || !m.MentionsBot || m.ID != ids.Message || m.User.ID != ids.User ||
		m.Chat.Kind != connectors.ChatGroup || m.Time.IsZero() {
		t.Errorf("got %+v", m)
	}
	until(t, "the menu is registered", func() bool { return len(p.Commands()) == 2 })
}

// TestAnswerToACommand holds that a quick answer is the first response, that the
// parts of a long one follow it, and that a denial is for one person's eyes: all
// of its parts.
func TestAnswerToACommand(t *testing.T) {
	for verdict, private := range map[string]bool{"allow": false, "failed": false, "deny": true} {
		t.Run(verdict, func(t *testing.T) {
			p := testPlatform(t, false)
			g := p.start(t, nil)
			slash(t, p, "/help")
			m := g.next()
			if err := p.connector.Send(t.Context(), answerTo(m, verdict, strings.Repeat("word ", 1000))); err != nil {
				t.Fatal(err)
			}
			sent := p.Sent()
			if len(sent) < 2 || p.Response(m.ID) != 4 {
				t.Fatalf("%d messages, first response %d", len(sent), p.Response(m.ID))
			}
			for _, s := range sent {
				if s.Private != private || s.ReplyTo != m.ID {
					t.Errorf("sent %+v, want private %v", s, private)
				}
			}
		})
	}
}

// TestCommandThatTakesLong holds that Discord hears of it in time, and that the
// answer takes the place of the sign.
func TestCommandThatTakesLong(t *testing.T) {
	p := testPlatform(t, false)
	leave := make(chan struct{})
	g := p.start(t, func(context.Context, connectors.Message) error {
		<-leave
		return nil
	})
	ids := slash(t, p, "/help")
	until(t, "it is acknowledged", func() bool { return p.Response(ids.Message) == 5 })
	close(leave)
	m := g.next()
	if len(p.Sent()) != 0 {
		t.Errorf("the acknowledgement has content: %+v", p.Sent())
	}
	for _, text := range []string{"first", "second"} {
		r := answerTo(m, "allow", text)
		r.ID += text
		if err := p.connector.Send(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	sent := p.Sent()
	if len(sent) != 2 || sent[0].Text != "first" || sent[1].Text != "second" || sent[0].ReplyTo != m.ID || sent[1].ReplyTo != m.ID {
		t.Errorf("sent %+v", sent)
	}
}

// TestCommandWithoutAnAnswer holds that the sign of one that never comes is taken
// away, and that a later answer is a plain message.
func TestCommandWithoutAnAnswer(t *testing.T) {
	p := testPlatform(t, false)
	g := p.start(t, nil)
	ids := slash(t, p, "/help")
	m := g.next()
	p.connector.pending.mu.Lock()
	i := p.connector.pending.all[ids.Message]
	p.connector.pending.mu.Unlock()
	i.giveUp()
	i.acknowledge()
	i.giveUp()
	if all := strings.Join(p.Requests(), "\n"); strings.Count(all, "DELETE webhooks/") != 1 {
		t.Errorf("requests: %s", all)
	}
	if err := p.connector.Send(t.Context(), answerTo(m, "allow", "late")); err != nil {
		t.Fatal(err)
	}
	if sent := p.Sent(); len(sent) != 1 || sent[0].Text != "late" {
		t.Errorf("sent %+v", sent)
	}
}

// TestInteractionsAreBounded holds that neither many nor old ones fill memory.
func TestInteractionsAreBounded(t *testing.T) {
	p := testPlatform(t, false)
	now := time.Now()
	s := p.connector.pending
	s.now = func() time.Time { return now }
	add := func(n int) {
		w := wireInteraction{ID: fmt.Sprint(n), Token: "t"}
		i := p.connector.open(t.Context(), w)
		i.abandon()
		s.of(driver.Post{ReplyTo: w.ID, Key: w.ID + "/1"})
		s.sent(i, "m"+w.ID)
	}
	for n := range maxPending + 10 {
		now = now.Add(time.Millisecond)
		add(n + 1)
	}
	if len(s.all) != maxPending || len(s.replies) != maxPending || len(s.messages) != maxPending || s.has("1") {
		t.Errorf("%d interactions, %d replies, %d messages; the oldest there: %v", len(s.all), len(s.replies), len(s.messages), s.has("1"))
	}
	now = now.Add(tokenTime)
	if s.of(driver.Post{ReplyTo: "500"}) != nil || s.ofMessage("m500") != nil {
		t.Error("an old one is still used")
	}
	add(1)
	if len(s.all) != 1 || len(s.replies) != 1 || len(s.messages) != 1 {
		t.Errorf("%d interactions, %d replies, %d messages are left", len(s.all), len(s.replies), len(s.messages))
	}
}

func TestPressIsAcknowledgedWithoutContent(t *testing.T) {
	p := testPlatform(t, false)
	g := p.start(t, nil)
	press := group("room", "/stop")
	press.Kind, press.About = connectors.EventCallback, "5"
	ids := must(t)(p.Inject(press))
	m := g.next()
	until(t, "it is acknowledged", func() bool { return p.Response(ids.Message) == 6 })
	if err := p.connector.Send(t.Context(), answerTo(m, "deny", "not yours")); err != nil {
		t.Fatal(err)
	}
	if sent := p.Sent(); len(sent) != 1 || !sent[0].Private {
		t.Errorf("sent %+v", sent)
	}
}

// TestAnswerAfterTheTokenExpired holds that a late answer is a plain message, and
// so is one of a process that was started again.
func TestAnswerAfterTheTokenExpired(t *testing.T) {
	for name, age := range map[string]func(*platform){
		"expired":   func(p *platform) { p.Expire() },
		"forgotten": func(p *platform) { p.restart(false) },
	} {
		t.Run(name, func(t *testing.T) {
			p := testPlatform(t, false)
			g := p.start(t, nil)
			slash(t, p, "/help")
			m := g.next()
			age(p)
			if err := p.connector.Send(t.Context(), answerTo(m, "allow", "late")); err != nil {
				t.Fatal(err)
			}
			if sent := p.Sent(); len(sent) != 1 || sent[0].Text != "late" || sent[0].Chat != m.Chat.ID {
				t.Errorf("sent %+v", sent)
			}
		})
	}
}

// TestFirstResponseThatIsLost holds that the answer stands there once.
func TestFirstResponseThatIsLost(t *testing.T) {
	p := testPlatform(t, false)
	g := p.start(t, nil)
	slash(t, p, "/help")
	m := g.next()
	p.Fault(connectortest.Fault{Kind: connectortest.Lost, On: "send"})
	if err := p.connector.Send(t.Context(), answerTo(m, "allow", "once")); err != nil {
		t.Fatal(err)
	}
	if sent := p.Sent(); len(sent) != 1 || sent[0].Text != "once" {
		t.Errorf("sent %+v", sent)
	}
}

// TestCommandThatWasNotTaken holds that it is not acknowledged: Discord then says
// that it failed.
func TestCommandThatWasNotTaken(t *testing.T) {
	p := testPlatform(t, false)
	g := p.start(t, func(context.Context, connectors.Message) error { return context.DeadlineExceeded })
	ids := slash(t, p, "/help")
	g.next()
	i := p.connector.pending.all[ids.Message]
	until(t, "it is given up", func() bool {
		i.mu.Lock()
		defer i.mu.Unlock()
		return i.state == dead
	})
	if p.Response(ids.Message) != 0 {
		t.Error("it is acknowledged")
	}
}

// TestTokensInErrors plays what fails on the way of an interaction's token, which
// stands in URLs (GHSA-xwcj-hwhf-h378).
func TestTokensInErrors(t *testing.T) {
	p := testPlatform(t, false)
	g := p.start(t, nil)
	slash(t, p, "/help")
	m := g.next()
	told := ""
	try := func() {
		t.Helper()
		_, err := (&writer{p.connector}).Post(t.Context(), driver.Post{Chat: m.Chat.ID, ReplyTo: m.ID, Text: "hello", Key: "r/1", Verdict: "allow"})
		if err == nil {
			t.Error("it was sent")
			return
		}
		told += err.Error() + "\n"
	}
	for _, kind := range []connectortest.FaultKind{connectortest.Drop, connectortest.ServerError, connectortest.Throttle, connectortest.Garbage} {
		p.Fault(connectortest.Fault{Kind: kind, On: "send"})
		try()
	}
	g.stop()
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	try()
	for _, secret := range p.Secrets() {
		if strings.Contains(told, secret) || strings.Contains(p.Logged(), secret) || strings.Contains(p.connector.Health().LastError, secret) {
			t.Errorf("a secret is told: %q, log %s", told, p.Logged())
		}
	}
}
