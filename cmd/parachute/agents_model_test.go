package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// model plays a model's server on a socket: the Responses API, as a stream of
// events. Each request is answered by the next step that the test has given it;
// one that comes before its step waits.
type model struct {
	server http.Server
	steps  chan step

	mu    sync.Mutex
	asked []string
}

// step sends the events of one answer. It may wait until gone is closed: then
// nobody listens any more.
type step func(send func(event map[string]any), request map[string]any, gone <-chan struct{})

func newModel(socket string) (*model, error) {
	m := &model{steps: make(chan step, 16)}
	m.server = http.Server{Handler: http.HandlerFunc(m.serve), ReadHeaderTimeout: time.Minute}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return nil, err
	}
	// The agent is another user.
	if err := os.Chmod(socket, 0o666); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	go func() { _ = m.server.Serve(listener) }()
	return m, nil
}

func (m *model) close() { _ = m.server.Close() }

func (m *model) next(s step) { m.steps <- s }

// requests are the inputs that the model was given, as JSON.
func (m *model) requests() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.asked)
}

func (m *model) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var request map[string]any
	if err != nil || !strings.HasSuffix(r.URL.Path, "/responses") || json.Unmarshal(body, &request) != nil {
		http.Error(w, "no such thing", http.StatusNotFound)
		return
	}
	input, _ := json.Marshal(request["input"])
	m.mu.Lock()
	m.asked = append(m.asked, string(input))
	m.mu.Unlock()
	var s step
	select {
	case s = <-m.steps:
	case <-r.Context().Done():
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	send := func(event map[string]any) {
		data, _ := json.Marshal(event)
		fmt.Fprintf(w, "event: %s\ndata: %s\n\n", event["type"], data)
		w.(http.Flusher).Flush()
	}
	send(map[string]any{"type": "response.created", "response": map[string]any{"id": "r1"}})
	s(send, request, r.Context().Done())
	send(map[string]any{"type": "response.completed", "response": map[string]any{"id": "r1", "usage": map[string]any{
		"input_tokens": 1, "output_tokens": 1, "total_tokens": 2, "input_tokens_details": nil, "output_tokens_details": nil,
	}}})
}

// pause is between the pieces of an answer, so that more than one draft shows it.
const pause = 300 * time.Millisecond

// saying streams a text in pieces.
func saying(pieces ...string) step {
	return func(send func(map[string]any), _ map[string]any, gone <-chan struct{}) {
		item := map[string]any{"type": "message", "id": "m1", "role": "assistant", "content": []any{}}
		send(map[string]any{"type": "response.output_item.added", "output_index": 0, "item": item})
		for i, piece := range pieces {
			if i > 0 {
				select {
				case <-time.After(pause):
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

// working begins an answer that never ends.
func working(text string) step {
	return func(send func(map[string]any), _ map[string]any, gone <-chan struct{}) {
		item := map[string]any{"type": "message", "id": "m1", "role": "assistant", "content": []any{}}
		send(map[string]any{"type": "response.output_item.added", "output_index": 0, "item": item})
		send(map[string]any{"type": "response.output_text.delta", "item_id": "m1", "output_index": 0, "content_index": 0, "delta": text})
		<-gone
	}
}

// calling calls the tool that runs a program, whichever the agent offers.
func calling(command string) step {
	return func(send func(map[string]any), request map[string]any, _ <-chan struct{}) {
		name, arguments := "none", []byte("{}")
		tools, _ := request["tools"].([]any)
		for _, one := range tools {
			described, _ := one.(map[string]any)
			args := map[any]map[string]any{
				"shell":         {"command": []string{"bash", "-c", command}},
				"shell_command": {"command": command},
				"exec_command":  {"cmd": command},
			}[described["name"]]
			if args != nil {
				name = described["name"].(string)
				arguments, _ = json.Marshal(args)
				break
			}
		}
		send(map[string]any{"type": "response.output_item.done", "output_index": 0, "item": map[string]any{
			"type": "function_call", "id": "f1", "call_id": "call1", "name": name, "arguments": string(arguments),
		}})
	}
}
