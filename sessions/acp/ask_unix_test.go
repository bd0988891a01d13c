//go:build unix

package acp_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/parachute-gate/parachute/sessions/agenttest"
	"github.com/parachute-gate/parachute/sessions/programs"
	"github.com/parachute-gate/parachute/sessions/vault"
)

func virtual(l *programs.Launch) { l.Cwd = "/workspace" }

func TestPermissions(t *testing.T) {
	b := newBench(t)
	b.decider.deny = map[string]error{
		"execute": &vault.Refused{Rule: "tool.kind", Reply: "Nothing is run for you."},
		"fetch":   errors.New("denied by store.unreadable"),
		"secret":  &vault.Refused{Rule: "tool.secret"},
	}
	a := b.agent(virtual)
	defer a.Close()
	const allow, reject = `"optionId":"id-allow_once"`, `"optionId":"id-reject_once"`
	for _, test := range []struct {
		message, want string
		asked         []vault.Call
	}{
		{"permit read /workspace/notes.md", allow, []vault.Call{{Tool: "acp.read", Kind: "read", Path: "notes.md"}}},
		{"permit edit /workspace/a/b.md", allow, []vault.Call{{Tool: "acp.write", Kind: "write", Path: "a/b.md"}}},
		{"permit delete /workspace/x", allow, []vault.Call{{Tool: "acp.delete", Kind: "delete", Path: "x"}}},
		{"permit move /workspace/x /workspace/y", allow, []vault.Call{{Tool: "acp.move", Kind: "move", Path: "x", To: "y"}}},
		{"permit search", allow, []vault.Call{{Tool: "acp.search", Kind: "search"}}},
		{"permit think", allow, []vault.Call{{Tool: "acp.other", Kind: "other"}}},
		// What was announced is not taken back by the request, nor by another word before it.
		{"relabel execute - read", reject, []vault.Call{{Tool: "acp.execute", Kind: "execute"}}},
		{"relabel execute - think", reject, []vault.Call{{Tool: "acp.execute", Kind: "execute"}}},
		{"relabel execute read think", reject, []vault.Call{{Tool: "acp.execute", Kind: "execute"}}},
		{"relabel read think execute", reject, []vault.Call{{Tool: "acp.read", Kind: "read"}, {Tool: "acp.other", Kind: "other"}, {Tool: "acp.execute", Kind: "execute"}}},
		{"relabel read - edit", allow, []vault.Call{{Tool: "acp.read", Kind: "read"}, {Tool: "acp.write", Kind: "write"}}},
		{"relabel read - read", allow, []vault.Call{{Tool: "acp.read", Kind: "read"}}},
		{"permit switch_mode", allow, []vault.Call{{Tool: "acp.other", Kind: "other"}}},
		{"permit format_disk", allow, []vault.Call{{Tool: "acp.other", Kind: "other"}}},
		{"permit none", allow, []vault.Call{{Tool: "acp.other", Kind: "other"}}},
		{"permit execute", reject, []vault.Call{{Tool: "acp.execute", Kind: "execute"}}},
		{"permit fetch", reject, []vault.Call{{Tool: "acp.fetch", Kind: "fetch"}}},
		// One file that is refused refuses all.
		{"permit read /workspace/a /workspace/secret", reject, []vault.Call{{Tool: "acp.read", Kind: "read", Path: "a"}, {Tool: "acp.read", Kind: "read", Path: "secret"}}},
		// What leads out is asked about as it was given.
		{"permit read /etc/passwd", allow, []vault.Call{{Tool: "acp.read", Kind: "read", Path: "/etc/passwd"}}},
		{"permit read /workspace/../etc/passwd", allow, []vault.Call{{Tool: "acp.read", Kind: "read", Path: "/workspace/../etc/passwd"}}},
		{"permit read /workspacex/a", allow, []vault.Call{{Tool: "acp.read", Kind: "read", Path: "/workspacex/a"}}},
		{"permit read /workspace//a/./b", allow, []vault.Call{{Tool: "acp.read", Kind: "read", Path: "a/b"}}},
	} {
		for i := range test.asked {
			test.asked[i].Title = "a tool"
		}
		text, err := a.Answer(t.Context(), agenttest.Turn("turn-1", test.message), nil)
		if asked := b.decider.calls(); err != nil || !strings.Contains(text, test.want) || !slices.Equal(asked, test.asked) {
			t.Errorf("%s: %q, %v; asked %+v", test.message, text, err, asked)
		}
	}
	if !strings.Contains(b.Logs.String(), "refused without a decision") {
		t.Errorf("log: %s", b.Logs)
	}
	b.decider.deny = nil
	// More at once than is looked at, and an allow that would be for always.
	for message, want := range map[string]string{
		"permit read" + strings.Repeat(" /workspace/x", 1): allow,
		"permit read" + many(40):                           reject,
		"always":                                           `"optionId":"id-reject_always"`,
		"options":                                          "options is required",
	} {
		if text, err := a.Answer(t.Context(), agenttest.Turn("turn-1", message), nil); err != nil || !strings.Contains(text, want) {
			t.Errorf("%.40s: %q, %v", message, text, err)
		}
	}
}

func many(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(" /workspace/" + strings.Repeat("x", i+1))
	}
	return b.String()
}

// Links in every place (CVE-2026-27523: a linked folder with a leaf that is
// missing), hard links, FIFOs, and ways out of the workspace.
func TestFiles(t *testing.T) {
	b := newBench(t)
	outside := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o750), os.WriteFile(name, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	in := func(name string) string { return filepath.Join(b.Workspace, name) }
	write(in("notes.md"), "one\ntwo\nthree\n")
	write(in("sub/deep.md"), "deep")
	write(in("binary"), "\xff\x00")
	write(in("huge"), strings.Repeat("x", 5<<20))
	write(filepath.Join(outside, "secret"), "outside")
	if err := errors.Join(
		os.Symlink(filepath.Join(outside, "secret"), in("link")),
		os.Symlink(outside, in("dir")),
		os.Symlink("sub", in("inner")),
		os.Symlink("missing", in("dangling")),
		os.Link(filepath.Join(outside, "secret"), in("hard")),
		syscall.Mkfifo(in("fifo"), 0o600),
		os.Mkdir(in("folder"), 0o700),
	); err != nil {
		t.Fatal(err)
	}
	b.decider.deny = map[string]error{".env": &vault.Refused{Rule: "tool.secret", Reply: "Not that one."}}
	a := b.agent(virtual)
	defer a.Close()
	for _, test := range []struct{ message, want, path string }{
		{"read /workspace/notes.md", `{"content":"one\ntwo\nthree\n"}`, "notes.md"},
		{"part /workspace/notes.md", `{"content":"two\n"}`, "notes.md"},
		{"read notes.md", `one`, "notes.md"},
		{"write /workspace/new/x.txt hello", `{}`, "new/x.txt"},
		{"write /workspace/notes.md short", `{}`, "notes.md"},
		{"read /workspace/.env", "Not that one", ".env"},
		{"read /workspace/none", "no such file", "none"},
		{"read /workspace/binary", "not text", "binary"},
		{"read /workspace/huge", "larger than", "huge"},
		{"read /workspace/folder", "not an ordinary file", "folder"},
		{"read /workspace/fifo", "not an ordinary file", "fifo"},
		{"read /workspace/link", "not an ordinary file", "link"},
		{"read /workspace/hard", "not an ordinary file", "hard"},
		{"read /workspace/dir/secret", "not an ordinary file", "dir/secret"},
		{"read /workspace/inner/deep.md", "not an ordinary file", "inner/deep.md"},
		{"write /workspace/link x", "not an ordinary file", "link"},
		{"write /workspace/hard x", "not an ordinary file", "hard"},
		{"write /workspace/fifo x", "not an ordinary file", "fifo"},
		{"write /workspace/dangling x", "not an ordinary file", "dangling"},
		{"write /workspace/dangling/x x", "not an ordinary file", "dangling/x"},
		{"write /workspace/dir/new x", "not an ordinary file", "dir/new"},
		{"write /workspace/inner/new x", "not an ordinary file", "inner/new"},
		{"read /etc/passwd", "only files of the workspace", "/etc/passwd"},
		{"read /workspace/../etc/passwd", "only files of the workspace", "/workspace/../etc/passwd"},
		{"read ../../etc/passwd", "only files of the workspace", "../../etc/passwd"},
		{"write /workspace x", "only files of the workspace", "/workspace"},
		{"write /workspace/a\\b x", "only files of the workspace", "a\\b"},
	} {
		text, err := a.Answer(t.Context(), agenttest.Turn("turn-1", test.message), nil)
		if err != nil || !strings.Contains(text, test.want) {
			t.Errorf("%s: %q, %v", test.message, text, err)
		}
		if asked := b.decider.calls(); len(asked) != 1 || asked[0].Path != test.path {
			t.Errorf("%s: asked %+v", test.message, asked)
		}
	}
	for name, want := range map[string]string{in("new/x.txt"): "hello", in("notes.md"): "short", filepath.Join(outside, "secret"): "outside"} {
		if got, err := os.ReadFile(name); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if found, err := os.ReadDir(outside); err != nil || len(found) != 1 {
		t.Errorf("outside: %v, %v", found, err)
	}
	// Read-only is so whatever the policy says.
	turn := agenttest.Turn("turn-2", "write /workspace/notes.md changed")
	session := *turn.Session
	session.ID, session.Access = "session-2", "read_only"
	turn.Session = &session
	if text, err := a.Answer(t.Context(), turn, nil); err != nil || !strings.Contains(text, "read-only") || len(b.decider.calls()) > 0 {
		t.Errorf("%q, %v", text, err)
	}
}
