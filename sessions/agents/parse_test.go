package agents_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/parachute-gate/parachute/sessions/agents"
)

type in = agents.Intent

func TestParse(t *testing.T) {
	for text, want := range map[string]in{
		"hello":                 {Verb: agents.Greet},
		"Hi!":                   {Verb: agents.Greet},
		"  good morning 👋 ":     {Verb: agents.Greet},
		"thanks!!":              {Verb: agents.Thanks},
		"help":                  {Verb: agents.Help},
		"What can you do?":      {Verb: agents.Help},
		"?":                     {Verb: agents.Help},
		"LIST":                  {Verb: agents.List},
		"list notes":            {Verb: agents.List},
		"what notes do I have?": {Verb: agents.List},
		"show my notes":         {Verb: agents.List},
		"ls projects":           {Verb: agents.List, Name: "projects"},
		"list notes in work":    {Verb: agents.List, Name: "work"},
		"list in \"my work\"":   {Verb: agents.List, Name: "my work"},

		"read shopping":                  {Verb: agents.Read, Name: "shopping"},
		"Please open shopping":           {Verb: agents.Read, Name: "shopping"},
		"could you please show shopping": {Verb: agents.Read, Name: "shopping"},
		"show me my shopping note":       {Verb: agents.Read, Name: "my shopping note"},
		"cat projects/garden.md":         {Verb: agents.Read, Name: "projects/garden.md"},
		"read “how to cook”":             {Verb: agents.Read, Name: "how to cook"},
		"what's in shopping?":            {Verb: agents.Read, Name: "shopping"},
		"what does shopping say?":        {Verb: agents.Read, Name: "shopping"},
		"read":                           {Verb: agents.Read},
		"read it's mine":                 {Verb: agents.Read, Name: "it's mine"},

		"search milk":                     {Verb: agents.Search, Text: "milk"},
		"find   oat milk":                 {Verb: agents.Search, Text: "oat milk"},
		"search for \"oat milk\"":         {Verb: agents.Search, Text: "oat milk"},
		"Where did I write about milk?":   {Verb: agents.Search, Text: "milk"},
		"look for: milk":                  {Verb: agents.Search, Text: "milk"},
		"search my notes for what's new?": {Verb: agents.Search, Text: "what's new"},

		"write shopping: milk, eggs":           {Verb: agents.Write, Name: "shopping", Text: "milk, eggs"},
		"WRITE Shopping:milk":                  {Verb: agents.Write, Name: "Shopping", Text: "milk"},
		"note shopping: milk":                  {Verb: agents.Write, Name: "shopping", Text: "milk"},
		"write projects/garden: a: b":          {Verb: agents.Write, Name: "projects/garden", Text: "a: b"},
		"write \"a: b\": c":                    {Verb: agents.Write, Name: "a: b", Text: "c"},
		"write 'to do' milk":                   {Verb: agents.Write, Name: "to do", Text: "milk"},
		"write 日記：牛乳":                          {Verb: agents.Write, Name: "日記", Text: "牛乳"},
		"write list:\n- a\n  - b\n\n- c\n":     {Verb: agents.Write, Name: "list", Text: "- a\n  - b\n\n- c"},
		"write list:\r\na\rb":                  {Verb: agents.Write, Name: "list", Text: "a\nb"},
		"write list: a\nb: c":                  {Verb: agents.Write, Name: "list", Text: "a\nb: c"},
		"write list\na\nread b":                {Verb: agents.Write, Name: "list", Text: "a\nread b"},
		"write code:\n\n  indented\nx":         {Verb: agents.Write, Name: "code", Text: "  indented\nx"},
		"write shopping":                       {Verb: agents.Write, Name: "shopping"},
		"save call the bank as todo":           {Verb: agents.Write, Name: "todo", Text: "call the bank"},
		"save as is: fine as it goes as notes": {Verb: agents.Write, Name: "notes", Text: "as is: fine as it goes"},
		"save one\ntwo as \"big list\"":        {Verb: agents.Write, Name: "big list", Text: "one\ntwo"},
		"save one\ntwo\nas list":               {Verb: agents.Write, Name: "list", Text: "one\ntwo"},
		"save \"x\" as y":                      {Verb: agents.Write, Name: "y", Text: "x"},
		"save list: x":                         {Verb: agents.Write, Name: "list", Text: "x"},

		"remember to call mum":      {Verb: agents.Remember, Text: "call mum"},
		"Remember that tea is hot":  {Verb: agents.Remember, Text: "tea is hot"},
		"remember: a\nb":            {Verb: agents.Remember, Text: "a\nb"},
		"note: call mum":            {Verb: agents.Remember, Text: "call mum"},
		"note to self: call mum":    {Verb: agents.Remember, Text: "call mum"},
		"remember":                  {Verb: agents.Remember},
		"remember where: the shelf": {Verb: agents.Remember, Text: "where: the shelf"},

		"add to shopping: bread":       {Verb: agents.Append, Name: "shopping", Text: "bread"},
		"append shopping: bread":       {Verb: agents.Append, Name: "shopping", Text: "bread"},
		"append to shopping:\na\nb":    {Verb: agents.Append, Name: "shopping", Text: "a\nb"},
		"add bread to shopping":        {Verb: agents.Append, Name: "shopping", Text: "bread"},
		"add 'a to b' to \"the list\"": {Verb: agents.Append, Name: "the list", Text: "a to b"},
		"add shopping":                 {Verb: agents.Append, Name: "shopping"},

		"move a to b":                     {Verb: agents.Move, Name: "a", To: "b"},
		"Rename old name TO new name":     {Verb: agents.Move, Name: "old name", To: "new name"},
		"mv a b":                          {Verb: agents.Move, Name: "a", To: "b"},
		"move a -> b/":                    {Verb: agents.Move, Name: "a", To: "b/"},
		"move \"how to cook\" to recipes": {Verb: agents.Move, Name: "how to cook", To: "recipes"},
		"move recipes to \"how to cook\"": {Verb: agents.Move, Name: "recipes", To: "how to cook"},
		"move how to cook to recipes":     {Verb: agents.Move, Unclear: true},
		"move a to b\nmove c to d":        {Verb: agents.Move, Unclear: true},
		"move a":                          {Verb: agents.Move, Name: "a"},
		"rename \"a to b\" to \"c to d\"": {Verb: agents.Move, Name: "a to b", To: "c to d"},

		"":                   {Verb: agents.Unknown},
		"raed shopping":      {Verb: agents.Unknown, Text: "raed shopping", Meant: "read"},
		"serach milk":        {Verb: agents.Unknown, Text: "serach milk", Meant: "search"},
		"the weather today":  {Verb: agents.Unknown, Text: "the weather today"},
		"listen to me":       {Verb: agents.Unknown, Text: "listen to me"},
		"read-only is fine":  {Verb: agents.Unknown, Text: "read-only is fine"},
		"readme":             {Verb: agents.Unknown, Text: "readme"},
		"remembr: x":         {Verb: agents.Unknown, Text: "remembr: x", Meant: "remember"},
		"serahc milk":        {Verb: agents.Unknown, Text: "serahc milk"},
		"finding it\nread x": {Verb: agents.Unknown, Text: "finding it\nread x"},
	} {
		if got := agents.Parse(text); got != want {
			t.Errorf("Parse(%q) =\n %+v, want\n %+v", text, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"hello", "write a: b\nc", "save x as y", "move \"a\" to 'b'", "add x to y", "remember to x", "what does x say?", "“", "write \"", "mv", "\x00", "\xff",
		"K", "ſearch x", "save \nas \nas x", "move  to ", "add  to  to ", "write ：：", "show me \"a\":", "what’s in x", "list \u2028x",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := agents.Parse(text)
		if got != agents.Parse(text) {
			t.Fatal("two readings of one text")
		}
		for _, name := range []string{got.Name, got.To} {
			if strings.ContainsAny(name, "\n\r") || strings.TrimSpace(name) != name && got.Verb != agents.Move {
				t.Fatalf("Parse(%q): name %q", text, name)
			}
		}
		// What is written is what was said: nothing of it is made up or read twice.
		said := strings.Join(strings.Fields(strings.ToValidUTF8(text, "\uFFFD")), " ")
		for _, part := range []string{got.Name, got.To, got.Text} {
			if !utf8.ValidString(part) || !strings.Contains(said, strings.Join(strings.Fields(part), " ")) {
				t.Fatalf("Parse(%q): %q was not said", text, part)
			}
		}
		if len(got.Name)+len(got.To)+len(got.Text) > 3*len(text)+3 {
			t.Fatalf("Parse(%q) grew: %+v", text, got)
		}
	})
}

// TestLettersThatGrowInLowerCase: an index into a text in lower case is none into
// the text itself.
func TestLettersThatGrowInLowerCase(t *testing.T) {
	for _, text := range []string{"what does ȺȺȺȺȺȺȺȺ say", "what does İİİİ say?"} {
		if in := agents.Parse(text); in.Verb != agents.Read {
			t.Errorf("%q: %+v", text, in)
		}
	}
}
