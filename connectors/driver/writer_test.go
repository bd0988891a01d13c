package driver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/parachute-gate/parachute/connectors"
)

// call is one call of a Writer or Signaller.
type call struct {
	what string // "post", "edit", "working", "typing"
	at   time.Duration
	id   string
	post Post
	on   bool
}

// paper is a Writer and Signaller that notes its calls. script gives what goes
// wrong with call n of a kind, counted from 1; it may wait.
type paper struct {
	start  time.Time
	script func(ctx context.Context, what string, n int) error

	mu    sync.Mutex
	calls []call
	count map[string]int
}

func newPaper(script func(ctx context.Context, what string, n int) error) *paper {
	if script == nil {
		script = func(context.Context, string, int) error { return nil }
	}
	return &paper{start: time.Now(), script: script, count: map[string]int{}}
}

func (p *paper) note(ctx context.Context, c call) (int, error) {
	p.mu.Lock()
	c.at = time.Since(p.start)
	p.calls = append(p.calls, c)
	p.count[c.what]++
	n := p.count[c.what]
	p.mu.Unlock()
	return n, p.script(ctx, c.what, n)
}

func (p *paper) Post(ctx context.Context, post Post) (string, error) {
	n, err := p.note(ctx, call{what: "post", post: post})
	return fmt.Sprint("m", n), err
}

func (p *paper) Edit(ctx context.Context, id string, post Post) error {
	_, err := p.note(ctx, call{what: "edit", id: id, post: post})
	return err
}

func (p *paper) Working(ctx context.Context, chat, message string, on bool) error {
	_, err := p.note(ctx, call{what: "working", id: chat + "/" + message, on: on})
	return err
}

func (p *paper) Typing(ctx context.Context, chat string) error {
	_, err := p.note(ctx, call{what: "typing", id: chat})
	return err
}

// of gives the calls of some kinds, or all.
func (p *paper) of(whats ...string) []call {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []call
	for _, c := range p.calls {
		if len(whats) == 0 || slices.Contains(whats, c.what) {
			all = append(all, c)
		}
	}
	return all
}

// plain hides the signs.
type plain struct{ Writer }

var (
	errRefused = errors.New("refused")
	errGone    = Permanent(errors.New("the message is gone"))
	errLost    = Unconfirmed(errors.New("no answer"))
)

// failing fails the calls of a kind in turn; after those it succeeds.
func failing(what string, errs ...error) func(context.Context, string, int) error {
	return func(_ context.Context, w string, n int) error {
		if w == what && n <= len(errs) {
			return errs[n-1]
		}
		return nil
	}
}

func testReply(text string) connectors.Reply {
	return connectors.Reply{
		ID: "r1", Chat: "c1", User: "u1", ReplyTo: "q1", Text: text, Verdict: "allow",
		Buttons: []connectors.Button{{Label: "More", Data: "/more"}},
	}
}
