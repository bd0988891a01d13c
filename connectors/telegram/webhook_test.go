package telegram

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/connectortest"
	"github.com/parachute-gate/parachute/connectors/driver"
)

// webhooked gives Deps a webhook at an address of its own.
func webhooked(t *testing.T) func(d *Deps) {
	t.Helper()
	address, err := freeAddress(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return func(d *Deps) {
		d.Webhook = &Webhook{Listen: address, URL: "http://" + address + "/in/here", Secret: testSecret, SecretFrom: "the environment variable WEBHOOK_SECRET"}
	}
}

func TestStrangersAtTheWebhook(t *testing.T) {
	k := newKit(t, webhooked(t))
	k.run(nil)
	k.until(func() bool { return k.c.Health().State == connectors.Running })
	address := k.c.deps.Webhook.URL
	update := `{"update_id":9,"message":{"message_id":5,"date":1,"from":` + ana + `,"chat":` + dm + `,"text":"/approve X owner"}}`
	for name, c := range map[string]struct {
		method, url, secret, kind, body string
		code                            int
	}{
		"no secret":              {http.MethodPost, address, "", "application/json", update, 404},
		"another secret":         {http.MethodPost, address, "x", "application/json", update, 404},
		"the beginning of it":    {http.MethodPost, address, testSecret[:5], "application/json", update, 404},
		"the token for a secret": {http.MethodPost, address, testToken, "application/json", update, 404},
		"another path":           {http.MethodPost, strings.TrimSuffix(address, "/here"), testSecret, "application/json", update, 404},
		"a path by detours":      {http.MethodPost, address + "/../here", testSecret, "application/json", update, 404},
		"GET":                    {http.MethodGet, address, testSecret, "application/json", "", 405},
		"a form":                 {http.MethodPost, address, testSecret, "application/x-www-form-urlencoded", update, 415},
		"too large":              {http.MethodPost, address, testSecret, "application/json", strings.Repeat(" ", maxUpdate+1), 413},
		"no update":              {http.MethodPost, address, testSecret, "application/json", `{"ok":true}`, 400},
		"one nobody can read":    {http.MethodPost, address, testSecret, "application/json", `{"update_id":9,"message":[]}`, 200},
		"not asked for":          {http.MethodPost, address, testSecret, "application/json", `{"update_id":9,"poll":{}}`, 200},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), c.method, c.url, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", c.kind)
			r.Header.Set(secretHeader, c.secret)
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			if body, _ := io.ReadAll(resp.Body); resp.StatusCode != c.code || len(body) != 0 {
				t.Errorf("answered %d with %q, want %d", resp.StatusCode, body, c.code)
			}
		})
	}
	if got := k.taken(0); len(got) != 0 {
		t.Errorf("a stranger was heard: %+v", got)
	}
	noSecret(t, k, nil)
}

func TestWebhookIsAskedAgainUntilTheDecisionIsStored(t *testing.T) {
	k := newKit(t, webhooked(t))
	tries := 0
	k.run(func(_ context.Context, m connectors.Message) error {
		if tries++; tries < 3 {
			return errors.New("the disk is full")
		}
		return nil
	})
	k.inject(connectortest.Event{Chat: "room", Person: "ana", Text: "hello"})
	k.taken(1)
	k.until(func() bool { return k.fake.Waiting() == 0 })
	if calls := k.fake.Calls("setWebhook"); len(calls) != 1 || calls[0].Params["secret_token"] != testSecret ||
		calls[0].Params["drop_pending_updates"] != "false" || !strings.Contains(calls[0].Params["allowed_updates"], "callback_query") {
		t.Errorf("setWebhook: %v", calls)
	}
	k.halt()
	if len(k.fake.Calls("deleteWebhook")) != 0 {
		t.Error("the webhook was taken away: what comes now would be lost to the next start")
	}
	noSecret(t, k, nil)
}

func TestWebhookThatWasTakenAwayIsSetAgain(t *testing.T) {
	k := newKit(t, webhooked(t))
	k.c.look = 1e6
	k.run(nil)
	k.until(func() bool { return k.c.Health().State == connectors.Running })
	if err := k.c.api.call(t.Context(), "deleteWebhook", nil, nil); err != nil {
		t.Fatal(err)
	}
	k.until(func() bool { return len(k.fake.Calls("setWebhook")) > 1 })
	if h := k.c.Health(); !strings.Contains(h.LastError, "another program") {
		t.Errorf("health %+v", h)
	}
}

func TestWebhooksThatCannotWork(t *testing.T) {
	good := func() *Webhook {
		return &Webhook{Listen: "127.0.0.1:0", URL: "https://bot.example.org/x", Secret: testSecret, SecretFrom: "the environment variable S"}
	}
	for words, change := range map[string]func(w *Webhook){
		"no https address":           func(w *Webhook) { w.URL = "bot.example.org" },
		"url is no https":            func(w *Webhook) { w.URL = "https://user:pass@bot.example.org" },
		"like https://":              func(w *Webhook) { w.URL = "https://bot.example.org/?secret=1" },
		"listen is empty":            func(w *Webhook) { w.Listen = "" },
		"the environment variable S": func(w *Webhook) { w.Secret = "" },
		"16 to 256 letters":          func(w *Webhook) { w.Secret = "a secret with spaces" },
	} {
		w := good()
		change(w)
		k := newKit(t, func(d *Deps) { d.Webhook = w })
		k.run(nil)
		if err := k.failed(); !driver.IsPermanent(err) || !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), "pass") {
			t.Errorf("%s: got %v", words, err)
		}
	}
	if _, err := good().check(); err != nil {
		t.Error(err)
	}
}

func TestWebhookWaitsForItsPort(t *testing.T) {
	k := newKit(t, webhooked(t))
	real, tries := k.c.listen, 0
	k.c.listen = func(ctx context.Context, address string) (net.Listener, error) {
		if tries++; tries == 1 {
			return nil, errors.New("address already in use")
		}
		return real(ctx, address)
	}
	k.inject(connectortest.Event{Chat: "room", Person: "ana", Text: "hello"})
	k.run(nil)
	k.taken(1)
	if h := k.c.Health(); h.Failures != 1 || !strings.Contains(h.LastError, "in use") {
		t.Errorf("health %+v", h)
	}
}
