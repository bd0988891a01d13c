package telegramfake

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"time"
)

// retryAfter is how long a webhook that answered with an error is left alone.
// The real server waits longer each time; a test has no time for it.
const retryAfter = 20 * time.Millisecond

// maxConnections is the default of setWebhook ("Defaults to 40").
const maxConnections = 40

// secretForm is "1-256 characters. Only characters A-Z, a-z, 0-9, _ and - are
// allowed."
var secretForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)

type webhook struct {
	url, secret string
	allowed     []string
	lastError   string
	lastErrorAt int64
}

// setWebhook is the method of this name. It ends a long poll that waits.
func (s *Server) setWebhook(p params) (any, *fail) {
	u, err := url.Parse(p["url"])
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, bad("bad webhook: invalid webhook URL specified")
	}
	if p["secret_token"] != "" && !secretForm.MatchString(p["secret_token"]) {
		return nil, bad("secret token contains unallowed characters")
	}
	w := webhook{url: p["url"], secret: p["secret_token"]}
	if problem := p.object("allowed_updates", &w.allowed); problem != nil {
		return nil, problem
	}
	s.webhook = w
	if p["drop_pending_updates"] == "true" {
		s.queue = nil
	}
	s.wake()
	return true, nil
}

func (s *Server) deleteWebhook(p params) (any, *fail) {
	s.webhook = webhook{}
	if p["drop_pending_updates"] == "true" {
		s.queue = nil
	}
	return true, nil
}

// getWebhookInfo gives the object WebhookInfo.
func (s *Server) getWebhookInfo(params) (any, *fail) {
	info := map[string]any{
		"url": s.webhook.url, "has_custom_certificate": false, "pending_update_count": len(s.queue),
	}
	if s.webhook.lastError != "" {
		info["last_error_message"], info["last_error_date"] = s.webhook.lastError, s.webhook.lastErrorAt
	}
	return info, nil
}

// deliver posts updates to the webhook: several at once, those of one chat one
// after another, each again and again until the answer is a 2xx ("In case of an
// unsuccessful request, we will give up after a reasonable amount of attempts";
// this one never does).
func (s *Server) deliver() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	client := &http.Client{Transport: &http.Transport{}, Timeout: 30 * time.Second}
	defer client.CloseIdleConnections()
	for {
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			return
		}
		u, hook, wait := s.due()
		changed := s.changed
		if u != nil {
			u.busy = true
			s.posting++
			s.workers.Go(func() {
				problem := post(ctx, client, hook, u.raw)
				s.delivered(u, problem)
			})
		}
		s.mu.Unlock()
		if u != nil {
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-changed:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// due gives the next update to post, or how long there is none. s.mu is held.
func (s *Server) due() (*update, webhook, time.Duration) {
	wait := time.Hour
	if s.webhook.url == "" || s.posting >= maxConnections {
		return nil, webhook{}, wait
	}
	chats := map[int64]bool{}
	for _, u := range s.queue {
		behind := chats[u.chat]
		chats[u.chat] = true
		left := time.Until(u.next)
		switch {
		case behind || u.busy:
		case left > 0:
			wait = min(wait, left)
		case !asked(s.webhook.allowed, u.kind):
			s.forget(u)
			return s.due()
		default:
			return u, s.webhook, 0
		}
	}
	return nil, webhook{}, wait
}

// forget takes an update out of the queue. s.mu is held.
func (s *Server) forget(u *update) {
	if i := slices.Index(s.queue, u); i >= 0 {
		s.queue = slices.Delete(s.queue, i, i+1)
	}
}

func (s *Server) delivered(u *update, problem string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.wake()
	u.busy = false
	s.posting--
	if problem == "" {
		s.forget(u)
		return
	}
	u.refused = true
	u.next = time.Now().Add(retryAfter)
	s.webhook.lastError, s.webhook.lastErrorAt = problem, now()
}

// post gives one update, with the secret in the header that setWebhook's
// secret_token promises. Only this machine is reached.
func post(ctx context.Context, client *http.Client, hook webhook, raw []byte) (problem string) {
	u, err := url.Parse(hook.url)
	if err != nil || !net.ParseIP(u.Hostname()).IsLoopback() {
		return "Failed to resolve host: Name or service not known"
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, hook.url, bytes.NewReader(raw))
	if err != nil {
		return err.Error()
	}
	r.Header.Set("Content-Type", "application/json")
	if hook.secret != "" {
		r.Header.Set("X-Telegram-Bot-Api-Secret-Token", hook.secret)
	}
	resp, err := client.Do(r)
	if err != nil {
		return "Connection refused"
	}
	defer func() { _ = resp.Body.Close() }()
	drain(resp.Body)
	if resp.StatusCode/100 != 2 {
		return "Wrong response from the webhook: " + resp.Status
	}
	return ""
}
