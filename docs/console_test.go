package docs_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// program is the folder of the program under test, which TestMain builds.
var program string //nolint:gochecknoglobals // TestMain has no other way to hand it to the tests

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "parachute-docs-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "parachute"), "./cmd/parachute")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build parachute: %v\n%s", err, out)
		return 1
	}
	program = dir
	return m.Run()
}

// TestWhatDocsShowIsWhatHappens plays each section of each document.
func TestWhatDocsShowIsWhatHappens(t *testing.T) {
	for _, d := range documents(t) {
		sections := map[int][]block{}
		for _, b := range d.blocks {
			if b.lang == "console" || b.do == "write" || b.do == "merge" {
				sections[b.section] = append(sections[b.section], b)
			}
		}
		for _, blocks := range sections {
			if !slices.ContainsFunc(blocks, func(b block) bool { return b.lang == "console" && b.do != "seen" }) {
				continue
			}
			t.Run(fmt.Sprintf("%s:%d", filepath.Base(d.name), blocks[0].line), func(t *testing.T) {
				t.Parallel()
				play(t, d.name, blocks)
			})
		}
	}
}

func play(t *testing.T, doc string, blocks []block) {
	t.Helper()
	dir := t.TempDir()
	if out, err := shell(t, dir, "parachute init"); err != nil {
		t.Fatalf("init: %v\n%s", err, out)
	}
	for _, b := range blocks {
		switch {
		case b.do == "seen":
		case b.do == "write":
			write(t, filepath.Join(dir, b.file), []byte(b.text))
		case b.do == "merge":
			merge(t, filepath.Join(dir, b.file), []byte(b.text))
		case b.lang == "console":
			for _, s := range steps(b.text) {
				out, err := shell(t, dir, s.command)
				if _, ended := err.(*exec.ExitError); err != nil && !ended { //nolint:errorlint // CombinedOutput gives it unwrapped
					t.Fatal(err)
				}
				if !shown(s.output).MatchString(out) {
					t.Errorf("%s:%d: $ %s\nshown:\n%s\nhappened:\n%s", doc, b.line, s.command, s.output, out)
				}
			}
		}
	}
}

// step is a command and what it is said to print.
type step struct{ command, output string }

func steps(text string) []step {
	var out []step
	for _, line := range strings.SplitAfter(text, "\n") {
		switch {
		case strings.HasPrefix(line, "$ "):
			out = append(out, step{command: strings.TrimPrefix(line, "$ ")})
		case len(out) == 0:
		case strings.HasSuffix(out[len(out)-1].command, "\\\n") || strings.HasPrefix(line, "> "):
			out[len(out)-1].command += strings.TrimPrefix(line, "> ")
		default:
			out[len(out)-1].output += line
		}
	}
	return out
}

// shown is the pattern of an output in which "…" stands for anything.
func shown(output string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`\A`)
	for _, line := range strings.SplitAfter(output, "\n") {
		if line == "…\n" {
			b.WriteString(`(?:.*\n)*?`)
			continue
		}
		b.WriteString(strings.ReplaceAll(regexp.QuoteMeta(line), "…", ".*"))
	}
	b.WriteString(`\z`)
	return regexp.MustCompile(b.String())
}

func shell(t *testing.T, dir, command string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-c", command)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+program+string(os.PathListSeparator)+os.Getenv("PATH"),
		"HOME="+dir, "TZ=UTC", "PARACHUTE_CONFIG=")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// merge changes the keys of a YAML file that data names, as a person does by
// hand.
func merge(t *testing.T, path string, data []byte) {
	t.Helper()
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var doc, change map[string]any
	for _, part := range []struct {
		text []byte
		into *map[string]any
	}{{old, &doc}, {data, &change}} {
		if err := yaml.Unmarshal(part.text, part.into); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	deepMerge(doc, change)
	out, err := yaml.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, out)
}

func deepMerge(into, from map[string]any) {
	for k, v := range from {
		a, isMap := into[k].(map[string]any)
		b, both := v.(map[string]any)
		if isMap && both {
			deepMerge(a, b)
			continue
		}
		into[k] = v
	}
}

var mention = regexp.MustCompile("(?m)(?:`|\\$ |&& |\\| )parachute ([a-z]+)(?: ([a-z]+))?")

// TestCommandsInDocsExist looks each command up in the program's own list.
func TestCommandsInDocsExist(t *testing.T) {
	list := func(args ...string) string {
		out, err := exec.CommandContext(t.Context(), filepath.Join(program, "parachute"), append(args, "--help")...).CombinedOutput()
		if err != nil {
			t.Fatal(err)
		}
		_, commands, _ := bytes.Cut(out, []byte("COMMANDS:"))
		return string(commands)
	}
	has := func(commands, name string) bool {
		return regexp.MustCompile(`(?m)^   ` + regexp.QuoteMeta(name) + `\b`).MatchString(commands)
	}
	top, below := list(), map[string]string{"users": list("users"), "audit": list("audit")}
	for _, d := range documents(t) {
		for _, m := range mention.FindAllStringSubmatch(d.text, -1) {
			if !has(top, m[1]) && m[1] != "help" {
				t.Errorf("%s: there is no command %s", d.name, m[0])
			}
			if subs, ok := below[m[1]]; ok && m[2] != "" && !has(subs, m[2]) {
				t.Errorf("%s: there is no command %s", d.name, m[0])
			}
		}
	}
}
