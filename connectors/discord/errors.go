package discord

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/parachute-gate/parachute/connectors/driver"
)

const (
	// maxErrorBody bounds what is read of an answer that tells an error, and
	// maxErrorText what is told of it, in bytes.
	maxErrorBody = 64 << 10
	maxErrorText = 200
	// defaultThrottle is how long to wait where a 429 does not say.
	defaultThrottle = 5 * time.Second
)

// Codes of errors
// (https://docs.discord.com/developers/topics/opcodes-and-status-codes#json-json-error-codes).
const (
	codeAlreadyAcknowledged = 40060
)

// apiError is an answer that is not a success.
type apiError struct {
	status int
	// code and text are Discord's; zero where the answer is not Discord's own.
	code int
	text string
	// after is how long a 429 asks to wait, and global whether that holds for all
	// requests.
	after  time.Duration
	global bool
}

// newAPIError reads an error's answer
// (https://docs.discord.com/developers/reference#error-messages).
func newAPIError(resp *http.Response, raw []byte) *apiError {
	e := &apiError{status: resp.StatusCode}
	var said struct {
		Code       int     `json:"code"`
		Message    string  `json:"message"`
		RetryAfter float64 `json:"retry_after"`
		Global     bool    `json:"global"`
	}
	if json.Unmarshal(raw, &said) == nil {
		e.code, e.text = said.Code, said.Message[:min(len(said.Message), maxErrorText)]
	}
	if e.status != http.StatusTooManyRequests {
		return e
	}
	e.global = said.Global || resp.Header.Get("X-RateLimit-Global") == "true"
	e.after = seconds(said.RetryAfter)
	if e.after == 0 {
		// The proxy before Discord says it in the header alone.
		after, err := strconv.ParseFloat(resp.Header.Get("Retry-After"), 64)
		if e.after = seconds(after); err != nil || e.after == 0 {
			e.after = defaultThrottle
		}
	}
	return e
}

// seconds reads a number of seconds, which may be absurd.
func seconds(n float64) time.Duration {
	if !(n > 0) {
		return 0
	}
	return time.Duration(min(n, 24*60*60) * float64(time.Second))
}

// Error says status, code and text.
func (e *apiError) Error() string {
	s := fmt.Sprintf("Discord answered %d", e.status)
	if e.text != "" {
		s += fmt.Sprintf(" (%d: %q)", e.code, e.text)
	}
	return s
}

// mark says what trying again is worth. written tells whether the request may
// have reached Discord.
func (a *api) mark(err error, written bool) error {
	var failed *apiError
	var throttled *driver.Throttled
	switch {
	case errors.As(err, &throttled):
		return throttled
	case !errors.As(err, &failed):
		if err = unaddressed(err); written {
			return driver.Unconfirmed(fmt.Errorf("no answer from Discord: %w", err))
		}
		return fmt.Errorf("ask Discord: %w", err)
	case failed.status == http.StatusUnauthorized:
		return a.refused(failed)
	case failed.status == http.StatusTooManyRequests:
		return &driver.Throttled{After: failed.after, Err: failed}
	case failed.status == http.StatusForbidden:
		return driver.Permanent(fmt.Errorf("the bot has no permission for it in this channel, see `parachute doctor`: %w", failed))
	case failed.status >= 500:
		return failed
	default:
		return driver.Permanent(failed)
	}
}

// refused says that the token is not valid, and where it came from.
func (a *api) refused(err error) error {
	return driver.Permanent(fmt.Errorf(
		"the bot token is not valid, check %s (a new one: developer portal, Bot, Reset Token): %w", a.tokenFrom, err))
}

// unaddressed takes the URL from an error of net/http: it holds the tokens of
// interactions.
func unaddressed(err error) error {
	var located *url.Error
	if errors.As(err, &located) {
		return located.Err
	}
	return err
}

// has tells whether err is Discord's answer with this code.
func has(err error, code int) bool {
	var failed *apiError
	return errors.As(err, &failed) && failed.code == code
}

// gone tells whether err says that the thing asked for does not exist, or cannot
// be had any more.
func gone(err error) bool {
	var failed *apiError
	return errors.As(err, &failed) && failed.status >= 400 && failed.status < 500 && failed.status != http.StatusTooManyRequests
}
