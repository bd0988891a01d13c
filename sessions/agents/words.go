package agents

import (
	"strings"
)

// lineBreaks turns every kind of line break into "\n" and bytes that are no text
// into U+FFFD.
func lineBreaks(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	return strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n").Replace(s)
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// dropPrefix takes away each of the prefixes that is there, in turn, in any case.
func dropPrefix(s string, prefixes ...string) string {
	for _, p := range prefixes {
		if len(s) >= len(p) && strings.EqualFold(s[:len(p)], p) {
			s = strings.TrimLeft(s[len(p):], " \t")
		}
	}
	return s
}

// lowerASCII lowers only what keeps every position where it was.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + ('a' - 'A')
		}
	}
	return string(b)
}

// takeName cuts a text into the name of a note and what follows: a quoted name,
// or the first line up to its colon, or the whole first line.
func takeName(s string) (name, text string) {
	if name, rest, ok := quoted(s); ok {
		rest = strings.TrimLeft(rest, " \t")
		for _, colon := range []string{":", "："} {
			rest = strings.TrimPrefix(rest, colon)
		}
		return name, trimText(rest)
	}
	line, rest, _ := strings.Cut(s, "\n")
	if i := strings.IndexAny(line, ":："); i >= 0 {
		after := strings.TrimPrefix(strings.TrimPrefix(line[i:], ":"), "：")
		return strings.TrimSpace(line[:i]), trimText(after + "\n" + rest)
	}
	return strings.TrimSpace(line), trimText(rest)
}

// trimText drops empty lines around a text, and the spaces before a text of one
// line; the indentation of further lines is the person's own.
func trimText(s string) string {
	s = strings.TrimRight(s, " \t\n")
	for {
		line, rest, more := strings.Cut(s, "\n")
		if !more || strings.TrimSpace(line) != "" {
			break
		}
		s = rest
		if !strings.Contains(s, "\n") {
			break
		}
	}
	if !strings.HasPrefix(s, "\t") && !strings.HasPrefix(s, "  ") || !strings.Contains(s, "\n") {
		s = strings.TrimLeft(s, " \t")
	}
	return s
}

// quotes are pairs of quotation marks, as phones and keyboards make them.
func quotes() [][2]string {
	return [][2]string{
		{`"`, `"`}, {"'", "'"}, {"`", "`"}, {"“", "”"}, {"„", "“"}, {"„", "”"},
		{"‘", "’"}, {"‚", "‘"}, {"«", "»"}, {"»", "«"}, {"「", "」"},
	}
}

// quoted takes a quoted name from the start of a text. The name is on one line,
// and a space, a colon or nothing follows it.
func quoted(s string) (name, rest string, ok bool) {
	for _, q := range quotes() {
		inner, found := strings.CutPrefix(s, q[0])
		if !found {
			continue
		}
		i := strings.Index(inner, q[1])
		if i <= 0 || strings.Contains(inner[:i], "\n") {
			continue
		}
		rest := inner[i+len(q[1]):]
		if rest == "" || strings.ContainsAny(firstRune(rest), " \t\n:：-→") {
			return strings.TrimSpace(inner[:i]), rest, true
		}
	}
	return "", s, false
}

func firstRune(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}

// unquoted gives the inside of a text that is quoted as a whole.
func unquoted(s string) (string, bool) {
	name, rest, ok := quoted(s)
	return name, ok && rest == ""
}

func stripQuotes(s string) string {
	if bare, ok := unquoted(s); ok {
		return bare
	}
	return s
}

// quotedEnd cuts a text before the quoted name at its end.
func quotedEnd(s string) (before, name string, ok bool) {
	for i := len(s) - 1; i > 0; i-- {
		if s[i-1] != ' ' {
			continue
		}
		if name, ok := unquoted(s[i:]); ok {
			return strings.TrimSpace(s[:i]), name, true
		}
	}
	return s, "", false
}
