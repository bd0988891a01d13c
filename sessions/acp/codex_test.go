package acp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/sessions"
	"github.com/parachute-gate/parachute/sessions/agenttest"
	"github.com/parachute-gate/parachute/sessions/programs"
	"github.com/parachute-gate/parachute/sessions/vault"
)

const codexPackage = "@zed-industries/codex-acp@0.16.0"

// codex gives the path of a real agent, which npm puts into the user's cache the
// first time. With -short nothing is fetched, and there is none.
func codex(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(cache, "parachute-tests", "codex-acp-0.16.0")
	if found := codexIn(home); found != "" {
		return found
	}
	if testing.Short() {
		return ""
	}
	if err := os.MkdirAll(filepath.Dir(home), 0o750); err != nil {
		t.Fatal(err)
	}
	// Made aside, on the same file system: a half of it is never taken for the whole.
	aside := fmt.Sprintf("%s-%d", home, os.Getpid())
	defer os.RemoveAll(aside) //nolint:errcheck // it is in the way of nobody
	out, err := exec.CommandContext(t.Context(), "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", aside, codexPackage).CombinedOutput()
	if err != nil {
		t.Fatalf("this test runs a real agent: install npm and let it reach a registry, put %s into %s with `npm install --ignore-scripts --prefix`, or run the tests with -short: %v\n%s",
			codexPackage, home, err, out)
	}
	if err := os.Rename(aside, home); err != nil && codexIn(home) == "" {
		t.Fatal(err)
	}
	found := codexIn(home)
	if found == "" {
		t.Fatalf("%s has no program for this system", codexPackage)
	}
	return found
}

// codexIn is the program itself: the script beside it only looks for it.
func codexIn(home string) string {
	found, err := filepath.Glob(filepath.Join(home, "node_modules", "@zed-industries", "codex-acp-*", "bin", "codex-acp*"))
	if err != nil || len(found) == 0 {
		return ""
	}
	return found[0]
}

// model plays the model's server: the Responses API, as a stream of events. Each
// request is answered by the next step of the script.
type model struct {
	*httptest.Server
	mu    sync.Mutex
	steps []func(send func(event map[string]any), request map[string]any, gone <-chan struct{})
	asked []map[string]any
}

func newModel(t *testing.T) *model {
	m := &model{}
	m.Server = httptest.NewServer(http.HandlerFunc(m.serve))
	t.Cleanup(m.Close)
	return m
}

func (m *model) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var request map[string]any
	if err != nil || !strings.HasSuffix(r.URL.Path, "/responses") || json.Unmarshal(body, &request) != nil {
		http.Error(w, "no such thing", http.StatusNotFound)
		return
	}
	m.mu.Lock()
	m.asked = append(m.asked, request)
	if len(m.steps) == 0 {
		m.mu.Unlock()
		http.Error(w, "the script is over", http.StatusBadRequest)
		return
	}
	step := m.steps[0]
	m.steps = m.steps[1:]
	m.mu.Unlock()
	w.Header().Set("Content-Type", "text/event-stream")
	send := func(event map[string]any) {
		data, _ := json.Marshal(event)
		fmt.Fprintf(w, "event: %s\ndata: %s\n\n", event["type"], data)
		w.(http.Flusher).Flush()
	}
	send(map[string]any{"type": "response.created", "response": map[string]any{"id": "r1"}})
	step(send, request, r.Context().Done())
	send(map[string]any{"type": "response.completed", "response": map[string]any{"id": "r1", "usage": map[string]any{
		"input_tokens": 1, "output_tokens": 1, "total_tokens": 2, "input_tokens_details": nil, "output_tokens_details": nil,
	}}})
}

func (m *model) script(steps ...func(func(map[string]any), map[string]any, <-chan struct{})) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.steps, m.asked = steps, nil
}

func (m *model) requests() []map[string]any {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.asked
}

// says streams a text in pieces; between them it waits for more.
func says(more <-chan struct{}, pieces ...string) func(func(map[string]any), map[string]any, <-chan struct{}) {
	return func(send func(map[string]any), _ map[string]any, gone <-chan struct{}) {
		item := map[string]any{"type": "message", "id": "m1", "role": "assistant", "content": []any{}}
		send(map[string]any{"type": "response.output_item.added", "output_index": 0, "item": item})
		for i, piece := range pieces {
			if i > 0 && more != nil {
				select {
				case <-more:
				case <-gone:
					return
				}
			}
			send(map[string]any{"type": "response.output_text.delta", "item_id": "m1", "output_index": 0, "content_index": 0, "delta": piece})
		}
		item["content"] = []any{map[string]any{"type": "output_text", "text": strings.Join(pieces, "")}}
		send(map[string]any{"type": "response.output_item.done", "output_index": 0, "item": item})
	}
}

// runs calls the tool that runs a program.
func runs(command string) func(func(map[string]any), map[string]any, <-chan struct{}) {
	return func(send func(map[string]any), request map[string]any, _ <-chan struct{}) {
		name, arguments := tool(request, command)
		send(map[string]any{"type": "response.output_item.done", "output_index": 0, "item": map[string]any{
			"type": "function_call", "id": "f1", "call_id": "call1", "name": name, "arguments": arguments,
		}})
	}
}

// tool finds out which of its tools the agent runs programs by.
func tool(request map[string]any, command string) (name, arguments string) {
	tools, _ := request["tools"].([]any)
	for _, one := range tools {
		described, _ := one.(map[string]any)
		var args map[string]any
		switch described["name"] {
		case "shell":
			args = map[string]any{"command": []string{"bash", "-c", command}}
		case "shell_command":
			args = map[string]any{"command": command}
		case "exec_command":
			args = map[string]any{"cmd": command}
		default:
			continue
		}
		data, _ := json.Marshal(args)
		return described["name"].(string), string(data)
	}
	return "none", "{}"
}

// It warns, in its answers, that it does not know the model; so their ends count.
func TestCodex(t *testing.T) {
	program := codex(t)
	if program == "" {
		t.Log("no agent in the cache: run the tests without -short to have it fetched")
		return
	}
	m := newModel(t)
	b := benchOf(t, program)
	b.decider.deny["execute"] = &vault.Refused{Rule: "tool.kind", Reply: "Nothing is run for you."}
	home := t.TempDir()
	config := fmt.Sprintf(`model = "scripted"
model_provider = "scripted"
approval_policy = "untrusted"
sandbox_mode = "danger-full-access"
[model_providers.scripted]
name = "scripted"
base_url = "%s/v1"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
[analytics]
enabled = false
`, m.URL)
	if err := errors.Join(os.Mkdir(filepath.Join(home, ".codex"), 0o700), os.WriteFile(filepath.Join(home, ".codex", "config.toml"), []byte(config), 0o600)); err != nil {
		t.Fatal(err)
	}
	a := b.agent(func(l *programs.Launch) {
		l.Times.Silent = 30 * time.Second
		l.Spec.Env["HOME"], l.Spec.Env["CODEX_API_KEY"] = home, "dummy-key"
	})
	defer a.Close()
	notes := filepath.Join(b.Workspace, "notes.txt")
	write := "echo hello > " + notes

	t.Run("streams its reply", func(t *testing.T) {
		more := make(chan struct{})
		once := sync.OnceFunc(func() { close(more) })
		m.script(says(more, "Hello ", "from a script."))
		shown := &agenttest.Shown{}
		shown.Each(func(text string) {
			if strings.Contains(text, "Hello") {
				once()
			}
		})
		text, err := a.Answer(t.Context(), agenttest.Turn("turn-1", "Say hello."), shown.Show)
		if err != nil || !strings.HasSuffix(text, "Hello from a script.") {
			t.Errorf("%q, %v, log %s", text, err, b.Logs)
		}
	})
	t.Run("is refused a program", func(t *testing.T) {
		m.script(runs(write), says(nil, "I was not let."))
		text, err := a.Answer(t.Context(), agenttest.Turn("turn-2", "Write it."), nil)
		asked := b.decider.calls()
		if err != nil || !strings.Contains(text, "Nothing is run for you.") || len(asked) == 0 || asked[0].Kind != "execute" {
			t.Errorf("%q, %v; asked %+v; log %s", text, err, asked, b.Logs)
		}
		if _, err := os.Stat(notes); err == nil {
			t.Error("written all the same")
		}
	})
	t.Run("is allowed it", func(t *testing.T) {
		delete(b.decider.deny, "execute")
		m.script(runs(write), says(nil, "Written."))
		text, err := a.Answer(t.Context(), agenttest.Turn("turn-3", "Write it."), nil)
		if asked := b.decider.calls(); err != nil || !strings.HasSuffix(text, "Written.") || len(asked) != 1 {
			t.Errorf("%q, %v; asked %+v", text, err, asked)
		}
		if data, err := os.ReadFile(notes); err != nil || string(data) != "hello\n" {
			t.Errorf("%q, %v", data, err)
		}
	})
	t.Run("is stopped, and goes on with the next", func(t *testing.T) {
		m.script(says(make(chan struct{}), "Working", "never"))
		ctx, cancel := context.WithCancelCause(t.Context())
		if text, err := a.Answer(ctx, agenttest.Turn("turn-4", "Work."), func(string) { cancel(sessions.ErrStopped) }); !errors.Is(err, sessions.ErrStopped) {
			t.Errorf("%q, %v", text, err)
		}
		m.script(says(nil, "Back."))
		text, err := a.Answer(t.Context(), agenttest.Turn("turn-5", "And now?"), nil)
		if err != nil || !strings.HasSuffix(text, "Back.") {
			t.Errorf("%q, %v", text, err)
		}
		// It is the same process: it remembers what was said before.
		if asked := m.requests(); len(asked) != 1 || !strings.Contains(fmt.Sprint(asked[0]["input"]), "Say hello.") {
			t.Errorf("%d requests", len(asked))
		}
	})
	a.Close()
	agenttest.NoGoroutines(t)
}
