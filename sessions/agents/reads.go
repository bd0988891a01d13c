package agents

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/parachute-gate/parachute/sessions/vault"
)

const mostListed = 200

func list(ctx context.Context, notes Notes, folder string) (string, error) {
	l, err := notes.List(ctx, folder)
	if err != nil {
		return "", err
	}
	if len(l.Notes) == 0 {
		return "There are no notes here yet. Make the first one:\n  write shopping: milk, eggs", nil
	}
	var b strings.Builder
	where := ""
	if folder != "" {
		where = " in " + oneLine(folder, longestName)
	}
	more := ""
	if l.More {
		more = " or more"
	}
	fmt.Fprintf(&b, "%s%s%s:\n", count(len(l.Notes), "note", "notes"), more, where)
	for i, n := range l.Notes {
		if i == mostListed {
			fmt.Fprintf(&b, "… and %d more. Say \"list FOLDER\" to see the notes of one folder.\n", len(l.Notes)-i)
			break
		}
		fmt.Fprintf(&b, "- %s\n", title(n.Path))
	}
	return strings.TrimRight(b.String(), "\n"), nil
}

func read(ctx context.Context, notes Notes, name string) (string, error) {
	if name == "" {
		return "Which note? For example:\n  read shopping\n\"list\" shows the notes there are.", nil
	}
	n, err := notes.Read(ctx, name)
	if missing(err) {
		other, words, findErr := find(ctx, notes, name)
		if findErr != nil || other == "" {
			return words, findErr
		}
		n, err = notes.Read(ctx, other)
	}
	if err != nil {
		return "", err
	}
	switch {
	case n.Binary:
		return fmt.Sprintf("%s is not plain text (%s), so I cannot show it.", title(n.Path), count(int(n.Bytes), "byte", "bytes")), nil
	case strings.TrimSpace(n.Text) == "":
		return title(n.Path) + " is empty.", nil
	}
	return title(n.Path) + ":\n\n" + strings.Trim(n.Text, "\r\n"), nil
}

// missing tells whether another note may have been meant.
func missing(err error) bool {
	return errors.Is(err, vault.ErrNotFound)
}

// find looks for the note that a name which is not there can only mean. Where
// there is none, it gives the words that say so and suggest what is near.
func find(ctx context.Context, notes Notes, name string) (path, words string, err error) {
	l, err := notes.List(ctx, "")
	if _, ok := inWords(err); ok {
		return "", fmt.Sprintf("There is no note called %q here.", title(name)), nil
	}
	if err != nil {
		return "", "", err
	}
	if one, ok := theOne(name, l.Notes); ok {
		return one, "", nil
	}
	words = fmt.Sprintf("There is no note called %q here.", title(name))
	if others := near(name, l.Notes); len(others) > 0 {
		words += " Did you mean:"
		for _, c := range others {
			words += "\n  " + c
		}
		return "", words, nil
	}
	if len(l.Notes) == 0 {
		return "", words + " In fact there are none yet. Make the first one:\n  write shopping: milk, eggs", nil
	}
	return "", words + " Say \"list\" to see the notes, or search:\n  search " + title(name), nil
}

func search(ctx context.Context, notes Notes, query string, show func(string)) (string, error) {
	if strings.TrimSpace(query) == "" {
		return "What should I look for? For example:\n  search milk", nil
	}
	var found func(vault.Results)
	if show != nil {
		found = func(r vault.Results) { show(hits(query, r) + "\n…") }
	}
	r, err := notes.Search(ctx, query, found)
	if err != nil {
		return "", err
	}
	if len(r.Hits) == 0 {
		words := fmt.Sprintf("Nothing found for %q.", oneLine(query, longestName))
		if r.More {
			return words + " There are more notes than one search reads, so it may still be in one of them.", nil
		}
		return words + " Try fewer words, or part of a word.", nil
	}
	return hits(query, r), nil
}

func hits(query string, r vault.Results) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Found %q in:\n", oneLine(query, longestName))
	at := ""
	for _, h := range r.Hits {
		if h.Path != at {
			at = h.Path
			fmt.Fprintf(&b, "- %s\n", title(h.Path))
		}
		if h.Line > 0 {
			fmt.Fprintf(&b, "    line %d: %s\n", h.Line, oneLine(h.Excerpt, 200))
		}
	}
	if r.More {
		b.WriteString("There is more. Add a word to narrow the search.\n")
	}
	return strings.TrimRight(b.String(), "\n")
}
