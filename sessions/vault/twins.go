package vault

import (
	"slices"
	"unicode"
)

// twins tells whether two names that are not equal byte for byte would be one
// name to a person or to another file system: they differ in case, in invisible
// characters, or in how accents are composed.
//
// Accents are compared without composition tables, so the answer errs towards
// yes: "é" as one character is the twin of any "e" with a mark that follows it,
// since which mark the first one carries is not known here. This holds for
// Latin, Greek, Cyrillic, Arabic and kana; Hangul is compared exactly; in other
// scripts a mark is compared as a letter is.
func twins(a, b string) bool {
	return slices.EqualFunc(clusters(a), clusters(b), func(x, y cluster) bool {
		if sameFold(x.base, y.base) {
			return slices.Equal(x.marks, y.marks) ||
				// Both may hold part of the marks in the base: ấ is â and a mark.
				x.base > unicode.MaxASCII && len(x.marks) > 0 && len(y.marks) > 0
		}
		composed := x.base > unicode.MaxASCII && len(y.marks) > 0 ||
			y.base > unicode.MaxASCII && len(x.marks) > 0
		return composed && sameScript(x.base, y.base)
	})
}

// cluster is a character and the marks that follow and combine with it, sorted:
// the order of marks of different places has no meaning.
type cluster struct {
	base  rune
	marks []rune
}

func clusters(s string) []cluster {
	var out []cluster
	for _, r := range s {
		switch {
		case unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
		case r >= hangulFirst && r <= hangulLast:
			out = append(out, jamo(r)...)
		case unicode.Is(unicode.Mn, r) && len(out) > 0 && composing(out[len(out)-1].base):
			last := &out[len(out)-1]
			last.marks = append(last.marks, r)
		default:
			out = append(out, cluster{base: r})
		}
	}
	for _, c := range out {
		slices.Sort(c.marks)
	}
	return out
}

func composing(r rune) bool {
	return unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Arabic, unicode.Hiragana, unicode.Katakana)
}

func sameScript(a, b rune) bool {
	for _, t := range []*unicode.RangeTable{
		unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Arabic, unicode.Hiragana, unicode.Katakana,
	} {
		if unicode.Is(t, a) {
			return unicode.Is(t, b)
		}
	}
	return false
}

// sameFold compares by simple case folding, as strings.EqualFold does.
func sameFold(a, b rune) bool {
	if a == b {
		return true
	}
	for r := unicode.SimpleFold(a); r != a; r = unicode.SimpleFold(r) {
		if r == b {
			return true
		}
	}
	return false
}

// Hangul syllables decompose by arithmetic: Unicode Standard, section 3.12.
const (
	hangulFirst, hangulLast       = 0xAC00, 0xD7A3
	leadFirst, vowelFirst, tFirst = 0x1100, 0x1161, 0x11A7
	vowels, tails                 = 21, 28
)

func jamo(r rune) []cluster {
	i := r - hangulFirst
	out := []cluster{{base: leadFirst + i/(vowels*tails)}, {base: vowelFirst + i%(vowels*tails)/tails}}
	if t := i % tails; t != 0 {
		out = append(out, cluster{base: tFirst + t})
	}
	return out
}
