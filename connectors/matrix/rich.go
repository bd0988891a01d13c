package matrix

import (
	"html"
	"strings"
)

// richText writes code fences, code and bold text as the HTML that clients show
// (client-server API, "m.room.message msgtypes": pre, code, strong, br). All else
// is escaped. It reports false for a text that has nothing of it.
func richText(text string) (string, bool) {
	var b strings.Builder
	rich := false
	lines := strings.SplitAfter(text, "\n")
	for i := 0; i < len(lines); {
		fence := fenceOf(lines[i])
		if fence == "" {
			rich = inline(&b, strings.TrimSuffix(lines[i], "\n")) || rich
			if strings.HasSuffix(lines[i], "\n") {
				b.WriteString("<br>")
			}
			i++
			continue
		}
		rich = true
		lang := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(lines[i]), fence))
		b.WriteString("<pre><code")
		if lang = plainWord(lang); lang != "" {
			b.WriteString(` class="language-` + lang + `"`)
		}
		b.WriteString(">")
		for i++; i < len(lines); i++ {
			if strings.TrimSpace(lines[i]) == fence {
				i++
				break
			}
			b.WriteString(html.EscapeString(lines[i]))
		}
		b.WriteString("</code></pre>")
	}
	return b.String(), rich
}

// fenceOf gives the backticks that a line opens a fence with.
func fenceOf(line string) string {
	line = strings.TrimLeft(line, " ")
	n := len(line) - len(strings.TrimLeft(line, "`"))
	if n < 3 || strings.Contains(line[n:], "`") {
		return ""
	}
	return line[:n]
}

func plainWord(s string) string {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '+' && r != '-' && r != '#' {
			return ""
		}
	}
	return s
}

// inline writes one line, with `code` and **bold** of it.
func inline(b *strings.Builder, line string) (rich bool) {
	for line != "" {
		at := strings.IndexAny(line, "`*")
		if at < 0 {
			break
		}
		mark, tag := "`", "code"
		if line[at] == '*' {
			mark, tag = "**", "strong"
		}
		rest, ok := strings.CutPrefix(line[at:], mark)
		inner, after, closed := strings.Cut(rest, mark)
		if !ok || !closed || inner == "" || strings.TrimSpace(inner) != inner {
			b.WriteString(html.EscapeString(line[:at+1]))
			line = line[at+1:]
			continue
		}
		b.WriteString(html.EscapeString(line[:at]) + "<" + tag + ">" + html.EscapeString(inner) + "</" + tag + ">")
		line, rich = after, true
	}
	b.WriteString(html.EscapeString(line))
	return rich
}
