package discord

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/connectortest"
	"github.com/parachute-gate/parachute/connectors/connectortest/discordfake"
)

// testToken has a bot token's form: the id, the time, and the secret part.
const testToken = "MTAwMDAwMDAwMDAwMDAwMDAw.Gabcde.this-part-is-the-secret-of-the-bot"

// platform is a fake Discord with a connector to it.
type platform struct {
	*discordfake.Server
	connector *Connector
	dir       string
	logged    *connectortest.Recorder
}

func newPlatform(dir string, all bool) *platform {
	p := &platform{Server: discordfake.New(testToken), dir: dir, logged: &connectortest.Recorder{}}
	p.restart(all)
	return p
}

// restart makes a new connector, as a process that was started again has it.
func (p *platform) restart(all bool) {
	p.connector = New(Deps{
		Name: "dc", Token: testToken, TokenFrom: "the environment variable DISCORD_TOKEN", API: p.URL(), Dir: p.dir,
		AllMessages: all, Now: time.Now,
		Commands: []connectors.Command{
			{Name: "help", About: "what I can do"}, {Name: "workspace", Args: "[NAME]", About: "choose a workspace"},
		},
		Log: slog.New(slog.NewTextHandler(p.logged, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
}

func (p *platform) Connector() connectors.Connector { return p.connector }

// Inject adds what the connector makes of an event whose doer is not told.
func (p *platform) Inject(e connectortest.Event) (connectortest.IDs, error) {
	ids, err := p.Server.Inject(e)
	if e.Kind == connectors.EventDelete {
		ids.User = nobody
	}
	return ids, err
}

// Refused counts the messages that the cursor keeps because they were not taken.
func (p *platform) Refused() int {
	raw, err := os.ReadFile(filepath.Join(p.dir, cursorFile))
	if errors.Is(err, fs.ErrNotExist) {
		return 0
	}
	marks := map[string]mark{}
	if err != nil || json.Unmarshal(raw, &marks) != nil {
		return -1
	}
	n := 0
	for _, m := range marks {
		n += len(m.Again)
	}
	return n
}

func (p *platform) End() error { return errors.New("a gateway does not end") }

func (p *platform) Secrets() []string {
	return append(p.InteractionTokens(), testToken)
}

func (p *platform) Logged() string { return p.logged.String() }

// got is what a started connector gave its handler.
type got struct {
	t      *testing.T
	events chan connectors.Message
	cancel context.CancelFunc
	done   chan error
}

// start runs the connector of a platform; handle may be nil.
func (p *platform) start(t *testing.T, handle connectors.Handler) *got {
	t.Helper()
	g := &got{t: t, events: make(chan connectors.Message, 1000), done: make(chan error, 1)}
	var ctx context.Context
	ctx, g.cancel = context.WithCancel(t.Context())
	over := make(chan struct{})
	t.Cleanup(func() {
		g.cancel()
		<-over
	})
	run := p.connector.Run
	go func() {
		defer close(over)
		g.done <- run(ctx, func(ctx context.Context, m connectors.Message) error {
			var err error
			if handle != nil {
				err = handle(ctx, m)
			}
			g.events <- m
			return err
		})
	}()
	return g
}

// patience bounds what a broken connector would wait for; no test waits for it to
// pass.
const patience = 3 * time.Minute

func (g *got) next() connectors.Message {
	g.t.Helper()
	select {
	case m := <-g.events:
		return m
	case err := <-g.done:
		g.t.Fatalf("Run returned: %v", err)
	case <-time.After(patience):
		g.t.Fatal("no event came")
	}
	panic("not reached")
}

// texts gives the texts of the next n events.
func (g *got) texts(n int) []string {
	g.t.Helper()
	var all []string
	for range n {
		all = append(all, g.next().Text)
	}
	return all
}

// none holds that nothing more came before an event that is played now.
func (g *got) none(p *platform, e connectortest.Event) {
	g.t.Helper()
	e.Text = "the end"
	g.t.Helper()
	must(g.t)(p.Inject(e))
	if m := g.next(); m.Text != e.Text {
		g.t.Errorf("an event came that should not: %+v", m)
	}
}

func (g *got) stop() {
	g.t.Helper()
	g.cancel()
	if err := g.ended(); err != nil {
		g.t.Errorf("Run returned %v", err)
	}
}

func (g *got) ended() error {
	g.t.Helper()
	select {
	case err := <-g.done:
		return err
	case <-time.After(patience):
		g.t.Fatal("Run did not return")
	}
	return nil
}

func must(t *testing.T) func(connectortest.IDs, error) connectortest.IDs {
	return func(ids connectortest.IDs, err error) connectortest.IDs {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return ids
	}
}

// until waits for what only asking finds out.
func until(t *testing.T, what string, reached func() bool) {
	t.Helper()
	end := time.Now().Add(patience)
	for !reached() {
		if time.Now().After(end) {
			t.Fatal(what)
		}
		time.Sleep(time.Millisecond)
	}
}

func group(chat, text string) connectortest.Event {
	return connectortest.Event{Chat: chat, ChatKind: connectors.ChatGroup, Person: "alice", Text: text}
}

func direct(text string) connectortest.Event {
	return connectortest.Event{Chat: "dm", ChatKind: connectors.ChatDM, Person: "alice", Text: text}
}

func testPlatform(t *testing.T, all bool) *platform {
	t.Helper()
	p := newPlatform(t.TempDir(), all)
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}
