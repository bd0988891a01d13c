// Package docs_test holds the documents to what the program does: the policies
// in them compile, the configurations parse, the links lead somewhere, the tests
// that they name exist, and the commands that they show give what they show.
//
// # How a document is read
//
// A fenced block of console is run, in the order of the document, and must give
// the output that stands there; "…" in a line stands for anything, and a line of
// "…" alone for any number of lines. A comment before a block says more:
//
//	<!-- write FILE -->   the block is written to FILE first
//	<!-- merge FILE -->   the block is YAML that changes the keys it names in FILE
//	<!-- excerpt -->      the block is a part of something and is not checked alone
//	<!-- seen -->         output that was seen, and depends on the time or on signals
//	<!-- same folder -->  under a heading: go on in the folder of the section before
//
// Each section (##) starts in a folder that `parachute init` has just written.
package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// root is where the module starts, seen from the folder of the tests.
const root = ".."

// block is a fenced block of a document.
type block struct {
	lang    string
	do      string // the word of the comment before it: write, merge, excerpt, seen, or ""
	file    string // the file that write and merge name
	section int    // counts the sections; one that goes on in a folder has its predecessor's number
	line    int
	text    string
}

// document is a Markdown file.
type document struct {
	name   string
	text   string
	blocks []block
}

var (
	fence   = regexp.MustCompile("^( *)```([a-z]*)$")
	comment = regexp.MustCompile(`^<!-- (write|merge|excerpt|seen|same folder) ?(\S*) ?-->$`)
)

func documents(t *testing.T) []document {
	t.Helper()
	names := []string{"README.md", "CHANGELOG.md"}
	err := filepath.WalkDir(filepath.Join(root, "docs"), func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".md") {
			names = append(names, strings.TrimPrefix(path, root+string(filepath.Separator)))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var out []document
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, parse(t, name, string(data)))
	}
	return out
}

func parse(t *testing.T, name, text string) document {
	t.Helper()
	d := document{name: name, text: text}
	var open *block
	do, file, section, indent := "", "", 0, ""
	for i, line := range strings.Split(text, "\n") {
		m := fence.FindStringSubmatch(line)
		switch {
		case open != nil && m != nil && m[2] == "":
			d.blocks = append(d.blocks, *open)
			open, do, file = nil, "", ""
		case open != nil:
			open.text += strings.TrimPrefix(line, indent) + "\n"
		case m != nil:
			indent = m[1]
			open = &block{lang: m[2], do: do, file: file, section: section, line: i + 1}
		case strings.HasPrefix(line, "## "):
			section++
		case strings.HasPrefix(line, "<!--"):
			c := comment.FindStringSubmatch(line)
			if c == nil {
				t.Fatalf("%s:%d: a comment that means nothing here: %s", name, i+1, line)
			}
			if do, file = c[1], c[2]; do == "same folder" {
				do, section = "", section-1
			}
		}
	}
	if open != nil {
		t.Fatalf("%s:%d: the block does not end", name, open.line)
	}
	return d
}
