package engine_test

import (
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/engine"
)

// small are the least policies that admit something.
func small() map[string]string {
	return map[string]string{
		"main.rego": `package parachute.message

default allow := false

# METADATA
# labels: {id: authz.known}
allow if "member" in input.user.roles

trust := "sandboxed"

workspace := "personal"

vault := {"access": "read_write"}
`,
		"tool.rego": `package parachute.tool

default allow := false

# METADATA
# labels: {id: tool.any}
allow if input.tool.kind == "read"
`,
		"main_test.rego": `package parachute.message_test

test_member if data.parachute.message.allow with input as {"user": {"roles": ["member"]}}
`,
	}
}

// with gives small with files added, or taken away where they are empty.
func with(more map[string]string) map[string]string {
	files := small()
	maps.Copy(files, more)
	maps.DeleteFunc(files, func(_, content string) bool { return content == "" })
	return files
}

func write(tb testing.TB, dir string, files map[string]string) {
	tb.Helper()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
}

func folder(tb testing.TB, files map[string]string) engine.Source {
	tb.Helper()
	dir := tb.TempDir()
	write(tb, dir, files)
	return engine.Folder(dir)
}

func openErr(tb testing.TB, src engine.Source) (*engine.Engine, error) {
	tb.Helper()
	return engine.Open(tb.Context(), engine.Deps{Source: src, Log: slog.New(slog.DiscardHandler), Now: time.Now})
}

func open(tb testing.TB, src engine.Source) *engine.Engine {
	tb.Helper()
	e, err := openErr(tb, src)
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

// message is a plain message of somebody with the given roles.
func message(roles ...string) engine.MessageInput {
	return engine.MessageInput{
		Version: engine.InputVersion, Time: 1780000000000000000,
		Config:    engine.ConfigInput{Audience: "private", Trust: "sandboxed", Groups: "mention_only", Agent: engine.AgentInput{Name: "vault", Kind: "vault"}, Agents: []engine.AgentInput{{Name: "vault", Kind: "vault"}}},
		Connector: engine.ConnectorInput{Name: "telegram", Kind: "telegram"},
		Chat:      engine.ChatInput{ID: "telegram:1", Kind: "dm"},
		Message:   engine.EventInput{ID: "1", Kind: "message", Text: "hello", Bytes: 5},
		User:      engine.UserInput{ID: "telegram:1", Name: "Ana", Roles: append([]string{}, roles...)},
		Limits:    &engine.LimitsInput{Exceeded: []engine.ExceededInput{}},
	}
}
