package telegram

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/parachute-gate/parachute/connectors/driver"
)

const (
	// secretHeader is what setWebhook promises for secret_token
	// (https://core.telegram.org/bots/api#setwebhook).
	secretHeader = "X-Telegram-Bot-Api-Secret-Token" //nolint:gosec // the header's name, not its value
	// maxUpdate bounds the body of one update.
	maxUpdate = 1 << 20
)

// secretForm is "1-256 characters. Only characters A-Z, a-z, 0-9, _ and - are
// allowed", and not so few that they can be guessed.
var secretForm = regexp.MustCompile(`^[A-Za-z0-9_-]{16,256}$`)

// webhookInfo is what is read of the object of this name.
type webhookInfo struct {
	URL         string `json:"url"`
	Pending     int    `json:"pending_update_count"`
	LastError   string `json:"last_error_message"`
	LastErrorAt int64  `json:"last_error_date"`
}

// check tells what is wrong with the configuration of a webhook. Without a secret
// everybody who finds the address could speak as everybody.
func (w *Webhook) check() (*url.URL, error) {
	u, err := url.Parse(w.URL)
	from := w.SecretFrom
	if from == "" {
		from = "the configuration"
	}
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, driver.Permanent(errors.New("webhook: url is no https address, like https://bot.example.org/telegram"))
	case w.Listen == "":
		return nil, driver.Permanent(errors.New("webhook: listen is empty, an address like 127.0.0.1:8443 is needed"))
	case !secretForm.MatchString(w.Secret):
		return nil, driver.Permanent(fmt.Errorf("webhook: the secret from %s must be 16 to 256 letters, digits, _ and -", from))
	}
	if u.Path == "" {
		u.Path = "/"
	}
	return u, nil
}

// serveOnce is one time of listening, as driver.Connection knows it. The webhook
// stays set after a stop: Telegram keeps what it cannot deliver for a day.
func (r *run) serveOnce(ctx context.Context, up func()) error {
	at, err := r.c.deps.Webhook.check()
	if err != nil {
		return err
	}
	if err := r.hello(ctx); err != nil {
		return err
	}
	listener, err := r.c.listen(ctx, r.c.deps.Webhook.Listen)
	if err != nil {
		return fmt.Errorf("listen for the webhook: %w", err)
	}
	server := &http.Server{
		Handler:           r.receiver(at.EscapedPath()),
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 16 << 10,
		// What it has to say is of connections that strangers broke.
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	defer func() {
		if ctx.Err() != nil {
			r.shut(ctx, server)
		}
		_ = server.Close() // nothing is left to be said to anybody
	}()
	if err := r.hook(ctx); err != nil {
		return err
	}
	r.up(up)
	look := time.NewTicker(r.c.look)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-ended:
			return fmt.Errorf("serve the webhook: %w", err)
		case <-look.C:
			if err := r.stands(ctx); err != nil {
				return err
			}
		}
	}
}

// stands asks whether Telegram still posts here. That it cannot be asked for a
// while harms nothing.
func (r *run) stands(ctx context.Context) error {
	var hook webhookInfo
	err := r.c.api.call(ctx, "getWebhookInfo", nil, &hook)
	switch {
	case driver.IsPermanent(err):
		return err
	case err != nil:
		r.c.log.DebugContext(ctx, "webhook not looked after", "error", err)
	case hook.URL != r.c.deps.Webhook.URL:
		return errors.New("webhook: another program with this token took it away; stop that one, or give each a bot of its own")
	}
	return nil
}

// hook tells Telegram where to post.
func (r *run) hook(ctx context.Context) error {
	w := r.c.deps.Webhook
	params := tgbotapi.Params{"url": w.URL, "secret_token": w.Secret, "drop_pending_updates": "false"}
	object(params, "allowed_updates", kinds())
	return r.c.api.call(ctx, "setWebhook", params, nil)
}

// shut stops listening: requests that are handled may finish, as drain lets them.
func (r *run) shut(ctx context.Context, server *http.Server) {
	done, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime+lastCall)
	defer cancel()
	// The listener is closed first, so that nothing new comes in meanwhile.
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Shutdown(done) // its one error is that the time is over
	}()
	r.drain(ctx)
	<-ended
}

// receiver answers Telegram, and nobody else. It tells strangers nothing, not even
// what is there.
func (r *run) receiver(path string) http.Handler {
	secret := sha256.Sum256([]byte(r.c.deps.Webhook.Secret))
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		// Sums are of one length: how long the comparison takes tells nothing.
		given := sha256.Sum256([]byte(req.Header.Get(secretHeader)))
		if req.URL.EscapedPath() != path || subtle.ConstantTimeCompare(given[:], secret[:]) != 1 {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		if req.Method != http.MethodPost {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		if kind, _, err := mime.ParseMediaType(req.Header.Get("Content-Type")); err != nil || kind != "application/json" {
			w.WriteHeader(http.StatusUnsupportedMediaType)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxUpdate))
		if err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		w.WriteHeader(r.receive(req.Context(), body))
	})
}

// receive takes one update and gives the status for it: 200 says that Telegram
// need not give it again.
func (r *run) receive(ctx context.Context, body []byte) int {
	u, number, err := decode(body)
	if err != nil {
		r.c.log.WarnContext(ctx, "update passed over", "error", err)
		if number == 0 {
			return http.StatusBadRequest
		}
		return http.StatusOK
	}
	e, ok := translate(u, r.c.self.Load())
	if !ok {
		r.acknowledge(e.press)
		return http.StatusOK
	}
	// The lane is left by a call whose asker has gone: Telegram then asks again, and
	// the gate drops the double.
	result := make(chan error, 1)
	if err := r.lanes.Do(ctx, e.Chat.ID, func() { result <- r.handle(e) }); err != nil {
		return http.StatusServiceUnavailable
	}
	select {
	case err := <-result:
		if err == nil {
			return http.StatusOK
		}
		r.c.log.ErrorContext(ctx, "event not taken", "update", number, "error", err)
	case <-ctx.Done():
	}
	return http.StatusInternalServerError
}

// hostOf is what of an address may be shown: its path can be a secret.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "unknown"
	}
	if host, _, err := net.SplitHostPort(u.Host); err == nil {
		return host
	}
	return u.Host
}
