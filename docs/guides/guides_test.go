// Package guides_test holds the guides to the code that they quote.
package guides_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// root is where the module starts, seen from here.
const root = "../.."

var quote = regexp.MustCompile("(?m)^<!-- excerpt (\\S+) -->\n```go\n((?s:.*?))^```$")

// TestGuidesQuoteTheTree finds each piece of Go that a guide quotes in the file
// that it names.
func TestGuidesQuoteTheTree(t *testing.T) {
	guides, err := filepath.Glob("*.md")
	if err != nil || len(guides) == 0 {
		t.Fatalf("no guides: %v", err)
	}
	for _, guide := range guides {
		text, err := os.ReadFile(guide)
		if err != nil {
			t.Fatal(err)
		}
		quotes := quote.FindAllStringSubmatch(string(text), -1)
		if len(quotes) == 0 {
			t.Errorf("%s quotes nothing", guide)
		}
		for _, q := range quotes {
			source, err := os.ReadFile(filepath.Join(root, q[1]))
			if err != nil {
				t.Errorf("%s: %v", guide, err)
				continue
			}
			if !strings.Contains(string(source), q[2]) {
				t.Errorf("%s: this is not in %s:\n%s", guide, q[1], q[2])
			}
		}
	}
}
