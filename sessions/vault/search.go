package vault

import (
	"cmp"
	"context"
	"io/fs"
	"os"
	"slices"
	"strings"
	"unicode"
)

const (
	maxQuery     = 256 // bytes
	maxWords     = 16
	hitsPerNote  = 3
	excerptRunes = 160
)

// Hit is a place where a search found something.
type Hit struct {
	Path    string
	Line    int    // from 1; 0 where the name alone was found
	Excerpt string // the line, cut to 160 characters; empty where Line is 0
}

// Results is what a search found: notes whose name fits first, then the others,
// each in the order of their paths, with at most three lines a note.
type Results struct {
	Hits []Hit
	More bool // a limit left some out
}

// Search finds the notes that hold every word of the query in their name or
// their text, in any case. What is not plain text, or too large to be a note, is
// found by its name only. found may be nil; it is called with what there is so
// far, each time that there is more.
func (v *Vault) Search(ctx context.Context, query string, found func(Results)) (Results, error) {
	if err := v.ask(ctx, Call{Tool: "notes.search", Kind: "search"}); err != nil {
		return Results{}, err
	}
	words, err := queryWords(query)
	if err != nil {
		return Results{}, err
	}
	s := searcher{vault: v, words: words, found: found}
	limited, err := v.walk(ctx, "", s.visit)
	if err != nil {
		return Results{}, err
	}
	return s.results(limited), nil
}

func (s *searcher) results(limited bool) Results {
	hits := slices.Concat(s.byName, s.byText)
	more := limited || s.cut
	if most := s.vault.limits.SearchHits; len(hits) > most {
		hits, more = hits[:most], true
	}
	return Results{Hits: hits, More: more}
}

func queryWords(query string) ([]string, error) {
	if len(query) > maxQuery {
		return nil, problem(ErrQuery, "The search is too long. Use a few words, at most %d characters.", maxQuery)
	}
	words := strings.Fields(fold(query))
	slices.Sort(words)
	words = slices.Compact(words)
	if len(words) == 0 {
		return nil, problem(ErrQuery, "Tell me what to look for, as in \"search milk\".")
	}
	if len(words) > maxWords {
		return nil, problem(ErrQuery, "The search has too many words. Use at most %d.", maxWords)
	}
	return words, nil
}

type searcher struct {
	vault  *Vault
	words  []string
	bytes  int64
	byName []Hit
	byText []Hit
	cut    bool
	found  func(Results)
}

func (s *searcher) visit(dir *os.Root, name string, info fs.FileInfo) (more bool, err error) {
	title := fold(display(name))
	missing := slices.DeleteFunc(slices.Clone(s.words), func(w string) bool { return strings.Contains(title, w) })
	named := len(missing) == 0
	if !named && len(s.byText) > s.vault.limits.SearchHits {
		// Enough lines; names still count, as they come first.
		s.cut = true
		return true, nil
	}
	var lines []Hit
	if info.Size() <= s.vault.limits.MaxNote {
		if s.bytes += info.Size(); s.bytes > s.vault.limits.SearchBytes {
			return false, nil
		}
		_, leaf := cut(name)
		data, _, err := s.vault.content(dir, leaf)
		if err != nil {
			return true, err
		}
		if isText(string(data)) {
			lines = s.lines(name, string(data), missing)
		}
	}
	switch {
	case named && len(lines) > 0:
		s.byName = append(s.byName, lines...)
	case named:
		s.byName = append(s.byName, Hit{Path: name})
	default:
		s.byText = append(s.byText, lines...)
	}
	if s.found != nil && (named || len(lines) > 0) {
		s.found(s.results(false))
	}
	return len(s.byName) <= s.vault.limits.SearchHits, nil
}

// lines gives the lines with any of the words, where the text has all of those
// that the name is missing.
func (s *searcher) lines(name, text string, missing []string) []Hit {
	folded := fold(text)
	for _, w := range missing {
		if !strings.Contains(folded, w) {
			return nil
		}
	}
	var best []ranked
	n := 0
	for line := range strings.Lines(text) {
		n++
		at, count := s.match(fold(line))
		if count == 0 {
			continue
		}
		best = append(best, ranked{Hit{Path: name, Line: n, Excerpt: excerpt(line, at)}, count})
		// Keeping a few more than are shown lets a line with all the words win.
		if len(best) > 64 {
			best = keepBest(best)
		}
	}
	best = keepBest(best)
	hits := make([]Hit, len(best))
	for i, r := range best {
		hits[i] = r.Hit
	}
	return hits
}

type ranked struct {
	Hit
	words int
}

// keepBest keeps the lines with most of the words, in the order of the text.
func keepBest(lines []ranked) []ranked {
	slices.SortStableFunc(lines, func(a, b ranked) int { return b.words - a.words })
	lines = lines[:min(len(lines), hitsPerNote)]
	slices.SortFunc(lines, func(a, b ranked) int { return cmp.Compare(a.Line, b.Line) })
	return lines
}

// match counts the words in a folded line, and says at which character the first
// of them stands.
func (s *searcher) match(line string) (at, count int) {
	first := len(line)
	for _, w := range s.words {
		if i := strings.Index(line, w); i >= 0 {
			count++
			first = min(first, i)
		}
	}
	return len([]rune(line[:first])), count
}

// excerpt cuts a line to what surrounds the character at.
func excerpt(line string, at int) string {
	runes := []rune(strings.TrimRight(line, "\r\n"))
	if len(runes) <= excerptRunes {
		return strings.TrimSpace(string(runes))
	}
	from := max(0, min(at-excerptRunes/4, len(runes)-excerptRunes))
	to := from + excerptRunes
	out := strings.TrimSpace(string(runes[from:to]))
	if from > 0 {
		out = "…" + out
	}
	if to < len(runes) {
		out += "…"
	}
	return out
}

// fold lowers each character by itself, so that positions stay what they were.
func fold(s string) string { return strings.Map(unicode.ToLower, s) }
