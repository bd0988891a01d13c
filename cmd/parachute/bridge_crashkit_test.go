package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

// chatLine is a message as a bridge writes it.
type chatLine struct {
	ID          string `json:"id"`
	Chat        string `json:"chat"`
	ChatKind    string `json:"chat_kind"`
	User        string `json:"user"`
	Text        string `json:"text"`
	MentionsBot bool   `json:"mentions_bot,omitempty"`
}

// answerLine is any line that the program writes.
type answerLine struct {
	ID       string `json:"id"`
	Chat     string `json:"chat"`
	ReplyTo  string `json:"reply_to"`
	Text     string `json:"text"`
	Decision string `json:"decision"`
	Verdict  string `json:"verdict"`
	Error    string `json:"error"`
	Line     int    `json:"line"`
}

// sentMessage is what a bridge remembers of a message, over all restarts.
type sentMessage struct {
	chatLine
	// token is in the text of this message alone, where it changes a note; allowed
	// is what the policies say of it.
	token   string
	allowed bool
	// answers are the lines with a verdict; sorry counts the denials that could
	// not be kept, which name no decision.
	answers []answerLine
	sorry   int
	// refused is true from a line that says that it was not taken until it is sent
	// again.
	refused bool
}

// bridge sends messages and keeps what comes back, as a bridge to a chat would:
// it knows nothing but the lines.
type bridge struct {
	t *testing.T

	mu   sync.Mutex
	sent []*sentMessage
	byID map[string]*sentMessage
	// notices are the lines that answer nobody: what the gate tells of itself.
	notices []answerLine
	faults  []string
	lines   int
	// news is closed and made anew with each line.
	news chan struct{}
}

func newBridge(t *testing.T) *bridge {
	return &bridge{t: t, byID: map[string]*sentMessage{}, news: make(chan struct{})}
}

// take keeps one line of the program.
func (b *bridge) take(raw []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer func() { close(b.news); b.news = make(chan struct{}) }()
	b.lines++
	var line answerLine
	if err := json.Unmarshal(raw, &line); err != nil {
		b.faults = append(b.faults, fmt.Sprintf("a line that is no JSON: %v: %q", err, raw))
		return
	}
	m, ok := b.byID[line.ReplyTo]
	switch {
	case line.ReplyTo == "" && line.Verdict == "allow" && line.Decision != "":
		b.notices = append(b.notices, line)
	case !ok:
		b.faults = append(b.faults, fmt.Sprintf("a line about a message that nobody sent: %s", raw))
	case line.Chat != m.Chat:
		b.faults = append(b.faults, fmt.Sprintf("a line in the wrong chat, not %s: %s", m.Chat, raw))
	case line.Error != "":
		m.refused = true
	case line.Verdict == "deny" && line.Decision == "":
		m.sorry++
	case line.Verdict == "allow", line.Verdict == "deny", line.Verdict == "failed":
		m.answers = append(m.answers, line)
	default:
		b.faults = append(b.faults, fmt.Sprintf("a line of an unknown kind: %s", raw))
	}
}

// send writes messages to a process; new ones are remembered first.
func (b *bridge) send(c *child, messages ...*sentMessage) error {
	for _, m := range messages {
		b.mu.Lock()
		if b.byID[m.ID] == nil {
			b.byID[m.ID] = m
			b.sent = append(b.sent, m)
		}
		m.refused = false
		data, err := json.Marshal(m.chatLine)
		b.mu.Unlock()
		if err != nil {
			return err
		}
		if err := c.write(append(data, '\n')); err != nil {
			return err
		}
	}
	return nil
}

// which gives the messages, in the order they were sent, that ok holds for.
func (b *bridge) which(ok func(m *sentMessage) bool) []*sentMessage {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(b.sent), func(m *sentMessage) bool { return !ok(m) })
}

// unsettled is a message of which nothing was heard yet: a bridge that is not
// sure sends it again.
func unsettled(m *sentMessage) bool { return len(m.answers) == 0 }

// owed is a message whose answer will come: it may be admitted, and was taken.
func owed(m *sentMessage) bool { return m.allowed && len(m.answers) == 0 && !m.refused }

// heard is how many lines came so far, and a channel that closes with the next.
func (b *bridge) heard() (int, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lines, b.news
}

// await waits until ok, which is asked after each line, while the process runs.
func (b *bridge) await(c *child, what string, ok func() bool) {
	b.t.Helper()
	over := time.After(crashPatience)
	for {
		_, news := b.heard()
		if ok() {
			return
		}
		select {
		case <-news:
		case <-time.After(100 * time.Millisecond):
		case <-c.done:
			b.t.Fatalf("the process ended (%v) while the bridge waited for %s; its log:\n%s", c.err, what, c.log.tail())
		case <-over:
			b.t.Fatalf("waited in vain for %s; the process's log:\n%s", what, c.log.tail())
		}
	}
}

// awaitAnswers waits until every message that is owed an answer has one.
func (b *bridge) awaitAnswers(c *child) {
	b.t.Helper()
	over := time.Now().Add(crashPatience)
	b.await(c, "all answers", func() bool {
		left := b.which(owed)
		if len(left) > 0 && time.Now().After(over.Add(-time.Second)) {
			b.t.Errorf("%d messages are not answered, the first is %+v", len(left), *left[0])
		}
		return len(left) == 0
	})
}
