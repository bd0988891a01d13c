package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// toolPolicy stands beside every revision.
const toolPolicy = "package parachute.tool\n\ndefault allow := false\n"

// openRevision admits everybody. Its rule, its workspace and its limit all name
// the revision's number, so that a record shows which one answered.
const openRevision = `package parachute.message

# METADATA
# labels: {id: open.%[1]d}
allow if input.user.id

trust := "sandboxed"

workspace := "rev%[1]d"

limits contains {"name": "rev%[1]d", "per": "user", "max": 1000000, "window": "1d"} if input.user.id
`

// closedRevision denies half of the people besides.
const closedRevision = openRevision + `
# METADATA
# labels: {id: closed.%[1]d}
deny contains {"msg": "closed in this revision"} if input.user.id in {"in:w0", "in:w2", "in:w4", "in:w6"}
`

// brokenRevisions may never decide; the empty one stands for a folder without
// policies.
func brokenRevisions() []string {
	return []string{
		"package parachute.message\n\nallow if {\n",
		closedRevision + "\ntest_of_the_policies if false\n",
		openRevision + "\nallow if 1 + \"a\" == 2\n",
		openRevision + "\nallow if http.send({\"method\": \"get\", \"url\": \"http://127.0.0.1\"}).status_code == 200\n",
		"package parachute.message\n\ndeny contains \"nobody %[1]d\" if input.user.id\n",
		openRevision + "\nallow if nowhere_defined(%[1]d)\n",
		"",
	}
}

// revisionFolder is a folder of policies that is written again and again.
type revisionFolder struct {
	dir string
}

func newRevisionFolder(t *testing.T) revisionFolder {
	t.Helper()
	f := revisionFolder{dir: t.TempDir()}
	putFile(t, filepath.Join(f.dir, "tool.rego"), toolPolicy)
	f.write(t, openRevision, 0)
	return f
}

// write puts a revision in the folder, in one step.
func (f revisionFolder) write(t *testing.T, text string, number int) {
	t.Helper()
	path := filepath.Join(f.dir, "message.rego")
	if text == "" {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		return
	}
	putFile(t, path+".new", fmt.Sprintf(text, number))
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// closedTo tells whether the revision of that number denies a person.
func closedTo(number int, user string) bool {
	n, err := strconv.Atoi(strings.TrimPrefix(user, "in:w"))
	return err == nil && number%2 == 1 && n%2 == 0
}
