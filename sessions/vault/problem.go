package vault

import (
	"errors"
	"fmt"
)

// Problem is an operation that could not be done for a reason that the person
// can understand and mend. Its text is written for the chat: what, and the mend.
// Test the reason with [errors.Is] against the errors below.
type Problem struct {
	Reason error
	Text   string
	// Existing is the note that stands in the way, where there is one.
	Existing string
}

// The reasons of a Problem.
var (
	ErrName     = errors.New("unusable name")
	ErrNotFound = errors.New("no such note")
	ErrExists   = errors.New("already there")
	ErrTwin     = errors.New("a name that differs only in case or accents is there")
	ErrTooLarge = errors.New("too large")
	ErrNotText  = errors.New("not plain text")
	ErrUnsafe   = errors.New("not an ordinary file")
	ErrFull     = errors.New("the vault is full")
	ErrBusy     = errors.New("busy")
	ErrQuery    = errors.New("unusable search")
)

// Error gives the words for the person.
func (p *Problem) Error() string { return p.Text }

// Unwrap gives the reason.
func (p *Problem) Unwrap() error { return p.Reason }

func problem(reason error, format string, args ...any) *Problem {
	return &Problem{Reason: reason, Text: fmt.Sprintf(format, args...)}
}

func notFound(name string) *Problem {
	return problem(ErrNotFound, "There is no note called %q here. Say \"list\" to see the notes.", display(name))
}

// display is a note's name as people know it: without the usual extension, and
// short enough to stand in a sentence.
func display(name string) string {
	const longest = 80
	if len(name) > 3 && name[len(name)-3:] == defaultExt {
		name = name[:len(name)-3]
	}
	if r := []rune(name); len(r) > longest {
		return string(r[:longest]) + "…"
	}
	return name
}
