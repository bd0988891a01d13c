package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/storage/sqlite"
)

// agentsConfig is a gate whose agents run in containers: lines and coder are kept
// between the turns, once is not.
type agentsConfig struct {
	engine *testEngine
	// agents are the people, by the agent that answers them.
	people map[string][]string
	warm   int
}

// folder writes it, with the default policies and limits that nobody reaches.
func (c agentsConfig) folder(t testing.TB) (config, data string) {
	t.Helper()
	dir := t.TempDir()
	data = filepath.Join(dir, "data")
	copyPolicies(t, filepath.Join(dir, "policies"))
	file := filepath.Join(dir, "policies", "data.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Open(t.Context(), data, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	var choices []string
	for agent, people := range c.people {
		var ids []string
		for _, name := range people {
			ids = append(ids, fmt.Sprintf("%q", "chat:"+name))
			know(t, db, "chat:"+name, "member")
		}
		choices = append(choices, fmt.Sprintf("{agent: %s, people: [%s]}", agent, strings.Join(ids, ", ")))
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	const none = "choices: []"
	if !strings.Contains(string(text), none) {
		t.Fatalf("data.yaml holds no %q any more", none)
	}
	changed := strings.Replace(string(text), none, "choices: ["+strings.Join(choices, ", ")+"]", 1)
	putFile(t, file, anyQuota.ReplaceAllString(changed, "$1: 1000000"))
	config = filepath.Join(dir, "parachute.yaml")
	putFile(t, config, fmt.Sprintf(`audience: team
policies: ./policies
data: %q
connectors: [{kind: stdio, name: chat}]
decisions: {timeout: 10s}
turns: {draft_after: 0s}
agents:
  lines: {kind: command, command: [/bin/program, lines], image: %[2]q, keep: true}
  coder: {kind: acp, command: [/bin/agent], image: %[2]q}
  once: {kind: command, command: [/bin/program], image: %[2]q}
sandbox: {docker: %q, kept: 100, warm: %d}
`, data, actorsImage, c.engine.Host, c.warm))
	return config, data
}

// names makes people.
func names(prefix string, n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("%s%d", prefix, i))
	}
	return out
}

// talk is what people say through the connector stdio, and what they hear.
type talk struct {
	t testing.TB

	mu    sync.Mutex
	in    io.Writer
	made  int
	heard map[string][]answerLine
	// news is closed and made anew with each line.
	news chan struct{}
}

func newTalk(t testing.TB) *talk {
	return &talk{t: t, heard: map[string][]answerLine{}, news: make(chan struct{})}
}

// to gives where lines are written from now on.
func (k *talk) to(in io.Writer) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.in = in
}

// take keeps one line of the program.
func (k *talk) take(raw []byte) {
	var line answerLine
	if err := json.Unmarshal(raw, &line); err != nil {
		line = answerLine{Text: fmt.Sprintf("no JSON: %v: %q", err, raw)}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.heard[line.ReplyTo] = append(k.heard[line.ReplyTo], line)
	close(k.news)
	k.news = make(chan struct{})
}

// say writes a direct message, and gives its id.
func (k *talk) say(person, text string) (id string) {
	k.t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.made++
	id = fmt.Sprintf("m%d", k.made)
	line, err := json.Marshal(chatLine{ID: id, Chat: "dm-" + person, ChatKind: "dm", User: person, Text: text})
	if err == nil {
		_, err = k.in.Write(append(line, '\n'))
	}
	if err != nil {
		k.t.Error(err)
	}
	return id
}

// answers are the lines about a message so far.
func (k *talk) answers(id string) ([]answerLine, <-chan struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.heard[id], k.news
}

// await waits for the first answer to a message; without one the test fails, and
// the answer is empty.
func (k *talk) await(id string) answerLine {
	k.t.Helper()
	over := time.After(patience)
	for {
		lines, news := k.answers(id)
		if len(lines) > 0 {
			return lines[0]
		}
		select {
		case <-news:
		case <-over:
			k.t.Errorf("message %s is not answered", id)
			return answerLine{}
		}
	}
}

// ask says something and waits for the answer.
func (k *talk) ask(person, text string) answerLine {
	k.t.Helper()
	return k.await(k.say(person, text))
}

// expect holds an answer to what it ends with.
func (k *talk) expect(person, text, end string) {
	k.t.Helper()
	if got := k.ask(person, text); !strings.HasSuffix(got.Text, end) {
		k.t.Errorf("%s said %q and heard %+v, not %q", person, text, got, end)
	}
}

// each does something for all people at once.
func each(people []string, do func(person string)) {
	var all sync.WaitGroup
	for _, person := range people {
		all.Go(func() { do(person) })
	}
	all.Wait()
}

// until waits until ok, and fails the test with what was seen last.
func until(t testing.TB, what string, ok func() (bool, string)) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		done, last := ok()
		if done {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s; last seen: %s", what, last)
		}
	}
}

// hasContainers waits until an installation has so many.
func hasContainers(t testing.TB, e *testEngine, data string, ok func([]aContainer) bool) []aContainer {
	t.Helper()
	var list []aContainer
	until(t, "the containers", func() (bool, string) {
		var err error
		if list, err = e.containers(data); err != nil {
			t.Fatal(err)
		}
		return ok(list), fmt.Sprintf("%+v", list)
	})
	return list
}

// lineReader calls for each line until the end.
func lineReader(r io.Reader, online func([]byte)) {
	data := make([]byte, 0, 1<<16)
	buf := make([]byte, 1<<16)
	for {
		n, err := r.Read(buf)
		data = append(data, buf[:n]...)
		for {
			line, rest, whole := bytes.Cut(data, []byte{'\n'})
			if !whole {
				break
			}
			online(line)
			data = rest
		}
		if err != nil {
			return
		}
	}
}
