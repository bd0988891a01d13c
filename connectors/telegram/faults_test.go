package telegram

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/connectortest"
	"github.com/parachute-gate/parachute/connectors/driver"
)

// What a failing Telegram makes of one send: nothing is lost without a word, and
// nothing doubled.
func TestFaultsOfSending(t *testing.T) {
	for name, c := range map[string]struct {
		fault connectortest.Fault
		sent  int
		err   string // of Send; empty for none
		is    error
	}{
		"one server error":               {connectortest.Fault{Kind: connectortest.ServerError}, 1, "", nil},
		"throttled for a second":         {connectortest.Fault{Kind: connectortest.Throttle, For: time.Second}, 1, "", nil},
		"throttled for too long":         {connectortest.Fault{Kind: connectortest.Throttle, For: time.Hour}, 0, "Too Many Requests", nil},
		"acted, the answer lost":         {connectortest.Fault{Kind: connectortest.Lost}, 1, "sendMessage", connectors.ErrUnconfirmed},
		"dropped":                        {connectortest.Fault{Kind: connectortest.Drop}, 0, "sendMessage", connectors.ErrUnconfirmed},
		"an answer that is none":         {connectortest.Fault{Kind: connectortest.Garbage}, 0, "not of the Bot API", connectors.ErrUnconfirmed},
		"an answer that takes its time":  {connectortest.Fault{Kind: connectortest.Stall, For: 300 * time.Millisecond}, 1, "", nil},
		"a token that was revoked":       {connectortest.Fault{Kind: connectortest.Revoke}, 0, "the file token.txt", nil},
		"a token revoked for everything": {connectortest.Fault{Kind: connectortest.Revoke, Times: 100}, 0, "@BotFather", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t, nil)
			ids := k.inject(connectortest.Event{Chat: "room", Person: "ana", Text: "hello"})
			c.fault.On = "send"
			if !k.fake.Fault(c.fault) {
				t.Fatal("the fake cannot play it")
			}
			err := k.c.Send(t.Context(), reply(ids, "the answer"))
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("Send gave %v", err)
			}
			if errors.Is(err, connectors.ErrUnconfirmed) != (c.is != nil) {
				t.Errorf("Send gave %v, unconfirmed is wanted: %v", err, c.is != nil)
			}
			if sent := k.fake.Sent(); len(sent) != c.sent {
				t.Errorf("sent %+v", sent)
			}
			noSecret(t, k, err)
		})
	}
}

// What a failing Telegram makes of receiving: every event comes, once, in order.
func TestFaultsOfReceiving(t *testing.T) {
	for name, c := range map[string]struct {
		fault    connectortest.Fault
		failures int
	}{
		"server errors":      {connectortest.Fault{Kind: connectortest.ServerError, Times: 2}, 2},
		"throttled":          {connectortest.Fault{Kind: connectortest.Throttle, For: time.Second}, 1},
		"dropped":            {connectortest.Fault{Kind: connectortest.Drop, Times: 2}, 2},
		"the answer lost":    {connectortest.Fault{Kind: connectortest.Lost}, 1},
		"garbage":            {connectortest.Fault{Kind: connectortest.Garbage}, 1},
		"half open":          {connectortest.Fault{Kind: connectortest.Stall, For: time.Hour}, 1},
		"slow, and in order": {connectortest.Fault{Kind: connectortest.Stall, For: 200 * time.Millisecond}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t, nil)
			k.run(nil)
			k.inject(connectortest.Event{Chat: "room", Person: "ana", Text: "before"})
			k.taken(1)
			c.fault.On = "receive"
			if !k.fake.Fault(c.fault) {
				t.Fatal("the fake cannot play it")
			}
			k.inject(connectortest.Event{Chat: "room", Person: "ana", Text: "during"})
			k.inject(connectortest.Event{Chat: "room", Person: "ana", Text: "after"})
			got := k.taken(2)
			if len(got) != 3 || got[1].Text != "during" || got[2].Text != "after" {
				t.Errorf("got %+v", got)
			}
			k.until(func() bool { return k.c.Health().State == connectors.Running })
			k.halt()
			h := k.c.Health()
			if h.Failures != c.failures || h.State != connectors.Stopped || h.LastMessage.IsZero() {
				t.Errorf("health %+v, want %d failures", h, c.failures)
			}
			if k.fake.Waiting() != 0 {
				t.Errorf("%d updates are not confirmed", k.fake.Waiting())
			}
			noSecret(t, k, errors.New(h.LastError))
		})
	}
}

func TestRevokedTokenEndsRun(t *testing.T) {
	for name, change := range map[string]func(d *Deps){"polling": nil, "webhook": webhooked(t)} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t, change)
			k.c.look = 20 * time.Millisecond
			k.run(nil)
			k.until(func() bool { return k.c.Health().State == connectors.Running })
			k.fake.Fault(connectortest.Fault{Kind: connectortest.Revoke})
			err := k.failed()
			if !driver.IsPermanent(err) || !strings.Contains(err.Error(), "the file token.txt") {
				t.Errorf("Run gave %v", err)
			}
			if h := k.c.Health(); h.State != connectors.Failed || h.LastError == "" {
				t.Errorf("health %+v", h)
			}
			noSecret(t, k, err)
		})
	}
}

// The token is in every address, and the errors of the HTTP client quote it.
func TestTokenInAnErrorsURL_GHSA_xwcj_hwhf_h378(t *testing.T) {
	redirects := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://127.0.0.1:1"+r.URL.Path, http.StatusFound)
	}))
	defer redirects.Close()
	echoes := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"ok":false,"error_code":400,"description":"Bad Request: no ` + r.URL.Path + `"}`))
	}))
	defer echoes.Close()
	for name, c := range map[string]struct{ api, token string }{
		"nobody there":          {"http://127.0.0.1:1", testToken},
		"a host that is none":   {"http://[::1", testToken},
		"a percent sign":        {"http://127.0.0.1:1/%s", testToken},
		"a redirect":            {redirects.URL, testToken},
		"a server that echoes":  {echoes.URL, testToken},
		"a token with a break":  {"http://127.0.0.1:1", testToken + "\n"},
		"a token that is quote": {"http://127.0.0.1:1", "\x7f" + testToken},
		"no such scheme":        {"gopher://127.0.0.1:1", testToken},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t, func(d *Deps) { d.API, d.Token = c.api, c.token })
			// The first try tells enough.
			w := &writer{api: k.c.api, places: k.c.places, log: k.c.log}
			_, err := w.Post(t.Context(), driver.Post{Chat: "7/1", Text: "x"})
			if err == nil {
				t.Fatal("no error")
			}
			noSecret(t, k, err)
			for _, f := range k.c.Check(t.Context()) {
				if f.OK {
					t.Errorf("finding %+v", f)
				}
				noSecret(t, k, errors.New(f.Detail))
			}
			_, err = k.c.api.download(t.Context(), "x")
			noSecret(t, k, err)
		})
	}
}

// noSecret searches an error, all that it wraps, the log and Health.
func noSecret(t *testing.T, k *kit, err error) {
	t.Helper()
	texts := []string{k.log.String(), k.c.Health().LastError}
	for e := err; e != nil; e = errors.Unwrap(e) {
		texts = append(texts, e.Error())
	}
	for _, text := range texts {
		if strings.Contains(text, "AAF-secret") || strings.Contains(text, testSecret) {
			t.Errorf("a secret in %q", text)
		}
	}
}

// A socket that stays open and says nothing is found out by the time alone: the
// clock here is a played one.
func TestHalfOpenConnectionIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Deps{Name: "tg", Token: testToken, API: "http://telegram.invalid"})
		c.api.client.Transport = silent{}
		begun := time.Now()
		p := newPoller(newRun(t.Context(), c, nil))
		err := p.once(t.Context(), c.deps.Poll)
		if err == nil || !strings.Contains(err.Error(), "no answer in 1m0s") {
			t.Errorf("got %v", err)
		}
		if took := time.Since(begun); took != defaultPoll+pollGrace {
			t.Errorf("it took %v", took)
		}
	})
}

// silent never answers.
type silent struct{}

func (silent) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestErrorsAreMarked(t *testing.T) {
	for name, c := range map[string]struct {
		code      int
		body      string
		permanent bool
		doubt     bool
		after     time.Duration
	}{
		"bad gateway":          {502, "<html>", false, false, 0},
		"gateway timeout":      {504, "<html>", false, true, 0},
		"an error of its own":  {500, `{"ok":false,"error_code":500,"description":"Internal Server Error"}`, false, false, 0},
		"half an answer":       {200, `{"ok":true,"result":{"mess`, false, true, 0},
		"another answer":       {200, `{"ok":true,"result":[1,2]}`, false, true, 0},
		"nothing":              {200, ``, false, true, 0},
		"null":                 {200, `null`, false, true, 0},
		"throttled by a proxy": {429, `slow`, false, false, 7 * time.Second},
		"throttled":            {429, `{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":9}}`, false, false, 9 * time.Second},
		"forbidden":            {403, `{"ok":false,"error_code":403,"description":"Forbidden: bot was kicked"}`, true, false, 0},
		"moved":                {302, ``, true, false, 0},
		"not a Bot API":        {404, `<html>`, true, false, 0},
		"no such token":        {404, `{"ok":false,"error_code":404,"description":"Not Found"}`, true, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "7")
				w.WriteHeader(c.code)
				_, _ = w.Write([]byte(c.body))
			}))
			defer server.Close()
			a := newAPI(server.URL, testToken, "", driver.Redactor(testToken))
			err := a.call(t.Context(), "sendMessage", nil, &message{})
			var throttled *driver.Throttled
			if errors.As(err, &throttled) != (c.after > 0) || throttled != nil && throttled.After != c.after {
				t.Errorf("throttled: %+v", throttled)
			}
			if err == nil || driver.IsPermanent(err) != c.permanent || errors.Is(err, connectors.ErrUnconfirmed) != c.doubt {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestCancelledBeforeItLeft(t *testing.T) {
	k := newKit(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := k.c.api.call(ctx, "sendMessage", nil, nil)
	if !errors.Is(err, context.Canceled) || errors.Is(err, connectors.ErrUnconfirmed) {
		t.Errorf("got %v", err)
	}
}
