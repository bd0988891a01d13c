package matrix

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"maunium.net/go/mautrix"

	"github.com/parachute-gate/parachute/connectors/driver"
)

const (
	// callTime bounds one request that the homeserver should answer at once.
	callTime = 30 * time.Second
	// maxAnswer bounds what is read of one answer, in bytes.
	maxAnswer = 64 << 20
	// defaultPause is how long to wait for a homeserver that says "too much" and
	// not for how long.
	defaultPause = 2 * time.Second
)

// errToken says that the access token is not valid, or no longer.
var errToken = errors.New("the homeserver does not accept the access token")

// bearer adds the access token to the homeserver's requests and to no others.
type bearer struct {
	home  *url.URL
	token atomic.Pointer[string]
	base  *http.Transport
}

// RoundTrip sends one request.
func (b *bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	token := b.token.Load()
	if token != nil && req.URL.Host == b.home.Host && req.URL.Scheme == b.home.Scheme {
		req = req.Clone(req.Context())
		req.Header.Set("Authorization", "Bearer "+*token)
	}
	return b.base.RoundTrip(req)
}

// newClient makes a client of one homeserver. It retries nothing and follows no
// redirect: retries are the driver's, and a redirect would lead elsewhere.
func newClient(homeserver string) (*mautrix.Client, *bearer, error) {
	cli, err := mautrix.NewClient(homeserver, "", "")
	if err != nil {
		return nil, nil, fmt.Errorf("read the homeserver's address: %w", err)
	}
	if cli.HomeserverURL.Host == "" || cli.HomeserverURL.User != nil {
		return nil, nil, errors.New("read the homeserver's address: want https://HOST, without a user")
	}
	b := &bearer{home: cli.HomeserverURL, base: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		IdleConnTimeout:       time.Minute,
		MaxIdleConnsPerHost:   16,
		ForceAttemptHTTP2:     true,
		ExpectContinueTimeout: time.Second,
	}}
	cli.Client = &http.Client{
		Transport:     b,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	cli.UserAgent = "parachute"
	cli.IgnoreRateLimit = true
	cli.ResponseSizeLimit = maxAnswer
	return cli, b, nil
}

// failure tells in the driver's words what an error of the library is worth. The
// URL, which names rooms and people, stays out of it.
func failure(verb string, err error) error {
	var h mautrix.HTTPError
	if err == nil || errors.Is(err, errToken) || driver.IsPermanent(err) || !errors.As(err, &h) {
		if err != nil {
			err = fmt.Errorf("%s: %w", verb, err)
		}
		return err
	}
	status := 0
	if h.Response != nil {
		status = h.Response.StatusCode
	}
	var inURL *url.Error
	switch {
	case errors.Is(h, mautrix.MUnknownToken), errors.Is(h, mautrix.MMissingToken):
		return fmt.Errorf("%s: %w", verb, errToken)
	case status == http.StatusTooManyRequests:
		return &driver.Throttled{After: pause(h), Err: fmt.Errorf("%s: %w", verb, h)}
	case errors.As(err, &inURL):
		return network(fmt.Errorf("%s: %w", verb, inURL.Err))
	case h.WrappedError != nil:
		return network(fmt.Errorf("%s: %w", verb, h))
	case status >= 300 && status < 500 && status != http.StatusRequestTimeout && (h.RespError != nil || status < 400):
		return driver.Permanent(fmt.Errorf("%s: %w", verb, h))
	}
	return fmt.Errorf("%s: %w", verb, h)
}

// network marks an error of a request that may have reached the homeserver.
func network(err error) error {
	var op *net.OpError
	if errors.Is(err, context.Canceled) || errors.As(err, &op) && op.Op == "dial" {
		return err
	}
	return driver.Unconfirmed(err)
}

// pause is how long the homeserver wants to be left alone: retry_after_ms, or the
// header Retry-After that replaces it (client-server API, "Rate limiting").
func pause(h mautrix.HTTPError) time.Duration {
	if h.RespError != nil {
		if ms, ok := h.RespError.ExtraData["retry_after_ms"].(float64); ok && ms >= 0 && ms < 1e9 {
			return time.Duration(ms) * time.Millisecond
		}
	}
	if s, err := strconv.Atoi(h.Response.Header.Get("Retry-After")); err == nil && s >= 0 && s < 1e6 {
		return time.Duration(s) * time.Second
	}
	return defaultPause
}
