package gate

import (
	"fmt"
	"strings"

	"github.com/parachute-gate/parachute/gate/users"
)

// markup are the signs that one platform or another takes for markup, for a link or
// for somebody's name, and those that end a quotation.
const markup = "[](){}`*_~|<>#\\/@\""

// plainName is the name that somebody gave themselves as it can stand among the
// gate's own words on every platform: on one line, and nothing but text.
func plainName(name string) string {
	words := strings.FieldsFunc(clip(name, maxName), func(r rune) bool {
		return strings.ContainsRune(markup, r) || !users.Plain(string(r))
	})
	return clip(strings.Join(words, " "), 100)
}

// plainID is an id to be told. It must stay as it is, so what could be taken for
// markup stands as code.
func plainID(id string) string {
	if !strings.ContainsAny(id, "[]()`*_~|<>#\\") {
		return id
	}
	return "`" + strings.ReplaceAll(id, "`", "'") + "`"
}

// named is who somebody is, with the name that they gave themselves.
func named(id, name string) string {
	if name = plainName(name); name == "" {
		return plainID(id)
	}
	return fmt.Sprintf("%s (%q)", plainID(id), name)
}

// goesBy is named in a sentence.
func goesBy(id, name string) string {
	if name = plainName(name); name == "" {
		return plainID(id)
	}
	return fmt.Sprintf("%s, who goes by the name %q,", plainID(id), name)
}
