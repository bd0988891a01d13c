package command_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/parachute-gate/parachute/sessions"
	"github.com/parachute-gate/parachute/sessions/agenttest"
	"github.com/parachute-gate/parachute/sessions/command"
	"github.com/parachute-gate/parachute/sessions/programs"
)

func TestKept(t *testing.T) {
	b := agenttest.NewBench(t)
	program := agenttest.Build(t, filepath.Join("testdata", "program"))
	l := b.Launch(program, "lines")
	a := command.New(command.Deps{
		Launch: func(context.Context, sessions.Turn) (programs.Launch, error) { return l, nil }, Keep: 1, Log: b.Logs.Logger(),
		Receive: func(context.Context, sessions.Turn) ([]programs.File, string, error) {
			return []programs.File{{Path: "inbox/a.txt"}}, "I did not keep b.", nil
		},
	})
	defer a.Close()
	n := 0
	say := func(message string, files ...sessions.Attachment) string {
		t.Helper()
		n++
		turn := agenttest.Turn("turn-"+strconv.Itoa(n), message)
		turn.Attachments = files
		text, err := a.Answer(t.Context(), turn, nil)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for _, step := range []struct{ message, want string }{
		{"count", "1"}, {"count", "2"},
		{"malformed", programs.Nothing}, {"stale", programs.Nothing},
		// What is said of a turn that is over goes into no other.
		{"twice", "once"}, {"count", "6"},
		{"error broke", "The program could not finish this. The owner can find the reason in the log."},
		{"count", forgot("1")},
		// It ends by itself, between turns.
		{"once", "bye"},
	} {
		if got := say(step.message); got != step.want {
			t.Errorf("%s: %q, want %q", step.message, got, step.want)
		}
	}
	if !strings.Contains(b.Logs.String(), "it broke") {
		t.Errorf("log: %s", b.Logs)
	}
	agenttest.NoGoroutines(t)
	if got := say("count"); got != forgot("1") {
		t.Errorf("after its end: %q", got)
	}
	// It dies in the middle of a turn; the next one has another.
	if got := say("fail"); !strings.Contains(got, "exit code 3") {
		t.Errorf("death: %q", got)
	}
	if got := say("files", sessions.Attachment{Name: "a.txt"}); got != forgot("I did not keep b.\n\ninbox/a.txt") {
		t.Errorf("files: %q", got)
	}
	if got := say("longline"); !strings.Contains(got, "more than it may") {
		t.Errorf("long line: %q", got)
	}
	// Another Launch is never served by a process of the one before.
	say("count")
	l.Times.Idle++
	if got := say("count"); got != "2" {
		t.Errorf("same shape: %q", got)
	}
	l.Spec.Limits.CPUs = 1
	if got := say("count"); got != forgot("1") {
		t.Errorf("other shape: %q", got)
	}
	a.End("session-1")
	if left := b.Running(t); len(left) > 0 {
		t.Errorf("after the session's end: %v", left)
	}
	if got := say("count"); got != "1" {
		t.Errorf("after the session's end: %q", got)
	}
}

func forgot(text string) string { return programs.With(programs.Forgot, text) }

// The schema and the types name the same fields.
func TestSchema(t *testing.T) {
	data, err := os.ReadFile("line.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Defs map[string]struct {
			Properties map[string]any `json:"properties"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	for name, typ := range map[string]reflect.Type{"turn": reflect.TypeFor[command.Line](), "answer": reflect.TypeFor[command.Said]()} {
		if properties := schema.Defs[name].Properties; len(properties) != typ.NumField() {
			t.Errorf("%s has %d properties, and %d fields", name, len(properties), typ.NumField())
		}
		for i := range typ.NumField() {
			if tag := typ.Field(i).Tag.Get("json"); schema.Defs[name].Properties[tag] == nil {
				t.Errorf("%s has no %s", name, tag)
			}
		}
	}
}
