package driver

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parachute-gate/parachute/connectors"
)

func TestSendInParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPaper(nil)
		o := NewOutbox(OutboxDeps{Writer: p, Manners: Manners{MaxText: 10}})
		r := testReply("one two\n\nthree\n\nfour five")
		if err := o.Send(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		want := []Post{
			{Chat: "c1", User: "u1", ReplyTo: "q1", Text: "one two", Key: "r1/1", Verdict: "allow"},
			{Chat: "c1", User: "u1", Text: "three", Key: "r1/2", Verdict: "allow"},
			{Chat: "c1", User: "u1", Text: "four five", Key: "r1/3", Verdict: "allow", Buttons: r.Buttons},
		}
		var got []Post
		for _, c := range p.of() {
			got = append(got, c.post)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	})
}

func TestSendFails(t *testing.T) {
	tests := map[string]struct {
		idempotent bool
		text       string
		errs       []error // of the posts in turn
		posts      int
		says       string // empty for success
		doubt      bool
		took       time.Duration
	}{
		"refused once":                  {text: "a", errs: []error{errRefused}, posts: 2, took: time.Second},
		"permanent":                     {text: "a", errs: []error{errGone}, posts: 1, says: "send reply: the message is gone"},
		"without text":                  {text: " \n", posts: 0, says: "send reply: it has no text"},
		"not confirmed":                 {text: "a", errs: []error{errLost}, posts: 1, says: "send reply: no answer", doubt: true},
		"not confirmed, idempotent":     {idempotent: true, text: "a", errs: []error{errLost}, posts: 2, took: time.Second},
		"first part":                    {text: "aaaa bbbb", errs: []error{errGone}, posts: 1, says: "send part 1 of 2: the message is gone"},
		"second part":                   {text: "aaaa bbbb", errs: []error{nil, errGone}, posts: 2, says: "send part 2 of 2: the message is gone", doubt: true},
		"second part, idempotent":       {idempotent: true, text: "aaaa bbbb", errs: []error{nil, errGone}, posts: 2, says: "send part 2 of 2: the message is gone"},
		"throttled beyond the patience": {text: "aaaa bbbb", errs: []error{&Throttled{40 * time.Second, errRefused}, nil, &Throttled{30 * time.Second, errRefused}}, posts: 3, says: "send part 2 of 2: refused", doubt: true, took: 40 * time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPaper(failing("post", tt.errs...))
				o := NewOutbox(OutboxDeps{Writer: p, Manners: Manners{MaxText: 5, Idempotent: tt.idempotent}})
				err := o.Send(t.Context(), testReply(tt.text))
				if said := errorText(err); said != tt.says {
					t.Errorf("gave %q, want %q", said, tt.says)
				}
				if errors.Is(err, connectors.ErrUnconfirmed) != tt.doubt {
					t.Errorf("gave %v; a doubt: want %v", err, tt.doubt)
				}
				if len(p.of()) != tt.posts || time.Since(p.start) != tt.took {
					t.Errorf("%d posts in %v, want %d in %v", len(p.of()), time.Since(p.start), tt.posts, tt.took)
				}
				for i, c := range p.of() {
					if i > 0 && tt.errs[i-1] != nil && c.post.Key != p.of()[i-1].post.Key {
						t.Errorf("the key was %q and is %q for another try", p.of()[i-1].post.Key, c.post.Key)
					}
				}
			})
		})
	}
}

func TestErrorsOfSendHoldNoSecret(t *testing.T) {
	p := newPaper(failing("post", Permanent(errors.New("https://h/bott0ken/send: 403"))))
	o := NewOutbox(OutboxDeps{Writer: p, Redact: Redactor("t0ken")})
	err := o.Send(t.Context(), testReply("a"))
	if err == nil || strings.Contains(err.Error(), "t0ken") || !IsPermanent(err) {
		t.Errorf("gave %v", err)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
