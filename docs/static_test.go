package docs_test

import (
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/internal/config"
	"github.com/parachute-gate/parachute/policies"
)

// TestPoliciesInDocsCompile loads each block of Rego together with the default
// policies, as if it had been dropped into their folder.
func TestPoliciesInDocsCompile(t *testing.T) {
	checked := 0
	for _, d := range documents(t) {
		for _, b := range d.blocks {
			if b.lang != "rego" || b.do == "excerpt" {
				continue
			}
			checked++
			name := "custom/x.rego"
			if strings.HasSuffix(b.file, "_test.rego") {
				name = "custom/x_test.rego"
			}
			files := defaultPolicies(t)
			files[name] = &fstest.MapFile{Data: []byte(b.text)}
			_, err := engine.Open(t.Context(), engine.Deps{
				Source: engine.Embedded(files), Log: slog.New(slog.DiscardHandler), Now: time.Now,
			})
			if err != nil {
				t.Errorf("%s:%d: %v", d.name, b.line, err)
			}
		}
	}
	if checked == 0 {
		t.Error("no Rego in the documents")
	}
}

func defaultPolicies(t *testing.T) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(policies.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(policies.FS, name)
		files[name] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestConfigurationsInDocsParse reads each block that is written as a
// parachute.yaml.
func TestConfigurationsInDocsParse(t *testing.T) {
	checked := 0
	for _, d := range documents(t) {
		for _, b := range d.blocks {
			if b.lang != "yaml" || b.do == "excerpt" || filepath.Base(b.file) == "data.yaml" {
				continue
			}
			checked++
			if b.do != "write" {
				t.Errorf("%s:%d: say before the block which file it is (write FILE, merge FILE or excerpt)", d.name, b.line)
				continue
			}
			if _, err := config.Parse("parachute.yaml", []byte(b.text)); err != nil {
				t.Errorf("%s:%d: %v", d.name, b.line, err)
			}
		}
	}
	if checked == 0 {
		t.Error("no configuration in the documents")
	}
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// TestLinksInDocsLeadSomewhere follows each relative link, also to its heading.
func TestLinksInDocsLeadSomewhere(t *testing.T) {
	for _, d := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(d.text, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			file, heading, _ := strings.Cut(m[1], "#")
			path := filepath.Join(root, d.name)
			if file != "" {
				path = filepath.Join(filepath.Dir(path), file)
			}
			info, err := os.Stat(path)
			if err != nil {
				t.Errorf("%s: the link %s leads nowhere", d.name, m[1])
				continue
			}
			if heading != "" && (info.IsDir() || !slices.Contains(headings(t, path), heading)) {
				t.Errorf("%s: the link %s leads to no heading", d.name, m[1])
			}
		}
	}
}

// headings gives the anchors of a document, as code hosts make them.
func headings(t *testing.T, path string) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	drop := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	var out []string
	for _, line := range strings.Split(string(data), "\n") {
		if title, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " "); ok && strings.HasPrefix(line, "#") {
			out = append(out, strings.ReplaceAll(drop.ReplaceAllString(strings.ToLower(title), ""), " ", "-"))
		}
	}
	return out
}

var (
	goTest   = regexp.MustCompile("`((?:Test|Fuzz)[A-Z][A-Za-z0-9]*)`")
	regoTest = regexp.MustCompile("`(test_[a-z0-9_]+)`")
	script   = regexp.MustCompile("`([a-z0-9_]+\\.txtar)`")
)

// TestTestsInDocsExist finds each test that a document names as its proof.
func TestTestsInDocsExist(t *testing.T) {
	there := map[string]bool{}
	defined := regexp.MustCompile(`(?m)^(?:func )?((?:Test|Fuzz)[A-Z][A-Za-z0-9]*|test_[a-z0-9_]+)\b`)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == ".git":
			return fs.SkipDir
		case strings.HasSuffix(path, ".txtar"):
			there[d.Name()] = true
		case strings.HasSuffix(path, "_test.go"), strings.HasSuffix(path, "_test.rego"):
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, m := range defined.FindAllStringSubmatch(string(data), -1) {
				there[m[1]] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, d := range documents(t) {
		for _, shape := range []*regexp.Regexp{goTest, regoTest, script} {
			for _, m := range shape.FindAllStringSubmatch(d.text, -1) {
				if named++; !there[m[1]] {
					t.Errorf("%s: there is no test %s", d.name, m[1])
				}
			}
		}
	}
	if named == 0 {
		t.Error("the documents name no test")
	}
}

var rule = regexp.MustCompile("`((?:authz|trust|groups|events|content|limits|session|sandbox|tool|startup|store|engine|input|agent|workspace|pairing|people|token|grant|claim)\\.[a-z_]+)`")

// TestRulesInDocsExist finds each rule id that a document names, in the default
// policies or among those that the program gives by itself.
func TestRulesInDocsExist(t *testing.T) {
	there := map[string]bool{
		"sandbox.unavailable": true, "sandbox.failed": true,
		"store.unwritable": true, "store.unreadable": true, "input.invalid": true,
		"engine.error": true, "engine.timeout": true, "engine.type": true, "engine.undefined": true,
	}
	label := regexp.MustCompile(`(?m)^# labels: \{id: ([a-z_.]+)\}`)
	// Paths of the input and keys of data.yaml look the same.
	other := regexp.MustCompile(`^(input\.(version|time|config|session|tool|files|limits)|limits\.others|groups\.chats|pairing\.(audiences|guesses_per_hour|role)|people\.oversee|startup\.txtar)$`)
	for name, file := range defaultPolicies(t) {
		if strings.HasSuffix(name, ".rego") {
			for _, m := range label.FindAllStringSubmatch(string(file.Data), -1) {
				there[m[1]] = true
			}
		}
	}
	for _, d := range documents(t) {
		for _, m := range rule.FindAllStringSubmatch(d.text, -1) {
			if !there[m[1]] && !other.MatchString(m[1]) {
				t.Errorf("%s: there is no rule %s", d.name, m[1])
			}
		}
	}
}
