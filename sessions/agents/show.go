package agents

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean makes text safe to print: control and escape characters, and those that
// turn the direction of writing, become U+FFFD, so that neither a note nor a name
// can move the cursor, colour a terminal or reorder what stands beside it.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return unicode.ReplacementChar
		}
		return r
	}, lineBreaks(s))
}

// oneLine is clean text on one line, cut to so many characters.
func oneLine(s string, most int) string {
	s = strings.Join(strings.Fields(clean(s)), " ")
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

const (
	longestName   = 120 // characters of a note's name in a reply
	longestPerson = 50
)

// title is a note's name as people say it.
func title(path string) string {
	return oneLine(strings.TrimSuffix(path, ".md"), longestName)
}

const cutNotice = "\n\n… (cut here: the answer is %d bytes long, and %d fit. Search for a word to see its place in a note.)"

// bounded cuts a reply to so many bytes, after a line where there is one near,
// and says so.
func bounded(s string, most int) string {
	if len(s) <= most {
		return s
	}
	notice := fmt.Sprintf(cutNotice, len(s), most)
	end := most - len(notice)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	if i := strings.LastIndexByte(s[:end], '\n'); i > end*3/4 {
		end = i
	}
	return s[:end] + notice
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
