package connectortest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/parachute-gate/parachute/connectors"
)

// memoryToken is the secret of the platform in memory.
const memoryToken = "s3cret/t0ken"

// memoryMaxText is what one message holds, in bytes.
const memoryMaxText = 20_000

func (d *memory) Secrets() []string { return []string{memoryToken} }
func (d *memory) BotName() string   { return "memorybot" }

func (d *memory) Logged() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.log
}

func (d *memory) Health() connectors.Health {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.health
}

func (d *memory) Signs() []Sign {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.signs)
}

func (d *memory) Fault(f Fault) bool {
	d.mu.Lock()
	if f.Kind == Revoke {
		d.revoked = true
	} else {
		for range max(f.Times, 1) {
			d.faults = append(d.faults, f)
		}
	}
	d.mu.Unlock()
	d.wake()
	return true
}

// take gives the next fault on something; it needs d.mu.
func (d *memory) take(on string) (Fault, bool) {
	i := slices.IndexFunc(d.faults, func(f Fault) bool { return f.On == on })
	if i < 0 {
		return Fault{}, false
	}
	f := d.faults[i]
	d.faults = slices.Delete(d.faults, i, i+1)
	return f, true
}

func (d *memory) Send(ctx context.Context, r connectors.Reply) error {
	if err := ctx.Err(); err != nil {
		if d.fault == "nil for what was not sent" {
			return nil
		}
		return err
	}
	d.mu.Lock()
	again := slices.Contains(d.replies, r.ID)
	d.replies = append(d.replies, r.ID)
	d.mu.Unlock()
	if again && d.fault != "the reply's id is not used" {
		return nil
	}
	for i, text := range d.parts(r.Text) {
		s := Sent{Chat: r.Chat, Text: text, ReplyTo: r.ReplyTo, Buttons: r.Buttons}
		switch {
		case d.fault == "no send before run" && d.ran() == 0:
			return nil
		case d.fault == "reply to another chat":
			s.Chat = "C/elsewhere"
		case d.fault == "buttons are dropped":
			s.Buttons = nil
		}
		if i > 0 {
			s.ReplyTo = ""
		}
		if _, err := d.write(ctx, "", s); err != nil {
			return err
		}
		if d.fault == "replies are sent twice" {
			if _, err := d.write(ctx, "", s); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *memory) ran() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.runs
}

// parts cuts a long text at lines or words, with its fences.
func (d *memory) parts(text string) []string {
	var parts []string
	for len(text) > memoryMaxText {
		at := strings.LastIndexAny(text[:memoryMaxText-16], "\n ")
		if nl := strings.LastIndex(text[:memoryMaxText-16], "\n"); nl > 0 {
			at = nl
		}
		part := text[:at]
		text = text[at+1:]
		if strings.Count(part, "```")%2 == 1 && d.fault != "fences are cut" {
			part += "\n```"
			text = "```go\n" + text
		}
		parts = append(parts, part)
	}
	return append(parts, text)
}

// write posts or edits a message, as often as it takes.
func (d *memory) write(ctx context.Context, about string, s Sent) (string, error) {
	for {
		id := about
		if err := ctx.Err(); err != nil {
			return id, err
		}
		d.mu.Lock()
		f, faulty := d.take(OnSend)
		if d.revoked {
			d.mu.Unlock()
			err := errors.New("the token is not valid")
			if d.fault == "the token is in Send's error" {
				err = errors.New("https://chat.example/bots3cret%2Ft0ken/send: 401")
			}
			return id, err
		}
		if !faulty || f.Kind == Lost || d.fault == "a draft that failed stands twice" {
			id = d.put(id, s)
		}
		d.mu.Unlock()
		switch {
		case !faulty:
			return id, nil
		case f.Kind == Lost && d.fault != "what is lost is sent again":
			return id, connectors.ErrUnconfirmed
		case d.fault == "a "+string(f.Kind)+" of a send is an error":
			return id, errors.New(string(f.Kind))
		case f.Kind == Throttle && d.fault != "a throttle is not obeyed":
			time.Sleep(f.For)
		}
	}
}

// put needs d.mu.
func (d *memory) put(id string, s Sent) string {
	if i := slices.IndexFunc(d.sent, func(s Sent) bool { return s.ID == id }); id != "" && i >= 0 {
		s.ID, s.Drafts = id, append(slices.Clone(d.sent[i].Drafts), d.sent[i].Text)
		d.sent[i] = s
		return id
	}
	s.ID = fmt.Sprint("s", len(d.sent)+1)
	d.sent = append(d.sent, s)
	if d.fault == "own messages come back" {
		d.queue = append(d.queue, connectors.Message{ID: s.ID, Chat: connectors.Chat{ID: s.Chat}, Kind: connectors.EventMessage, Text: s.Text})
		d.wake()
	}
	return s.ID
}

// Compose writes each draft at once.
func (d *memory) Compose(ctx context.Context, r connectors.Reply, draftAfter time.Duration) connectors.Composition {
	c := &memoryDraft{d: d, ctx: ctx, reply: r, shows: draftAfter < time.Minute}
	if d.fault == "a quick answer has drafts" {
		c.shows = true
	}
	d.sign(r, true)
	return c
}

func (d *memory) sign(r connectors.Reply, on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fault != "no signs" {
		d.signs = append(d.signs, Sign{Chat: r.Chat, Message: r.ReplyTo, Name: "eyes", On: on})
	}
}

type memoryDraft struct {
	d     *memory
	ctx   context.Context
	reply connectors.Reply
	shows bool
	id    string
	once  sync.Once
}

func (c *memoryDraft) Update(text string) {
	if !c.shows || c.d.fault == "drafts are not edited" && c.id != "" {
		return
	}
	s := Sent{Chat: c.reply.Chat, ReplyTo: c.reply.ReplyTo, Text: text, Buttons: []connectors.Button{{Label: "Stop", Data: "/stop"}}}
	if id, err := c.d.write(c.ctx, c.id, s); err == nil {
		c.id = id
	} else if c.d.fault == "a draft that failed is the last" {
		c.shows = false
	}
}

func (c *memoryDraft) Finish(ctx context.Context, r connectors.Reply) error {
	switch c.d.fault {
	case "a draft stays beside the answer":
		c.id = ""
	case "the answer has the drafts' context":
		ctx = c.ctx
	}
	parts := c.d.parts(r.Text)
	s := Sent{Chat: r.Chat, ReplyTo: r.ReplyTo, Text: parts[0], Buttons: r.Buttons}
	if c.d.fault == "the answer keeps the stop button" {
		s.Buttons = []connectors.Button{{Label: "Stop", Data: "/stop"}}
	}
	if _, err := c.d.write(ctx, c.id, s); err != nil {
		return err
	}
	for _, text := range parts[1:] {
		if c.d.fault == "the rest of a long answer is lost" {
			break
		}
		if _, err := c.d.write(ctx, "", Sent{Chat: r.Chat, Text: text}); err != nil {
			return err
		}
	}
	if c.d.fault != "signs stay" {
		c.Close()
	}
	return nil
}

func (c *memoryDraft) Close() {
	if c.d.fault != "a turn that is given up keeps its sign" {
		c.once.Do(func() { c.d.sign(c.reply, false) })
	}
}
