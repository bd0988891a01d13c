package agents

import (
	"context"
	"fmt"
	"strings"

	"github.com/parachute-gate/parachute/sessions/vault"
)

func greeting(r Request) string {
	hello := "Hello!"
	if name := oneLine(r.Person, longestPerson); name != "" {
		hello = "Hello, " + name + "!"
	}
	where := "your notes"
	if name := oneLine(r.Workspace, longestPerson); name != "" {
		where = fmt.Sprintf("your notes in %q", name)
	}
	if r.Access != vault.ReadWrite {
		return fmt.Sprintf("%s I look after %s: I can list, read and search them.\nTry \"list\" or \"search milk\", or say \"help\" for more.", hello, where)
	}
	return fmt.Sprintf("%s I look after %s: I can list, read, search and write them.\nTry \"write shopping: milk, eggs\" or \"list\", or say \"help\" for more.", hello, where)
}

func help(r Request, inbox string) string {
	var b strings.Builder
	b.WriteString(`I keep notes. Write to me in plain words:

See what is there
  list                          all notes
  list projects                 the notes in one folder
  read shopping                 show a note
  search milk                   find words in all notes
`)
	if r.Access == vault.ReadWrite {
		fmt.Fprintf(&b, `
Write
  write shopping: milk, eggs    make a note, or replace it
  save call the bank as todo    the same, the other way round
  add to shopping: bread        add a line to a note
  remember to call mum          add a line to the note %q
  move ideas to archive/ideas   give a note another name or folder

A text may have many lines: the first line up to the colon names the note.
`, oneLine(inbox, longestName))
	} else {
		b.WriteString("\nHere you can read the notes, but not change them.\n")
	}
	b.WriteString(`A name with special words in it goes in quotes: read "how to cook".`)
	return b.String()
}

// nudge answers what was not understood, with two examples that work here.
func nudge(ctx context.Context, notes Notes, in Intent) (string, error) {
	l, err := notes.List(ctx, "")
	if _, ok := inWords(err); !ok && err != nil {
		return "", err
	}
	if in.Text == "" {
		return "There was no text in that message. Say \"help\" to see what I can do.", nil
	}
	if one, ok := theOne(firstLine(in.Text), l.Notes); ok {
		return fmt.Sprintf("There is a note with that name. To see it, say:\n  read %s", title(one)), nil
	}
	if in.Meant != "" {
		_, rest, _ := strings.Cut(firstLine(in.Text), " ")
		return fmt.Sprintf("Did you mean this?\n  %s\nSay \"help\" to see what I can do.", strings.TrimSpace(in.Meant+" "+oneLine(rest, longestName))), nil
	}
	first, second := "list", "search milk"
	if len(l.Notes) > 0 {
		name := title(l.Notes[0].Path)
		first, second = "read "+name, "search "+oneLine(stem(baseWord(name)), longestName)
	}
	return fmt.Sprintf("I did not understand that. I work with notes, in plain words. For example:\n  %s\n  %s\nSay \"help\" to see all I can do.", first, second), nil
}

// baseWord is the first word of the last part of a name: something to search for
// that is there.
func baseWord(name string) string {
	name = name[strings.LastIndexByte(name, '/')+1:]
	if words := strings.Fields(name); len(words) > 0 {
		return words[0]
	}
	return name
}
