// Command agent speaks the Agent Client Protocol for the tests, by hand, and does
// what a prompt tells it, good or bad.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

type message struct {
	Version string          `json:"jsonrpc"`
	ID      any             `json:"id,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   any             `json:"error,omitempty"`
}

type agent struct {
	mu      sync.Mutex
	next    int
	waiting map[string]chan message
	cancel  chan struct{}
	prompts int
	// terminals are the ids of all that were made.
	terminals []string
}

func main() {
	a := &agent{waiting: map[string]chan message{}}
	is := func(flag string) bool { return slices.Contains(os.Args[1:], flag) }
	if is("noise") {
		fmt.Println("Welcome to the agent!\n\n[warn] {not json}\n{\"a\": ")
		fmt.Println(`{"neither": "id nor method"}`)
	}
	if is("dies") {
		fmt.Fprintln(os.Stderr, "no key: "+os.Getenv("API_KEY"))
		os.Exit(4)
	}
	if is("deaf") {
		time.Sleep(time.Hour)
	}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	loggedIn := false
	for in.Scan() {
		var m message
		if err := json.Unmarshal(in.Bytes(), &m); err != nil {
			panic(err)
		}
		switch {
		case m.Method == "":
			a.mu.Lock()
			c := a.waiting[fmt.Sprint(m.ID)]
			a.mu.Unlock()
			c <- m
		case m.Method == "initialize":
			var p struct {
				ClientCapabilities struct {
					Fs       struct{ ReadTextFile, WriteTextFile bool }
					Terminal bool
				}
			}
			json.Unmarshal(m.Params, &p)
			fmt.Fprintf(os.Stderr, "capabilities %+v\n", p.ClientCapabilities)
			version := 1
			if is("version") {
				version = 2
			}
			if !is("mute") {
				a.answer(m.ID, map[string]any{"protocolVersion": version, "agentCapabilities": map[string]any{},
					"authMethods": []any{map[string]any{"id": "api-key", "name": "API key"}, map[string]any{"id": "browser", "name": "In a browser"}}})
			}
		case m.Method == "authenticate":
			var p struct{ MethodID string }
			json.Unmarshal(m.Params, &p)
			if p.MethodID != "api-key" {
				a.send(message{ID: m.ID, Error: map[string]any{"code": -32602, "message": "no such method"}})
				continue
			}
			loggedIn = true
			a.answer(m.ID, map[string]any{})
		case m.Method == "session/new":
			if is("login") && !loggedIn {
				a.send(message{ID: m.ID, Error: map[string]any{"code": -32000, "message": "Authentication required"}})
				continue
			}
			a.answer(m.ID, map[string]any{"sessionId": "s1"})
		case m.Method == "session/prompt":
			a.mu.Lock()
			a.cancel = make(chan struct{})
			a.mu.Unlock()
			go a.prompt(m)
		case m.Method == "session/cancel":
			a.mu.Lock()
			if a.cancel != nil {
				close(a.cancel)
				a.cancel = nil
			}
			a.mu.Unlock()
		}
	}
}

func stopped(cancel chan struct{}) bool {
	select {
	case <-cancel:
		return true
	default:
		return false
	}
}

func (a *agent) send(m message) {
	m.Version = "2.0"
	b, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	os.Stdout.Write(append(b, '\n'))
}

func (a *agent) answer(id any, result any) {
	b, _ := json.Marshal(result)
	a.send(message{ID: id, Result: b})
}

func (a *agent) notify(session string, update map[string]any) {
	b, _ := json.Marshal(map[string]any{"sessionId": session, "update": update})
	a.send(message{Method: "session/update", Params: b})
}

func (a *agent) say(text string) {
	a.notify("s1", map[string]any{"sessionUpdate": "agent_message_chunk", "content": map[string]any{"type": "text", "text": text}})
}

// ask makes a request of the client, and gives the answer as text.
func (a *agent) ask(method string, params any) string {
	b, _ := json.Marshal(params)
	a.mu.Lock()
	a.next++
	id := fmt.Sprintf("q%d", a.next)
	c := make(chan message, 1)
	a.waiting[id] = c
	a.mu.Unlock()
	a.send(message{ID: id, Method: method, Params: b})
	m := <-c
	if m.Error != nil {
		e, _ := json.Marshal(m.Error)
		return "error " + string(e)
	}
	return string(m.Result)
}

func (a *agent) permit(kind string, paths []string, options ...string) string {
	var at []map[string]any
	for _, p := range paths {
		at = append(at, map[string]any{"path": p})
	}
	var offered []map[string]any
	for _, o := range options {
		offered = append(offered, map[string]any{"kind": o, "name": o, "optionId": "id-" + o})
	}
	call := map[string]any{"toolCallId": "c1", "title": "a tool", "locations": at}
	if kind != "" {
		call["kind"] = kind
	}
	return a.ask("session/request_permission", map[string]any{"sessionId": "s1", "toolCall": call, "options": offered})
}

func (a *agent) prompt(m message) {
	var p struct {
		Prompt []struct{ Type, Text, Uri, Name string }
	}
	json.Unmarshal(m.Params, &p)
	a.mu.Lock()
	a.prompts++
	cancel, prompts := a.cancel, a.prompts
	a.mu.Unlock()
	words := strings.Fields(p.Prompt[0].Text)
	words = append(words, "", "", "")
	reason := "end_turn"
	switch words[0] {
	case "echo":
		a.say(strings.Join(words[1:], " "))
	case "count":
		a.say(fmt.Sprint(prompts))
	case "blocks":
		for _, b := range p.Prompt[1:] {
			a.say(b.Type + " " + b.Name + " " + b.Uri)
		}
	case "steps":
		for i := range 5 {
			a.say(fmt.Sprintf("step %d ", i))
			time.Sleep(120 * time.Millisecond)
		}
	case "tools":
		a.say("First.")
		a.notify("s1", map[string]any{"sessionUpdate": "tool_call", "toolCallId": "c1", "title": "Read notes", "kind": "read", "status": "pending", "locations": []any{map[string]any{"path": "/workspace/notes.md"}}})
		a.notify("s1", map[string]any{"sessionUpdate": "tool_call_update", "toolCallId": "c1", "status": "completed"})
		a.notify("s1", map[string]any{"sessionUpdate": "tool_call", "toolCallId": "c2", "title": "ls -la\x1b[31m\nrm", "kind": "execute"})
		a.notify("s1", map[string]any{"sessionUpdate": "of_the_future", "x": 1})
		time.Sleep(300 * time.Millisecond)
		a.say("Second.")
	case "slow":
		a.say("working")
		<-cancel
		reason = "cancelled"
	case "afterwards":
		a.say("working")
		<-cancel
		a.say("too late")
	case "stubborn":
		a.say("working")
		select {}
	case "silent":
		<-cancel
		reason = "cancelled"
	case "die":
		a.say("half an answer")
		fmt.Fprintln(os.Stderr, "why it died: "+os.Getenv("API_KEY"))
		os.Exit(3)
	case "leave":
		os.Exit(0)
	case "killed":
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "closes":
		os.Stdout.Close()
		select {}
	case "endless":
		for {
			select {
			case <-cancel:
				a.answer(m.ID, map[string]any{"stopReason": "cancelled"})
				return
			default:
				a.say(strings.Repeat("y", 1000) + "\n")
			}
		}
	case "flood":
		for i := range 5000 {
			if i%2 == 0 {
				a.say("z")
			} else {
				a.notify("s1", map[string]any{"sessionUpdate": "tool_call", "toolCallId": fmt.Sprint("f", i), "title": "t", "kind": "other"})
			}
		}
	case "malformed":
		a.mu.Lock()
		fmt.Print("{\"jsonrpc\": \"2.0\", \"method\": 5}\n[1,2]\nnull\n{}\n{\"id\":null,\"method\":\"x\"}\n{\"jsonrpc\":\"2.0\",\"id\":99,\"result\":{}}\n{\"jsonrpc\":\"2.0\",\"method\":\"session/update\",\"params\":7}\n\xff\xfe\n")
		a.mu.Unlock()
		a.say("still here")
	case "longline":
		a.say(strings.Repeat("x", 9<<20))
		<-cancel
	case "foreign":
		a.notify("s2", map[string]any{"sessionUpdate": "agent_message_chunk", "content": map[string]any{"type": "text", "text": "not mine"}})
		a.say("mine ")
		a.say(a.ask("fs/read_text_file", map[string]any{"sessionId": "s2", "path": words[1]}))
	case "read":
		a.say(a.ask("fs/read_text_file", map[string]any{"sessionId": "s1", "path": words[1]}))
	case "part":
		a.say(a.ask("fs/read_text_file", map[string]any{"sessionId": "s1", "path": words[1], "line": 2, "limit": 1}))
	case "write":
		a.say(a.ask("fs/write_text_file", map[string]any{"sessionId": "s1", "path": words[1], "content": words[2]}))
	case "permit":
		kind := words[1]
		if kind == "none" {
			kind = ""
		}
		a.say(a.permit(kind, words[2:slices.Index(words, "")], "allow_always", "allow_once", "reject_once", "reject_always"))
	case "always":
		a.say(a.permit("execute", nil, "allow_always", "reject_always"))
	case "options":
		a.say(a.permit("execute", nil))
	case "crowd":
		var all sync.WaitGroup
		for range 200 {
			all.Go(func() { a.permit("read", []string{"/workspace/x"}, "allow_once", "reject_once") })
		}
		all.Wait()
		a.say("crowd over")
	case "relabel":
		// A call is announced as one kind, and permission asked for it as another.
		a.notify("s1", map[string]any{"sessionUpdate": "tool_call", "toolCallId": "c1", "title": "a tool", "kind": words[1]})
		if words[2] != "-" {
			a.notify("s1", map[string]any{"sessionUpdate": "tool_call_update", "toolCallId": "c1", "kind": words[2]})
		}
		a.say(a.permit(words[3], nil, "allow_once", "reject_once"))
	case "beg":
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for !stopped(cancel) {
					a.permit("read", nil, "allow_once", "reject_once")
				}
			})
		}
		all.Wait()
		reason = "cancelled"
	case "spawn":
		for !stopped(cancel) {
			a.create([]string{"true"})
			a.ask("terminal/release", a.params(fmt.Sprint(len(a.terminals))))
		}
		reason = "cancelled"
	case "wait":
		a.say("asking")
		a.say(a.permit("execute", nil, "allow_once", "reject_once"))
		reason = "cancelled"
	case "terminal":
		a.terminal(strings.TrimPrefix(p.Prompt[0].Text, "terminal "), cancel)
	case "unknown":
		a.say(a.ask("_zed/other", map[string]any{}))
		a.say(a.ask("mcp/connect", map[string]any{}))
	case "error":
		a.send(message{ID: m.ID, Error: map[string]any{"code": -32603, "message": "Internal error", "data": map[string]any{"key": os.Getenv("API_KEY")}}})
		return
	case "logout":
		a.send(message{ID: m.ID, Error: map[string]any{"code": -32000, "message": "Authentication required"}})
		return
	case "max_tokens", "max_turn_requests", "refusal", "cancelled":
		a.say("so far")
		reason = words[0]
	case "nothing":
	}
	a.answer(m.ID, map[string]any{"stopReason": reason})
}
