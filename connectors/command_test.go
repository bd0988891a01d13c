package connectors_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/parachute-gate/parachute/connectors"
)

func TestParseCommand(t *testing.T) {
	for _, c := range []struct {
		text string
		name string // empty: no command
		args []string
	}{
		{"/help", "help", nil},
		{"!help", "help", nil},
		{"/HELP", "help", nil},
		{"/new_chat now", "new_chat", []string{"now"}},
		{"/approve ABCD  owner\n", "approve", []string{"ABCD", "owner"}},
		{"!workspace Ünïcode", "workspace", []string{"Ünïcode"}},
		{"/" + strings.Repeat("a", 32), strings.Repeat("a", 32), nil},
		{"/" + strings.Repeat("a", 33), "", nil},
		{"", "", nil},
		{" ", "", nil},
		{"/", "", nil},
		{"!", "", nil},
		{"/ help", "", nil},
		{" /help", "", nil},
		{"\n/help", "", nil},
		{"help", "", nil},
		{"!!", "", nil},
		{"//help", "", nil},
		{"/etc/passwd", "", nil},
		{"/help@bot", "", nil},
		{"/he\u200blp", "", nil},
		{"/h\u0435lp", "", nil},
		{"\uff0fhelp", "", nil},
		{"/help\x00", "", nil},
	} {
		name, args, ok := connectors.ParseCommand(c.text)
		if ok != (c.name != "") || name != c.name || !slices.Equal(args, c.args) {
			t.Errorf("ParseCommand(%q) = %q, %q, %v; want %q, %q", c.text, name, args, ok, c.name, c.args)
		}
	}
}

func FuzzParseCommand(f *testing.F) {
	for _, s := range []string{"/help me", "!new", "/", "/a\u00a0b", "\xff/x", "/É"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		name, args, ok := connectors.ParseCommand(text)
		if !ok {
			if name != "" || args != nil {
				t.Errorf("no command, but %q with %q", name, args)
			}
			return
		}
		if text[0] != '/' && text[0] != '!' {
			t.Errorf("%q has no prefix and is a command", text)
		}
		if name == "" || len(name) > 32 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") != "" {
			t.Errorf("name %q", name)
		}
		if again, _, ok := connectors.ParseCommand("/" + name); !ok || again != name {
			t.Errorf("the name %q does not give itself again", name)
		}
		for _, a := range args {
			if !strings.Contains(text, a) || a == "" {
				t.Errorf("argument %q of %q", a, text)
			}
		}
	})
}
