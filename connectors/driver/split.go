package driver

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Split cuts a text into parts of at most limit by measure: at paragraphs, then
// lines, then words, then wherever no visible character comes apart, and never
// inside a code fence without closing and reopening it. A nil measure counts
// bytes; measure must not give less for a text than for its beginning.
//
// A text that fits stays as it is, and one without a visible character gives no
// part, as the platforms take none. White space at a cut is dropped outside of
// fences; nothing else is. A limit below 1 is none. Where a limit is too small
// for a single character, that character is a part nevertheless, and fences whose
// marks would fill half a part are text.
func Split(text string, limit int, measure func(string) int) []string {
	s := newSplitter(text, limit, measure)
	switch {
	case blank(text):
		return nil
	case s.fits(text):
		return []string{text}
	}
	var parts []string
	for {
		part, ok := s.next()
		if !ok {
			return parts
		}
		parts = append(parts, part)
	}
}

// UTF16Len is a text's length in UTF-16 units, as Telegram counts
// (https://core.telegram.org/api/entities#entity-length).
func UTF16Len(s string) int {
	n := 0
	for _, r := range s {
		n += max(1, utf16.RuneLen(r))
	}
	return n
}

// opening is the first part of a text that is not whole yet, its fence closed.
func opening(text string, limit int, measure func(string) int) string {
	part, _ := newSplitter(text, limit, measure).next()
	return part
}

func blank(text string) bool { return strings.TrimSpace(text) == "" }

// splitter cuts one part after another from the beginning of rest.
type splitter struct {
	rest    string
	open    fence // the fence that rest begins in
	limit   int
	measure func(string) int
}

func newSplitter(text string, limit int, measure func(string) int) *splitter {
	if measure == nil {
		measure = func(s string) int { return len(s) }
	}
	return &splitter{rest: text, limit: limit, measure: measure}
}

func (s *splitter) fits(text string) bool { return s.limit < 1 || s.measure(text) <= s.limit }

// next cuts the next part; it reports false when there is none.
func (s *splitter) next() (string, bool) {
	if s.open.marker == "" {
		s.rest = trimLines(s.rest)
	}
	if blank(s.rest) {
		return "", false
	}
	head := s.open.head()
	width := s.width(head, "")
	for width > 0 {
		c := s.best(width)
		part := head + s.rest[:c.end] + c.open.tail(s.rest[:c.end])
		if s.fits(part) {
			s.rest, s.open = s.rest[c.next:], c.open
			s.skipClosing()
			return part, true
		}
		width = min(width-1, s.width(head, c.open.tail("x")))
	}
	// Not one character fits: without the fence, or not at all.
	s.open = fence{}
	_, size := utf8.DecodeRuneInString(s.rest)
	if n := s.width("", ""); n > 0 {
		size = n
	}
	part := s.rest[:size]
	s.rest = s.rest[size:]
	return part, true
}

// width is how many bytes of rest fit between head and tail, whole characters.
func (s *splitter) width(head, tail string) int {
	fits := func(n int) bool { return s.fits(head + s.rest[:n] + tail) }
	low, high := 0, 64
	for high = s.whole(high); fits(high); high = s.whole(2 * high) {
		if low = high; low == len(s.rest) {
			return low
		}
	}
	for {
		middle := s.whole(low + (high-low)/2)
		if middle <= low || middle >= high {
			break
		}
		if fits(middle) {
			low = middle
		} else {
			high = middle
		}
	}
	// Between low and high there is less than two characters.
	for n := low; n < high; {
		_, size := utf8.DecodeRuneInString(s.rest[n:])
		if n += size; n < high && fits(n) {
			low = n
		}
	}
	return low
}

// whole is the nearest place at or before n that is between two characters.
func (s *splitter) whole(n int) int {
	if n >= len(s.rest) {
		return len(s.rest)
	}
	for back := 0; back < utf8.UTFMax && n-back >= 0; back++ {
		if utf8.RuneStart(s.rest[n-back]) {
			return n - back
		}
	}
	return n
}

// skipClosing drops the closing line that a part's tail has put already.
func (s *splitter) skipClosing() {
	if s.open.marker == "" {
		return
	}
	line, rest, _ := strings.Cut(trimLines(s.rest), "\n")
	if s.open.closedBy(line) {
		s.rest, s.open = rest, fence{}
	}
}

// trimLines drops the blank lines that a text begins with; the first line keeps
// its indentation.
func trimLines(text string) string {
	for {
		line, rest, more := strings.Cut(text, "\n")
		if !more || !blank(line) {
			return text
		}
		text = rest
	}
}
