package console

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/parachute-gate/parachute/connectors"
)

// style is an ANSI SGR sequence (ECMA-48, 8.3.117).
type style string

const (
	styleNone   style = ""
	styleNotice style = "\x1b[2m"
	stylePrompt style = "\x1b[1;36m"
	styleDenied style = "\x1b[33m"
	styleError  style = "\x1b[31m"

	resetStyle = "\x1b[0m"
	// clearLine goes to the line's start and clears it (ECMA-48, 8.3.41).
	clearLine = "\r\x1b[K"
)

// screen puts texts and the prompt on Out, each in one whole Write.
type screen struct {
	out   io.Writer
	tty   bool
	color bool

	// broken is closed at the first write that failed, after err was set.
	broken chan struct{}
	once   sync.Once
	err    error

	// turn is held by the one write that runs and guards what follows. It is a
	// channel and no mutex so that waiting for it ends with the caller's context.
	turn   chan struct{}
	prompt string // ready to be written
	chat   string // the chat the prompt stands for
	shown  bool   // the prompt is the last thing on the screen
}

func newScreen(out io.Writer, tty, color bool) *screen {
	return &screen{out: out, tty: tty, color: color && tty, broken: make(chan struct{}), turn: make(chan struct{}, 1)}
}

// ask shows the prompt of a chat; on a pipe it shows none.
func (s *screen) ask(ctx context.Context, prompt, chat string) error {
	return s.write(ctx, func() string {
		s.chat = chat
		if !s.tty {
			return ""
		}
		s.prompt, s.shown = s.paint(sanitizeLine(prompt), stylePrompt), true
		return s.prompt
	})
}

// entered notes that the person's newline ended the prompt's line. It does not
// wait for a write that is held up: that one draws the prompt anew anyway.
func (s *screen) entered() {
	select {
	case s.turn <- struct{}{}:
		s.shown = false
		<-s.turn
	default:
	}
}

// print shows a text of the console's own, with an end of line.
func (s *screen) print(ctx context.Context, text string, st style) error {
	return s.write(ctx, func() string { return s.lay(text, st) })
}

// reply shows a reply, marked when it is no plain answer and, on a terminal,
// when it belongs to another chat than the prompt.
func (s *screen) reply(ctx context.Context, r connectors.Reply) error {
	return s.write(ctx, func() string {
		text, st := strings.TrimRight(strings.ReplaceAll(r.Text, "\r\n", "\n"), "\n"), styleNone
		switch r.Verdict {
		case "deny":
			text, st = "[denied] "+text, styleDenied
		case "failed":
			text, st = "[failed] "+text, styleError
		}
		if s.tty && r.Chat != s.chat {
			text = "(" + sanitizeLine(r.Chat) + ") " + text
		}
		return s.lay(text, st)
	})
}

// lay puts a text on lines of its own, above the prompt where one is shown.
func (s *screen) lay(text string, st style) string {
	text = s.paint(sanitize(text), st) + "\n"
	if s.shown {
		return clearLine + text + s.prompt
	}
	return text
}

func (s *screen) paint(text string, st style) string {
	if !s.color || st == styleNone {
		return text
	}
	return string(st) + text + resetStyle
}

// write puts on Out what compose makes of the screen's state. A write that the
// other side holds up goes on in its goroutine after ctx is done, and no other
// begins before it ends.
func (s *screen) write(ctx context.Context, compose func() string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("wait to write output: %w", ctx.Err())
	}
	text := compose()
	done := make(chan error, 1)
	go func() {
		err := s.put(text)
		<-s.turn
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("write output (it may still be shown): %w", ctx.Err())
	}
}

func (s *screen) put(text string) error {
	if text == "" {
		return nil
	}
	n, err := io.WriteString(s.out, text)
	if err == nil && n < len(text) {
		err = io.ErrShortWrite
	}
	if err != nil {
		err = fmt.Errorf("write output: %w", err)
		s.once.Do(func() {
			s.err = err
			close(s.broken)
		})
	}
	return err
}
