package engine_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"log/slog"

	"github.com/parachute-gate/parachute/engine"
)

func TestObligations(t *testing.T) {
	base := engine.Obligations{Trust: engine.Sandboxed, Workspace: "personal", Access: "read_write"}
	with := func(change func(o *engine.Obligations)) engine.Obligations {
		o := base
		change(&o)
		return o
	}
	for name, c := range map[string]struct {
		vault, more string
		want        engine.Obligations
		// fault is what a denial by engine.type says.
		fault string
	}{
		"nothing more":         {`{"access": "read_write"}`, ``, base, ""},
		"no access":            {`{}`, ``, with(func(o *engine.Obligations) { o.Access = "read_only" }), ""},
		"another access":       {`{"access": "all"}`, ``, base, "vault.access"},
		"vault is a text":      {`"read_write"`, ``, base, "vault must be an object"},
		"an agent":             {`{"access": "read_write"}`, `agent := "coder"`, with(func(o *engine.Obligations) { o.Agent = "coder" }), ""},
		"an agent by a path":   {`{"access": "read_write"}`, `agent := "../coder"`, base, "agent must be"},
		"an agent by a number": {`{"access": "read_write"}`, `agent := 3`, base, "agent must be"},
		"a quota":              {`{"access": "read_write", "quota_mib": 12}`, ``, with(func(o *engine.Obligations) { o.QuotaMiB = 12 }), ""},
		"no quota at all":      {`{"access": "read_write", "quota_mib": 0}`, ``, base, "vault.quota_mib"},
		"a quota below zero":   {`{"access": "read_write", "quota_mib": -1}`, ``, base, "vault.quota_mib"},
		"a quota as a text":    {`{"access": "read_write", "quota_mib": "12"}`, ``, base, "vault.quota_mib"},
		"half a quota":         {`{"access": "read_write", "quota_mib": 1.5}`, ``, base, "vault.quota_mib"},
		"a quota past all":     {`{"access": "read_write", "quota_mib": 99999999999999999999}`, ``, base, "vault.quota_mib"},
		"mounts as a list":     {`{"access": "read_write", "mounts": ["b", "a", "b"]}`, ``, with(func(o *engine.Obligations) { o.Mounts = []string{"a", "b"} }), ""},
		"mounts as a set":      {`{"access": "read_write", "mounts": {"b", "a"}}`, ``, with(func(o *engine.Obligations) { o.Mounts = []string{"a", "b"} }), ""},
		"a mount by a path":    {`{"access": "read_write", "mounts": ["../etc"]}`, ``, base, "vault.mounts"},
		"a mount with options": {`{"access": "read_write", "mounts": ["a:/b:rw"]}`, ``, base, "vault.mounts"},
		"a mount by a number":  {`{"access": "read_write", "mounts": [1]}`, ``, base, "vault.mounts"},
		"mounts as a text":     {`{"access": "read_write", "mounts": "a"}`, ``, base, "vault.mounts"},
		"too many mounts":      {`{"access": "read_write", "mounts": [sprintf("m%d", [i]) | some i in numbers.range(1, 33)]}`, ``, base, "vault.mounts"},
	} {
		t.Run(name, func(t *testing.T) {
			// Not of the probes: what they find would not be loaded.
			main := strings.Replace(small()["main.rego"], `vault := {"access": "read_write"}`,
				`vault := `+c.vault+" if input.user.name == \"Ana\"\n\n"+ifAna(c.more), 1)
			d := open(t, folder(t, map[string]string{"main.rego": main, "tool.rego": small()["tool.rego"], "main_test.rego": small()["main_test.rego"]})).
				Current().Message(t.Context(), message("member"))
			if c.fault != "" {
				if d.Verdict != engine.Deny || d.Rule().ID != engine.RuleType || !strings.Contains(d.Rule().Msg, c.fault) {
					t.Errorf("%s by %+v", d.Verdict, d.Rule())
				}
				return
			}
			if d.Verdict != engine.Allow || !reflect.DeepEqual(d.Obligations, c.want) {
				t.Errorf("%s by %+v: %+v", d.Verdict, d.Rule(), d.Obligations)
			}
		})
	}
}

func ifAna(rule string) string {
	if rule == "" {
		return ""
	}
	return rule + " if input.user.name == \"Ana\"\n"
}

// A policy whose obligations nothing can keep never goes live.
func TestObligationsMustFit(t *testing.T) {
	for _, audience := range []string{"private", "public", "team"} {
		main := small()["main.rego"] + "\nsandbox := {\"memroy\": 1} if input.config.audience == \"" + audience + "\"\n"
		_, err := engine.Open(t.Context(), engine.Deps{
			Source: folder(t, with(map[string]string{"main.rego": main})), Log: slog.New(slog.DiscardHandler), Now: time.Now,
			Fit: func(o engine.Obligations) error {
				if len(o.Sandbox) > 0 {
					return errors.New("memroy is not known")
				}
				return nil
			},
		})
		if err == nil || !strings.Contains(err.Error(), "memroy is not known") {
			t.Errorf("%s: %v", audience, err)
		}
	}
}
