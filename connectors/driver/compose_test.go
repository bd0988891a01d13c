package driver

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parachute-gate/parachute/connectors"
)

var streaming = Manners{MaxText: 20, EditEvery: 2 * time.Second, TypingEvery: 4 * time.Second}

const ms = time.Millisecond

// TestCompose plays a whole answer: the sign, drafts that are let through, and
// the last edit. synctest fails it for a goroutine that is left.
func TestCompose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPaper(nil)
		o := NewOutbox(OutboxDeps{Writer: p, Manners: streaming})
		r := testReply("")
		c := o.Compose(t.Context(), r, 700*ms)
		for i := range 50 {
			c.Update(strings.Repeat("word ", i+1))
			time.Sleep(100 * ms)
		}
		r.Text = "the whole answer, which is longer than one part"
		if err := c.Finish(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		c.Close()
		synctest.Wait()
		stop := []connectors.Button{{Label: "Stop", Data: "/stop"}}
		draft := func(text string) Post {
			return Post{Chat: "c1", User: "u1", ReplyTo: "q1", Text: text, Key: "r1/draft", Verdict: "allow", Draft: true, Buttons: stop}
		}
		want := []call{
			{what: "working", at: 250 * ms, id: "c1/q1", on: true},
			{what: "typing", at: 250 * ms, id: "c1"},
			// A draft shows the first part only: after that it stays as it is.
			{what: "post", at: 700 * ms, post: draft("word word word word")},
			{what: "typing", at: 4250 * ms, id: "c1"},
			{what: "edit", at: 5000 * ms, id: "m1", post: Post{Chat: "c1", User: "u1", ReplyTo: "q1", Text: "the whole answer,", Key: "r1/1", Verdict: "allow"}},
			{what: "post", at: 5000 * ms, post: Post{Chat: "c1", User: "u1", Text: "which is longer than", Key: "r1/2", Verdict: "allow"}},
			{what: "post", at: 5000 * ms, post: Post{Chat: "c1", User: "u1", Text: "one part", Key: "r1/3", Verdict: "allow", Buttons: r.Buttons}},
			{what: "working", at: 5000 * ms, id: "c1/q1"},
		}
		if !reflect.DeepEqual(p.of(), want) {
			t.Errorf("got %s\nwant %s", list(p.of()), list(want))
		}
	})
}

func list(calls []call) string {
	var b strings.Builder
	for _, c := range calls {
		fmt.Fprintf(&b, "\n  %+v", c)
	}
	return b.String()
}

func TestDraftsKeepThePlatformsPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPaper(nil)
		o := NewOutbox(OutboxDeps{Writer: plain{p}, Manners: Manners{MaxText: 1000, EditEvery: 2 * time.Second}})
		c := o.Compose(t.Context(), testReply(""), 700*ms)
		text := ""
		for i := range 100 {
			text += fmt.Sprint(i, " ")
			c.Update(text)
			time.Sleep(50 * ms)
		}
		time.Sleep(time.Minute)
		calls := p.of("post", "edit")
		var at []time.Duration
		for _, c := range calls {
			at = append(at, c.at)
		}
		if want := []time.Duration{700 * ms, 2700 * ms, 4700 * ms, 6700 * ms}; !reflect.DeepEqual(at, want) {
			t.Errorf("drafts at %v, want %v", at, want)
		}
		if last := calls[len(calls)-1].post.Text; last != text {
			t.Errorf("the last draft is %q, the latest text is %q", last, text)
		}
		c.Close()
		c.Close()
	})
}

func TestAQuickAnswerComesWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPaper(nil)
		c := NewOutbox(OutboxDeps{Writer: p, Manners: streaming}).Compose(t.Context(), testReply(""), 700*ms)
		c.Update("the ans")
		time.Sleep(200 * ms)
		if err := c.Finish(t.Context(), testReply("the answer")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if len(p.of()) != 1 || p.of()[0].what != "post" || p.of()[0].post.Draft || len(p.of()[0].post.Buttons) != 1 {
			t.Errorf("got %s", list(p.of()))
		}
	})
}

// TestFinish plays what can go wrong between a draft and the whole answer.
func TestFinish(t *testing.T) {
	tests := map[string]struct {
		script     func(context.Context, string, int) error
		idempotent bool
		text       string
		want       string // the calls of Finish
		says       string
		doubt      bool
	}{
		"as it should be":         {text: "whole", want: "edit m1 whole"},
		"no text":                 {text: "", want: "", says: "send reply: it has no text"},
		"refused for a while":     {text: "whole", script: failing("edit", errRefused, errRefused), want: "edit m1 whole, edit m1 whole, edit m1 whole"},
		"the draft is gone":       {text: "whole", script: failing("edit", errGone), want: "edit m1 whole, post whole"},
		"edits are refused":       {text: "whole", script: failing("edit", errRefused, errRefused, errRefused, errRefused), want: "edit m1 whole, edit m1 whole, edit m1 whole, edit m1 whole, post whole"},
		"not confirmed at first":  {text: "whole", script: failing("edit", errLost), want: "edit m1 whole, edit m1 whole"},
		"never confirmed":         {text: "whole", script: failing("edit", errLost, errLost, errLost, errLost), want: "edit m1 whole, edit m1 whole, edit m1 whole, edit m1 whole", says: "send reply: no answer", doubt: true},
		"a later part is refused": {idempotent: true, text: "a whole answer in parts", script: failing("post", nil, errGone), want: "edit m1 a whole answer in, post parts", says: "send part 2 of 2: the message is gone", doubt: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPaper(tt.script)
				m := streaming
				m.Idempotent = tt.idempotent
				c := NewOutbox(OutboxDeps{Writer: plain{p}, Manners: m}).Compose(t.Context(), testReply(""), 700*ms)
				c.Update("the draft")
				time.Sleep(time.Second)
				before := len(p.of())
				err := c.Finish(t.Context(), testReply(tt.text))
				if said := errorText(err); said != tt.says {
					t.Errorf("gave %q, want %q", said, tt.says)
				}
				if errors.Is(err, connectors.ErrUnconfirmed) != tt.doubt {
					t.Errorf("gave %v; a doubt: want %v", err, tt.doubt)
				}
				var got []string
				for _, c := range p.of()[before:] {
					got = append(got, strings.Join(strings.Fields(c.what+" "+c.id+" "+c.post.Text), " "))
					if c.post.Draft {
						t.Errorf("%s is marked a draft", c.post.Text)
					}
				}
				if strings.Join(got, ", ") != tt.want {
					t.Errorf("got  %q\nwant %q", strings.Join(got, ", "), tt.want)
				}
			})
		})
	}
}

// TestDraftsThatFail holds that no failure of a draft harms the answer, and how
// often a draft is tried.
func TestDraftsThatFail(t *testing.T) {
	tests := map[string]struct {
		script     func(context.Context, string, int) error
		idempotent bool
		want       []time.Duration // of the drafts
		final      string
	}{
		"refused at first":          {script: failing("post", errRefused, errRefused), want: []time.Duration{700 * ms, 2700 * ms, 4700 * ms, 6700 * ms}, final: "edit"},
		"the chat is closed":        {script: failing("post", errGone), want: []time.Duration{700 * ms}, final: "post"},
		"not confirmed":             {script: failing("post", errLost), want: []time.Duration{700 * ms}, final: "post"},
		"not confirmed, idempotent": {script: failing("post", errLost), idempotent: true, want: []time.Duration{700 * ms, 2700 * ms, 4700 * ms, 6700 * ms}, final: "edit"},
		"throttled":                 {script: failing("post", &Throttled{5 * time.Second, errRefused}), want: []time.Duration{700 * ms, 5700 * ms, 7700 * ms}, final: "edit"},
		"deleted by somebody":       {script: failing("edit", errGone), want: []time.Duration{700 * ms, 2700 * ms}, final: "edit"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPaper(tt.script)
				m := streaming
				m.Idempotent = tt.idempotent
				c := NewOutbox(OutboxDeps{Writer: plain{p}, Manners: m}).Compose(t.Context(), testReply(""), 700*ms)
				for i := range 80 {
					c.Update(fmt.Sprint("text ", i))
					time.Sleep(100 * ms)
				}
				var at []time.Duration
				for _, c := range p.of("post", "edit") {
					at = append(at, c.at)
				}
				if !reflect.DeepEqual(at, tt.want) {
					t.Errorf("drafts at %v, want %v", at, tt.want)
				}
				before := len(p.of())
				if err := c.Finish(t.Context(), testReply("whole")); err != nil {
					t.Error(err)
				}
				if last := p.of()[before]; last.what != tt.final || last.post.Text != "whole" {
					t.Errorf("in the end: %s", list(p.of()[before:]))
				}
			})
		})
	}
}

func TestFinishWaitsForADraftInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPaper(func(ctx context.Context, what string, n int) error {
			if what == "post" && n == 1 {
				return sleep(ctx, 3*time.Second)
			}
			return nil
		})
		c := NewOutbox(OutboxDeps{Writer: plain{p}, Manners: streaming}).Compose(t.Context(), testReply(""), 700*ms)
		c.Update("the draft")
		time.Sleep(time.Second)
		if err := c.Finish(t.Context(), testReply("whole")); err != nil {
			t.Fatal(err)
		}
		if last := p.of()[1]; len(p.of()) != 2 || last.what != "edit" || last.at != 3700*ms {
			t.Errorf("got %s", list(p.of()))
		}
	})
}

// TestADraftInFlightOutlivesItsTurn ends the ctx of Compose when the platform has
// the draft and its answer is on the way.
func TestADraftInFlightOutlivesItsTurn(t *testing.T) {
	for name, tt := range map[string]struct {
		takes time.Duration
		final string
	}{"answered soon": {time.Second, "edit"}, "never answered": {time.Hour, "post"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPaper(func(ctx context.Context, what string, n int) error {
					if what == "post" && n == 1 {
						return sleep(ctx, tt.takes)
					}
					return nil
				})
				ctx, cancel := context.WithCancel(t.Context())
				c := NewOutbox(OutboxDeps{Writer: plain{p}, Manners: streaming}).Compose(ctx, testReply(""), 700*ms)
				c.Update("the draft")
				time.Sleep(time.Second)
				cancel()
				if err := c.Finish(t.Context(), testReply("whole")); err != nil {
					t.Fatal(err)
				}
				calls := p.of()
				if last := calls[len(calls)-1]; len(calls) != 2 || last.what != tt.final || last.post.Text != "whole" {
					t.Errorf("got %s", list(calls))
				}
			})
		})
	}
}

func TestFinishObeysWhatADraftWasTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPaper(failing("edit", &Throttled{20 * time.Second, errRefused}))
		c := NewOutbox(OutboxDeps{Writer: plain{p}, Manners: streaming}).Compose(t.Context(), testReply(""), 700*ms)
		c.Update("one")
		time.Sleep(time.Second)
		c.Update("two")
		time.Sleep(2 * time.Second)
		if err := c.Finish(t.Context(), testReply("whole")); err != nil {
			t.Fatal(err)
		}
		if last := p.of()[len(p.of())-1]; last.at != 22700*ms || last.post.Text != "whole" {
			t.Errorf("got %s", list(p.of()))
		}
	})
}

func TestFinishIsBoundedByItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPaper(func(ctx context.Context, what string, n int) error {
			<-ctx.Done()
			return ctx.Err()
		})
		c := NewOutbox(OutboxDeps{Writer: p, Manners: streaming}).Compose(t.Context(), testReply(""), 700*ms)
		c.Update("the draft")
		time.Sleep(time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Finish(ctx, testReply("whole")); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, connectors.ErrUnconfirmed) {
			t.Errorf("gave %v for what was not sent", err)
		}
		time.Sleep(time.Minute) // all else ends by itself
	})
}

func TestSignsOfATurnThatIsGivenUp(t *testing.T) {
	for name, end := range map[string]func(connectors.Composition, context.CancelFunc){
		"closed":    func(c connectors.Composition, _ context.CancelFunc) { c.Close() },
		"cancelled": func(_ connectors.Composition, cancel context.CancelFunc) { cancel() },
		"both":      func(c connectors.Composition, cancel context.CancelFunc) { cancel(); c.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPaper(func(ctx context.Context, what string, n int) error {
					if what == "working" && n == 2 {
						return errRefused
					}
					return ctx.Err()
				})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				c := NewOutbox(OutboxDeps{Writer: p, Manners: streaming}).Compose(ctx, testReply(""), 700*ms)
				c.Update("the draft")
				time.Sleep(time.Second)
				end(c, cancel)
				c.Update("too late")
				time.Sleep(time.Hour)
				var signs []bool
				for _, c := range p.of("working") {
					signs = append(signs, c.on)
				}
				if !reflect.DeepEqual(signs, []bool{true, false, false}) {
					t.Errorf("signs: %v", signs)
				}
				if drafts := p.of("post", "edit"); len(drafts) != 1 {
					t.Errorf("drafts: %s", list(drafts))
				}
			})
		})
	}
}

func TestAnAnswerDoesNotWaitBehindASign(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPaper(func(ctx context.Context, what string, n int) error {
			if what == "working" {
				<-ctx.Done()
			}
			return ctx.Err()
		})
		c := NewOutbox(OutboxDeps{Writer: p, Manners: streaming}).Compose(t.Context(), testReply(""), 700*ms)
		time.Sleep(500 * ms)
		if err := c.Finish(t.Context(), testReply("whole")); err != nil {
			t.Fatal(err)
		}
		if post := p.of("post"); len(post) != 1 || post[0].at != 500*ms || time.Since(p.start) != 500*ms {
			t.Errorf("got %s after %v", list(post), time.Since(p.start))
		}
		time.Sleep(time.Minute) // the sign ends by itself
	})
}

func TestNoPermissionForSigns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPaper(func(_ context.Context, what string, _ int) error {
			if what == "working" || what == "typing" {
				return Permanent(errors.New("forbidden"))
			}
			return nil
		})
		c := NewOutbox(OutboxDeps{Writer: p, Manners: streaming}).Compose(t.Context(), testReply(""), 700*ms)
		time.Sleep(time.Minute)
		if err := c.Finish(t.Context(), testReply("whole")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if signs := p.of("working", "typing"); len(signs) != 2 {
			t.Errorf("got %s", list(signs))
		}
	})
}
