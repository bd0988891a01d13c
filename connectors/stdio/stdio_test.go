package stdio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/connectortest"
)

func eventLine(id, chat, text string) string {
	return fmt.Sprintf(`{"id":%q,"chat":%q,"user":"u","text":%q}`+"\n", id, chat, text)
}

func TestBadLinesAreToldAndTheRestIsRead(t *testing.T) {
	in := eventLine("1", "c", "first") +
		"not json SECRET\n" +
		"\n \t\r\n" +
		eventLine("2", "c", "second") +
		`{"id":"3","chat":"c","user":"u","text":"` + strings.Repeat("x", maxLine) + "\"}\n" +
		strings.TrimSuffix(eventLine("4", "c", "last, without a newline"), "\n")
	var out connectortest.Recorder
	var got []string
	c := New(Deps{Name: "bridge", In: strings.NewReader(in), Out: &out})
	err := c.Run(t.Context(), func(_ context.Context, m connectors.Message) error {
		got = append(got, m.ID)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(got) != "[1 2 4]" {
		t.Errorf("the handler got %v", got)
	}
	want := `{"error":"line 2: invalid JSON at byte 2, write one object a line","line":2}` + "\n" +
		`{"error":"line 6: the line is longer than 1048576 bytes, shorten its text","line":6}` + "\n"
	if out.String() != want {
		t.Errorf("got  %s\nwant %s", out.String(), want)
	}
}

func TestHandlerErrorIsToldWithoutItsCause(t *testing.T) {
	var out connectortest.Recorder
	c := New(Deps{Name: "bridge", In: strings.NewReader(eventLine("m1", "c1", "hello SECRET")), Out: &out})
	err := c.Run(t.Context(), func(context.Context, connectors.Message) error { return errors.New("disk SECRET is full") })
	if err != nil {
		t.Fatal(err)
	}
	want := `{"error":"line 1: the event was not taken, send the line again","line":1,"chat":"c1","reply_to":"m1"}` + "\n"
	if out.String() != want {
		t.Errorf("got  %s\nwant %s", out.String(), want)
	}
}

func TestReplyLine(t *testing.T) {
	var out connectortest.Recorder
	c := New(Deps{Name: "bridge", In: strings.NewReader(""), Out: &out})
	r := connectors.Reply{ID: "r1", Chat: "c", User: "u", ReplyTo: "m", Text: "a <b>\n\x1b[31m\xff", Decision: "d", Verdict: "allow"}
	if err := c.Send(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	want := `{"id":"r1","chat":"c","reply_to":"m","text":"a <b>\n\u001b[31m\ufffd","decision":"d","verdict":"allow"}` + "\n"
	if out.String() != want {
		t.Errorf("got  %s\nwant %s", out.String(), want)
	}
}

func TestClosedOutIsAnErrorOfSend(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close() //nolint:errcheck // nothing is left to write
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	c := New(Deps{Name: "bridge", In: strings.NewReader(""), Out: w})
	if err := c.Send(t.Context(), connectors.Reply{Text: "hello"}); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("Send to a closed pipe gave %v, want EPIPE", err)
	}
}

func TestRunFailsWhenARefusalCannotBeTold(t *testing.T) {
	in := connectortest.NewStream()
	defer in.CloseWrite()
	if _, err := io.WriteString(in, "no json\n"); err != nil {
		t.Fatal(err)
	}
	c := New(Deps{Name: "bridge", In: in, Out: brokenWriter{}})
	if err := c.Run(t.Context(), takeAll); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("Run gave %v, want the write's error", err)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestReadErrorFailsRunAfterWhatWasRead(t *testing.T) {
	broken := errors.New("broken")
	in := io.MultiReader(strings.NewReader(eventLine("1", "c", "hello")+`{"id":"2"`), iotest.ErrReader(broken))
	handled := 0
	c := New(Deps{Name: "bridge", In: in, Out: io.Discard})
	err := c.Run(t.Context(), func(context.Context, connectors.Message) error { handled++; return nil })
	if !errors.Is(err, broken) || handled != 1 {
		t.Errorf("Run gave %v after %d events", err, handled)
	}
}

func TestSecondRunBesideTheFirstIsRefused(t *testing.T) {
	in := connectortest.NewStream()
	defer in.CloseWrite()
	entered := make(chan struct{})
	c := New(Deps{Name: "bridge", In: in, Out: io.Discard})
	s := start(t, c, func(context.Context, connectors.Message) error { close(entered); return nil })
	if _, err := io.WriteString(in, eventLine("1", "c", "hello")); err != nil {
		t.Fatal(err)
	}
	<-entered
	if err := c.Run(t.Context(), takeAll); err == nil {
		t.Error("a second Run was let in")
	}
	s.cancel()
	if err := <-s.done; err != nil {
		t.Error(err)
	}
}
