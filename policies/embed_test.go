package policies_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/parachute-gate/parachute/policies"
)

// Everything that stands in the folder is in the program, so that `init` writes
// a whole bundle.
func TestEmbedHoldsTheFolder(t *testing.T) {
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".go") {
			return err
		}
		want, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		got, err := fs.ReadFile(policies.FS, filepath.ToSlash(path))
		if err != nil {
			t.Errorf("%s is not embedded: %v", path, err)
		} else if !bytes.Equal(got, want) {
			t.Errorf("%s is embedded with other content", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A rule without an id cannot be looked for in the log, and one that is given
// twice names two things. Only rules that give one outcome in two ways share one.
func TestEveryRuleHasItsID(t *testing.T) {
	shared := []string{"startup.file_mode", "tool.path_missing"}
	rule := regexp.MustCompile(`^(deny|warn|ask) contains |^allow if `)
	id := regexp.MustCompile(`^# labels: \{id: ([a-z]+\.[a-z_]+)\}$`)
	seen := map[string]string{}
	err := fs.WalkDir(policies.FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".rego") || strings.HasSuffix(path, "_test.rego") {
			return err
		}
		content, err := fs.ReadFile(policies.FS, path)
		if err != nil {
			return err
		}
		var comment []string
		for _, line := range strings.Split(string(content), "\n") {
			if strings.HasPrefix(line, "#") {
				comment = append(comment, line)
				continue
			}
			if rule.MatchString(line) {
				checkMetadata(t, path, line, comment, id, seen, shared)
			}
			comment = nil
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"authz.unknown_user", "authz.blocked", "authz.workspace", "authz.command", "authz.chat_kind", "authz.channel",
		"trust.public_direct", "groups.not_mentioned", "events.bot", "events.edit", "events.delete", "events.reaction",
		"events.callback", "content.too_long", "content.attachment_size", "content.attachment_type", "limits.exceeded",
		"session.owner", "session.trust", "session.share", "session.access", "authz.pair", "pairing.code", "pairing.unknown", "pairing.expired", "pairing.used", "pairing.denied",
		"pairing.dm", "people.role", "people.rank", "people.lasting", "people.self", "people.others", "token.required", "token.invalid", "groups.workspace", "agent.unknown", "agent.programs", "workspace.quota", "startup.agents", "startup.public_direct", "startup.direct", "startup.file_mode",
	} {
		if seen[want] == "" {
			t.Errorf("no rule has the id %s, which the program relies on", want)
		}
	}
}

func checkMetadata(t *testing.T, path, line string, comment []string, id *regexp.Regexp, seen map[string]string, shared []string) {
	t.Helper()
	text := strings.Join(comment, "\n")
	if !strings.HasPrefix(text, "# METADATA\n# title: ") || !strings.Contains(text, "\n# description: ") {
		t.Errorf("%s: %s: no title and description above it", path, line)
	}
	for _, c := range comment {
		if m := id.FindStringSubmatch(c); m != nil {
			if seen[m[1]] != "" && !slices.Contains(shared, m[1]) {
				t.Errorf("%s: the id %s is given in %s as well", path, m[1], seen[m[1]])
			}
			seen[m[1]] = path
			return
		}
	}
	t.Errorf("%s: %s: no labels: {id: …} above it", path, line)
}

// settings are the parts of data.yaml whose defaults are promises.
type settings struct {
	LocalRole       string `yaml:"local_role"`
	DefaultQuotaMiB int    `yaml:"default_quota_mib"`
	Agents          struct {
		Choices []any `yaml:"choices"`
	} `yaml:"agents"`
	Roles map[string]struct {
		Chats []string `yaml:"chats"`
		Tools []string `yaml:"tools"`
		Gives []string `yaml:"gives"`
	} `yaml:"roles"`
	People struct {
		Oversee []string `yaml:"oversee"`
	} `yaml:"people"`
	Pairing struct {
		Audiences []string `yaml:"audiences"`
		Role      string   `yaml:"role"`
		Guesses   int      `yaml:"guesses_per_hour"`
	} `yaml:"pairing"`
	Tokens struct {
		Required []string `yaml:"required"`
	} `yaml:"tokens"`
	Trust map[string]struct {
		DirectFor []string `yaml:"direct_for"`
		Others    string   `yaml:"others"`
	} `yaml:"trust"`
	Limits struct {
		Roles map[string]map[string]int `yaml:"roles"`
	} `yaml:"limits"`
	Events   map[string]string `yaml:"events"`
	Commands map[string]struct {
		Roles []string `yaml:"roles"`
	} `yaml:"commands"`
	Content struct {
		MaxTextBytes int `yaml:"max_text_bytes"`
		Attachments  struct {
			MaxBytes int `yaml:"max_bytes"`
		} `yaml:"attachments"`
	} `yaml:"content"`
	Sandbox map[string]map[string]any `yaml:"sandbox"`
	Replies map[string]string         `yaml:"replies"`
	Tools   struct {
		Protected []string `yaml:"protected"`
	} `yaml:"tools"`
}

// The tests in Rego bring settings of their own, so that people can tune
// data.yaml. What it says when it comes is tested here.
func TestDefaultSettings(t *testing.T) {
	content, err := fs.ReadFile(policies.FS, "data.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var s settings
	if err := yaml.Unmarshal(content, &s); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		ok   bool
	}{
		{"the person at the terminal is the owner", s.LocalRole == "owner"},
		{"guests talk in direct messages only", slices.Equal(s.Roles["guest"].Chats, []string{"dm"})},
		{"nothing runs for guests", !slices.Contains(s.Roles["guest"].Tools, "execute") && !slices.Contains(s.Roles["guest"].Tools, "fetch")},
		{"owners give every role, admins members and guests, others none", slices.Equal(s.Roles["owner"].Gives, []string{"all"}) && slices.Equal(s.Roles["admin"].Gives, []string{"member", "guest"}) && len(s.Roles["member"].Gives)+len(s.Roles["guest"].Gives) == 0},
		{"owners and admins see what is others'", slices.Equal(s.People.Oversee, []string{"owner", "admin"})},
		{"strangers get a code, but not on a public bot", slices.Equal(s.Pairing.Audiences, []string{"private", "team", "development"})},
		{"who is approved is a member", s.Pairing.Role == "member"},
		{"five guesses an hour", s.Pairing.Guesses == 5},
		{"no connector asks for a token", s.Tokens.Required != nil && len(s.Tokens.Required) == 0},
		{"strangers read their code", strings.Contains(s.Replies["pairing_new"], "{code}") && strings.Contains(s.Replies["pairing_new"], "{code_time}")},
		{"private: direct for the owner, others sandboxed", slices.Equal(s.Trust["private"].DirectFor, []string{"owner"}) && s.Trust["private"].Others == "sandboxed"},
		{"development: direct for the owner, others sandboxed", slices.Equal(s.Trust["development"].DirectFor, []string{"owner"}) && s.Trust["development"].Others == "sandboxed"},
		{"team: direct for nobody", len(s.Trust["team"].DirectFor) == 0 && s.Trust["team"].Others == "deny"},
		{"messages per minute", s.Limits.Roles["owner"]["messages_per_minute"] == 60 && s.Limits.Roles["member"]["messages_per_minute"] == 20 && s.Limits.Roles["guest"]["messages_per_minute"] == 5},
		{"edits, reactions and callbacks are ignored", s.Events["edit"] == "ignore" && s.Events["reaction"] == "ignore" && s.Events["callback"] == "ignore"},
		{"texts up to 100 KiB", s.Content.MaxTextBytes == 100<<10},
		{"attachments up to 10 MB", s.Content.Attachments.MaxBytes == 10_000_000},
		{"the sandbox has no network", s.Sandbox["default"]["network"] == "none" && len(s.Sandbox) == 2 && s.Sandbox["public"]["network"] == nil},
		{"parachute.yaml names the agent", s.Agents.Choices != nil && len(s.Agents.Choices) == 0},
		{"a workspace has at most 1 GiB", s.DefaultQuotaMiB == 1024},
		{"dotfiles and instructions are protected", slices.Contains(s.Tools.Protected, ".*") && slices.Contains(s.Tools.Protected, "claude*.md") && slices.Contains(s.Tools.Protected, "agents*.md") && slices.Contains(s.Tools.Protected, "hooks")},
		{"whoever is over a limit is told when to come back", strings.Contains(s.Replies["limit"], "{retry_after}") && strings.Contains(s.Replies["busy"], "{retry_after}")},
	} {
		if !c.ok {
			t.Errorf("data.yaml no longer says: %s", c.name)
		}
	}
	everybodys := []string{"start", "help", "new", "stop", "status", "whoami", "workspace", "pair", "sessions", "limits", "share", "unshare", "join"}
	for _, name := range everybodys {
		if !slices.Equal(s.Commands[name].Roles, []string{"anyone"}) {
			t.Errorf("commands.%s is for %v, not for anyone", name, s.Commands[name].Roles)
		}
	}
	for name, command := range s.Commands {
		if !slices.Contains(everybodys, name) && !slices.Equal(command.Roles, []string{"owner", "admin"}) {
			t.Errorf("commands.%s is for %v, not for owner and admin", name, command.Roles)
		}
	}
}

// A reply that a rule names and data.yaml does not have would be the general
// one, and one that no rule names would never be said.
func TestEveryReplyIsSaid(t *testing.T) {
	content, err := fs.ReadFile(policies.FS, "data.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var s settings
	if err := yaml.Unmarshal(content, &s); err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	call := regexp.MustCompile(`(?:refuse\("[^"]*", |_reply := )"([a-z_]+)"`)
	err = fs.WalkDir(policies.FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".rego") || strings.HasSuffix(path, "_test.rego") {
			return err
		}
		content, err := fs.ReadFile(policies.FS, path)
		for _, m := range call.FindAllSubmatch(content, -1) {
			named[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range named {
		if s.Replies[name] == "" {
			t.Errorf("data.yaml has no reply %q", name)
		}
	}
	for name := range s.Replies {
		if !named[name] {
			t.Errorf("no rule says the reply %q", name)
		}
	}
}

// The tests in Rego tell the default rules' denials from people's own by their
// words: one that they do not know would go unseen.
func TestFixturesKnowEveryDenial(t *testing.T) {
	fixtures, err := fs.ReadFile(policies.FS, "fixtures_test.rego")
	if err != nil {
		t.Fatal(err)
	}
	names, err := fs.Glob(policies.FS, "message/*.rego")
	if err != nil {
		t.Fatal(err)
	}
	denial := regexp.MustCompile(`(?m)refuse\("([^"]*)"|^(?:deny contains|\w+_denial :=) \{"msg": "([^"]*)"`)
	found := 0
	for _, name := range names {
		content, err := fs.ReadFile(policies.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "_test.rego") {
			continue
		}
		for _, m := range denial.FindAllSubmatch(content, -1) {
			found++
			if msg := string(m[1]) + string(m[2]); !bytes.Contains(fixtures, []byte("\t\""+msg+"\",\n")) {
				t.Errorf("%s denies with %q, which default_denials of the fixtures does not have", name, msg)
			}
		}
	}
	if found == 0 {
		t.Error("no denial found")
	}
}

// The startup rules know the keys of a sandbox and their bounds by heart, as Rego
// cannot ask for them: they are those of the document.
func TestSandboxKeysAreThoseOfTheDocument(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("..", "docs", "sandbox.md"))
	if err != nil {
		t.Fatal(err)
	}
	rules, err := fs.ReadFile(policies.FS, "startup/sandbox.rego")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(doc), "| key | default | bounds | |")
	table, _, _ = strings.Cut(table, "\n\n")
	known := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\t"([a-z_]+)": (?:\{"least": ([0-9.]+), "most": ([0-9]+)\}|\x60)`).FindAllStringSubmatch(string(rules), -1) {
		known[m[1]] = strings.Trim(m[2]+" to "+m[3], " to")
	}
	rows := regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|[^|]*\\| ?([^|]*?) ?\\|").FindAllStringSubmatch(table, -1)
	if len(rows) != len(known) || len(rows) < 10 {
		t.Errorf("the document has %d keys, the rules have %d", len(rows), len(known))
	}
	for _, row := range rows {
		if bounds, ok := known[row[1]]; !ok || bounds != strings.ReplaceAll(row[2], ",", "") {
			t.Errorf("%s: the document says %q, the rules say %q", row[1], row[2], bounds)
		}
	}
}
