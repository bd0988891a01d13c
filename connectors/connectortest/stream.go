package connectortest

import (
	"bytes"
	"errors"
	"io"
	"sync"
)

// Stream is a pipe in memory without a bound: writes never block, reads wait for
// bytes until CloseWrite. Safe for concurrent use.
type Stream struct {
	mu     sync.Mutex
	more   *sync.Cond
	buf    bytes.Buffer
	closed bool
}

// NewStream makes an empty stream.
func NewStream() *Stream {
	s := &Stream{}
	s.more = sync.NewCond(&s.mu)
	return s
}

// Read waits for bytes; it gives io.EOF after CloseWrite, when all were read.
func (s *Stream) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.buf.Len() == 0 && !s.closed {
		s.more.Wait()
	}
	if s.buf.Len() == 0 {
		return 0, io.EOF
	}
	return s.buf.Read(p)
}

// Write appends p. It fails after CloseWrite.
func (s *Stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, errors.New("write to a stream that was closed")
	}
	s.more.Broadcast()
	return s.buf.Write(p)
}

// CloseWrite ends the stream for its reader.
func (s *Stream) CloseWrite() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.more.Broadcast()
}

// Recorder is a writer that keeps everything. Safe for concurrent use.
type Recorder struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write appends p.
func (r *Recorder) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buf.Write(p)
}

// String is everything that was written.
func (r *Recorder) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buf.String()
}
