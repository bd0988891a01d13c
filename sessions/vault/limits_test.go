package vault_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/parachute-gate/parachute/sessions/vault"
)

func TestAttackHugeFolder(t *testing.T) {
	w := newWorld(t)
	for i := range 300 {
		w.put(t, fmt.Sprintf("junk/%03d.bin", i), "")
		w.put(t, fmt.Sprintf("note%03d.md", i), "milk\n")
	}
	v := w.open(t, func(d *vault.Deps) { d.Limits.MaxEntries, d.Limits.MaxNotes = 250, 100 })
	l, err := v.List(t.Context(), "")
	if err != nil || len(l.Notes) != 100 || !l.More {
		t.Errorf("List gives %d notes, more %v, %v", len(l.Notes), l.More, err)
	}
	r, err := v.Search(t.Context(), "milk", nil)
	if err != nil || len(r.Hits) == 0 || len(r.Hits) > 100 || !r.More {
		t.Errorf("Search gives %d hits, more %v, %v", len(r.Hits), r.More, err)
	}
	if _, err := v.Write(t.Context(), "one-more", "x"); !errors.Is(err, vault.ErrFull) {
		t.Errorf("Write into a huge folder: %v", err)
	}
	l, err = w.open(t, func(d *vault.Deps) { d.Limits.MaxEntries = 250 }).List(t.Context(), "junk")
	if err != nil || len(l.Notes) != 0 || !l.More {
		t.Errorf("List of junk gives %d notes, more %v, %v", len(l.Notes), l.More, err)
	}
}

// What is never shown does not use up the limit either.
func TestHiddenAndDeepFilesAreNotLookedAt(t *testing.T) {
	w := newWorld(t)
	w.put(t, "zz.md", "x\n")
	for i := range 50 {
		w.put(t, fmt.Sprintf(".git/objects/%d.md", i), "x\n")
		w.put(t, fmt.Sprintf("bad\x07/%d.md", i), "x\n")
		w.put(t, fmt.Sprintf("%s%d.md", strings.Repeat("d/", 9), i), "x\n")
	}
	l, err := w.open(t, func(d *vault.Deps) { d.Limits.MaxEntries = 20 }).List(t.Context(), "")
	if err != nil || len(l.Notes) != 1 || l.More {
		t.Errorf("List = %+v, %v; want zz.md alone, and no more", l, err)
	}
}

func TestAttackDeepFolders(t *testing.T) {
	w := newWorld(t)
	w.put(t, strings.Repeat("d/", 7)+"lowest.md", "x\n")
	w.put(t, strings.Repeat("d/", 30)+"too-deep.md", "x\n")
	if got, want := names(t, w.open(t), ""), strings.Repeat("d/", 7)+"lowest.md"; got != want {
		t.Errorf("List = %q, want %q", got, want)
	}
}

func TestFullVaultStillTakesChanges(t *testing.T) {
	w := newWorld(t)
	v := w.open(t, func(d *vault.Deps) { d.Limits.MaxNotes = 2 })
	for name, want := range map[string]error{"a": nil, "b": nil} {
		if _, err := v.Write(t.Context(), name, "x\n"); !errors.Is(err, want) {
			t.Fatalf("Write(%q): %v", name, err)
		}
	}
	if _, err := v.Append(t.Context(), "c", "x"); !errors.Is(err, vault.ErrFull) {
		t.Errorf("a third note: %v", err)
	}
	if _, err := v.Append(t.Context(), "a", "y"); err != nil {
		t.Errorf("adding to one: %v", err)
	}
	if _, err := v.Move(t.Context(), "a", "c"); err != nil {
		t.Errorf("moving one: %v", err)
	}
	if l, err := v.List(t.Context(), ""); err != nil || len(l.Notes) != 2 || l.More {
		t.Errorf("List = %+v, %v", l, err)
	}
}

func TestSearch(t *testing.T) {
	w := newWorld(t)
	w.put(t, "shopping.md", "eggs\nMILK and honey\n")
	w.put(t, "milk-prices.md", "nothing about it here\n")
	w.put(t, "projects/cow.md", "one\ntwo\nmilk milk\nthe milk of human kindness\nmilk a\nmilk b\n")
	w.put(t, "über.txt", "Straße ÄPFEL\n")
	v := w.open(t)
	for query, want := range map[string]string{
		"milk":          "milk-prices.md:0 projects/cow.md:3 projects/cow.md:4 projects/cow.md:5 shopping.md:2",
		"Honey  milk":   "shopping.md:2",
		"milk kindness": "projects/cow.md:3 projects/cow.md:4 projects/cow.md:5",
		"cow human":     "projects/cow.md:4",
		"äpfel":         "über.txt:1",
		"ÜBER":          "über.txt:0",
		"absent":        "",
		"milk absent":   "",
		"m.*k":          "",
	} {
		r, err := v.Search(t.Context(), query, nil)
		if err != nil {
			t.Errorf("Search(%q): %v", query, err)
		}
		var got []string
		for _, h := range r.Hits {
			got = append(got, fmt.Sprintf("%s:%d", h.Path, h.Line))
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("Search(%q) = %q, want %q", query, s, want)
		}
	}
	for _, query := range []string{"", " \n ", strings.Repeat("x", 300), strings.TrimSpace(strings.Repeat("a b c d e f ", 3)) + " g h i j k l m n o p q r s"} {
		if _, err := v.Search(t.Context(), query, nil); !errors.Is(err, vault.ErrQuery) {
			t.Errorf("Search(%.20q): %v, want an unusable query", query, err)
		}
	}
}

func TestSearchIsBounded(t *testing.T) {
	w := newWorld(t)
	for i := range 30 {
		w.put(t, fmt.Sprintf("n%02d.md", i), strings.Repeat("needle\n", 200))
	}
	w.put(t, "zz-needle.md", "x\n")
	w.put(t, "wide.md", strings.Repeat("ä", 50000)+" Needle "+strings.Repeat("ö", 50000))
	r, err := w.open(t, func(d *vault.Deps) { d.Limits.SearchHits = 10 }).Search(t.Context(), "needle", nil)
	if err != nil || len(r.Hits) != 10 || !r.More || r.Hits[0].Path != "zz-needle.md" {
		t.Errorf("Search = %d hits, more %v, %v, first %+v", len(r.Hits), r.More, err, r.Hits[:1])
	}
	r, err = w.open(t).Search(t.Context(), "ä needle ö", nil)
	if err != nil || len(r.Hits) != 1 {
		t.Fatalf("Search = %+v, %v", r, err)
	}
	if e := r.Hits[0].Excerpt; utf8.RuneCountInString(e) > 162 || !strings.HasSuffix(e, "…") {
		t.Errorf("excerpt %q", e)
	}
	r, err = w.open(t).Search(t.Context(), "needle wide", nil)
	if err != nil || len(r.Hits) != 1 || !strings.Contains(r.Hits[0].Excerpt, " Needle ") {
		t.Errorf("Search = %+v, %v; want the word in its excerpt", r, err)
	}
	r, err = w.open(t, func(d *vault.Deps) { d.Limits.SearchBytes = 3000 }).Search(t.Context(), "needle", nil)
	if err != nil || len(r.Hits) != 6 || !r.More {
		t.Errorf("Search of 3000 bytes = %d hits, more %v, %v", len(r.Hits), r.More, err)
	}
}

func TestListSkipsWhatCannotBeAskedFor(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"a.md", "b.txt", "c.pdf", "no-extension", "d.MD", "e\x1b[31m.md", "f\n.md", "g:h.md", "i\u202e.md", " j.md", "ok/k.md", "bad\x07/l.md"} {
		w.put(t, name, "x\n")
	}
	if err := os.WriteFile(w.path("m\xff.md"), nil, 0o600); err != nil {
		t.Logf("the file system takes no bytes that are not text: %v", err)
	}
	if got, want := names(t, w.open(t), ""), "a.md b.txt d.MD ok/k.md"; got != want {
		t.Errorf("List = %q, want %q", got, want)
	}
}
