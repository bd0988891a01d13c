package connectors

import "strings"

// maxCommandName bounds a command's name, so that a path or a sentence that
// starts with a slash is a message.
const maxCommandName = 32

// ParseCommand reads "/name arg arg" or "!name arg arg". It reports false for
// any other text, "/etc/passwd" and "!!" among it. The name is given in lower
// case; arguments are split at white space and kept as they are.
func ParseCommand(text string) (name string, args []string, ok bool) {
	fields := strings.Fields(text)
	if len(fields) == 0 || len(fields[0]) < 2 || !strings.ContainsRune("/!", rune(text[0])) {
		return "", nil, false
	}
	name = fields[0][1:]
	if len(name) > maxCommandName {
		return "", nil, false
	}
	// Before lower-casing, which makes plain letters of some that only look alike.
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '_' {
			return "", nil, false
		}
	}
	return strings.ToLower(name), fields[1:], true
}
