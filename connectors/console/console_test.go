package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/connectortest"
)

// gate plays the gate on the other side: it takes every message and answers
// those it admits later, from another goroutine.
type gate struct {
	c       *Connector
	mu      sync.Mutex
	pending map[string]bool
	turns   sync.WaitGroup
	got     []connectors.Message
}

func (g *gate) Pending(id string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.pending[id]
}

func (g *gate) handle(ctx context.Context, m connectors.Message) error {
	g.got = append(g.got, m)
	answer := connectors.Reply{Chat: m.Chat.ID, User: m.User.ID, ReplyTo: m.ID, Text: "you said " + m.Text, Verdict: "allow"}
	switch {
	case strings.HasPrefix(m.Text, "forbidden"):
		answer.Text, answer.Verdict = "not you", "deny"
		return g.c.Send(ctx, answer)
	case m.Text == "silence":
		return nil
	case m.Text == "full":
		return errors.New("the store\x1b[31m is full")
	}
	g.mu.Lock()
	g.pending[m.ID] = true
	g.mu.Unlock()
	// The later a message, the sooner its turn ends: only waiting keeps order.
	delay := 20 * time.Millisecond / time.Duration(len(g.got))
	g.turns.Go(func() {
		time.Sleep(delay)
		_ = g.c.Send(context.WithoutCancel(ctx), answer)
	})
	return nil
}

func newGate(d Deps) *gate {
	g := &gate{pending: map[string]bool{}}
	d.Name, d.Pending = "console", g.Pending
	g.c = New(d)
	return g
}

func TestPipePrintsAnswersInTheOrderOfTheLines(t *testing.T) {
	in := "hello\nlist\n\nforbidden things\nsilence\n:as bob\nI am bob\n:as\n:nonsense\nfull\n:edit hello again\nlast"
	var out connectortest.Recorder
	g := newGate(Deps{In: strings.NewReader(in), Out: &out, User: "ana", Color: true})
	if err := g.c.Run(t.Context(), g.handle); err != nil {
		t.Fatal(err)
	}
	want := "you said hello\n" +
		"you said list\n" +
		"[denied] not you\n" +
		"you said I am bob\n" +
		"error: unknown :nonsense, see :help; to say it, begin with two colons\n" +
		"error: the message was not taken, send it again: the store\u241b[31m is full\n" +
		"you said hello again\n" +
		"you said last\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
	g.turns.Wait()
}

func TestWithoutPendingNoLineWaits(t *testing.T) {
	var got int
	c := New(Deps{In: strings.NewReader("one\ntwo\n"), Out: io.Discard})
	err := c.Run(t.Context(), func(context.Context, connectors.Message) error { got++; return nil })
	if err != nil || got != 2 {
		t.Errorf("Run gave %v after %d messages", err, got)
	}
}

func TestAnswerThatComesBeforePendingIsAsked(t *testing.T) {
	c := New(Deps{In: strings.NewReader("one\ntwo\n"), Out: io.Discard, Pending: func(string) bool { return true }})
	got := 0
	err := c.Run(t.Context(), func(ctx context.Context, m connectors.Message) error {
		got++
		return c.Send(ctx, connectors.Reply{ReplyTo: m.ID, Text: "quick", Verdict: "allow"})
	})
	if err != nil || got != 2 {
		t.Errorf("Run gave %v after %d messages", err, got)
	}
}

func TestOnlyTheReplyToTheMessageEndsItsWait(t *testing.T) {
	var out connectortest.Recorder
	var c *Connector
	asked := make(chan string, 2)
	c = New(Deps{In: strings.NewReader("one\ntwo\n"), Out: &out, Pending: func(id string) bool { asked <- id; return true }})
	var handled atomic.Int32
	done := make(chan error, 1)
	go func() {
		done <- c.Run(t.Context(), func(context.Context, connectors.Message) error { handled.Add(1); return nil })
	}()
	first := <-asked
	for _, other := range []string{"", first + "0", "else"} {
		if err := c.Send(t.Context(), connectors.Reply{ReplyTo: other, Text: "notice"}); err != nil {
			t.Fatal(err)
		}
	}
	if n := handled.Load(); n != 1 {
		t.Errorf("%d messages were handled before the first was answered", n)
	}
	for _, id := range []string{first, ""} {
		if id == "" {
			id = <-asked
		}
		if err := c.Send(t.Context(), connectors.Reply{ReplyTo: id, Text: "answer"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestStopEndsTheWaitForAnAnswer(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := New(Deps{In: strings.NewReader("one\ntwo\n"), Out: io.Discard, Pending: func(string) bool { cancel(); return true }})
	got := 0
	if err := c.Run(ctx, func(context.Context, connectors.Message) error { got++; return nil }); err != nil || got != 1 {
		t.Errorf("Run gave %v after %d messages", err, got)
	}
}

func TestLostOutEndsRun(t *testing.T) {
	c := New(Deps{In: strings.NewReader("one\ntwo\n"), Out: brokenWriter{}, Pending: func(string) bool { return true }})
	err := c.Run(t.Context(), func(ctx context.Context, m connectors.Message) error {
		if err := c.Send(ctx, connectors.Reply{ReplyTo: m.ID, Text: "answer"}); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("Send gave %v", err)
		}
		return nil
	})
	if !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("Run gave %v", err)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestReadErrorFailsRun(t *testing.T) {
	broken := errors.New("broken")
	c := New(Deps{In: iotest.ErrReader(broken), Out: io.Discard})
	if err := c.Run(t.Context(), nil); !errors.Is(err, broken) {
		t.Errorf("Run gave %v", err)
	}
}

func TestQuitEndsRunBeforeTheNextLine(t *testing.T) {
	in := connectortest.NewStream()
	defer in.CloseWrite()
	if _, err := io.WriteString(in, "one\n:quit\ntwo\n"); err != nil {
		t.Fatal(err)
	}
	got := 0
	c := New(Deps{In: in, Out: io.Discard})
	if err := c.Run(t.Context(), func(context.Context, connectors.Message) error { got++; return nil }); err != nil || got != 1 {
		t.Errorf("Run gave %v after %d messages", err, got)
	}
}

func TestMessageIDsAreUniqueOverRestarts(t *testing.T) {
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	seen := map[string]bool{}
	for range 3 {
		at = at.Add(time.Millisecond)
		var times []time.Time
		c := New(Deps{In: strings.NewReader("a\nb\nc\n"), Out: io.Discard, Now: func() time.Time { return at }})
		err := c.Run(t.Context(), func(_ context.Context, m connectors.Message) error {
			if seen[m.ID] {
				t.Errorf("the id %q was given before", m.ID)
			}
			seen[m.ID] = true
			times = append(times, m.Time)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(times, []time.Time{at, at, at}) {
			t.Errorf("the times are %v", times)
		}
	}
	if len(seen) != 9 {
		t.Errorf("%d ids", len(seen))
	}
}

func TestLongAndBrokenLines(t *testing.T) {
	long := strings.Repeat("x", maxLine)
	in := "caf\xe9\r\n" + long + "\n" + long + "y\nafter\n"
	var out connectortest.Recorder
	var got []string
	c := New(Deps{In: strings.NewReader(in), Out: &out})
	err := c.Run(t.Context(), func(_ context.Context, m connectors.Message) error {
		got = append(got, m.Text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"caf\ufffd", long, "after"}; !slices.Equal(got, want) {
		t.Errorf("got %d messages: %.20q", len(got), got)
	}
	if want := fmt.Sprintf("error: the line is longer than %d bytes, shorten it\n", maxLine); out.String() != want {
		t.Errorf("printed %.200q", out.String())
	}
}

func TestSecondRunBesideTheFirstIsRefused(t *testing.T) {
	c := New(Deps{In: strings.NewReader("one\n"), Out: io.Discard})
	err := c.Run(t.Context(), func(ctx context.Context, _ connectors.Message) error {
		if err := c.Run(ctx, nil); err == nil {
			t.Error("a second Run was let in")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestStopLeavesACallThatIgnoresItsContext holds that Run returns all the same.
func TestStopLeavesACallThatIgnoresItsContext(t *testing.T) {
	leave := make(chan struct{})
	defer close(leave)
	var out connectortest.Recorder
	c := New(Deps{In: strings.NewReader("one\n"), Out: &out})
	c.drain, c.last = time.Millisecond, time.Second
	ctx, cancel := context.WithCancel(t.Context())
	err := c.Run(ctx, func(context.Context, connectors.Message) error {
		cancel()
		<-leave
		return nil
	})
	if err != nil {
		t.Errorf("Run gave %v", err)
	}
	if !strings.Contains(out.String(), "not taken") {
		t.Errorf("printed %q", out.String())
	}
}
