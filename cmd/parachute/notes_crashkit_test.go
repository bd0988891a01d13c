package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

var (
	anyToken = regexp.MustCompile(`^tok\d{6}end$`)
	pageName = regexp.MustCompile(`^page\d\.md$`)
)

// notes holds the notes to what the answers say of them.
func (a *aftermath) notes() {
	a.t.Helper()
	added := map[string]int{}
	err := filepath.WalkDir(filepath.Join(a.data, "workspaces"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(text)) {
			token := strings.TrimSuffix(line, "\n")
			if !anyToken.MatchString(token) || token == line {
				a.t.Errorf("%s holds a line that nobody wrote: %q", path, line)
			}
			if d.Name() == "log.md" {
				added[token]++
			}
		}
		if pageName.MatchString(d.Name()) && strings.Count(string(text), "\n") != 1 {
			a.t.Errorf("%s is not what one message wrote: %q", path, text)
		}
		return nil
	})
	if err != nil {
		a.t.Fatal(err)
	}
	a.appends(added)
}

// appends counts what was added to notes: once where the answer says that it
// was, never more, and only by a tool call that was allowed.
func (a *aftermath) appends(added map[string]int) {
	a.t.Helper()
	authorized := map[string]bool{}
	for _, turn := range a.strings(`
		SELECT json_extract(CAST(record AS TEXT), '$.turn') FROM decisions
		WHERE point = 'tool' AND verdict = 'allow' AND json_extract(CAST(record AS TEXT), '$.event') = 'notes.append'`) {
		authorized[turn] = true
	}
	applied := 0
	for _, m := range a.b.sent {
		if !strings.HasPrefix(m.Text, addPrefix) {
			continue
		}
		n := added[m.token]
		delete(added, m.token)
		applied += n
		if n > 0 && (!m.allowed || !authorized[a.decisions[m.ID].turn]) {
			a.t.Errorf("message %s: added without an allow decision", m.ID)
		}
		if n > 1 {
			a.t.Errorf("message %s: added %d times", m.ID, n)
		}
		for _, line := range m.answers {
			switch {
			case line.Verdict == "allow" && line.Text == addedReply && n != 1:
				a.t.Errorf("message %s: answered %q, and added %d times", m.ID, line.Text, n)
			case line.Verdict == "allow" && line.Text != addedReply && n != 0:
				a.t.Errorf("message %s: answered %q, and added %d times", m.ID, line.Text, n)
			}
		}
	}
	for token, n := range added {
		a.t.Errorf("%s was added %d times, and no message asked for it", token, n)
	}
	if applied == 0 {
		a.t.Error("nothing was ever added: the load did not do its work")
	}
}
