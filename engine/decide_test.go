package engine_test

import (
	"context"
	"strings"
	"testing"

	"github.com/parachute-gate/parachute/engine"
)

func TestMessageVerdictsNameTheirRule(t *testing.T) {
	tests := []struct {
		name    string
		files   map[string]string
		roles   []string
		verdict engine.Verdict
		rule    string
		place   string
		reply   string
	}{
		{"admitted by a labelled rule", nil, []string{"member"}, engine.Allow, "authz.known", "main.rego:7", ""},
		{"no rule allows", nil, nil, engine.Deny, "default", "", ""},
		{
			"an unlabelled rule is named by its place",
			map[string]string{"custom/night.rego": "package parachute.message\n\ndeny contains \"closed at night\" if input.chat.kind == \"dm\"\n"},
			[]string{"member"}, engine.Deny, "custom/night.rego:3", "custom/night.rego:3", "",
		},
		{
			"a deny goes before an allow, and brings its own words",
			map[string]string{"a.rego": "package parachute.message\n\n# METADATA\n# labels: {id: house.full}\ndeny contains {\"msg\": \"full\", \"reply\": \"Come back tomorrow.\"}\n"},
			[]string{"member"}, engine.Deny, "house.full", "a.rego:5", "Come back tomorrow.",
		},
		{
			"undefined trust admits nothing",
			map[string]string{"main.rego": strings.Replace(small()["main.rego"], `trust := "sandboxed"`, `trust := "sandboxed" if input.chat.kind == "group"`, 1)},
			[]string{"member"}, engine.Deny, engine.RuleUndefined, "", "",
		},
		{
			"unknown trust admits nothing",
			map[string]string{"main.rego": strings.Replace(small()["main.rego"], `"sandboxed"`, `"root" if input.user.name == "Ana"`, 1)},
			[]string{"member"}, engine.Deny, engine.RuleType, "", "",
		},
		{
			"a workspace that is a path admits nothing",
			map[string]string{"main.rego": strings.Replace(small()["main.rego"], `"personal"`, `"../.ssh" if input.user.name == "Ana"`, 1)},
			[]string{"member"}, engine.Deny, engine.RuleType, "", "",
		},
		{
			"an ill-typed deny denies",
			map[string]string{"a.rego": "package parachute.message\n\ndeny contains 7 if input.user.id == \"telegram:1\"\n"},
			[]string{"member"}, engine.Deny, engine.RuleType, "", "",
		},
		{
			"allow that is no boolean admits nothing",
			map[string]string{"main.rego": strings.Replace(small()["main.rego"], "allow if", `allow := "yes" if input.user.name == "Ana"

other if`, 1), "main_test.rego": ""},
			[]string{"member"}, engine.Deny, engine.RuleType, "", "",
		},
		{
			"a built-in that fails denies, and does not pass in silence",
			map[string]string{"a.rego": "package parachute.message\n\ndeny contains \"odd\" if {\n\tinput.user.name == \"Ana\"\n\tto_number(input.user.name) > 3\n}\n"},
			[]string{"member"}, engine.Deny, engine.RuleError, "a.rego:5", "",
		},
		{
			"two values for one answer deny",
			map[string]string{"a.rego": "package parachute.message\n\ntrust := \"direct\" if input.user.name == \"Ana\"\n"},
			[]string{"member"}, engine.Deny, engine.RuleError, "main.rego:9", "",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// What fails on every input is refused at load; so the probes, who have no
			// name, must pass.
			e, err := openErr(t, folder(t, with(tt.files)))
			if err != nil {
				t.Fatal(err)
			}
			d := e.Current().Message(t.Context(), message(tt.roles...))
			if d.Verdict != tt.verdict || d.Rule().ID != tt.rule || d.Rule().Place() != tt.place || d.Reply() != tt.reply {
				t.Errorf("got %s by %q at %q, reply %q; want %s by %q at %q, reply %q (%+v)",
					d.Verdict, d.Rule().ID, d.Rule().Place(), d.Reply(), tt.verdict, tt.rule, tt.place, tt.reply, d.Rules)
			}
			if d.Revision != e.Current().Revision() {
				t.Errorf("revision %q, want %q", d.Revision, e.Current().Revision())
			}
		})
	}
}

func TestEachDenialKeepsItsOwnWords(t *testing.T) {
	e := open(t, folder(t, with(map[string]string{"a.rego": `package parachute.message

# METADATA
# labels: {id: one}
deny contains {"msg": sprintf("one of %s", [input.user.id]), "reply": "first"}

# METADATA
# labels: {id: two}
deny contains {"msg": sprintf("two of %s", [input.user.id]), "reply": "second"}

# METADATA
# labels: {id: three}
warn contains sprintf("three of %s", [input.user.id])
`})))
	d := e.Current().Message(t.Context(), message("member"))
	var got []string
	for _, r := range d.Rules {
		got = append(got, r.ID+"="+r.Msg+"/"+r.Reply)
	}
	want := "one=one of telegram:1/first two=two of telegram:1/second three=three of telegram:1/"
	if strings.Join(got, " ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, " "), want)
	}
	if w := d.Warnings(); len(w) != 1 || w[0].ID != "three" {
		t.Errorf("warnings %+v", w)
	}
}

func TestAPolicyThatLoopsDeniesInTime(t *testing.T) {
	// Only a text that no probe has makes it loop.
	e := open(t, folder(t, with(map[string]string{"loop.rego": `package parachute.message

deny contains "found" if {
	input.message.text == "loop"
	some x in numbers.range(1, 100000000)
	x == 0 - 1
}
`})))
	in := message("member")
	in.Message.Text = "loop"
	d := e.Current().Message(t.Context(), in)
	if d.Verdict != engine.Deny || d.Rule().ID != engine.RuleTimeout {
		t.Errorf("got %s by %s: %s", d.Verdict, d.Rule().ID, d.Rule().Msg)
	}
	if d := e.Current().Message(t.Context(), message("member")); d.Verdict != engine.Allow {
		t.Errorf("the next message: %s by %s", d.Verdict, d.Rule().ID)
	}
}

func TestAnInterruptedDecisionDenies(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d := open(t, folder(t, small())).Current().Message(ctx, message("member"))
	if d.Verdict != engine.Deny || d.Rule().ID != engine.RuleError {
		t.Errorf("got %s by %s", d.Verdict, d.Rule().ID)
	}
}

func TestToolVerdicts(t *testing.T) {
	e := open(t, folder(t, with(map[string]string{"ask.rego": `package parachute.tool

# METADATA
# labels: {id: tool.ask_secret}
ask contains "somebody must look at it" if startswith(input.tool.path, "secret")

# METADATA
# labels: {id: tool.never}
deny contains {"msg": "never", "reply": "No."} if input.tool.path == "secret/never"
`})))
	for _, tt := range []struct {
		kind, path string
		verdict    engine.Verdict
		rule       string
	}{
		{"read", "a.md", engine.Allow, "tool.any"},
		{"write", "a.md", engine.Deny, engine.RuleDefault},
		{"read", "secret/a.md", engine.Ask, "tool.ask_secret"},
		{"read", "secret/never", engine.Deny, "tool.never"},
	} {
		d := e.Current().Tool(t.Context(), engine.ToolInput{Version: 1, Tool: engine.Tool{Name: "t", Kind: tt.kind, Path: tt.path}})
		if d.Verdict != tt.verdict || d.Rule().ID != tt.rule {
			t.Errorf("%s %s: got %s by %s, want %s by %s", tt.kind, tt.path, d.Verdict, d.Rule().ID, tt.verdict, tt.rule)
		}
	}
}

func TestLimits(t *testing.T) {
	rule := func(body string) engine.Source {
		return folder(t, with(map[string]string{"limits.rego": "package parachute.message\n\n" + body + "\n"}))
	}
	e := open(t, rule(`limits contains {"name": "per_minute", "per": "user", "max": 3, "window": "1m"} if input.user.roles != []`))
	got, fault := e.Current().Limits(t.Context(), message("member"))
	if fault != nil || len(got) != 1 || got[0] != (engine.Limit{Name: "per_minute", Per: "user", Max: 3, Window: "1m"}) {
		t.Errorf("got %+v, %+v", got, fault)
	}
	for name, body := range map[string]string{
		"max is text":    `limits contains {"name": "a", "per": "user", "max": "3", "window": "1m"} if input.user.name == "Ana"`,
		"max is a half":  `limits contains {"name": "a", "per": "user", "max": 2.5, "window": "1m"} if input.user.name == "Ana"`,
		"no window":      `limits contains {"name": "a", "per": "user", "max": 3} if input.user.name == "Ana"`,
		"not an object":  `limits contains "3 per minute" if input.user.name == "Ana"`,
		"max is missing": `limits contains {"name": "a", "per": "user", "window": "1m"} if input.user.name == "Ana"`,
	} {
		if got, fault := open(t, rule(body)).Current().Limits(t.Context(), message("member")); fault == nil || fault.ID != engine.RuleType {
			t.Errorf("%s: got %+v, %+v", name, got, fault)
		}
	}
}
