package matrix

import (
	"sync"

	"github.com/parachute-gate/parachute/connectors/driver"
)

// hush takes secrets out of texts. It learns new ones as the connector logs in.
type hush struct {
	mu      sync.RWMutex
	secrets []string
	redact  func(string) string
}

func newHush(secrets ...string) *hush {
	return &hush{secrets: secrets, redact: driver.Redactor(secrets...)}
}

func (h *hush) add(secret string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.secrets = append(h.secrets, secret)
	h.redact = driver.Redactor(h.secrets...)
}

func (h *hush) text(s string) string {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.redact(s)
}

// hushed is an error whose text holds no secret.
type hushed struct {
	text string
	err  error
}

func (h *hushed) Error() string { return h.text }
func (h *hushed) Unwrap() error { return h.err }

func (h *hush) err(err error) error {
	if err == nil {
		return nil
	}
	text := h.text(err.Error())
	if text == err.Error() {
		return err
	}
	return &hushed{text, err}
}
