package driver

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The ranks of a place to cut at, the better the higher.
const (
	betweenWords = iota + 1
	betweenCodeLines
	betweenLines
	betweenParagraphs
)

const (
	// leastFill is the part of the room, as its divisor, that a part must fill to
	// end at a line or paragraph: "Yes." is no message of its own.
	leastFill = 4
	// longestCharacter is how far back, in bytes, a cut looks for the beginning of
	// a visible character.
	longestCharacter = 64
)

// cut is a place to cut at: the part ends before end, what follows begins at next,
// and open is the fence that stands open there.
type cut struct {
	end, next int
	open      fence
	rank      int
}

// best finds the place to cut at in the first width bytes of rest.
func (s *splitter) best(width int) cut {
	text := s.rest
	var best cut
	open := s.open
	// The line that is looked at: where it begins, whether it is a fence's mark, and
	// whether the one before opened a fence.
	start, mark, first := 0, false, false
	for start <= width {
		length := strings.IndexByte(text[start:], '\n')
		if length < 0 {
			length = len(text) - start
		}
		end := start + length
		var now fence
		now, mark = s.after(open, text[start:end])
		if end > width {
			break
		}
		if end == len(text) {
			return cut{end: end, next: end, open: now}
		}
		if c := s.lineEnd(open, now, mark, end); c.rank > 0 && c.end >= width/leastFill && c.rank >= best.rank {
			best = c
		}
		first = mark && now.marker != ""
		open = now
		start = end + 1
	}
	if best.rank > 0 {
		return best
	}
	switch {
	case mark && start > 0 && start <= width:
		end := start
		if open.marker == "" {
			end = len(strings.TrimRight(text[:start], " \t\r\n"))
		}
		if end > 0 {
			return cut{end: end, next: start, open: open}
		}
	case !mark && start <= width:
		if c := wordEnd(text, width, start, first, open); c.rank > 0 {
			return c
		}
	}
	end := character(text, width)
	if mark && end > start {
		open, _ = s.after(open, text[start:end])
	}
	return cut{end: end, next: end, open: open}
}

// after is fence.after, but for fences whose marks would fill half a part.
func (s *splitter) after(open fence, line string) (fence, bool) {
	now, mark := open.after(line)
	if !mark || now.marker == "" || s.limit < 1 {
		return now, mark
	}
	for _, f := range []fence{now, {indent: now.indent, marker: now.marker}, {marker: now.marker}} {
		if s.measure(f.head()+f.tail("x")) <= s.limit/2 {
			return f, true
		}
	}
	return open, false
}

// lineEnd judges the end of a line at end, which left the fence now open.
func (s *splitter) lineEnd(before, now fence, mark bool, end int) cut {
	c := cut{end: end, next: end + 1, open: now, rank: betweenLines}
	if now.marker != "" {
		if mark {
			return cut{} // a part is not to end in an opening mark
		}
		c.rank = betweenCodeLines
		return c
	}
	following, _, _ := strings.Cut(s.rest[end+1:], "\n")
	_, opens := openedBy(following)
	if blank(following) || opens || mark && before.marker != "" {
		c.rank = betweenParagraphs
	}
	c.end = len(strings.TrimRight(s.rest[:end], " \t\r\n"))
	if c.end == 0 {
		return cut{}
	}
	return c
}

// wordEnd finds the last white space in the first width bytes. The line that
// width cuts begins at start, in the fence open; first tells whether the line
// before opened that.
func wordEnd(text string, width, start int, first bool, open fence) cut {
	if open.marker != "" {
		// In code white space counts: it stays, at the end of the part.
		if at := strings.LastIndexAny(text[start:width], " \t"); at >= 0 && !blank(text[start:start+at]) {
			return cut{end: start + at + 1, next: start + at + 1, open: open, rank: betweenWords}
		}
		if start > 0 && !first {
			return cut{end: start - 1, next: start, open: open, rank: betweenWords}
		}
		return cut{}
	}
	until := width
	if until < len(text) && strings.IndexByte(" \t\r", text[until]) >= 0 {
		until++
	}
	at := strings.LastIndexAny(text[:until], " \t\r\n")
	end := len(strings.TrimRight(text[:max(at, 0)], " \t\r\n"))
	if end == 0 {
		return cut{}
	}
	next := at + 1
	for next < len(text) && strings.IndexByte(" \t\r", text[next]) >= 0 {
		next++
	}
	return cut{end: end, next: next, open: open, rank: betweenWords}
}

// character is the last place up to width that no visible character spans, or
// width where there is none near by.
func character(text string, width int) int {
	for at := width; at > 0 && width-at < longestCharacter; {
		before, size := utf8.DecodeLastRuneInString(text[:at])
		after, _ := utf8.DecodeRuneInString(text[at:])
		if at == len(text) || !joined(text[:at], before, after) {
			return at
		}
		at -= size
	}
	return width
}

// joined tells whether two characters beside one another are seen as one: marks
// that combine, sequences of emoji, flags
// (https://www.unicode.org/reports/tr29/, the rules that need no table of ours),
// and backticks, which mean what they do by their number.
func joined(text string, before, after rune) bool {
	const (
		joiner              = '\u200d'
		firstTone, lastTone = '\U0001F3FB', '\U0001F3FF'
		firstTag, lastTag   = '\U000E0020', '\U000E007F'
	)
	switch {
	case before == joiner || after == joiner || unicode.Is(unicode.M, after):
		return true
	case after >= firstTone && after <= lastTone || after >= firstTag && after <= lastTag:
		return true
	case before == '\r' && after == '\n' || before == '`' && after == '`':
		return true
	case regional(before) && regional(after):
		// Flags are pairs: an odd number before means that a pair is open.
		n := 0
		for text != "" {
			r, size := utf8.DecodeLastRuneInString(text)
			if !regional(r) {
				break
			}
			n++
			text = text[:len(text)-size]
		}
		return n%2 == 1
	}
	return false
}

func regional(r rune) bool { return r >= '\U0001F1E6' && r <= '\U0001F1FF' }
