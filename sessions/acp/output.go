package acp

import (
	"strings"
	"sync"
	"unicode/utf8"
)

// screen keeps the last bytes of what a terminal's process writes to its stdout.
// It may be read beside writing.
type screen struct {
	most int

	mu  sync.Mutex
	buf []byte
	cut bool
}

// Write never fails.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(p)
	if n > s.most {
		p, s.cut = p[n-s.most:], true
	}
	// Up to twice of it, so that not each piece moves all that is kept.
	if len(s.buf)+len(p) > 2*s.most {
		s.trim()
	}
	s.buf = append(s.buf, p...)
	return n, nil
}

// trim drops what is too much. The caller holds mu.
func (s *screen) trim() {
	if drop := len(s.buf) - s.most; drop > 0 {
		s.buf, s.cut = s.buf[:copy(s.buf, s.buf[drop:])], true
	}
}

// text is what is kept, and whether there was more before it.
func (s *screen) text() (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trim()
	return valid(s.buf, s.cut), s.cut
}

// valid makes text of bytes. The beginning of what was cut may be the rest of a
// character, which is dropped.
func valid(b []byte, cut bool) string {
	for i := 0; cut && i < utf8.UTFMax-1 && len(b) > 0 && !utf8.RuneStart(b[0]); i++ {
		b = b[1:]
	}
	return strings.ToValidUTF8(string(b), "�")
}

// last is the end of a text, at most so many bytes from the edge of a character
// on, and whether there was more.
func last(s string, most int) (string, bool) {
	if len(s) <= most {
		return s, false
	}
	s = s[len(s)-max(most, 0):]
	for s != "" && !utf8.RuneStart(s[0]) {
		s = s[1:]
	}
	return s, true
}

// joined puts what was written to stderr below what was written to stdout, in so
// many bytes. Where both are too long, each has half: what a program complains of
// hides neither its results nor is hidden by them.
func joined(stdout, stderr string, most int) (text string, cut bool) {
	if stdout != "" && stderr != "" && !strings.HasSuffix(stdout, "\n") {
		stderr = "\n" + stderr
	}
	stderr, cutErr := last(stderr, max(most/2, most-len(stdout)))
	stdout, cutOut := last(stdout, most-len(stderr))
	return stdout + stderr, cutErr || cutOut
}
