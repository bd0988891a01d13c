package archtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A word is what no file of the tree may say.
type word struct {
	text string
	why  string
}

// words are of this machine, which the test asks, and of any. They stand here in
// parts, as this file is one of the tree.
func words(t *testing.T) []word {
	t.Helper()
	const (
		host    = "the name of a registry: that is the machine's setting"
		machine = "a path of one machine"
	)
	list := []word{
		{"proxy." + "golang.org", host}, {"sum." + "golang.org", host},
		{"registry." + "npmjs.org", host}, {"registry-1." + "docker.io", host},
		{"pypi." + "org", host}, {"deb." + "debian.org", host},
		{"/root/" + "go/", machine}, {"/root/" + ".cache/", machine}, {"/go/pkg/" + "mod/", machine},
	}
	for _, url := range regexp.MustCompile(`[a-z]+://(?:[^@/\s,|]*@)?([^/\s,|:]+)`).FindAllStringSubmatch(goEnv(t, "GOPROXY"), -1) {
		list = append(list, word{url[1], host})
	}
	top, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{top, goEnv(t, "GOMODCACHE"), goEnv(t, "GOCACHE"), os.Getenv("HOME")} {
		// /root and /src are nobody's: such a word says nothing of a machine.
		if strings.Count(folder, "/") > 1 {
			list = append(list, word{folder, machine})
		}
	}
	return list
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func checkWords(list []word, all []text) (problems []string) {
	for _, f := range all {
		for _, w := range list {
			if before, _, found := strings.Cut(f.body, w.text); found {
				problems = append(problems, fmt.Sprintf("%s:%d: says %q: %s", f.path, strings.Count(before, "\n")+1, w.text, w.why))
			}
		}
	}
	return problems
}

func TestNoFileNamesAMachine(t *testing.T) {
	report(t, checkWords(words(t), texts(t)))
}

func TestWordsThatAreRefused(t *testing.T) {
	list := []word{{"mirror.example", "a host"}}
	got := checkWords(list, []text{{"a.md", "one\nby https://mirror.example/x\n"}, {"b.md", "nothing\n"}})
	if want := []string{`a.md:2: says "mirror.example": a host`}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What `opa test` says of a policy is what the engine says of it.
func TestTheToolAndTheEngineAreTheSameOPA(t *testing.T) {
	version := regexp.MustCompile(`(?m)^\s*(?:require )?github\.com/open-policy-agent/opa (v\S+)`)
	found := map[string]string{}
	for _, name := range []string{"go.mod", "internal/tools/go.mod"} {
		body, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		m := version.FindSubmatch(body)
		if m == nil {
			t.Fatalf("%s: no version of OPA", name)
		}
		found[name] = string(m[1])
	}
	if found["go.mod"] != found["internal/tools/go.mod"] {
		t.Errorf("two versions: %v", found)
	}
}
