package programs

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// A Reply is what a program said, made fit for a chat while it comes in: UTF-8 is
// repaired, escape sequences and control characters are gone, and a line that
// the program wrote over, as progress bars do, stands there as it was last. Its
// methods may be called beside one another.
type Reply struct {
	most int

	mu   sync.Mutex
	buf  []byte
	rest []byte // the beginning of a character
	// line is where the last line begins.
	line int
	// back says that the cursor went to the beginning of the line.
	back bool
	mode mode
	full bool
}

// mode is where in an escape sequence the text is (ECMA-48).
type mode int

const (
	plain mode = iota
	escape
	control    // CSI: until a final byte
	text       // OSC and its like: until BEL or ST
	textEscape // ESC in such a text: ST is ESC \
)

// NewReply gives an empty Reply of at most so many bytes.
func NewReply(most int64) *Reply { return &Reply{most: int(max(most, 1))} }

// Write takes what the program wrote. It fails with ErrTooLong for what does not
// fit, from then on.
func (r *Reply) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	data := p
	if len(r.rest) > 0 {
		data = slices.Concat(r.rest, p)
		r.rest = nil
	}
	for len(data) > 0 && !r.full {
		if data[0] < utf8.RuneSelf {
			r.take(rune(data[0]))
			data = data[1:]
			continue
		}
		if !utf8.FullRune(data) {
			r.rest = bytes.Clone(data)
			break
		}
		c, size := utf8.DecodeRune(data)
		r.take(c)
		data = data[size:]
	}
	if r.full {
		return len(p), ErrTooLong
	}
	return len(p), nil
}

// Add is Write for text that is complete.
func (r *Reply) Add(s string) error {
	_, err := r.Write([]byte(s))
	return err
}

// take is one step of the terminal that the program may think it writes to.
func (r *Reply) take(c rune) {
	switch r.mode {
	case escape:
		r.mode = afterEscape(c)
	case control:
		if c >= 0x40 && c <= 0x7e || c == '\n' {
			r.mode = plain
		}
	case text, textEscape:
		switch {
		case c == '\a', c == 0x9c, c == '\n', r.mode == textEscape && c == '\\':
			r.mode = plain
		case c == 0x1b:
			r.mode = textEscape
		default:
			r.mode = text
		}
	case plain:
		r.print(c)
	}
}

func afterEscape(c rune) mode {
	switch {
	case c == '[':
		return control
	case c == ']', c == 'P', c == 'X', c == '^', c == '_':
		return text
	case c >= 0x20 && c <= 0x2f:
		return escape
	default:
		return plain
	}
}

func (r *Reply) print(c rune) {
	switch {
	case c == 0x1b:
		r.mode = escape
	case c == 0x9b:
		r.mode = control
	case c == 0x90, c == 0x98, c >= 0x9d && c <= 0x9f:
		r.mode = text
	case c == '\r':
		r.back = true
	case c == '\n':
		r.back = false
		r.put(c)
		r.line = len(r.buf)
	case c != '\t' && unicode.IsControl(c), unicode.Is(unicode.Bidi_Control, c), c == '\u2028', c == '\u2029', c == '\ufeff':
	default:
		if r.back {
			r.back = false
			r.buf = r.buf[:r.line]
		}
		r.put(c)
	}
}

func (r *Reply) put(c rune) {
	if len(r.buf)+utf8.RuneLen(c) > r.most {
		r.full = true
		return
	}
	r.buf = utf8.AppendRune(r.buf, c)
}

// Text is the reply so far, without empty lines around it.
func (r *Reply) Text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return trim(string(r.buf))
}

// Len is how long the reply is so far.
func (r *Reply) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.buf)
}

func trim(s string) string {
	s = strings.TrimRight(s, " \t\n")
	for {
		line, rest, more := strings.Cut(s, "\n")
		if !more || strings.TrimSpace(line) != "" {
			return s
		}
		s = rest
	}
}

// Line is a text of a program on one clean line of at most so many characters.
func Line(s string, most int) string {
	r := NewReply(int64(8*most + 8))
	_ = r.Add(strings.ReplaceAll(s, "\r", " ")) // what is too long is cut anyway
	s = strings.Join(strings.Fields(r.Text()), " ")
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}
