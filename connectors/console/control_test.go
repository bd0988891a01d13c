package console

import (
	"fmt"
	"strings"
	"testing"

	"github.com/parachute-gate/parachute/connectors"
)

// describe puts an act on one line.
func describe(a act) string {
	switch {
	case a.quit:
		return "quit"
	case a.help:
		return "help"
	case a.problem != "":
		return "problem"
	case a.message == nil:
		return ""
	}
	m := a.message
	s := fmt.Sprintf("%s %s/%s in %s/%s", m.Kind, m.User.ID, m.User.Name, m.Chat.ID, m.Chat.Kind)
	if m.User.Local {
		s += " local"
	}
	if m.MentionsBot {
		s += " mention"
	}
	if m.Command != "" {
		s += " command " + m.Command
	}
	return s + ": " + m.Text
}

func TestLines(t *testing.T) {
	s := newStage("ana", "start")
	for _, c := range []struct{ line, want string }{
		{"hello", "message ana/ana in terminal/dm local: hello"},
		{"/help me", "command ana/ana in terminal/dm local command help: /help me"},
		{"!new", "command ana/ana in terminal/dm local command new: !new"},
		{"", ""},
		{"  \t", ""},
		{" spaced ", "message ana/ana in terminal/dm local:  spaced "},
		{":)", "message ana/ana in terminal/dm local: :)"},
		{":tada: done", "message ana/ana in terminal/dm local: :tada: done"},
		{"::quit", "message ana/ana in terminal/dm local: :quit"},
		{"::std::x", "message ana/ana in terminal/dm local: ::std::x"},
		{":", "message ana/ana in terminal/dm local: :"},
		{":quit now", "problem"},
		{":nothing", "problem"},
		{":edit", "problem"},
		{":mention", "problem"},
		{":mention look here", "message ana/ana in terminal/dm local mention: look here"},
		{":mention /status", "command ana/ana in terminal/dm local mention command status: /status"},
		{":group", ""},
		{"hello", "message ana/ana in group-terminal/group local: hello"},
		{":group team", ""},
		{"hello", "message ana/ana in group-team/group local: hello"},
		{":group two words", "problem"},
		{":as bob", ""},
		{"hello", "message bob/bob in group-team/group: hello"},
		{":dm", ""},
		{"hello", "message bob/bob in as-bob/dm: hello"},
		{":as\tcleo", ""},
		{"hello", "message cleo/cleo in as-cleo/dm: hello"},
		{":as ana", "problem"},
		{":as a b", "problem"},
		{":as a\x1b[2J", "problem"},
		{"hello", "message cleo/cleo in as-cleo/dm: hello"},
		{":as \u0430na", ""}, // Cyrillic a
		{"hello", "message \u0430na/\u0430na in as-\u0430na/dm: hello"},
		{":as terminal", ""},
		{"hello", "message terminal/terminal in as-terminal/dm: hello"},
		{":as", ""},
		{"hello", "message ana/ana in terminal/dm local: hello"},
		{":edit /stop", "edit ana/ana in terminal/dm local: /stop"},
		{":help", "help"},
		{":quit", "quit"},
	} {
		if got := describe(s.read(c.line)); got != c.want {
			t.Errorf("%q:\ngot  %s\nwant %s", c.line, got, c.want)
		}
	}
}

func TestEditBelongsToTheSpeakersLastMessageInTheChat(t *testing.T) {
	s := newStage("ana", "start")
	read := func(line string) *connectors.Message {
		t.Helper()
		a := s.read(line)
		if a.problem != "" {
			t.Fatalf("%q: %s", line, a.problem)
		}
		return a.message
	}
	mine := read("mine")
	read(":as bob")
	if a := s.read(":edit his"); a.problem == "" {
		t.Error("one person edited another's message")
	}
	his := read("his")
	read(":as")
	read(":group team")
	if a := s.read(":edit mine"); a.problem == "" {
		t.Error("a message was edited in another chat")
	}
	read(":dm")
	first, second := read(":edit mine, mended"), read(":edit mine, mended")
	if first.ID != mine.ID || second.ID != mine.ID || first.ID == his.ID {
		t.Errorf("edits of %q, %q; want %q", first.ID, second.ID, mine.ID)
	}
	if first.Revision == "" || first.Revision == second.Revision {
		t.Errorf("revisions %q, %q", first.Revision, second.Revision)
	}
}

func TestHelpNamesEveryControlLine(t *testing.T) {
	for _, word := range []string{"as", "group", "dm", "mention", "edit", "help", "quit"} {
		s := newStage("ana", "start")
		if a := s.read(":" + word); strings.Contains(a.problem, "unknown") {
			t.Errorf(":%s is unknown", word)
		}
		if !strings.Contains(helpText, ":"+word) {
			t.Errorf("the help lacks :%s", word)
		}
	}
}
