package discord

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/connectortest"
)

// TestMissedMessagesAreFetched holds that a process that was away gives what was
// written, in order, before what is written now.
func TestMissedMessagesAreFetched(t *testing.T) {
	p := testPlatform(t, true)
	g := p.start(t, nil)
	must(t)(p.Inject(group("room", "before")))
	must(t)(p.Inject(direct("before, private")))
	g.texts(2)
	g.stop()
	var want []string
	for i := range 5 {
		want = append(want, fmt.Sprint("missed ", i))
		must(t)(p.Inject(group("room", want[i])))
	}
	must(t)(p.Inject(direct("missed, private")))
	p.restart(true)
	g = p.start(t, nil)
	var room, dm []string
	for range 6 {
		m := g.next()
		if m.Chat.Kind == connectors.ChatDM {
			dm = append(dm, m.Text)
		} else {
			room = append(room, m.Text)
		}
	}
	if !slices.Equal(room, want) || !slices.Equal(dm, []string{"missed, private"}) {
		t.Errorf("got %q and %q", room, dm)
	}
	g.none(p, group("room", ""))
}

// TestManyMissedMessages holds that of more than a page the newest come, which
// somebody waits for, and that this is told.
func TestManyMissedMessages(t *testing.T) {
	p := testPlatform(t, true)
	g := p.start(t, nil)
	must(t)(p.Inject(group("room", "before")))
	g.texts(1)
	g.stop()
	for i := range 250 {
		must(t)(p.Inject(group("room", fmt.Sprint(i))))
	}
	p.restart(true)
	g = p.start(t, nil)
	got := g.texts(200)
	if got[0] != "0" || got[99] != "99" || got[100] != "150" || got[199] != "249" {
		t.Errorf("got %q", got)
	}
	if !strings.Contains(p.Logged(), "more messages were missed") {
		t.Error("nobody is told that messages are missing")
	}
	g.none(p, group("room", ""))
}

// TestMessageThatWasNotTaken holds that it is given again after a restart, and the
// others are not.
func TestMessageThatWasNotTaken(t *testing.T) {
	p := testPlatform(t, true)
	g := p.start(t, func(_ context.Context, m connectors.Message) error {
		if m.Text == "two" {
			return errors.New("the store is full")
		}
		return nil
	})
	for _, text := range []string{"one", "two", "three"} {
		must(t)(p.Inject(group("room", text)))
	}
	g.texts(3)
	g.stop()
	p.restart(true)
	g = p.start(t, nil)
	if m := g.next(); m.Text != "two" {
		t.Errorf("got %+v", m)
	}
	g.none(p, group("room", ""))
	g.stop()
	if n := p.Refused(); n != 0 {
		t.Errorf("%d messages are still kept", n)
	}
}

// TestMessageThatWasNotTakenComesAgain holds the same while the connector runs.
func TestMessageThatWasNotTakenComesAgain(t *testing.T) {
	p := testPlatform(t, true)
	var failed atomic.Bool
	g := p.start(t, func(_ context.Context, m connectors.Message) error {
		if m.Text == "two" && !failed.Swap(true) {
			return errors.New("the store is full")
		}
		return nil
	})
	for _, text := range []string{"one", "two", "three"} {
		must(t)(p.Inject(group("room", text)))
	}
	g.texts(3)
	p.Fault(connectortest.Fault{Kind: connectortest.Drop, On: "receive"})
	if m := g.next(); m.Text != "two" {
		t.Errorf("got %+v", m)
	}
	g.none(p, group("room", ""))
	g.stop()
	if n := p.Refused(); n != 0 {
		t.Errorf("%d messages are still kept", n)
	}
}

// TestStopLeavesWhatWasNotHandled holds that messages that wait in their lane at a
// stop come after the next start.
func TestStopLeavesWhatWasNotHandled(t *testing.T) {
	p := testPlatform(t, true)
	entered, leave := make(chan struct{}, 1), make(chan struct{})
	g := p.start(t, func(context.Context, connectors.Message) error {
		entered <- struct{}{}
		<-leave
		return nil
	})
	for _, text := range []string{"one", "two", "three"} {
		must(t)(p.Inject(group("room", text)))
	}
	<-entered
	g.cancel()
	close(leave)
	g.texts(1)
	g.stop()
	p.restart(true)
	g = p.start(t, nil)
	if got := g.texts(2); !slices.Equal(got, []string{"two", "three"}) {
		t.Errorf("got %q", got)
	}
}

func TestChannelThatIsGone(t *testing.T) {
	p := testPlatform(t, true)
	if err := os.WriteFile(filepath.Join(p.dir, cursorFile), []byte(`{"424242":{"after":"1","again":["2"]}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	p.restart(true)
	g := p.start(t, nil)
	until(t, "the channel is forgotten", func() bool { return len(p.connector.cursor.all()) == 0 })
	g.stop()
}

func TestCursor(t *testing.T) {
	for name, content := range map[string]string{
		"no JSON": "<html>", "no object": "[]", "half": `{"1":{"after":"5"`, "nothing": "", "null": "null",
		"marks that are none": `{"1":null,"x":{"after":"1"},"2":{"after":"../.."}}`,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, cursorFile), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			log := slog.New(slog.DiscardHandler)
			c := newCursor(dir, log)
			if got := c.all(); len(got) != 0 {
				t.Fatalf("got %+v", got)
			}
			c.handled("1", "5", true)
			c.flush()
			if got := newCursor(dir, log).all(); got["1"].After != "5" {
				t.Errorf("read %+v", got)
			}
		})
	}
}

func TestCursorIsBounded(t *testing.T) {
	p := testPlatform(t, true)
	c := p.connector.cursor
	for i := range maxChannels + 10 {
		c.handled(fmt.Sprint(i+1), fmt.Sprint(i+1000), true)
	}
	for i := range maxAgain + 10 {
		c.handled("500", fmt.Sprint(i+5000), false)
	}
	all := c.all()
	if _, old := all["10"]; len(all) != maxChannels || old || len(all["500"].Again) != maxAgain {
		t.Errorf("%d channels, the oldest there %v, %d to try again", len(all), old, len(all["500"].Again))
	}
	c.flush()
}
