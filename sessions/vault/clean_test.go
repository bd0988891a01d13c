package vault_test

import (
	"errors"
	"path"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/parachute-gate/parachute/sessions/vault"
)

func TestClean(t *testing.T) {
	long := strings.Repeat("n", 197)
	for name, want := range map[string]string{
		"shopping":              "shopping.md",
		"  shopping ":           "shopping.md",
		"shopping.md":           "shopping.md",
		"shopping.txt":          "shopping.txt",
		"README.MD":             "README.MD",
		"projects/garden":       "projects/garden.md",
		"Meeting 3.4":           "Meeting 3.4.md",
		"v1.2 of the plan":      "v1.2 of the plan.md",
		"what? now! (50%) & #1": "what? now! (50%) & #1.md",
		"Einkauf für Öl":        "Einkauf für Öl.md",
		"日記/今日":                 "日記/今日.md",
		"हिन्दी":                "हिन्दी.md",
		long:                    long + ".md",
		"a/b/c/d/e/f/g/h":       "a/b/c/d/e/f/g/h.md",
	} {
		got, err := vault.Clean(name)
		if err != nil || got != want {
			t.Errorf("Clean(%q) = %q, %v; want %q", name, got, err, want)
		}
	}
}

func TestCleanRefuses(t *testing.T) {
	for name, words := range map[string]string{
		"":                         "empty",
		"   ":                      "empty",
		"..":                       "stay in their own folder",
		"../secret":                "stay in their own folder",
		"a/../../secret":           "stay in their own folder",
		"a/./b":                    "stay in their own folder",
		"/etc/passwd":              "inside your notes",
		"//server/share":           "inside your notes",
		"C:/secret":                "colon",
		"note.md:stream":           "colon",
		`..\secret`:                "backslash",
		"a\x00b":                   "control",
		"a\nb":                     "line break",
		"a\x1b[31mb":               "control",
		"a\u0085b":                 "control",
		"a\u202eb":                 "U+202E",
		"a\u200bb":                 "U+200B",
		"a\u00a0b":                 "U+00A0",
		"a\u2028b":                 "U+2028",
		"a\ufeffb":                 "U+FEFF",
		"a\xffb":                   "not text",
		".hidden":                  "dot",
		"a/.git/config":            "dot",
		"a//b":                     "empty part",
		"a/":                       "empty part",
		"a /b":                     "space",
		"a.":                       "ends with a dot",
		"virus.exe":                "end in .md or .txt",
		"run.sh":                   "end in .md or .txt",
		"picture.PNG":              "end in .md or .txt",
		strings.Repeat("n", 198):   "too long",
		strings.Repeat("é", 100):   "too long",
		strings.Repeat("a/", 600):  "too long",
		"1/2/3/4/5/6/7/8/9":        "folders deep",
		strings.Repeat("n", 99999): "too long",
	} {
		got, err := vault.Clean(name)
		if !errors.Is(err, vault.ErrName) || !strings.Contains(err.Error(), words) {
			t.Errorf("Clean(%.40q) = %q, %v; want words %q", name, got, err, words)
		}
	}
}

func TestCleanFolder(t *testing.T) {
	for name, want := range map[string]string{"": "", " ": "", "projects": "projects", "projects/": "projects", "a/b.c": "a/b.c"} {
		if got, err := vault.CleanFolder(name); err != nil || got != want {
			t.Errorf("CleanFolder(%q) = %q, %v; want %q", name, got, err, want)
		}
	}
	for _, name := range []string{"..", "/", "/etc", ".git", "a//", `a\b`, "a/../b"} {
		if got, err := vault.CleanFolder(name); name != "/" && !errors.Is(err, vault.ErrName) {
			t.Errorf("CleanFolder(%q) = %q, %v; want a refusal", name, got, err)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{
		"shopping", "../x", "/etc/passwd", "a/b/c.txt", "C:\\x", "a\x00b", "Meeting 3.4", ".git/config", "é/é", "a.md/b", "x.", " a",
		"\u202egnp.md", "a//b", "CON", strings.Repeat("a/", 20), "한글", "a\xff",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got, err := vault.Clean(name)
		if err != nil {
			var p *vault.Problem
			if !errors.As(err, &p) || !errors.Is(err, vault.ErrName) || got != "" {
				t.Fatalf("Clean(%q) = %q, %#v", name, got, err)
			}
			if !utf8.ValidString(p.Text) || strings.ContainsFunc(p.Text, unicode.IsControl) || len(p.Text) > 2000 {
				t.Fatalf("Clean(%q): words unfit for the chat: %q", name, p.Text)
			}
			return
		}
		if again, err := vault.Clean(got); err != nil || again != got {
			t.Fatalf("Clean(%q) = %q, and of that %q, %v", name, got, again, err)
		}
		if path.Clean(got) != got || path.IsAbs(got) || strings.ContainsAny(got, "\\:\x00\n") || len(got) > 1100 {
			t.Fatalf("Clean(%q) = %q leads elsewhere", name, got)
		}
		for _, part := range strings.Split(got, "/") {
			if part == "" || part[0] == '.' || len(part) > 200 {
				t.Fatalf("Clean(%q) = %q with part %q", name, got, part)
			}
		}
		if ext := strings.ToLower(path.Ext(got)); ext != ".md" && ext != ".txt" {
			t.Fatalf("Clean(%q) = %q with extension %q", name, got, ext)
		}
	})
}
