package console

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// sanitize makes a text safe to print on a terminal. Only newline and tab keep
// their effect. Other C0 controls and DEL become their control pictures (U+2400
// and on); C1 controls, the line and paragraph separators and the characters
// that turn the direction of what follows (UAX #9) become <U+XXXX>; bytes that
// are no UTF-8 become U+FFFD. Letters of every script stay.
func sanitize(text string) string {
	if utf8.ValidString(text) && !strings.ContainsFunc(text, isUnsafe) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case !isUnsafe(r):
			b.WriteRune(r)
		case r < 0x20:
			b.WriteRune(0x2400 + r)
		case r == 0x7F:
			b.WriteRune(0x2421)
		default:
			fmt.Fprintf(&b, "<U+%04X>", r)
		}
	}
	return b.String()
}

// sanitizeLine does the same to what must stay on one line, as names must.
func sanitizeLine(text string) string {
	return strings.NewReplacer("\n", "\u240A", "\t", "\u2409").Replace(sanitize(text))
}

func isUnsafe(r rune) bool {
	switch {
	case r == '\n', r == '\t':
		return false
	case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069, r == 0x2028, r == 0x2029:
		return true
	}
	return unicode.IsControl(r)
}
