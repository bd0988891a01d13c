package agents

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/parachute-gate/parachute/sessions/vault"
)

func write(ctx context.Context, notes Notes, in Intent) (string, error) {
	if in.Name == "" || in.Text == "" {
		name := "shopping"
		if in.Name != "" {
			name = title(in.Name)
		}
		return fmt.Sprintf("What should the note say? Put it after a colon:\n  write %s: milk, eggs", name), nil
	}
	c, err := notes.Write(ctx, in.Name, in.Text+"\n")
	if err != nil {
		return "", err
	}
	lines := count(strings.Count(in.Text, "\n")+1, "line", "lines")
	return fmt.Sprintf("Saved %s (%s). Say \"read %s\" to see it.", title(c.Path), lines, title(c.Path)), nil
}

func add(ctx context.Context, notes Notes, in Intent) (string, error) {
	if in.Name == "" || in.Text == "" {
		name := "shopping"
		if in.Name != "" {
			name = title(in.Name)
		}
		return fmt.Sprintf("What should I add? Put it after a colon:\n  add to %s: bread", name), nil
	}
	c, err := appendTo(ctx, notes, in.Name, in.Text)
	if err != nil {
		return "", err
	}
	return "Added to " + title(c.Path) + ".", nil
}

// appendTo adds to a note, or to the one whose name differs only in case: a
// phone that makes the first letter a capital does not mean another note.
func appendTo(ctx context.Context, notes Notes, name, text string) (vault.Change, error) {
	c, err := notes.Append(ctx, name, text)
	var p *vault.Problem
	if errors.As(err, &p) && errors.Is(p, vault.ErrTwin) && same(name, p.Existing) {
		return notes.Append(ctx, p.Existing, text)
	}
	return c, err
}

func (v *Vault) remember(ctx context.Context, notes Notes, text string) (string, error) {
	if text == "" {
		return "What should I remember? For example:\n  remember to call mum", nil
	}
	c, err := appendTo(ctx, notes, v.inbox, "- "+strings.ReplaceAll(text, "\n", "\n  "))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("Noted in %s. Say \"read %s\" to see all of it.", title(c.Path), title(c.Path)), nil
}

func move(ctx context.Context, notes Notes, in Intent) (string, error) {
	switch {
	case in.Unclear:
		return "I cannot tell where the first name ends. Put the names in quotes:\n  move \"how to cook\" to \"recipes/cooking\"", nil
	case in.Name == "" || in.To == "":
		return "Which note, and what should it be called? For example:\n  move ideas to archive/ideas", nil
	}
	c, err := notes.Move(ctx, in.Name, destination(in.To, in.Name))
	if missing(err) {
		other, words, findErr := find(ctx, notes, in.Name)
		if findErr != nil || other == "" {
			return words, findErr
		}
		c, err = notes.Move(ctx, other, destination(in.To, other))
	}
	if err != nil {
		return "", err
	}
	return "Moved. The note is now " + title(c.Path) + ".", nil
}

// destination reads a name that ends in "/" as the folder to move into.
func destination(to, from string) string {
	if strings.HasSuffix(to, "/") {
		return to + path.Base(from)
	}
	return to
}
