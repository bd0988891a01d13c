package discord

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/bwmarrin/discordgo"
)

const (
	// home is Discord's own address, and version the API's
	// (https://docs.discord.com/developers/reference#api-versioning).
	home    = "https://discord.com"
	version = "10"
	// callTime bounds one request.
	callTime = 30 * time.Second
	// maxBody bounds what is read of an answer, in bytes: 100 messages at most.
	maxBody = 8 << 20
)

// api makes requests. Safe for concurrent use.
type api struct {
	// base ends with a slash. override is nil for Discord itself.
	base      string
	override  *url.URL
	tokenFrom string
	session   *discordgo.Session
}

func newAPI(d Deps) *api {
	a := &api{base: home, override: overrideOf(d.API), tokenFrom: d.TokenFrom}
	if a.override != nil {
		a.base = a.override.String()
	}
	a.base += "/api/v" + version + "/"
	// discordgo.New never fails; its error is a remnant of logging in by password.
	a.session, _ = discordgo.New("Bot " + d.Token)
	a.session.LogLevel = -1 // below LogError: it would write to the standard logger
	a.session.MaxRestRetries = 0
	a.session.ShouldRetryOnRateLimit = false
	// "DiscordBot ($url, $versionNumber)" is asked for
	// (https://docs.discord.com/developers/reference#user-agent).
	a.session.UserAgent = "DiscordBot (https://github.com/parachute-gate/parachute, 1)"
	a.session.Client = &http.Client{
		Transport:     &transport{next: http.DefaultTransport, limits: newLimits()},
		Timeout:       callTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return a
}

// call makes one request to a path below the API's base, with in as its JSON, and
// reads the answer into out; both may be nil. Its errors hold neither the path,
// which may hold an interaction's token, nor any header, and are marked as
// driver.Writer says.
func (a *api) call(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return fmt.Errorf("encode the request: %w", err)
		}
	}
	var written atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteHeaders: func() { written.Store(true) },
	})
	raw, err := a.session.RequestWithLockedBucket(method, a.base+path, "application/json", body, bucket(), 0, discordgo.WithContext(ctx))
	if err != nil {
		return a.mark(err, written.Load())
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		// The cause is not told: it could quote the answer.
		return a.mark(errors.New("the answer is not what the API's documentation says"), true)
	}
	return nil
}

// bucket gives discordgo a limiter's bucket that never waits. Its own would hold
// a request up without regard to the context, and each request of a channel
// behind the one before: transport waits instead.
func bucket() *discordgo.Bucket {
	b := discordgo.NewRatelimiter().GetBucket("")
	b.Lock()
	return b
}

// transport obeys the rate limits and makes an error of every answer that is not
// a success.
type transport struct {
	next   http.RoundTripper
	limits *limits
}

// RoundTrip makes one request.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	route := routeOf(req.Method, req.URL.Path)
	if err := t.limits.wait(req.Context(), route); err != nil {
		return nil, err
	}
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body := resp.Body
	if resp.StatusCode < 300 {
		t.limits.note(route, resp.Header)
		// discordgo reads these too, for its own limiter.
		for _, h := range []string{"X-RateLimit-Remaining", "X-RateLimit-Reset", "X-RateLimit-Reset-After", "X-RateLimit-Global"} {
			resp.Header.Del(h)
		}
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(body, maxBody), body}
		return resp, nil
	}
	defer body.Close() //nolint:errcheck // nothing of it is needed any more
	raw, err := io.ReadAll(io.LimitReader(body, maxErrorBody))
	if err != nil {
		raw = nil
	}
	failed := newAPIError(resp, bytes.TrimSpace(raw))
	t.limits.failed(route, failed)
	return nil, failed
}
