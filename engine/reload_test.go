package engine_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/parachute-gate/parachute/engine"
)

// bad are policies that must never go live, with what the refusal must name.
var bad = map[string]struct {
	files map[string]string
	names []string
}{
	"syntax error":        {map[string]string{"a.rego": "package parachute.message\n\ndeny contains if {\n"}, []string{"a.rego:3", "rego_parse_error"}},
	"unknown function":    {map[string]string{"a.rego": "package parachute.message\n\ndeny contains \"x\" if nofunc(1)\n"}, []string{"a.rego:3", "nofunc"}},
	"unsafe variable":     {map[string]string{"a.rego": "package parachute.message\n\ndeny contains x if input.user.name == \"y\"\n"}, []string{"a.rego:3", "unsafe"}},
	"failing test":        {map[string]string{"a_test.rego": "package parachute.message_test\n\ntest_never if 1 == 2\n"}, []string{"a_test.rego:3", "test_never"}},
	"test that errs":      {map[string]string{"a_test.rego": "package parachute.message_test\n\ntest_err if 1 / (count([]) + 0) == 2\n"}, []string{"a_test.rego:3", "test_err"}},
	"http.send":           {map[string]string{"a.rego": "package parachute.message\n\ndeny contains \"x\" if http.send({\"url\": \"http://127.0.0.1:1\", \"method\": \"get\"}).status_code == 200\n"}, []string{"a.rego:3", "http.send"}},
	"the clock":           {map[string]string{"a.rego": "package parachute.message\n\ndeny contains \"x\" if time.now_ns() > 0\n"}, []string{"a.rego:3", "time.now_ns"}},
	"the environment":     {map[string]string{"a.rego": "package parachute.message\n\ndeny contains \"x\" if opa.runtime().env.HOME\n"}, []string{"a.rego:3", "opa.runtime"}},
	"a test with a clock": {map[string]string{"a_test.rego": "package parachute.message_test\n\ntest_now if time.now_ns() > 0\n"}, []string{"a_test.rego:3", "time.now_ns"}},
	"never ends":          {map[string]string{"a.rego": "package parachute.message\n\ndeny contains \"x\" if {\n\tsome x in numbers.range(1, 1000000000)\n\tx == 0 - 1\n}\n"}, []string{"a.rego:", "did not end"}},
	"fails always":        {map[string]string{"a.rego": "package parachute.message\n\ndeny contains \"x\" if to_number(input.message.text) > 1\n"}, []string{"a.rego:3", "to_number"}},
	"deny is no set":      {map[string]string{"a.rego": "package parachute.message\n\ndeny := \"x\"\n"}, []string{"a.rego:3", "deny contains"}},
	"no allow":            {map[string]string{"main.rego": "", "main_test.rego": ""}, []string{"parachute.message.allow"}},
	"bad data":            {map[string]string{"data.yaml": "a: [1\n"}, []string{"data.yaml"}},
	"data is a list":      {map[string]string{"data.yaml": "- 1\n"}, []string{"data.yaml"}},
	"data given twice":    {map[string]string{"data.yaml": "x:\n  y: 1\n", "x/data.yaml": "y: 2\n"}, []string{"x/data.yaml", "x.y"}},
	"a key twice":         {map[string]string{"data.yaml": "limits:\n  a: 1\nother: 2\nlimits:\n  b: 2\n"}, []string{"data.yaml", "line 4", "limits"}},
	"a limit of words":    {map[string]string{"a.rego": "package parachute.message\n\nlimits contains {\"name\": \"a\", \"per\": \"user\", \"max\": \"two\", \"window\": \"1m\"}\n"}, []string{"max must be a number"}},
	"a trust of its own":  {map[string]string{"main.rego": strings.Replace(small()["main.rego"], "\"sandboxed\"", "\"root\"", 1)}, []string{"engine.type", "trust"}},
	"data over a rule":    {map[string]string{"data.yaml": "parachute:\n  message:\n    allow: true\n"}, []string{"parachute/message/allow"}},
	"misspelt path": {map[string]string{
		"a.rego":                     "# METADATA\n# scope: package\n# schemas:\n#   - input: schema.message.input\npackage parachute.message\n\ndeny contains \"x\" if input.usr == \"a\"\n",
		"schemas/message/input.json": `{"type": "object", "additionalProperties": false, "properties": {"user": {"type": "object", "additionalProperties": true, "properties": {"roles": {"type": "array", "items": {"type": "string"}}}}}}`,
	}, []string{"a.rego:7", "input.usr"}},
}

func TestABadPolicyNeverGoesLive(t *testing.T) {
	for name, tt := range bad {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, small())
			e := open(t, engine.Folder(dir))
			revision := e.Current().Revision()
			write(t, dir, with(tt.files))
			for file, content := range tt.files {
				if content == "" {
					if err := os.Remove(filepath.Join(dir, file)); err != nil {
						t.Fatal(err)
					}
				}
			}
			err := e.Reload(t.Context())
			if err == nil {
				t.Fatal("it went live")
			}
			for _, want := range tt.names {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the refusal does not name %q:\n%v", want, err)
				}
			}
			if s := e.Status(); s.Failure != err.Error() || s.Revision != revision || s.Refusals != 1 {
				t.Errorf("status %+v", s)
			}
			if d := e.Current().Message(t.Context(), message("member")); d.Verdict != engine.Allow || d.Revision != revision {
				t.Errorf("the old revision does not decide: %+v", d)
			}
			if _, err := openErr(t, engine.Folder(dir)); err == nil {
				t.Error("a start takes what a reload refuses")
			}
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			write(t, dir, small())
			if err := e.Reload(t.Context()); err != nil || e.Status().Failure != "" {
				t.Errorf("after the mend: %v, %+v", err, e.Status())
			}
		})
	}
}

func TestAnEmptyOrDeletedFolderIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "p")
	write(t, dir, small())
	e := open(t, engine.Folder(dir))
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := e.Reload(t.Context()); err == nil {
		t.Error("a folder that is gone was taken")
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := e.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), "no .rego file") {
		t.Errorf("an empty folder: %v", err)
	}
	if d := e.Current().Message(t.Context(), message("member")); d.Verdict != engine.Allow {
		t.Errorf("the old revision does not decide: %+v", d)
	}
}

func TestAReloadIsFeltByTheNextDecision(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, with(map[string]string{
		"data.yaml": "open: true\n",
		"a.rego":    "package parachute.message\n\ndeny contains \"closed\" if not data.open\n",
	}))
	e := open(t, engine.Folder(dir))
	held := e.Current()
	write(t, dir, map[string]string{"data.yaml": "open: false\n"})
	if err := e.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d := e.Current().Message(t.Context(), message("member")); d.Verdict != engine.Deny {
		t.Errorf("the new data is not felt: %+v", d)
	}
	if d := held.Message(t.Context(), message("member")); d.Verdict != engine.Allow {
		t.Errorf("a decision under way saw the new data: %+v", d)
	}
}

func TestDecisionsDuringReloads(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, small())
	e := open(t, engine.Folder(dir))
	closed := map[string]string{"a.rego": "package parachute.message\n\ndeny contains \"closed\"\n"}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				p := e.Current()
				d := p.Message(t.Context(), message("member"))
				if d.Revision != p.Revision() || (d.Verdict == engine.Deny && d.Rule().ID != "a.rego:3") {
					t.Errorf("undecided: %+v", d)
					return
				}
			}
		})
	}
	for i := range 20 {
		switch i % 3 {
		case 0:
			write(t, dir, closed)
		case 1:
			write(t, dir, map[string]string{"a.rego": "package parachute.message\n\ndeny contains \"x\" if {"[:i%7*5] + "}"})
		case 2:
			if err := os.Remove(filepath.Join(dir, "a.rego")); err != nil {
				t.Error(err)
			}
		}
		if err := e.Reload(t.Context()); (err != nil) != (i%3 == 1) {
			t.Errorf("reload %d: %v", i, err)
		}
	}
	close(stop)
	wg.Wait()
}

func TestRevisionNamesEveryByte(t *testing.T) {
	revision := func(files fstest.MapFS) string {
		return open(t, engine.Embedded(files)).Current().Revision()
	}
	fsys := func(more map[string]string) fstest.MapFS {
		out := fstest.MapFS{}
		for name, content := range with(more) {
			out[name] = &fstest.MapFile{Data: []byte(content)}
		}
		return out
	}
	base := revision(fsys(nil))
	if base != revision(fsys(map[string]string{"README.md": "not policy"})) {
		t.Error("a file that is no policy changes the revision")
	}
	seen := map[string]string{base: "base"}
	for name, more := range map[string]map[string]string{
		"data":      {"data.yaml": "a: 1\n"},
		"more data": {"data.yaml": "a: 2\n"},
		"a test":    {"main_test.rego": small()["main_test.rego"] + "\n"},
		"a name":    {"main.rego": "", "other.rego": small()["main.rego"]},
		"a schema":  {"schemas/a/b.json": "{}"},
	} {
		r := revision(fsys(more))
		if was, ok := seen[r]; ok {
			t.Errorf("%s has the revision of %s", name, was)
		}
		seen[r] = name
	}
}

func TestWhoeverStartsItMayRefuseARevision(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, small())
	asked := 0
	e, err := engine.Open(t.Context(), engine.Deps{
		Source: engine.Folder(dir), Log: slog.New(slog.DiscardHandler), Now: time.Now,
		Accept: func(context.Context, *engine.Policy) error {
			asked++
			return errors.New("the startup rules are against it")
		},
	})
	if err != nil || asked != 0 {
		t.Fatalf("asked %d times, %v", asked, err)
	}
	write(t, dir, map[string]string{"data.yaml": "a: 1\n"})
	if err := e.Reload(t.Context()); err == nil || !strings.Contains(e.Status().Failure, "startup rules") || asked != 1 {
		t.Errorf("%v, status %+v, asked %d times", err, e.Status(), asked)
	}
}
