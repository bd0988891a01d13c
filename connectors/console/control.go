package console

import (
	"strings"
	"unicode"

	"github.com/parachute-gate/parachute/connectors"
)

const helpText = `Each line is a message; /name or !name with arguments is a command to the bot.
  :as USER        speak as another person, in a direct message of theirs; :as alone is you again
  :group [NAME]   speak in a group; :dm goes back
  :mention TEXT   a message with a mention of the bot
  :edit TEXT      edit your last message in this chat
  :help           this list
  :quit           end
A line that should begin with a colon and a word is written with two colons.`

// act is what a line comes to: an event, a notice, the end, or nothing.
type act struct {
	message *connectors.Message
	help    bool
	problem string
	quit    bool
}

// read takes one line from the person. Only a colon and a word of lower-case
// letters make a control line: ":)" and ":tada:" are messages.
func (s *stage) read(text string) act {
	if strings.TrimSpace(text) == "" {
		return act{}
	}
	if quoted, ok := strings.CutPrefix(text, ":"); ok {
		if _, _, ok := controlWord(quoted); ok {
			return s.say(quoted, false)
		}
	}
	word, rest, isControl := controlWord(text)
	if !isControl {
		return s.say(text, false)
	}
	switch word {
	case "dm", "help", "quit":
		if rest != "" {
			return act{problem: ":" + word + " takes nothing after it; to say it, begin with two colons"}
		}
	}
	switch word {
	case "as":
		return s.setAs(rest)
	case "group":
		return s.setGroup(rest)
	case "dm":
		s.group = ""
	case "mention":
		if rest == "" {
			return act{problem: "nothing to say, write :mention TEXT"}
		}
		return s.say(rest, true)
	case "edit":
		if rest == "" {
			return act{problem: "no new text, write :edit TEXT"}
		}
		m, ok := s.edit(rest)
		if !ok {
			return act{problem: "nothing to edit, there is no message of this person in this chat yet"}
		}
		return act{message: &m}
	case "help":
		return act{help: true}
	case "quit":
		return act{quit: true}
	default:
		return act{problem: "unknown :" + word + ", see :help; to say it, begin with two colons"}
	}
	return act{}
}

func (s *stage) say(text string, mention bool) act {
	m := s.write(text, mention)
	return act{message: &m}
}

func (s *stage) setAs(name string) act {
	switch {
	case name == "":
		s.as = ""
	case name == s.local:
		return act{problem: "that is you, :as alone goes back"}
	case !isName(name):
		return act{problem: "a person is one word of printable characters, write :as USER"}
	default:
		s.as = name
	}
	return act{}
}

func (s *stage) setGroup(name string) act {
	switch {
	case name == "":
		s.group = localChat
	case !isName(name):
		return act{problem: "a group is one word of printable characters, write :group NAME"}
	default:
		s.group = name
	}
	return act{}
}

// controlWord splits ":word rest".
func controlWord(text string) (word, rest string, ok bool) {
	after, ok := strings.CutPrefix(text, ":")
	if !ok {
		return "", "", false
	}
	word = after
	if at := strings.IndexFunc(after, unicode.IsSpace); at >= 0 {
		word, rest = after[:at], after[at:]
	}
	if word == "" || strings.ContainsFunc(word, func(r rune) bool { return r < 'a' || r > 'z' }) {
		return "", "", false
	}
	return word, strings.TrimSpace(rest), true
}

// isName reports whether an id can be typed and shown as it is. Format
// characters (zero width, direction) are let through: playing such names
// against the policies is what the console is for.
func isName(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
}
