package agents_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parachute-gate/parachute/sessions/agents"
	"github.com/parachute-gate/parachute/sessions/vault"
)

const (
	png = "\x89PNG\r\n\x1a\n0000"
	pdf = "%PDF-1.7 0000"
	elf = "\x7fELF\x02\x01\x01\x00\x00\x00"
)

func file(name, mediaType, content string) agents.File {
	return agents.File{
		Name: name, Type: mediaType, Bytes: int64(len(content)),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil },
	}
}

func TestFilesThatCameWithAMessage(t *testing.T) {
	bigger := file("a.png", "image/png", png+png)
	bigger.Bytes = int64(len(png))
	unreachable := file("a.png", "image/png", png)
	unreachable.Open = nil
	for name, c := range map[string]struct {
		file  agents.File
		words string
		kept  bool
	}{
		"picture":                      {file("a.png", "image/png", png), "Saved inbox/a-", true},
		"document":                     {file("../plan.pdf", "application/pdf", pdf), "Saved inbox/plan-", true},
		"text":                         {file("a.txt", "text/plain; charset=utf-8", "hello"), "Saved inbox/a-", true},
		"json":                         {file("a.json", "application/json", `{"a": 1}`), "Saved inbox/a-", true},
		"voice":                        {file("voice.ogg", "audio/ogg", "OggS\x00\x02"), "Saved inbox/voice-", true},
		"page said to be a picture":    {file("a.png", "image/png", "<html><script>"), "not of the type that it says", false},
		"program said to be a picture": {file("a.png", "image/png", elf), "not of the type that it says", false},
		"script said to be text":       {file("a.txt", "text/plain", "#!/bin/sh\n"), "not of the type that it says", false},
		"page said to be text":         {file("a.html", "text/plain", "<html>"), "Saved inbox/a-html-", true},
		"name of a program":            {file("setup.exe", "image/png", png), "Saved inbox/setup-exe-", true},
		"program said to be text":      {file("a.txt", "text/plain", elf), "not of the type that it says", false},
		"program said to be a pdf":     {file("a.pdf", "application/pdf", elf), "not of the type that it says", false},
		"bigger than it says":          {bigger, "bigger than it says", false},
		"cannot be fetched":            {unreachable, "cannot fetch", false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			reply, err := agents.NewVault(agents.Deps{}).Answer(t.Context(), agents.Request{
				Access: vault.ReadWrite, Files: []agents.File{c.file},
			}, open(t, dir, rule{}))
			if err != nil || !strings.Contains(reply, c.words) {
				t.Errorf("%q, %v", reply, err)
			}
			found, _ := filepath.Glob(filepath.Join(dir, "*", "*"))
			if (len(found) == 1) != c.kept {
				t.Errorf("kept %q", found)
			}
		})
	}
}

func TestFileAndWords(t *testing.T) {
	dir := t.TempDir()
	reply, err := agents.NewVault(agents.Deps{}).Answer(t.Context(), agents.Request{
		Text: "write a: b", Access: vault.ReadWrite, Files: []agents.File{file("a.png", "image/png", png)},
	}, open(t, dir, rule{}))
	if err != nil || !strings.HasPrefix(reply, "Saved inbox/") || !strings.Contains(reply, "\n\nSaved a (1 line)") {
		t.Errorf("%q, %v", reply, err)
	}
}

func TestFileThatThePolicyRefuses(t *testing.T) {
	dir := t.TempDir()
	reply, err := agents.NewVault(agents.Deps{}).Answer(t.Context(), agents.Request{
		Access: vault.ReadWrite, Files: []agents.File{file("a.png", "image/png", png)},
	}, open(t, dir, rule{"write": &vault.Refused{Reply: "Not here.", Rule: "x"}}))
	if err != nil || reply != "I did not keep a.png: Not here." {
		t.Errorf("%q, %v", reply, err)
	}
	if found, _ := os.ReadDir(dir); len(found) != 0 {
		t.Errorf("kept %v", found)
	}
}

func TestFileThatCannotBeFetchedFailsTheTurn(t *testing.T) {
	f := file("a.png", "image/png", png)
	f.Open = func(context.Context) (io.ReadCloser, error) { return nil, errors.New("no network") }
	if _, err := agents.NewVault(agents.Deps{}).Answer(t.Context(), agents.Request{Files: []agents.File{f}}, open(t, t.TempDir(), rule{})); err == nil {
		t.Error("a turn whose file could not be fetched was answered")
	}
}

func TestFileThatIsNotToBeHad(t *testing.T) {
	f := file("a.png", "image/png", png)
	f.Open = func(context.Context) (io.ReadCloser, error) {
		return nil, fmt.Errorf("getFile: %w", agents.ErrNotToBeHad)
	}
	reply, err := agents.NewVault(agents.Deps{}).Answer(t.Context(), agents.Request{Files: []agents.File{f}}, open(t, t.TempDir(), rule{}))
	if err != nil || !strings.Contains(reply, "I could not get a.png") {
		t.Errorf("%q, %v", reply, err)
	}
}

func TestSearchIsShownWhileItRuns(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.md", "b.md", "c.md"} {
		put(t, dir, name, "milk")
	}
	var shown []string
	reply, err := agents.NewVault(agents.Deps{}).Answer(t.Context(), agents.Request{
		Text: "search milk", Access: vault.ReadWrite, Show: func(text string) { shown = append(shown, text) },
	}, open(t, dir, rule{}))
	if err != nil || len(shown) != 3 || !strings.Contains(shown[0], "- a") || strings.Contains(shown[0], "- b") {
		t.Errorf("shown %q, %v", shown, err)
	}
	if strings.HasSuffix(reply, "…") || !strings.HasPrefix(reply, strings.TrimSuffix(shown[2], "\n…")) {
		t.Errorf("answer %q", reply)
	}
}
