package sandbox

import (
	"bytes"
	"io"
	"sync"
)

// Output keeps what a process writes until it is read: at most its limit in one
// turn, so that a reader that is slow or absent neither blocks the process nor
// lets it fill the memory. The zero value is not of use; see NewOutput.
type Output struct {
	limit int64
	over  func()

	mu      sync.Mutex
	more    sync.Cond
	buf     bytes.Buffer
	written int64
	end     error
}

// NewOutput gives an Output that calls over, once, when more than limit bytes
// were written. over must not block.
func NewOutput(limit int64, over func()) *Output {
	o := &Output{limit: limit, over: over}
	o.more.L = &o.mu
	return o
}

// Write takes what fits the limit, and refuses the rest with ErrOutput.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	if o.end != nil {
		defer o.mu.Unlock()
		return 0, o.end
	}
	n := int(min(int64(len(p)), o.limit-o.written))
	o.buf.Write(p[:n])
	o.written += int64(n)
	if n == len(p) {
		defer o.mu.Unlock()
		o.more.Broadcast()
		return n, nil
	}
	o.end = ErrOutput
	o.more.Broadcast()
	o.mu.Unlock()
	o.over()
	return n, ErrOutput
}

// Read waits for output. After the last of it, it gives what End was given.
func (o *Output) Read(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.buf.Len() == 0 && o.end == nil && len(p) > 0 {
		o.more.Wait()
	}
	if o.buf.Len() > 0 {
		return o.buf.Read(p)
	}
	if len(p) == 0 {
		return 0, nil
	}
	return 0, o.end
}

// Renew begins a new turn: the limit counts from here. What was not read yet
// still counts, since it still takes memory.
func (o *Output) Renew() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.written = int64(o.buf.Len())
}

// End ends the output: with io.EOF for a nil error. The first end stays.
func (o *Output) End(err error) {
	if err == nil {
		err = io.EOF
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.end == nil {
		o.end = err
	}
	o.more.Broadcast()
}

// TailBytes is how much of a process's stderr is kept.
const TailBytes = 16 << 10

// Tail keeps the last TailBytes that were written to it. Its zero value is
// empty, and it may be read beside writing.
type Tail struct {
	mu  sync.Mutex
	buf []byte
}

// Write never fails.
func (t *Tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(p)
	p = p[max(0, n-TailBytes):]
	if drop := len(t.buf) + len(p) - TailBytes; drop > 0 {
		t.buf = t.buf[:copy(t.buf, t.buf[drop:])]
	}
	t.buf = append(t.buf, p...)
	return n, nil
}

// Bytes is a copy of what is kept.
func (t *Tail) Bytes() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return bytes.Clone(t.buf)
}
