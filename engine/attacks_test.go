package engine_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/policies"
)

// TestRulesThatWouldNotCountAreRefused: a denial that nobody asks for is worse
// than none, as its author relies on it.
func TestRulesThatWouldNotCountAreRefused(t *testing.T) {
	for name, tt := range map[string]struct{ file, rule, want string }{
		"a deny from the parent package":   {"z.rego", "package parachute\n\nmessage.deny contains \"closed\"\n", "z.rego:3"},
		"an allow from the parent package": {"z.rego", "package parachute\n\nmessage.allow if true\n", "z.rego:3"},
		"a tool deny from the parent":      {"z.rego", "package parachute\n\ntool.deny contains \"closed\"\n", "z.rego:3"},
		"a package below a decision point": {"z.rego", "package parachute.message.sub\n\ndeny contains \"closed\"\n", "z.rego:3"},
		"a misspelt decision point":        {"z.rego", "package parachute.messages\n\ndeny contains \"closed\"\n", "z.rego:3"},
		"a deny with a name below it":      {"z.rego", "package parachute.message\n\ndeny.a contains \"closed\"\n", "z.rego:3"},
		"a deny by key":                    {"z.rego", "package parachute.message\n\ndeny[x] if x := \"closed\"\n", "z.rego:3"},
		"ask about a message":              {"z.rego", "package parachute.message\n\nask contains \"may they?\"\n", "z.rego:3"},
		"a deny in a file of tests":        {"night_test.rego", "package parachute.message\n\ndeny contains \"closed\"\n", "night_test.rego"},
		"an allow with else":               {"z.rego", "package parachute.message\n\nallow if { false } else := true\n", "z.rego:3"},
		"a label that is the engine's":     {"z.rego", "package parachute.message\n\n# METADATA\n# labels: {__place: main.rego:7}\nallow if input.user.id == \"x\"\n", "reserved"},
		"a shift that takes all memory":    {"z.rego", "package parachute.message\n\nwarn contains \"x\" if bits.lsh(1, 100000000000000) == 1\n", "bits.lsh"},
		"a template that loops":            {"z.rego", "package parachute.message\n\nwarn contains \"x\" if strings.render_template(\"{{.a}}\", {\"a\": 1}) == \"\"\n", "strings.render_template"},
		"the clock by a certificate":       {"z.rego", "package parachute.message\n\nwarn contains \"x\" if crypto.x509.parse_and_verify_certificates(\"x\")[0]\n", "crypto.x509"},
		"a schema that refers to itself":   {"schemas/z.json", `{"type":"object","properties":{"a":{"$ref":"#"}}}`, "$ref"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, policies.FS); err != nil {
				t.Fatal(err)
			}
			write(t, dir, map[string]string{tt.file: tt.rule})
			if _, err := openErr(t, engine.Folder(dir)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("with the default policies: %v", err)
			}
			if _, err := openErr(t, folder(t, with(map[string]string{tt.file: tt.rule}))); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("with the least policies: %v", err)
			}
		})
	}
}

// TestFilesThatAreNoneAreRefused: a pipe would block a reload, a device would
// never end.
func TestFilesThatAreNoneAreRefused(t *testing.T) {
	for name, make := range map[string]func(path string) error{
		"a pipe":           func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a device":         func(path string) error { return os.Symlink("/dev/zero", path) },
		"a sparse giant":   func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"a dangling link":  func(path string) error { return os.Symlink("/nowhere/at/all", path) },
		"a folder as rego": func(path string) error { return os.Symlink("/", path) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, small())
			e := open(t, engine.Folder(dir))
			odd := filepath.Join(dir, "z.rego")
			if err := make(odd); err != nil {
				t.Fatal(err)
			}
			if name == "a sparse giant" {
				if err := os.Truncate(odd, 8<<30); err != nil {
					t.Fatal(err)
				}
			}
			if err := e.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), "z.rego") {
				t.Errorf("got %v", err)
			}
			if d := e.Current().Message(t.Context(), message("member")); d.Verdict != engine.Allow {
				t.Errorf("the old revision does not decide: %+v", d)
			}
		})
	}
}

// TestAStuckBuiltInDoesNotHoldTheGate: one call that no deadline stops is left
// behind, and others are decided meanwhile.
func TestAStuckBuiltInDoesNotHoldTheGate(t *testing.T) {
	src := folder(t, with(map[string]string{"z.rego": `package parachute.message

warn contains "x" if {
	input.message.text == "stuck"
	a := numbers.range(1, 20000)
	b := [x | some x in a]
	count([1 | some x in b; regex.match(concat("", ["(a|aa)+", "$"]), concat("", [sprintf("%d", [x]) | some _ in b]))]) == 1
}
`}))
	e := open(t, src)
	in := message("member")
	in.Message.Text = "stuck"
	start := time.Now()
	d := e.Current().Message(t.Context(), in)
	if d.Verdict != engine.Deny || d.Rule().ID != engine.RuleTimeout {
		t.Errorf("got %s by %s: %s", d.Verdict, d.Rule().ID, d.Rule().Msg)
	}
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
	if d := e.Current().Message(t.Context(), message("member")); d.Verdict != engine.Allow {
		t.Errorf("the next message: %s by %s", d.Verdict, d.Rule().ID)
	}
}
