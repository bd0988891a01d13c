package telegram

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/parachute-gate/parachute/connectors/driver"
)

// fileForm is what a file's id looks like.
var fileForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,512}$`)

// Fetch opens the content of an attachment: files of up to 20 MB, as Telegram
// gives no larger ones to bots (https://core.telegram.org/bots/api#getfile). ref
// is a file's id; the address is made here, on the API's own host, and a redirect
// from there is not followed. The content is bound by ctx.
func (c *Connector) Fetch(ctx context.Context, ref string) (io.ReadCloser, error) {
	if !fileForm.MatchString(ref) {
		return nil, driver.Permanent(errors.New("fetch file: the reference is none of Telegram's"))
	}
	var file struct {
		Path string `json:"file_path"`
	}
	err := driver.Retry(ctx, true, func(ctx context.Context) error {
		return c.api.call(ctx, "getFile", tgbotapi.Params{"file_id": ref}, &file)
	})
	if err != nil {
		return nil, fmt.Errorf("fetch file: %w", err)
	}
	path, err := escapedPath(file.Path)
	if err != nil {
		return nil, fmt.Errorf("fetch file: %w", err)
	}
	body, err := c.api.download(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("fetch file: %w", err)
	}
	return body, nil
}

// escapedPath gives a file's path for an address. A path that would lead anywhere
// but below the bot's own files is refused.
func escapedPath(path string) (string, error) {
	var escaped []string
	for part := range strings.SplitSeq(path, "/") {
		if part == "" || part == "." || part == ".." || strings.ContainsAny(part, "\\\x00") {
			return "", driver.Permanent(errors.New("the server gave a path that is not below its files (a Bot API server of one's own must not run with --local)"))
		}
		escaped = append(escaped, url.PathEscape(part))
	}
	return strings.Join(escaped, "/"), nil
}

// download opens a file below the bot's own.
func (a *api) download(ctx context.Context, path string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.base+"/file/bot"+a.token+"/"+path, nil)
	if err != nil {
		return nil, driver.Permanent(errors.New("download: the address is not valid"))
	}
	x := &exchange{ctx: ctx, client: a.client}
	resp, err := x.client.Do(req)
	if err != nil {
		return nil, a.broken("download", x, err)
	}
	if resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close() // nothing of it is read
		err := fmt.Errorf("download: answered with status %d", resp.StatusCode)
		if resp.StatusCode < http.StatusInternalServerError && resp.StatusCode != http.StatusTooManyRequests {
			return nil, driver.Permanent(err)
		}
		return nil, err
	}
	return resp.Body, nil
}
