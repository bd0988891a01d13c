package acp

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	acp "github.com/coder/acp-go-sdk"

	"github.com/parachute-gate/parachute/sessions"
	"github.com/parachute-gate/parachute/sessions/programs"
	"github.com/parachute-gate/parachute/sessions/vault"
)

// turn is what an agent has said and asked for in one turn.
type turn struct {
	of     sessions.Turn
	auth   vault.Authorizer
	launch programs.Launch
	// given ends when the turn is stopped or over.
	given  context.Context
	giveUp context.CancelFunc
	// heard is called for each sign of life.
	heard func()
	reply *programs.Reply
	// terminals end with given, or with the turn.
	terminals *terminals
	// full is closed when the reply is longer than it may be.
	full chan struct{}
	fill func()
	// much is closed when the agent asked for more than it may.
	much  chan struct{}
	flood func()

	mu   sync.Mutex
	over bool
	work sync.WaitGroup
	// decisions is how many were asked for.
	decisions int
	// broken says that something stands between the text so far and what comes.
	broken  bool
	message string
	// doing is what the agent has done since its last text.
	doing   []string
	refused []string
	reason  acp.StopReason
}

func (a *Agent) newTurn(ctx context.Context, q *programs.Asked) *turn {
	l := q.Launch
	t := &turn{of: q.Turn, auth: a.deps.Authorizer(q.Turn), launch: l, reply: programs.NewReply(l.Spec.Limits.OutputBytes)}
	given, giveUp := context.WithCancel(ctx)
	t.given, t.giveUp = given, giveUp
	t.terminals = &terminals{
		of: q.Turn, runtime: l.Runtime, ended: a.deps.Ended, log: a.deps.Log, heard: func() { t.heard() }, all: map[string]*terminal{},
	}
	// Who stops a turn does not wait for what runs in it, however long the agent takes.
	context.AfterFunc(given, func() { t.terminals.close(given) })
	t.full, t.much = make(chan struct{}), make(chan struct{})
	t.fill, t.flood = sync.OnceFunc(func() { close(t.full) }), sync.OnceFunc(func() { close(t.much) })
	return t
}

// enter begins a request of the agent; false when the turn is over.
func (t *turn) enter() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return false
	}
	t.work.Add(1)
	return true
}

// close ends the turn: what the agent asks for from now on is of another.
func (t *turn) close() {
	t.mu.Lock()
	t.over = true
	t.mu.Unlock()
	t.giveUp()
	t.work.Wait()
	t.terminals.close(t.given)
}

// said adds to the answer. Messages that are not one are put apart.
func (t *turn) said(text, message string) {
	t.mu.Lock()
	apart := t.reply.Len() > 0 && (t.broken || message != t.message)
	t.message, t.broken = message, false
	if strings.TrimSpace(text) != "" {
		t.doing = nil
	}
	t.mu.Unlock()
	if apart {
		text = "\n\n" + text
	}
	if t.reply.Add(text) != nil {
		t.fill()
	}
}

// mostDoing is how many lines of what is done are shown.
const mostDoing = 5

func (t *turn) does(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.broken = true
	if n := len(t.doing); n > 0 && t.doing[n-1] == line {
		return
	}
	t.doing = append(t.doing, line)
	t.doing = t.doing[max(0, len(t.doing)-mostDoing):]
}

// mostRefused is how many refusals a person is told of.
const mostRefused = 3

// refuses notes that something was not allowed.
func (t *turn) refuses(what, words string) {
	t.does("· not allowed: " + what)
	t.mu.Lock()
	defer t.mu.Unlock()
	if words == "" {
		words = "The agent was not allowed to do this: " + what
	}
	for _, told := range t.refused {
		if told == words {
			return
		}
	}
	if len(t.refused) < mostRefused {
		t.refused = append(t.refused, words)
	}
}

func (t *turn) stopped(reason acp.StopReason) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reason = reason
}

// draft is the answer so far, and what the agent does.
func (t *turn) draft() string {
	text := t.reply.Text()
	t.mu.Lock()
	defer t.mu.Unlock()
	return programs.With(text, strings.Join(t.doing, "\n"))
}

// answer is what the agent said, and nothing of what it did.
func (t *turn) answer() string { return t.reply.Text() }

// note tells what is to be said of an answer; without one, why there is none.
func (t *turn) note() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch t.reason {
	case acp.StopReasonRefusal:
		return refusal
	case acp.StopReasonMaxTokens:
		return cutShort
	case acp.StopReasonMaxTurnRequests:
		return tooManyRuns
	case acp.StopReasonCancelled:
		if len(t.refused) == 0 {
			return cancelled
		}
	default:
	}
	if t.reply.Text() != "" && t.reason != acp.StopReasonCancelled {
		return ""
	}
	if len(t.refused) > 0 {
		return strings.Join(t.refused, "\n")
	}
	return noAnswer
}

// seenCall is what was said of a tool call before.
type seenCall struct {
	kind  acp.ToolKind
	title string
	at    []string
	// kinds are all that it was said to be, as the policies know them: a decision is
	// about each.
	kinds []string
}

// is notes what a call is said to be; nothing said before is forgotten.
func (c *seenCall) is(kind acp.ToolKind, before seenCall) {
	c.kind, c.kinds = kind, before.kinds
	if kind == "" {
		c.kind = before.kind
		return
	}
	if k := kindOf(kind); !slices.Contains(c.kinds, k) {
		c.kinds = append(slices.Clone(c.kinds), k)
	}
}

// mostCalls bounds what is remembered of a turn's tool calls.
const mostCalls = 1000

// listens tells whether anybody wants to know what the agent does: a flood is
// dropped the faster for not being read.
func (p *peer) listens() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.turn != nil && p.turn.given.Err() == nil
}

// update takes a notification, in order, within the turn that runs.
func (p *peer) update(n acp.SessionNotification) {
	p.mu.Lock()
	t := p.turn
	if t == nil || n.SessionId != p.session {
		// Of a turn that is over, or of nobody's session.
		p.mu.Unlock()
		return
	}
	var line string
	switch u := n.Update; {
	case u.ToolCall != nil:
		line = p.seen(u.ToolCall.ToolCallId, seenCall{kind: u.ToolCall.Kind, title: u.ToolCall.Title, at: places(u.ToolCall.Locations)})
	case u.ToolCallUpdate != nil:
		c := seenCall{at: places(u.ToolCallUpdate.Locations)}
		if u.ToolCallUpdate.Kind != nil {
			c.kind = *u.ToolCallUpdate.Kind
		}
		if u.ToolCallUpdate.Title != nil {
			c.title = *u.ToolCallUpdate.Title
		}
		if before, known := p.calls[u.ToolCallUpdate.ToolCallId]; known && c.kind == "" && c.title == "" && len(c.at) == 0 {
			c = before
		} else {
			line = p.seen(u.ToolCallUpdate.ToolCallId, c)
		}
	}
	p.mu.Unlock()
	if line != "" {
		t.does(line)
	}
	if chunk := n.Update.AgentMessageChunk; chunk != nil {
		id := ""
		if chunk.MessageId != nil {
			id = *chunk.MessageId
		}
		t.said(textOf(chunk.Content), id)
	}
	t.heard()
}

// seen remembers a tool call, and tells it in a line. The caller holds mu.
func (p *peer) seen(id acp.ToolCallId, c seenCall) string {
	before, known := p.calls[id]
	c.is(c.kind, before)
	if c.title == "" {
		c.title = before.title
	}
	if len(c.at) == 0 {
		c.at = before.at
	}
	if known || len(p.calls) < mostCalls {
		p.calls[id] = c
	}
	return "· " + c.line()
}

// most of the characters of a line of what an agent does.
const mostTitle = 100

// line says what a tool call does: "reading notes.md".
func (c seenCall) line() string {
	verb := map[acp.ToolKind]string{
		acp.ToolKindRead: "reading", acp.ToolKindEdit: "writing", acp.ToolKindDelete: "deleting", acp.ToolKindMove: "moving",
		acp.ToolKindSearch: "searching", acp.ToolKindExecute: "running", acp.ToolKindFetch: "fetching", acp.ToolKindThink: "thinking",
	}[c.kind]
	files := c.kind == acp.ToolKindRead || c.kind == acp.ToolKindEdit || c.kind == acp.ToolKindDelete || c.kind == acp.ToolKindMove
	title := programs.Line(c.title, mostTitle)
	switch {
	case files && len(c.at) > 0:
		name := programs.Line(path.Base(c.at[0]), mostTitle)
		if len(c.at) > 1 {
			return fmt.Sprintf("%s %s and %d more", verb, name, len(c.at)-1)
		}
		return verb + " " + name
	case title == "" && verb == "":
		return "working"
	case verb == "", files, c.kind == acp.ToolKindThink:
		// A title says by itself what is done to files.
		if title == "" {
			return verb
		}
		return title
	default:
		return strings.TrimSpace(verb + " " + title)
	}
}

func places(locations []acp.ToolCallLocation) (out []string) {
	for _, l := range locations[:min(len(locations), mostPlaces+1)] {
		out = append(out, l.Path)
	}
	return out
}

func textOf(c acp.ContentBlock) string {
	switch {
	case c.Text != nil:
		return c.Text.Text
	case c.Image != nil:
		return "(an image, which cannot be shown here)"
	case c.Audio != nil:
		return "(a sound, which cannot be played here)"
	case c.ResourceLink != nil:
		return c.ResourceLink.Name
	default:
		return ""
	}
}
