package config

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestBombs reads files that are made to cost much time or room.
func TestBombs(t *testing.T) {
	laughs := "a: &a [x, x]\n"
	for c := 'b'; c <= 'z'; c++ {
		laughs += string(c) + ": &" + string(c) + " [" + strings.Repeat("*"+string(c-1)+", ", 9) + "*" + string(c-1) + "]\n"
	}
	for name, text := range map[string]string{
		"aliases of aliases":         laughs,
		"aliases below a known key":  "connectors: &a [{kind: &k console}, *a, *a]\n",
		"an alias of itself":         "workspaces: &w\n  a: *w\n",
		"lists in lists":             strings.Repeat("[", 50_000),
		"lists in lists that end":    strings.Repeat("[", 2000) + strings.Repeat("]", 2000),
		"mappings in mappings":       strings.Repeat("{a: ", 20_000),
		"entries in one line":        strings.Repeat("- ", 50_000),
		"keys in one line":           strings.Repeat("? ", 50_000),
		"a level a line":             nested(500),
		"many faults":                "connectors:\n" + strings.Repeat("- kind: console\n", 1000),
		"many unknown keys":          many(1000, "key%d: x\n"),
		"many workspaces, no places": "workspaces:\n" + many(1000, "  w%d: {}\n"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("f.yaml", []byte(text))
			if err == nil {
				t.Fatal("it is a good configuration")
			}
			if n := strings.Count(err.Error(), "\n"); n > maxFaults || len(err.Error()) > 16<<10 {
				t.Errorf("the error has %d lines and %d bytes", n+1, len(err.Error()))
			}
		})
	}
}

func nested(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	c, err := Load("")
	if err != nil || c.File != "" || c.Data != "data" {
		t.Errorf("without a file: %+v, %v", c, err)
	}
	if _, err := Load("named.yaml"); err == nil || !strings.Contains(err.Error(), "named.yaml: no such file; `parachute init`") {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := Load(dir); err == nil {
		t.Error("a folder was read")
	}
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write(DefaultFile, "audience: team\n")
	if c, err = Load(""); err != nil || c.Audience != "team" || c.Data != "data" || c.File != DefaultFile {
		t.Errorf("the default file: %+v, %v", c, err)
	}
	write("sub/p.yaml", "data: d\npolicies: ../p\nworkspaces: {a: {path: w}}\n")
	if c, err = Load("sub/p.yaml"); err != nil || c.Data != "sub/d" || c.Policies != "p" || c.Workspaces["a"].Path != "sub/w" {
		t.Errorf("paths of a file in another folder: %+v, %v", c, err)
	}
	if c, err = Load(filepath.Join(dir, "sub", "p.yaml")); err != nil || c.Data != filepath.Join(dir, "sub", "d") {
		t.Errorf("paths of an absolute file: %+v, %v", c, err)
	}
	most := "audience: team\n#"
	if _, err := Load(write("most.yaml", most+strings.Repeat("x", maxFile-len(most)))); err != nil {
		t.Errorf("as long as may be: %v", err)
	}
	if _, err := Load(write("huge.yaml", most+strings.Repeat("x", maxFile-len(most)+1))); err == nil || !strings.Contains(err.Error(), "more than 1024 KiB") {
		t.Errorf("a huge file: %v", err)
	}
	// A file without an end is not read to its end.
	if _, err := Load("/dev/zero"); err == nil || !strings.Contains(err.Error(), "more than 1024 KiB") {
		t.Errorf("an endless file: %v", err)
	}
	if err := os.Chmod(write("locked.yaml", ""), 0o000); err != nil {
		t.Fatal(err)
	}
	if _, err := Load("locked.yaml"); err != nil && !errors.Is(err, os.ErrPermission) {
		t.Errorf("a file that may not be read: %v", err)
	}
}

func TestDefaultIsValid(t *testing.T) {
	f := faults{}
	f.values(Default())
	if len(f.errs) != 0 {
		t.Error(f.errs)
	}
	c := Default()
	c.Connectors[0].Name = "changed"
	if Default().Connectors[0].Name != "console" {
		t.Error("the default can be changed")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"", "# c\n", "audience: team\ntrust: full\n", "connectors:\n- kind: stdio\n  name: b\n", "workspaces: {a: {path: ~/x}}\n",
		"decisions: {timeout: 1s, store_text: true}\nturns: {timeout: 5m}\n", "log:\n  level: warn\n  file: p.log\n",
		"a: &a [*a]\n", "? audience\n: team\n", "audience: |\n team\n", "<<: {audience: team}\n", "\ufeff---\naudience: !!str team\n...\n", "data: \"\\x00\"",
		"agent: a\nagents:\n  a:\n    kind: acp\n    command: [x, -y]\n    env: {A: {env: B}, C: {file: d}, E: {value: ''}}\nsandbox: {kept: 2, warm: 0, docker: unix:///s, runtime: runsc}\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4<<10 {
			text = text[:4<<10]
		}
		c, err := Parse("/etc/p/f.yaml", []byte(text))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "/etc/p/f.yaml:") {
				t.Fatalf("the error does not say where: %v", err)
			}
			return
		}
		if !slices.Contains(audiences, c.Audience) || !slices.Contains(trusts, c.Trust) || !slices.Contains(groupModes, c.Groups) ||
			c.AgentKind(c.Agent) == "" || !slices.Contains(levels, c.Log.Level) || len(c.Connectors) == 0 || !filepath.IsAbs(c.Data) ||
			c.Decisions.Timeout < 10*time.Millisecond || c.Turns.Timeout < time.Second {
			t.Fatalf("neither an error nor valid: %+v", c)
		}
		for name, w := range c.Workspaces {
			if !workspaceName.MatchString(name) || !filepath.IsAbs(w.Path) {
				t.Fatalf("workspace %q: %+v", name, w)
			}
		}
		for name, a := range c.Agents {
			if !agentName.MatchString(name) || name == Vault || !slices.Contains(agentKinds, a.Kind) || len(a.Command) == 0 || a.Command[0] == "" {
				t.Fatalf("agent %q: %+v", name, a)
			}
			for name, v := range a.Env {
				if !variableName.MatchString(name) || v.File != "" && !filepath.IsAbs(v.File) || v.Env == "" && v.File == "" && v.Value == nil {
					t.Fatalf("variable %q: %+v", name, v)
				}
			}
		}
		if c.Sandbox.Kept < 1 || c.Sandbox.Warm < 0 {
			t.Fatalf("sandbox %+v", c.Sandbox)
		}
		for _, conn := range c.Connectors {
			if !slices.Contains(kinds, conn.Kind) || !connectorName.MatchString(conn.Name) {
				t.Fatalf("connector %+v", conn)
			}
		}
	})
}
