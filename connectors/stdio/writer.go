package stdio

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
)

// writer puts whole JSON lines on an io.Writer, one after the other.
type writer struct {
	out io.Writer
	// turn is held by the one write that runs. It is a channel and no mutex so
	// that waiting for it ends with the caller's context.
	turn chan struct{}
	// torn is true when the last write left a part of its line behind.
	torn bool
}

func newWriter(out io.Writer) *writer {
	return &writer{out: out, turn: make(chan struct{}, 1)}
}

// line writes v and a newline. A write that the other side holds up goes on in
// its goroutine after ctx is done, and no other begins before it ends.
func (w *writer) line(ctx context.Context, v any) error {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("encode line: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("write line: %w", err)
	}
	select {
	case w.turn <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("wait to write line: %w", ctx.Err())
	}
	done := make(chan error, 1)
	go func() {
		err := w.put(buf.Bytes())
		<-w.turn
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("write line (it may still go out): %w", ctx.Err())
	}
}

func (w *writer) put(line []byte) error {
	if w.torn {
		line = append([]byte{'\n'}, line...)
	}
	n, err := w.out.Write(line)
	if err == nil && n < len(line) {
		err = io.ErrShortWrite
	}
	if err != nil {
		w.torn = w.torn || n > 0
		return fmt.Errorf("write line: %w", err)
	}
	w.torn = false
	return nil
}
