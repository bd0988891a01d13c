package agents

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Verb is what a message asks for.
type Verb int

// The verbs. Unknown is what no rule of the grammar fits.
const (
	Unknown Verb = iota
	Greet
	Thanks
	Help
	List
	Read
	Search
	Write
	Append
	Remember
	Move
)

// Intent is a message taken apart. Name and To are one line each and may be any
// text; Text is what to look for or to write. An empty field was not given.
type Intent struct {
	Verb Verb
	Name string // the note; for List the folder
	To   string // where Move moves it
	Text string
	// Unclear is set where the words can be cut in more than one way, as in
	// "move a to b to c".
	Unclear bool
	// Meant is the verb that a mistyped first word is close to.
	Meant string
}

// Parse takes a message apart. It looks at the words alone, in any case, and
// knows nothing of notes; any text is valid.
func Parse(text string) Intent {
	text = strings.TrimSpace(lineBreaks(text))
	if fixed, ok := phrase(text); ok {
		return Intent{Verb: fixed}
	}
	text = dropPrefix(text, "please ", "can you ", "could you ", "please ")
	for _, rule := range grammar() {
		for _, opening := range rule.openings {
			if rest, ok := after(text, opening); ok {
				if in, ok := rule.parse(rest); ok {
					return in
				}
			}
		}
	}
	first, _, _ := strings.Cut(firstLine(text), " ")
	return Intent{Verb: Unknown, Text: text, Meant: nearestVerb(first)}
}

// phrase knows whole messages that mean one thing.
func phrase(text string) (Verb, bool) {
	words := strings.ToLower(strings.TrimRightFunc(text, func(r rune) bool {
		return unicode.IsPunct(r) || unicode.IsSpace(r) || unicode.IsSymbol(r) || r == 0xFE0F
	}))
	words = strings.ReplaceAll(words, "’", "'")
	switch strings.Join(strings.Fields(words), " ") {
	case "hello", "hi", "hey", "hello there", "hi there", "hey there", "good morning", "good afternoon",
		"good evening", "hallo", "hola", "moin", "servus", "salut", "ciao", "bonjour", "start":
		return Greet, true
	case "thanks", "thank you", "thx", "cheers", "thanks a lot", "thank you very much":
		return Thanks, true
	case "help", "help me", "what can you do", "what can i do", "what can i say", "how does this work",
		"how do i use this", "how do you work", "who are you", "what are you", "commands":
		return Help, true
	case "list", "ls", "notes", "my notes", "list notes", "list my notes", "list all", "list all notes",
		"list all my notes", "list the notes", "show notes", "show my notes", "show all notes",
		"show all my notes", "show me my notes", "show me all my notes", "show the notes", "what notes do i have", "which notes do i have",
		"what notes are there", "which notes are there", "what do i have", "what's here", "what is here":
		return List, true
	}
	return Help, text != "" && strings.Trim(text, "?") == ""
}

type rule struct {
	openings []string
	parse    func(rest string) (Intent, bool)
}

// grammar is the rules in the order in which they are tried; of the openings of
// a rule, the longer come first.
func grammar() []rule {
	return []rule{
		{[]string{"list notes in", "list", "ls"}, parseList},
		{[]string{"where did i write about", "where did i write", "where do i mention", "where did i mention",
			"search my notes for", "search notes for", "search for", "search", "find", "look for", "grep"}, parseSearch},
		{[]string{"note to self", "note that", "remember that", "remember", "remind me"}, parseRemember},
		{[]string{"write down", "write to", "write a note", "new note", "create a note", "create note", "write", "create", "note", "replace", "overwrite"}, parseWrite},
		{[]string{"save"}, parseSave},
		{[]string{"add to", "append to", "append", "add"}, parseAppend},
		{[]string{"move", "rename", "mv"}, parseMove},
		{[]string{"show me", "what is in", "what's in", "what’s in", "what does", "read", "open", "show", "cat", "view", "print"}, parseRead},
	}
}

// after gives what follows an opening, in any case, at the end of a word.
func after(text, opening string) (string, bool) {
	if len(text) < len(opening) || !strings.EqualFold(text[:len(opening)], opening) {
		return "", false
	}
	rest := text[len(opening):]
	if r, _ := utf8.DecodeRuneInString(rest); rest != "" && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_' || r == '\'' || r == '/') {
		return "", false
	}
	return strings.TrimLeft(rest, " \t"), true
}

func parseList(rest string) (Intent, bool) {
	rest = dropPrefix(rest, "in ")
	name, left := takeName(rest)
	return Intent{Verb: List, Name: name}, left == ""
}

func parseSearch(rest string) (Intent, bool) {
	query := strings.Join(strings.Fields(strings.TrimPrefix(rest, ":")), " ")
	if bare, ok := unquoted(query); ok {
		query = bare
	}
	return Intent{Verb: Search, Text: strings.TrimRight(query, "?")}, true
}

func parseRead(rest string) (Intent, bool) {
	if i := strings.LastIndex(lowerASCII(rest), " say"); i > 0 && strings.Trim(rest[i+len(" say"):], "? ") == "" {
		rest = rest[:i]
	}
	name, left := takeName(strings.TrimRight(rest, "?"))
	return Intent{Verb: Read, Name: name}, left == ""
}

func parseRemember(rest string) (Intent, bool) {
	rest = strings.TrimLeft(strings.TrimPrefix(rest, ":"), " \t\n")
	return Intent{Verb: Remember, Text: dropPrefix(rest, "to ", "that ")}, true
}

func parseWrite(rest string) (Intent, bool) {
	name, text := takeName(rest)
	if name == "" {
		return Intent{Verb: Remember, Text: text}, true
	}
	return Intent{Verb: Write, Name: name, Text: text}, true
}

// parseSave prefers "save TEXT as NAME", whose text may hold a colon.
func parseSave(rest string) (Intent, bool) {
	low := lowerASCII(rest)
	for _, word := range []string{" as ", "\nas "} {
		i := strings.LastIndex(low, word)
		if i <= 0 {
			continue
		}
		if name, left := takeName(rest[i+len(word):]); name != "" && left == "" {
			return Intent{Verb: Write, Name: name, Text: stripQuotes(strings.TrimSpace(rest[:i]))}, true
		}
	}
	return parseWrite(rest)
}

func parseAppend(rest string) (Intent, bool) {
	if text, left, ok := quoted(rest); ok {
		if to, ok := after(strings.TrimLeft(left, " \t"), "to"); ok {
			if name, more := takeName(to); name != "" && more == "" {
				return Intent{Verb: Append, Name: name, Text: text}, true
			}
		}
	}
	name, text := takeName(rest)
	if text == "" {
		// "add milk to shopping": the last "to" names the note.
		line := firstLine(rest)
		if i := strings.LastIndex(lowerASCII(line), " to "); i > 0 && line == rest {
			to, left := takeName(line[i+len(" to "):])
			if to != "" && left == "" {
				return Intent{Verb: Append, Name: to, Text: stripQuotes(strings.TrimSpace(line[:i]))}, true
			}
		}
	}
	return Intent{Verb: Append, Name: name, Text: text}, true
}

func parseMove(rest string) (Intent, bool) {
	in := Intent{Verb: Move}
	if strings.Contains(rest, "\n") {
		in.Unclear = true
		return in, true
	}
	if name, left, ok := quoted(rest); ok {
		in.Name, in.To = name, stripQuotes(dropPrefix(strings.TrimSpace(left), "to ", "-> ", "→ ", "as "))
		return in, true
	}
	if before, to, ok := quotedEnd(rest); ok {
		low := lowerASCII(before)
		for _, word := range []string{" to", " ->", " →"} {
			if strings.HasSuffix(low, word) {
				in.Name, in.To = strings.TrimSpace(before[:len(before)-len(word)]), to
				return in, true
			}
		}
	}
	for _, word := range []string{" -> ", " → ", " to "} {
		low := lowerASCII(rest)
		switch i := strings.Index(low, word); strings.Count(low, word) {
		case 0:
		case 1:
			in.Name, in.To = strings.TrimSpace(rest[:i]), strings.TrimSpace(rest[i+len(word):])
			return in, true
		default:
			in.Unclear = true
			return in, true
		}
	}
	if words := strings.Fields(rest); len(words) == 2 {
		in.Name, in.To = words[0], words[1]
		return in, true
	}
	in.Name = rest
	return in, true
}
