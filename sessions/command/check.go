package command

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Message is the argument in whose place the message stands.
const Message = "{message}"

// runners run text that they are given, or hand it to what does, wherever "--"
// stands. A version behind the name, as in python3.12, is no part of it.
func runners() []string {
	return []string{
		"sh", "bash", "rbash", "dash", "ash", "zsh", "ksh", "mksh", "csh", "tcsh", "fish", "nu", "busybox", "toybox", "pwsh", "powershell", "cmd",
		"env", "xargs", "parallel", "eval", "exec", "sudo", "doas", "su", "runuser", "ssh", "watch", "script", "expect", "find", "make", "gmake",
		"awk", "gawk", "mawk", "nawk", "sed", "perl", "ruby", "php", "lua", "luajit", "node", "nodejs", "deno", "bun", "python", "pypy",
		"tclsh", "wish", "osascript", "julia", "groovy", "rscript", "sqlite",
	}
}

// runs tells whether a word of a command names a runner. The word may stand
// anywhere: behind timeout or nice it is as dangerous as before them.
func runs(word string) bool {
	// A path of Windows, on any system: a command is checked where it is written.
	name := strings.ToLower(path.Base(strings.ReplaceAll(word, `\`, "/")))
	name = strings.TrimSuffix(name, ".exe")
	return slices.Contains(runners(), strings.TrimRight(name, "0123456789.-_")) || strings.HasPrefix(name, "python")
}

// textOption tells whether a word is an option by which programs are given text
// to run.
func textOption(word string) bool {
	name, _, _ := strings.Cut(word, "=")
	switch name {
	case "-c", "-e", "-E", "-r", "--eval", "--exec", "--command", "--execute":
		return true
	default:
		return false
	}
}

// Check tells whether a command is one that a message may be given to: the
// message is a whole argument, behind "--", where no program takes it for an
// option, and no word before it names a program or an option that runs text. It
// knows the usual ones: that a program does not run its arguments is for whoever
// names it to know. keep says that the program speaks Line.
func Check(command []string, keep bool) error {
	if len(command) == 0 || command[0] == "" {
		return errors.New("command: none")
	}
	for i, arg := range command {
		if !strings.Contains(arg, Message) {
			continue
		}
		before := command[:i]
		switch {
		case keep:
			return fmt.Errorf("command: a program that is kept reads its messages from stdin: leave out %s", Message)
		case arg != Message || i == 0:
			return fmt.Errorf("command: %q: the message is an argument of its own: %s", arg, Message)
		case slices.ContainsFunc(before, runs):
			return fmt.Errorf("command: %s would run the message: leave out %s and read it from stdin", before[slices.IndexFunc(before, runs)], Message)
		case slices.ContainsFunc(before, textOption):
			return fmt.Errorf("command: what follows %s may be run: leave out %s and read the message from stdin", before[slices.IndexFunc(before, textOption)], Message)
		case !slices.Contains(command[1:i], "--"):
			return fmt.Errorf(`command: a message can begin with "-": put "--" before %s, or leave it out and read the message from stdin`, Message)
		}
	}
	return nil
}

// mostArgument is below what Linux takes as one argument (MAX_ARG_STRLEN).
const mostArgument = 120 << 10

const longMessage = "Your message is too long for the program that answers here."

// fill puts the message into the command; stdin is what the program reads.
func fill(command []string, message string) (argv []string, stdin string) {
	if !slices.Contains(command, Message) {
		return command, message
	}
	argv = slices.Clone(command)
	for i := range argv {
		if argv[i] == Message {
			argv[i] = message
		}
	}
	return argv, ""
}
