package maildrop

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/connectortest"
)

func TestConformance(t *testing.T) { connectortest.Run(t, folder{t: t}) }

// folder is the platform: here it is the real one.
type folder struct {
	t         *testing.T
	dir       string
	connector *Connector
	count     *int
}

func (folder) Supports(f connectortest.Feature) bool {
	switch f {
	case connectortest.DM, connectortest.Group, connectortest.Multiline,
		connectortest.DropsDoubles, connectortest.Composes, connectortest.Health:
		return true
	}
	return false
}

func (folder) MaxText() int { return maxText - 1 }

func (f folder) Open(context.Context) (connectortest.Platform, error) {
	f.dir, f.count = f.t.TempDir(), new(int)
	f.connector = New(Deps{
		Name: "drop", Dir: f.dir, Every: time.Millisecond,
		Log: slog.New(slog.DiscardHandler), Now: time.Now,
	})
	return f, nil
}

func (f folder) Connector() connectors.Connector { return f.connector }

func (f folder) Inject(e connectortest.Event) (connectortest.IDs, error) {
	chat := "room-" + e.Chat
	if e.ChatKind == connectors.ChatDM {
		chat = e.Person
	}
	*f.count++
	name := fmt.Sprintf("%06d", *f.count)
	ids := connectortest.IDs{Message: e.Person + "/" + name, Chat: chat, User: e.Person}
	dir := filepath.Join(f.dir, "in", chat, e.Person)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return ids, err
	}
	part := filepath.Join(f.dir, name)
	if err := os.WriteFile(part, []byte(e.Text), 0o600); err != nil {
		return ids, err
	}
	return ids, os.Rename(part, filepath.Join(dir, name))
}

func (f folder) Sent() []connectortest.Sent {
	var sent []connectortest.Sent
	for _, name := range f.glob("out/*/*.txt") {
		if text, err := os.ReadFile(name); err == nil {
			sent = append(sent, connectortest.Sent{Text: string(text)})
		}
	}
	return sent
}

// Refused are the messages that are still there.
func (f folder) Refused() int { return len(f.glob("in/*/*/*")) }

func (f folder) End() error   { return nil }
func (f folder) Close() error { return nil }

func (f folder) glob(pattern string) []string {
	names, err := filepath.Glob(filepath.Join(f.dir, pattern))
	if err != nil {
		f.t.Error(err)
	}
	return names
}

// TestLinksAreNotFollowed_CVE_2026_27523 has a person put links where messages
// are expected: to another's message, and out of the folder.
func TestLinksAreNotFollowed_CVE_2026_27523(t *testing.T) {
	dir := t.TempDir()
	for _, person := range []string{"alice", "mallory"} {
		if err := os.MkdirAll(filepath.Join(dir, "in", person, person), 0o750); err != nil {
			t.Fatal(err)
		}
	}
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"1": "../../alice/alice/1", "2": secret} {
		if err := os.Symlink(to, filepath.Join(dir, "in", "mallory", "mallory", name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "in", "alice", "alice", "3"), []byte("mine\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	c := New(Deps{Name: "drop", Dir: dir, Every: time.Millisecond, Log: slog.New(slog.DiscardHandler), Now: time.Now})
	got := make(chan connectors.Message, 10)
	done := make(chan error, 1)
	go func() {
		done <- c.Run(ctx, func(_ context.Context, m connectors.Message) error {
			got <- m
			return nil
		})
	}()
	if m := <-got; m.User.ID != "alice" || m.Text != "mine" {
		t.Errorf("got %+v", m)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	for len(got) > 0 {
		if m := <-got; strings.Contains(m.Text, "secret") || m.User.ID != "alice" {
			t.Errorf("a link was followed: %+v", m)
		}
	}
}

func TestAnswersStayInTheFolder(t *testing.T) {
	c := New(Deps{Name: "drop", Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler), Now: time.Now})
	for _, chat := range []string{"", ".", "..", "../in", "a/b"} {
		if err := c.Send(t.Context(), connectors.Reply{ID: "r", Chat: chat, Text: "x"}); err == nil {
			t.Errorf("an answer to the chat %q was written", chat)
		}
	}
}
