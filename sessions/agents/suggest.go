package agents

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/parachute-gate/parachute/sessions/vault"
)

// variants are the names that the words for a note may mean: as they are, and
// without "my", "the" and "note" around them.
func variants(name string) []string {
	out := []string{name}
	bare := dropPrefix(name, "the ", "my ", "note ", "notes ", "called ", "on ", "about ")
	if i := len(bare) - len(" note"); i > 0 && strings.EqualFold(bare[i:], " note") {
		bare = bare[:i]
	}
	if bare = stripQuotes(strings.TrimSpace(bare)); bare != "" && bare != name {
		out = append(out, bare)
	}
	return out
}

// theOne is the single note that a name can only mean: the same but for case or
// extension, or else alone in bearing this name in some folder.
func theOne(name string, notes []vault.Info) (string, bool) {
	for _, key := range []func(string) string{
		func(p string) string { return p },
		path.Base,
	} {
		for _, want := range variants(name) {
			var found []string
			for _, n := range notes {
				if same(want, key(n.Path)) {
					found = append(found, n.Path)
				}
			}
			if len(found) == 1 {
				return found[0], true
			}
		}
	}
	return "", false
}

func same(want, have string) bool {
	return strings.EqualFold(want, have) || strings.EqualFold(want, stem(have))
}

// stem is a path without the extension of notes.
func stem(p string) string {
	switch ext := path.Ext(p); strings.ToLower(ext) {
	case ".md", ".txt":
		return strings.TrimSuffix(p, ext)
	}
	return p
}

const mostSuggestions = 3

// near are the notes whose names are close to one that is not there, the closest
// first, by title.
func near(name string, notes []vault.Info) []string {
	type candidate struct {
		title string
		far   int
	}
	var found []candidate
	for _, n := range notes {
		best := -1
		for _, want := range variants(name) {
			for _, have := range []string{stem(n.Path), path.Base(stem(n.Path))} {
				if d, ok := closeTo(stem(want), have); ok && (best < 0 || d < best) {
					best = d
				}
			}
		}
		if best >= 0 {
			found = append(found, candidate{title(n.Path), best})
		}
	}
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(a.far-b.far, strings.Compare(a.title, b.title))
	})
	var out []string
	for _, c := range found[:min(len(found), mostSuggestions)] {
		out = append(out, c.title)
	}
	return out
}

// closeTo tells whether two names are a typing error apart, or one begins the
// other.
func closeTo(want, have string) (int, bool) {
	a, b := folded(want), folded(have)
	const longest = 64
	if len(a) == 0 || len(a) > longest || len(b) > longest {
		return 0, false
	}
	if len(a) >= 3 && len(b) > len(a) && slices.Equal(a, b[:len(a)]) {
		return 1, true
	}
	d := distance(a, b)
	return d, d <= min(3, max(1, len(a)/4))
}

func folded(s string) []rune {
	return []rune(strings.Map(unicode.ToLower, s))
}

// distance counts the letters that must be added, left out, changed or swapped
// with their neighbour (optimal string alignment).
func distance(a, b []rune) int {
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}

// nearestVerb is the verb that a first word was probably meant to be.
func nearestVerb(word string) string {
	w := folded(word)
	if len(w) < 3 || len(w) > 12 {
		return ""
	}
	for _, verb := range []string{"list", "read", "open", "show", "search", "find", "write", "save", "remember", "append", "move", "rename", "help", "hello"} {
		most := 1
		if len(verb) >= 8 {
			most = 2
		}
		if distance(w, []rune(verb)) <= most {
			return verb
		}
	}
	return ""
}
