package telegramfake

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// reserved are the characters of the section "MarkdownV2 style" that "must be
// escaped with the preceding character '\'" in all other places.
const reserved = "_*[]()~`>#+-=|{}.!"

func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}

// parse reads MarkdownV2: bold, code and pre, as the connector writes them; the
// styles that it never writes are refused like an unescaped character. It gives
// the text, and the text with its entities as an agent would write them.
func parse(s string) (text, shown string, problem *fail) {
	var plain, out strings.Builder
	bold := -1
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && s[i+1] > 0 && s[i+1] < 0x7f && s[i+1] > ' ':
			plain.WriteByte(s[i+1])
			out.WriteByte(s[i+1])
			i += 2
		case c == '*':
			if bold >= 0 && out.Len() == bold {
				return "", "", unparsed("empty entity", i)
			}
			out.WriteString("**")
			if bold >= 0 {
				bold = -1
			} else {
				bold = out.Len()
			}
			i++
		case c == '`':
			n, problem := code(s, i, &plain, &out)
			if problem != nil {
				return "", "", problem
			}
			i = n
		case strings.IndexByte(reserved, c) >= 0:
			return "", "", bad("can't parse entities: Character '%c' is reserved and must be escaped with the preceding '\\'", c)
		default:
			_, size := utf8.DecodeRuneInString(s[i:])
			plain.WriteString(s[i : i+size])
			out.WriteString(s[i : i+size])
			i += size
		}
	}
	if bold >= 0 {
		return "", "", unparsed("Bold", bold)
	}
	return plain.String(), out.String(), nil
}

// Parse reads MarkdownV2 as sendMessage does: it gives the text that is shown, and
// the same with its entities as Markdown.
func Parse(s string) (text, shown string, err error) {
	text, shown, problem := parse(s)
	if problem != nil {
		return "", "", errors.New(problem.description)
	}
	return text, shown, nil
}

func unparsed(what string, at int) *fail {
	return bad("can't parse entities: Can't find end of %s entity at byte offset %d", what, at)
}

// code reads an entity that begins with a backtick: "Inside pre and code
// entities, all '`' and '\' characters must be escaped".
func code(s string, at int, plain, out *strings.Builder) (int, *fail) {
	mark := "`"
	if strings.HasPrefix(s[at:], "```") {
		mark = "```"
	}
	i := at + len(mark)
	out.WriteString(mark)
	if mark == "```" {
		// A language is a word that a line break ends; the break is no text.
		if end := strings.IndexAny(s[i:], " \t\n`"); end >= 0 && s[i+end] == '\n' {
			out.WriteString(s[i : i+end+1])
			i += end + 1
		}
	}
	begin := plain.Len()
	for i < len(s) {
		switch {
		case s[i] == '\\' && i+1 < len(s) && s[i+1] > ' ' && s[i+1] < 0x7f:
			plain.WriteByte(s[i+1])
			out.WriteByte(s[i+1])
			i += 2
		case strings.HasPrefix(s[i:], mark):
			if plain.Len() == begin {
				return 0, unparsed("empty code", at)
			}
			out.WriteString(mark)
			return i + len(mark), nil
		case s[i] == '`':
			return 0, unparsed("PreCode", at)
		default:
			plain.WriteByte(s[i])
			out.WriteByte(s[i])
			i++
		}
	}
	return 0, unparsed("code", at)
}
