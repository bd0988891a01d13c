package stdio

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/connectortest"
)

// waitRefused waits until the out has an error line for each id.
func waitRefused(t *testing.T, out *connectortest.Recorder, ids ...string) {
	t.Helper()
	for {
		missing := 0
		for _, id := range ids {
			if !strings.Contains(out.String(), `"reply_to":"`+id+`"`) {
				missing++
			}
		}
		if missing == 0 {
			return
		}
		select {
		case <-t.Context().Done():
			t.Fatalf("%d refusals are missing in %s", missing, out)
		case <-time.After(time.Millisecond):
		}
	}
}

// TestStopTellsWhatItDidNotTake stops during a call, with more of the chat
// waiting behind it.
func TestStopTellsWhatItDidNotTake(t *testing.T) {
	in, out := connectortest.NewStream(), &connectortest.Recorder{}
	defer in.CloseWrite()
	entered, leave := make(chan struct{}), make(chan struct{})
	c := New(Deps{Name: "bridge", In: in, Out: out, Workers: 1})
	var calls atomic.Int32
	s := start(t, c, func(context.Context, connectors.Message) error {
		if calls.Add(1) == 1 {
			close(entered)
		}
		<-leave
		return nil
	})
	for _, id := range []string{"1", "2", "3"} {
		if _, err := io.WriteString(in, eventLine(id, "c", "hello")); err != nil {
			t.Fatal(err)
		}
	}
	// A fourth line that is refused at once shows that the third is queued.
	if _, err := io.WriteString(in, "no json\n"); err != nil {
		t.Fatal(err)
	}
	<-entered
	for !strings.Contains(out.String(), "line 4") {
		time.Sleep(time.Millisecond)
	}
	s.cancel()
	waitRefused(t, out, "2", "3")
	close(leave)
	if err := <-s.done; err != nil {
		t.Fatal(err)
	}
	if n := calls.Load(); n != 1 {
		t.Errorf("%d calls, want 1", n)
	}
	if strings.Contains(out.String(), `"reply_to":"1"`) {
		t.Errorf("the event that was taken is refused: %s", out)
	}
}

// TestStopLeavesACallThatIgnoresItsContext holds that Run returns all the same.
func TestStopLeavesACallThatIgnoresItsContext(t *testing.T) {
	in, out := connectortest.NewStream(), &connectortest.Recorder{}
	defer in.CloseWrite()
	entered, leave := make(chan struct{}), make(chan struct{})
	defer close(leave)
	c := New(Deps{Name: "bridge", In: in, Out: out, Workers: 1})
	c.drain, c.last = time.Millisecond, time.Millisecond
	s := start(t, c, func(context.Context, connectors.Message) error {
		close(entered)
		<-leave
		return nil
	})
	if _, err := io.WriteString(in, eventLine("1", "c", "hello")); err != nil {
		t.Fatal(err)
	}
	<-entered
	s.cancel()
	if err := <-s.done; err != nil {
		t.Errorf("Run gave %v", err)
	}
}

// stuck is a writer whose other side does not read until it is let go.
type stuck struct {
	entered chan struct{}
	leave   chan struct{}
	out     connectortest.Recorder
}

func (s *stuck) Write(p []byte) (int, error) {
	select {
	case s.entered <- struct{}{}:
	default:
	}
	<-s.leave
	return s.out.Write(p)
}

func TestSendReturnsWithItsContextWhenTheBridgeDoesNotRead(t *testing.T) {
	out := &stuck{entered: make(chan struct{}, 1), leave: make(chan struct{})}
	c := New(Deps{Name: "bridge", In: strings.NewReader(""), Out: out})
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() { first <- c.Send(ctx, connectors.Reply{Text: "first"}) }()
	<-out.entered
	second := make(chan error, 1)
	go func() { second <- c.Send(ctx, connectors.Reply{Text: "second"}) }()
	cancel()
	for _, err := range []error{<-first, <-second} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Send gave %v, want its context's error", err)
		}
	}
	close(out.leave)
	if err := c.Send(t.Context(), connectors.Reply{Text: "third"}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.out.String(), "\n"); n != 2 || strings.Contains(out.out.String(), "second") {
		t.Errorf("want the first and the third line, whole: %s", out.out.String())
	}
}

func TestStopIsNotHeldUpByABridgeThatDoesNotRead(t *testing.T) {
	in := connectortest.NewStream()
	defer in.CloseWrite()
	out := &stuck{entered: make(chan struct{}, 1), leave: make(chan struct{})}
	defer close(out.leave)
	c := New(Deps{Name: "bridge", In: in, Out: out})
	c.drain, c.last = time.Millisecond, time.Millisecond
	s := start(t, c, takeAll)
	if _, err := io.WriteString(in, "no json\n"); err != nil {
		t.Fatal(err)
	}
	<-out.entered
	s.cancel()
	if err := <-s.done; err != nil {
		t.Errorf("Run gave %v", err)
	}
}

// tearing fails its first write in the middle.
type tearing struct {
	out  connectortest.Recorder
	torn bool
}

func (w *tearing) Write(p []byte) (int, error) {
	if !w.torn {
		w.torn = true
		n, _ := w.out.Write(p[:len(p)/2])
		return n, errors.New("no space")
	}
	return w.out.Write(p)
}

func TestLineAfterATornOneIsWhole(t *testing.T) {
	out := &tearing{}
	c := New(Deps{Name: "bridge", In: strings.NewReader(""), Out: out})
	if err := c.Send(t.Context(), connectors.Reply{Text: "first"}); err == nil {
		t.Fatal("a torn write gave no error")
	}
	if err := c.Send(t.Context(), connectors.Reply{Text: "second"}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.out.String(), "\n")
	if len(lines) != 3 || !strings.Contains(lines[1], `"text":"second"`) || !strings.HasPrefix(lines[1], "{") {
		t.Errorf("got %q", lines)
	}
}
