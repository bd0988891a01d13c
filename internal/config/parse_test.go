package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestGoodFiles(t *testing.T) {
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, text string
		// want changes what stands in the configuration without the text.
		want func(c *Config)
	}{
		{"empty", "", nil},
		{"blank", "\n  \n", nil},
		{"comments only", "# one\n# two\n", nil},
		{"start of a document", "---\n", nil},
		{"no keys", "{}", nil},
		{"keys without values", "audience:\nconnectors:\nworkspaces:\nagents:\nsandbox:\nturns:\ndata: ~\n", nil},
		{"every key", `# all of it
audience: team
trust: direct
groups: all_messages
policies: my policies
data: /var/lib/parachute
agent: vault
workspaces:
  notes: {path: notes} # flow
  team_docs-2:
    path: ../docs
connectors:
  - name: bridge
    kind: stdio
decisions:
  timeout: 1.5s
  store_text: true
turns: {timeout: 2m, draft_after: 1s}
agents:
  coder:
    kind: command
    command: [coder, --quiet]
    image: coder:latest
    env:
      API_KEY: {file: secrets/key}
    keep: true
sandbox: {docker: "unix:///run/d.sock", runtime: runsc, kept: 2, warm: 0}
log:
  level: debug
  file: p.log
`, func(c *Config) {
			*c = Config{
				File: c.File, Audience: "team", Trust: "direct", Groups: "all_messages", Policies: "/etc/p/my policies", Data: "/var/lib/parachute", Agent: "vault",
				Workspaces: map[string]Workspace{"notes": {Path: "/etc/p/notes"}, "team_docs-2": {Path: "/etc/docs"}},
				Connectors: []Connector{{Name: "bridge", Kind: "stdio"}},
				Decisions:  Decisions{Timeout: 1500 * time.Millisecond, StoreText: true}, Turns: Turns{Timeout: 2 * time.Minute, DraftAfter: time.Second},
				Agents: map[string]Agent{"coder": {
					Kind: "command", Command: []string{"coder", "--quiet"}, Image: "coder:latest", Keep: true,
					Env: map[string]Variable{"API_KEY": {File: "/etc/p/secrets/key"}},
				}},
				Sandbox: Sandbox{Docker: "unix:///run/d.sock", Runtime: "runsc", Kept: 2, Running: 16, PerPerson: 3},
				Log:     Log{Level: "debug", File: "/etc/p/p.log"},
			}
		}},
		{"a connector is named by its kind", "connectors: [{kind: stdio}]", func(c *Config) { c.Connectors = []Connector{{Name: "stdio", Kind: "stdio"}} }},
		{"quoted", "\"audience\": 'team'\n'trust': \"direct\"\n", func(c *Config) { c.Audience, c.Trust = "team", "direct" }},
		{"Windows lines and mark", "\ufeffaudience: team\r\ntrust: direct\r\n", func(c *Config) { c.Audience, c.Trust = "team", "direct" }},
		{"home", "policies: ~/p\ndata: '~'\n", func(c *Config) { c.Policies, c.Data = filepath.Join(home, "p"), home }},
		{"not quite home", "policies: ~p\n", func(c *Config) { c.Policies = "/etc/p/~p" }},
		{"up and away", "data: ../../x/./y//z\n", func(c *Config) { c.Data = "/x/y/z" }},
		{"a number for a folder", "data: 7\n", func(c *Config) { c.Data = "/etc/p/7" }},
		{"a word on lines of its own", "data: >-\n  folder\n", func(c *Config) { c.Data = "/etc/p/folder" }},
		{"least and most", "decisions: {timeout: 10ms}\nturns: {timeout: 24h}\n", func(c *Config) {
			c.Decisions.Timeout, c.Turns.Timeout = 10*time.Millisecond, 24*time.Hour
		}},
		{"no limit of levels below it", "workspaces:\n" + many(30, "  w%d: {path: x}\n"), func(c *Config) {
			c.Workspaces = map[string]Workspace{}
			for i := range 30 {
				c.Workspaces[fmt.Sprint("w", i)] = Workspace{Path: "/etc/p/x"}
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Parse("/etc/p/parachute.yaml", []byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			want := Default()
			want.File, want.Data = "/etc/p/parachute.yaml", "/etc/p/data"
			if c.want != nil {
				c.want(&want)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got\n%+v\nwant\n%+v", got, want)
			}
		})
	}
}

func many(n int, line string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, line, i)
	}
	return b.String()
}

func TestOldSpellings(t *testing.T) {
	for old, want := range map[string]string{
		"trusted": "direct", "full": "direct", "vault": "direct", "untrusted": "sandboxed", "direct": "direct", "sandboxed": "sandboxed",
		"Trusted": "direct", "UNTRUSTED": "sandboxed", "Direct": "direct",
	} {
		c, err := Parse("f.yaml", []byte("trust: "+old))
		if err != nil || c.Trust != want {
			t.Errorf("%s is read as %q, %v; want %s", old, c.Trust, err, want)
		}
	}
	c, err := Parse("f.yaml", []byte("audience: Public\ngroups: Mention_Only\n"))
	if err != nil || c.Audience != "public" || c.Groups != "mention_only" {
		t.Errorf("capitals: %+v, %v", c, err)
	}
}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name, text string
		// want are the lines of the error, each by parts that it must have.
		want [][]string
	}{
		{"unknown key", "audiense: team", one(`:1:1: unknown key "audiense"`, "valid: audience, trust, groups", `did you mean "audience"?`)},
		{"unknown key, nothing like it", "colour: red", one(`:1:1: unknown key "colour"`, "valid: audience")},
		{"unknown key further in", "log:\n  levl: info", one(`:2:3: unknown key "log.levl"`, "valid: level, file", `did you mean "level"?`)},
		{"unknown key in a list", "connectors:\n  - kind: console\n    nmae: x", one(`:3:5: unknown key "connectors[0].nmae"`, "valid: name, kind", `"name"?`)},
		{"unknown key of a workspace", "workspaces:\n  a: {path: x, paht: y}", one(`:2:16: unknown key "workspaces.a.paht"`, "valid: path")},
		{"key that is hidden", "-: x", one(":1:")},
		{"key that is a number", "1: 2", one(`:1:1: unknown key "1"`)},
		{"internal name", "File: x", one(`:1:1: unknown key "File"`)},
		{"merge key", "log: {level: info}\nturns:\n  <<: {timeout: 1s}", one(`:3:3: unknown key "turns.<<"`)},

		{"audience", "audience: pubic", one(`:1:11: audience: "pubic" is not valid`, "valid: public, private, team, development", `did you mean "public"?`)},
		{"trust", "\ntrust: sandbox", one(`:2:8: trust: "sandbox" is not valid; valid: sandboxed, direct`, `did you mean "sandboxed"?`)},
		{"groups", "groups: all", one(`:1:9: groups: "all" is not valid; valid: mention_only, all_messages`)},
		{"agent", "agent: valut", one(`:1:8: agent: "valut" is not valid; valid: vault; did you mean "vault"?`)},
		{"level", "log: {level: INFO}", one(`:1:14: log.level: "INFO" is not valid; valid: debug, info, warn, error`)},
		{"no data", "data: ''", one(":1:7: data: name a folder")},
		{"quick decision", "decisions: {timeout: 9ms}", one(`:1:22: decisions.timeout: 9ms is not valid; valid: 10ms to 10s`)},
		{"slow decision", "decisions: {timeout: 11s}", one(`:1:22: decisions.timeout: 11s is not valid`)},
		{"quick turn", "turns: {timeout: 999ms}", one(`:1:18: turns.timeout: 999ms is not valid; valid: 1s to 24h`)},
		{"slow turn", "turns: {timeout: 25h}", one(`:1:18: turns.timeout: 25h0m0s is not valid`)},
		{"time before", "turns: {timeout: -1s}", one(`:1:18: turns.timeout: -1s is not valid`)},
		{"no connector", "connectors: []", one(":1:13: connectors: the list is empty", "kind: console")},
		{"connector without a kind", "connectors:\n- name: x", one(":2:", "connectors[0]: kind is missing; valid: console, stdio")},
		{"connector of an unknown kind", "connectors:\n- kind: consol", one(`:2:9: connectors[0].kind: "consol" is not valid; valid: console, stdio, telegram, discord, matrix; did you mean "console"?`)},
		{"connector name", "connectors:\n- {kind: console, name: 'a:b'}", one(`:2:25: connectors[0].name: "a:b" must match`)},
		{"connectors with one name", "connectors:\n- {kind: console, name: a}\n- {kind: console, name: a}", [][]string{
			{":3:", `connectors[1].name: "a" is taken`}, {":3:", "connectors[1]: only one connector can have standard input"},
		}},
		{"two terminals", "connectors:\n- kind: console\n- kind: stdio", one(":3:", "connectors[1]: only one connector can have standard input")},
		{"workspace name", "workspaces:\n  'a b': {path: x}", one(":2:", `workspaces: the name "a b" must match`)},
		{"workspace name that leaves", "workspaces:\n  ../up: {path: x}", one(":2:", `the name "../up" must match`)},
		{"workspace of everybody", "workspaces:\n  personal: {path: x}", one(":2:", "personal is each person's own")},
		{"workspace without a path", "workspaces:\n  notes:\n", one(":2:", "workspaces.notes: path is missing; write `notes: {path: ./folder}`")},
		{"several", "audience: x\ntrust: y\nlog: {level: z}", [][]string{{":1:11: audience"}, {":2:8: trust"}, {":3:14: log.level"}}},

		{"word for a mapping", "log: info", one(`:1:6: log: write keys and values below it, not "info"`)},
		{"number for a mapping", "decisions: 5", one(`:1:12: decisions: write keys and values below it, not "5"`)},
		{"list for a mapping", "workspaces: []", one(":1:13: workspaces: write keys and values below it, not a list")},
		{"word for a workspace", "workspaces:\n  notes: ./n", one(`:2:10: workspaces.notes: write keys and values below it, not "./n"`)},
		{"word for a connector", "connectors:\n- console", one(`:2:3: connectors[0]: write keys and values below it, not "console"`)},
		{"word for a list", "connectors: console", one(`:1:13: connectors: write a list`, `"console"`)},
		{"mapping for a list", "connectors: {kind: console}", one(":1:13: connectors: write a list", "keys and values")},
		{"mapping for a list, below", "connectors:\n  kind: console", one(":2:", "connectors: write a list", "keys and values")},
		{"list for a word", "audience: [team]", one(":1:11: audience: write one value, not a list")},
		{"mapping for a word", "audience: {a: b}", one(":1:11: audience: write one value, not keys and values")},
		{"word for a switch", "decisions: {store_text: maybe}", one(`:1:25: decisions.store_text: "maybe" is not valid; valid: true, false`)},
		{"quoted switch", "decisions: {store_text: 'true'}", one(`:1:25: decisions.store_text: "true" is not valid; valid: true, false`)},
		{"word for a time", "decisions: {timeout: soon}", one(`:1:22: decisions.timeout: "soon" is not valid`, "500ms, 30s or 5m")},
		{"time without a unit", "decisions: {timeout: 5}", one(`:1:22: decisions.timeout: "5" is not valid`, "500ms, 30s or 5m")},
		{"time without end", "turns: {timeout: 99999999h}", one(`:1:18: turns.timeout: "99999999h" is not valid`)},
		{"list for a time", "turns: {timeout: [1s]}", one(":1:18: turns.timeout: write one value, not a list")},
		{"a list for all", "[a, b]", one(":1:1: the file: write keys and values below it, not a list")},
		{"a text for all", "just text", one(`:1:1: the file: write keys and values below it, not "just text"`)},
		{"a long text for all", strings.Repeat("x", 10_000), one(`the file: write keys and values`, `not "`+strings.Repeat("x", 40)+`"`)},

		{"key twice", "audience: team\ntrust: direct\naudience: public", one(`:3:1: mapping key "audience" already defined at [1:1]`)},
		{"key twice further in", "log: {level: info, level: warn}", one(`:1:20: mapping key "level" already defined`)},
		{"workspace twice", "workspaces: {a: {path: x}, a: {path: y}}", one(`:1:28: mapping key "a" already defined`)},
		{"several documents", "audience: team\n---\naudience: public", one(": more than one document")},
		{"what follows the end", "audience: team\n...\ntrust: direct", one(": more than one document")},

		{"anchor", "audience: &a team", one(":1:11: audience: anchors and aliases")},
		{"anchor that hides a list", "connectors: &c\n- kind: console\n  nmae: x", one(":1:13: connectors: anchors and aliases")},
		{"alias", "audience: *a", one(":1:11: audience: anchors and aliases")},
		{"anchor of all", "&a\naudience: team", one("the file: anchors and aliases")},
		{"anchor on a key", "&a audience: team", one(":1:1: unknown key")},
		{"tag", "decisions: !!map {timeout: 2s}", one(`:1:12: decisions: tags ("!!map") are not read`)},
		{"tag of a word", "data: !!binary aGk=", one(":1:7: data: tags")},

		{"tab", "\taudience: x", one(":1:")},
		{"open quote", "audience: \"a", one(":1:11: ")},
		{"open list", "connectors: [", one(":1:")},
		{"NUL", "\x00", one(":1:1: the file")},
		{"no UTF-8", "audience: \xff", one(":1:11: audience:")},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse("dir/f.yaml", []byte(c.text))
			if err == nil {
				t.Fatal("no fault was found")
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(c.want) {
				t.Fatalf("%d faults, want %d:\n%v", len(lines), len(c.want), err)
			}
			for i, parts := range c.want {
				if !strings.HasPrefix(lines[i], "dir/f.yaml:") {
					t.Errorf("the fault does not name the file: %s", lines[i])
				}
				for _, part := range parts {
					if !strings.Contains(lines[i], part) {
						t.Errorf("fault %q does not say %q", lines[i], part)
					}
				}
			}
		})
	}
}

func one(parts ...string) [][]string { return [][]string{parts} }
