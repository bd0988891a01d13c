package driver

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestSplit(t *testing.T) {
	long := strings.Repeat("x", 30)
	tests := map[string]struct {
		text  string
		limit int
		want  []string
	}{
		"empty":                    {"", 10, nil},
		"white space":              {" \n\t\n ", 3, nil},
		"fits":                     {"  hello\n\n", 10, []string{"  hello\n\n"}},
		"no limit":                 {long, 0, []string{long}},
		"paragraphs":               {"one two\n\nthree\nfour", 12, []string{"one two", "three\nfour"}},
		"several blank lines":      {"one two\n \n\n  three four", 14, []string{"one two", "  three four"}},
		"lines":                    {"one two\nthree four\nfive", 12, []string{"one two", "three four", "five"}},
		"windows lines":            {"one two\r\nthree four", 12, []string{"one two", "three four"}},
		"words":                    {"one two  three four", 10, []string{"one two", "three four"}},
		"a word that ends there":   {"one two three", 7, []string{"one two", "three"}},
		"no space":                 {"abcdefghij", 4, []string{"abcd", "efgh", "ij"}},
		"a word after a long one":  {"abcdefghij kl", 10, []string{"abcdefghij", "kl"}},
		"short paragraph":          {"Hi.\n\n" + "one two three four five six", 20, []string{"Hi.\n\none two three", "four five six"}},
		"fence by lines":           {"```go\naaaa\nbbbb\ncccc\n```", 20, []string{"```go\naaaa\nbbbb\n```", "```go\ncccc\n```"}},
		"fence stays whole":        {"some words here\n```\ncode\n```\nmore", 24, []string{"some words here", "```\ncode\n```\nmore"}},
		"closing line not doubled": {"```\naaaa\nbbbb\n```\nafter it", 17, []string{"```\naaaa\nbbbb\n```", "after it"}},
		"fence keeps indentation":  {"```py\nif x:\n    yes()\n    no()\n```", 27, []string{"```py\nif x:\n    yes()\n```", "```py\n    no()\n```"}},
		"fence in a list":          {"- a\n  ```sh\n  one one one\n  two\n  ```", 32, []string{"- a\n  ```sh\n  one one one\n  ```", "  ```sh\n  two\n  ```"}},
		"no room for the info":     {"```python\naaaa\nbbbb\n```", 20, []string{"```python\naaaa\n```", "```\nbbbb\n```"}},
		"longer marks":             {"````md\n```\naaaa\n```\nbbbb\n````", 26, []string{"````md\n```\naaaa\n```\n````", "````md\nbbbb\n````"}},
		"fence never closed":       {"```\naaaa aaaa\nbbbb bbbb", 18, []string{"```\naaaa aaaa\n```", "```\nbbbb bbbb\n```"}},
		"inline code is no fence":  {"```x``` one two three", 14, []string{"```x``` one", "two three"}},
		"long line of code":        {"```\naaaaaaaaaaaaaaaa\n```", 16, []string{"```\naaaaaaaa\n```", "```\naaaaaaaa\n```"}},
		"words of code keep space": {"```\naa bb cc dd ee\n```", 17, []string{"```\naa bb cc \n```", "```\ndd ee\n```"}},
		"too small for a fence":    {"```\na\n```", 6, []string{"```\na", "```"}},
		"too small for a rune":     {"\U0001F600a", 1, []string{"\U0001F600", "a"}},
		"combining marks":          {"aaae\u0301b", 4, []string{"aaa", "e\u0301b"}},
		"emoji sequence":           {"aa\U0001F469\u200d\U0001F680", 12, []string{"aa", "\U0001F469\u200d\U0001F680"}},
		"flags":                    {"\U0001F1E9\U0001F1EA\U0001F1EB\U0001F1F7", 12, []string{"\U0001F1E9\U0001F1EA", "\U0001F1EB\U0001F1F7"}},
		"tones":                    {"aaa\U0001F44D\U0001F3FD", 8, []string{"aaa", "\U0001F44D\U0001F3FD"}},
		"marks without end":        {"e" + strings.Repeat("\u0301", 60), 10, nil},
		"not UTF-8":                {"\xff\xfe\xfd\xfc", 2, []string{"\xff\xfe", "\xfd\xfc"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := Split(tt.text, tt.limit, nil)
			if name == "marks without end" {
				if strings.Join(got, "") != tt.text {
					t.Errorf("lost: %+q", got)
				}
				return
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestSplitMeasuresAsThePlatformDoes(t *testing.T) {
	text := strings.Repeat("\U0001F600", 10)
	for _, tt := range []struct {
		measure func(string) int
		parts   int
	}{{nil, 5}, {UTF16Len, 3}, {utf8.RuneCountInString, 2}} {
		if got := Split(text, 8, tt.measure); len(got) != tt.parts || strings.Join(got, "") != text {
			t.Errorf("got %q, want %d parts", got, tt.parts)
		}
	}
}

func TestUTF16Len(t *testing.T) {
	for text, want := range map[string]int{"": 0, "ab": 2, "é": 1, "\U0001F600": 2, "漢": 1, "\xff": 1} {
		if got := UTF16Len(text); got != want {
			t.Errorf("UTF16Len(%+q) = %d, want %d", text, got, want)
		}
	}
}

// words are what remains of a text without white space and the marks of fences,
// in the order that they are read.
func words(texts ...string) string {
	var b strings.Builder
	for _, text := range texts {
		var open fence
		for line := range strings.Lines(text) {
			now, mark := open.after(strings.TrimSuffix(line, "\n"))
			open = now
			if !mark {
				b.WriteString(strings.Join(strings.Fields(line), ""))
			}
		}
	}
	return b.String()
}

func balanced(text string) error {
	var open fence
	for line := range strings.Lines(text) {
		open, _ = open.after(strings.TrimSuffix(line, "\n"))
	}
	if open.marker != "" {
		return fmt.Errorf("the fence %q is not closed", open.marker)
	}
	return nil
}

// TestSplitLosesNothing draws answers as agents write them: prose, lists and
// code, of scripts that are long in one measure and short in another.
func TestSplitLosesNothing(t *testing.T) {
	measures := map[string]func(string) int{"bytes": nil, "utf16": UTF16Len, "runes": utf8.RuneCountInString}
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[a-zé漢😀]{1,12}`)
		line := rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(word, 1, 8).Draw(t, "words"), " ") })
		block := rapid.Custom(func(t *rapid.T) string {
			text := strings.Join(rapid.SliceOfN(line, 1, 6).Draw(t, "lines"), "\n")
			if rapid.Bool().Draw(t, "code") {
				text = "```" + rapid.SampledFrom([]string{"", "go", "python"}).Draw(t, "info") + "\n" + text + "\n```"
			}
			return text
		})
		sep := rapid.SampledFrom([]string{"\n", "\n\n"})
		text := ""
		for i, b := range rapid.SliceOfN(block, 1, 8).Draw(t, "blocks") {
			if i > 0 {
				text += sep.Draw(t, "sep")
			}
			text += b
		}
		name := rapid.SampledFrom([]string{"bytes", "utf16", "runes"}).Draw(t, "measure")
		limit := rapid.IntRange(32, 300).Draw(t, "limit")
		parts := Split(text, limit, measures[name])
		if got, want := words(parts...), words(text); got != want {
			t.Fatalf("of %q\nremained %q\nin %q", want, got, parts)
		}
		measure := newSplitter("", limit, measures[name]).measure
		for _, p := range parts {
			if measure(p) > limit {
				t.Fatalf("a part of %d, more than %d: %q", measure(p), limit, p)
			}
			if blank(p) {
				t.Fatalf("a part without text: %q", p)
			}
			if err := balanced(p); err != nil {
				t.Fatalf("%v in %q", err, p)
			}
		}
	})
}

// FuzzSplit takes any bytes: each part keeps the limit, the visible characters
// come in order, and it ends.
func FuzzSplit(f *testing.F) {
	for _, seed := range []string{"a b", "```\na\n```", "````\n```\n", "  ```go\nx", "\U0001F1E9\U0001F1EA\u0301", "a\r\n\r\nb", "```` ```\n````"} {
		f.Add(seed, 16, false)
	}
	f.Fuzz(func(t *testing.T, text string, limit int, utf16 bool) {
		limit = min(max(limit, 8), 1000)
		measure := func(s string) int { return len(s) }
		if utf16 {
			measure = UTF16Len
		}
		parts := Split(text, limit, measure)
		for _, p := range parts {
			if measure(p) > limit {
				t.Fatalf("a part of %d, more than %d: %q", measure(p), limit, p)
			}
		}
		var rest []rune
		for _, p := range parts {
			rest = append(rest, []rune(p)...)
		}
		for _, r := range text {
			if r == '`' || unicode.IsSpace(r) {
				continue
			}
			i := slices.Index(rest, r)
			if i < 0 {
				t.Fatalf("%q is lost of %q: %q", r, text, parts)
			}
			rest = rest[i+1:]
		}
	})
}

func BenchmarkSplitMebibyte(b *testing.B) {
	text := strings.Repeat("words of an answer that goes on and on \U0001F600\n", 1<<20/48)
	for b.Loop() {
		Split(text, 4096, UTF16Len)
	}
}
