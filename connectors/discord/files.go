package discord

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/parachute-gate/parachute/connectors/driver"
)

// files fetches attachments. Their addresses come with messages, so each is held
// against the few places where Discord keeps files: nobody makes the bot ask
// another host.
type files struct {
	// base is the address that stands in for Discord; nil for Discord itself.
	base   *url.URL
	client *http.Client
}

// ref gives what fetch takes for an attachment's address; empty where it is none
// of Discord's.
func (f files) ref(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || !f.ours(u) {
		return ""
	}
	return u.String()
}

// ours holds for the addresses of attachments
// (https://docs.discord.com/developers/reference#signed-attachment-cdn-urls).
func (f files) ours(u *url.URL) bool {
	if u.User != nil || u.Opaque != "" || u.Fragment != "" || strings.Contains(u.Path, "/../") || strings.Contains(u.Path, "\\") {
		return false
	}
	if !strings.HasPrefix(u.Path, "/attachments/") && !strings.HasPrefix(u.Path, "/ephemeral-attachments/") {
		return false
	}
	if f.base != nil && u.Scheme == f.base.Scheme && u.Host == f.base.Host {
		return true
	}
	return u.Scheme == "https" && (u.Host == "cdn.discordapp.com" || u.Host == "media.discordapp.net")
}

// Fetch opens the content of an attachment. The address is valid for about a day
// after the message came.
func (c *Connector) Fetch(ctx context.Context, ref string) (io.ReadCloser, error) {
	u, err := url.Parse(ref)
	if err != nil || !c.files.ours(u) {
		return nil, driver.Permanent(errors.New("fetch an attachment: its address is not one of Discord's"))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, driver.Permanent(errors.New("fetch an attachment: its address cannot be used"))
	}
	resp, err := c.files.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("fetch an attachment: %w", unaddressed(err))
	}
	if resp.StatusCode == http.StatusOK {
		return resp.Body, nil
	}
	resp.Body.Close() //nolint:errcheck // nothing of it was read
	err = fmt.Errorf("fetch an attachment: Discord answered %d", resp.StatusCode)
	if resp.StatusCode < 500 && resp.StatusCode != http.StatusTooManyRequests {
		err = driver.Permanent(fmt.Errorf("%w; its address may have expired, ask for it to be sent again", err))
	}
	return nil, err
}

// sameHost follows a redirection only within the host that was asked.
func sameHost(req *http.Request, via []*http.Request) error {
	if len(via) > 3 || req.URL.Host != via[0].URL.Host || req.URL.Scheme != via[0].URL.Scheme {
		return errors.New("it is redirected elsewhere")
	}
	return nil
}
