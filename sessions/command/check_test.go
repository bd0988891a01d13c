package command_test

import (
	"strings"
	"testing"

	"github.com/parachute-gate/parachute/sessions/command"
)

func TestCheck(t *testing.T) {
	const runs, may = "would run the message", "may be run"
	for _, test := range []struct {
		command []string
		keep    bool
		bad     string
	}{
		{command: []string{"cat"}},
		{command: []string{"cat", "-A"}, keep: true},
		{command: []string{"sh", "-c", "cat"}},
		{command: []string{"llm", "--", "{message}"}},
		{command: []string{"llm", "-m", "small", "--", "ask", "{message}"}},
		{command: []string{"timeout", "5", "llm", "--", "{message}"}},
		{command: []string{"/opt/shell/finder", "--", "{message}"}},
		{command: nil, bad: "none"},
		{command: []string{"llm", "{message}"}, bad: `put "--" before`},
		{command: []string{"llm", "{message}", "--"}, bad: `put "--" before`},
		{command: []string{"llm", "--", "--prompt={message}"}, bad: "an argument of its own"},
		{command: []string{"{message}"}, bad: "an argument of its own"},
		{command: []string{"llm", "--", "{message}"}, keep: true, bad: "is kept"},

		{command: []string{"sh", "-c", "--", "{message}"}, bad: runs},
		{command: []string{"/bin/BASH", "-c", "echo $1", "--", "{message}"}, bad: runs},
		{command: []string{"/usr/bin/env", "--", "{message}"}, bad: runs},
		{command: []string{`C:\Windows\System32\cmd.exe`, "/c", "--", "{message}"}, bad: runs},
		// Behind another program they are what they are.
		{command: []string{"timeout", "5", "sh", "-c", "--", "{message}"}, bad: runs + ": leave out {message} and read it from stdin"},
		{command: []string{"nice", "sh", "-c", "--", "{message}"}, bad: runs},
		{command: []string{"nice", "-n", "5", "/usr/bin/env", "--", "{message}"}, bad: runs},
		{command: []string{"llm", "--", "sh", "{message}"}, bad: runs},
		{command: []string{"node", "-e", "--", "{message}"}, bad: runs},
		{command: []string{"python3", "-c", "--", "{message}"}, bad: runs},
		{command: []string{"python3.12-dbg", "--", "{message}"}, bad: runs},
		{command: []string{"/usr/bin/ruby3.2", "--", "{message}"}, bad: runs},
		{command: []string{"gawk-5.1", "--", "{message}"}, bad: runs},
		{command: []string{"sed", "--", "{message}"}, bad: runs},
		{command: []string{"watch", "--", "{message}"}, bad: runs},
		{command: []string{"su", "nobody", "--", "{message}"}, bad: runs},
		// Nor does a program of another name with an option for text to run.
		{command: []string{"myshell", "-c", "--", "{message}"}, bad: "-c " + may},
		{command: []string{"timeout", "5", "myshell", "-e", "--", "{message}"}, bad: may},
		{command: []string{"mysql", "--execute", "--", "{message}"}, bad: may},
		{command: []string{"x", "--eval=1", "--", "{message}"}, bad: may},
		{command: []string{"x", "--command=", "--", "{message}"}, bad: may},
		{command: []string{"x", "-r", "--", "{message}"}, bad: may},
	} {
		err := command.Check(test.command, test.keep)
		if test.bad == "" && err != nil || test.bad != "" && (err == nil || !strings.Contains(err.Error(), test.bad)) {
			t.Errorf("%q: %v; want %q", test.command, err, test.bad)
		}
	}
}
