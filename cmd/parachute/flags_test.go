package main

import (
	"os"
	"strings"
	"testing"
)

func TestOptionsFirst(t *testing.T) {
	app := newApp(terminal{in: os.Stdin, out: os.Stdout, err: os.Stderr})
	for _, tt := range []struct{ args, want string }{
		{"parachute users add telegram:1 --role owner", "parachute users add --role owner telegram:1"},
		{"parachute users add telegram:1 --role=owner --name Ana", "parachute users add --role=owner --name Ana telegram:1"},
		{"parachute users add --role owner telegram:1", "parachute users add --role owner telegram:1"},
		{"parachute test ./p -v", "parachute test -v ./p"},
		{"parachute users block -- --odd", "parachute users block -- --odd"},
		{"parachute decide -i -", "parachute decide -i -"},
		{"parachute users add a:1 --role", "parachute users add --role a:1"},
		{"parachute nothing -x y", "parachute nothing -x y"},
		{"parachute", "parachute"},
	} {
		if got := strings.Join(optionsFirst(app.Commands, strings.Fields(tt.args)), " "); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.args, got, tt.want)
		}
	}
}
