package driver

import "strings"

// longestInfo bounds the info string that a reopened fence repeats, in bytes.
const longestInfo = 32

// fence is a code fence of backticks that is open
// (https://spec.commonmark.org/0.31.2/#fenced-code-blocks). Any indentation
// passes, since answers put fences into lists. The zero fence is none.
type fence struct {
	indent, marker, info string
}

// openedBy gives the fence that a line opens.
func openedBy(line string) (fence, bool) {
	text := strings.TrimLeft(line, " \t")
	marker := text[:len(text)-len(strings.TrimLeft(text, "`"))]
	info := strings.TrimSpace(text[len(marker):])
	if len(marker) < 3 || strings.Contains(info, "`") {
		return fence{}, false
	}
	if len(info) > longestInfo {
		info = ""
	}
	return fence{indent: line[:len(line)-len(text)], marker: marker, info: info}, true
}

// closedBy tells whether a line closes the fence.
func (f fence) closedBy(line string) bool {
	line = strings.TrimSpace(line)
	return f.marker != "" && len(line) >= len(f.marker) && strings.Trim(line, "`") == ""
}

// after is the fence that is open after a line, and whether the line is one of
// its marks.
func (f fence) after(line string) (now fence, mark bool) {
	switch opened, ok := openedBy(line); {
	case f.closedBy(line):
		return fence{}, true
	case f.marker == "" && ok:
		return opened, true
	}
	return f, false
}

// head reopens the fence at the beginning of a part.
func (f fence) head() string {
	if f.marker == "" {
		return ""
	}
	return f.indent + f.marker + f.info + "\n"
}

// tail closes the fence at the end of a part.
func (f fence) tail(part string) string {
	switch {
	case f.marker == "":
		return ""
	case strings.HasSuffix(part, "\n"):
		return f.indent + f.marker
	}
	return "\n" + f.indent + f.marker
}
