package telegram

import "strings"

const (
	// reserved must be escaped outside of code, reservedInCode inside of it
	// (https://core.telegram.org/bots/api#markdownv2-style).
	reserved       = "_*[]()~`>#+-=|{}.!\\"
	reservedInCode = "`\\"
	fence          = "```"
)

// markdown writes a text for the parse mode MarkdownV2. Of the Markdown that
// agents write it keeps fenced code, `code` and **bold**; all else is shown as it
// stands. A mark without its end is text too. What is shown is never longer than
// text.
func markdown(text string) string {
	var out strings.Builder
	out.Grow(len(text) + len(text)/8)
	for text != "" {
		at, end := nextFence(text)
		if at < 0 {
			break
		}
		lines(&out, text[:at])
		block(&out, text[at:end])
		text = text[end:]
	}
	lines(&out, text)
	return out.String()
}

// nextFence finds a fence that begins a line, and where the one ends that closes
// it; -1 for none.
func nextFence(text string) (at, end int) {
	for from := 0; ; {
		i := strings.Index(text[from:], fence)
		if i < 0 {
			return -1, 0
		}
		at = from + i
		from = at + len(fence)
		if at > 0 && text[at-1] != '\n' {
			continue
		}
		info := strings.IndexByte(text[from:], '\n')
		if info < 0 {
			return -1, 0
		}
		if strings.Contains(text[from:from+info], "`") {
			continue
		}
		body := from + info
		closing := strings.Index(text[body:], "\n"+fence)
		if closing < 1 || strings.TrimSpace(text[body:body+closing]) == "" {
			// Without an end, or with nothing in it: Telegram refuses an empty entity.
			continue
		}
		return at, body + closing + 1 + len(fence)
	}
}

// block writes fenced code, its fences among it.
func block(out *strings.Builder, text string) {
	info, body, _ := strings.Cut(text[len(fence):len(text)-len(fence)], "\n")
	out.WriteString(fence)
	if isLanguage(info) {
		out.WriteString(info)
	} else if info != "" {
		// Not a language: it is shown, so that nothing is lost.
		body = info + "\n" + body
	}
	out.WriteByte('\n')
	escape(out, body, reservedInCode)
	out.WriteString(fence)
}

func isLanguage(info string) bool {
	return info != "" && len(info) <= 32 && strings.Trim(info, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+#.-") == ""
}

// lines writes text without fences. No mark reaches over the end of a line.
func lines(out *strings.Builder, text string) {
	for line := range strings.Lines(text) {
		for line != "" {
			n := 0
			switch line[0] {
			case '`':
				n = span(out, line, '`', 1, reservedInCode)
			case '*':
				n = span(out, line, '*', 2, reserved)
			}
			if n == 0 {
				n = upToMark(line)
				escape(out, line[:n], reserved)
			}
			line = line[n:]
		}
	}
}

// span writes what stands between two runs of exactly count marks, and gives how
// much of line that is, zero for none.
func span(out *strings.Builder, line string, mark byte, count int, special string) int {
	if runOf(line, mark) != count {
		return 0
	}
	length := strings.IndexByte(line[count:], mark)
	if length <= 0 || runOf(line[count+length:], mark) != count {
		return 0
	}
	inner := line[count : count+length]
	// Bold that begins or ends with a space is a multiplication; code in bold is no
	// entity on Telegram.
	if mark == '*' && (strings.TrimSpace(inner) != inner || strings.Contains(inner, "`")) || strings.TrimSpace(inner) == "" {
		return 0
	}
	out.WriteByte(mark)
	escape(out, inner, special)
	out.WriteByte(mark)
	return 2*count + length
}

// upToMark is the length of the text before the next mark, or of the marks that line
// begins with.
func upToMark(line string) int {
	if n := runOf(line, line[0]); line[0] == '`' || line[0] == '*' {
		return n
	}
	if n := strings.IndexAny(line, "`*"); n >= 0 {
		return n
	}
	return len(line)
}

func runOf(s string, mark byte) int {
	return len(s) - len(strings.TrimLeft(s, string(mark)))
}

func escape(out *strings.Builder, text, special string) {
	for i := range len(text) {
		if strings.IndexByte(special, text[i]) >= 0 {
			out.WriteByte('\\')
		}
		out.WriteByte(text[i])
	}
}
