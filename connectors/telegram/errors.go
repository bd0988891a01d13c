package telegram

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/parachute-gate/parachute/connectors/driver"
)

// refusal is an error that the API gave. Its text holds no secret.
type refusal struct {
	method, description string
	code                int
	// migrated is the supergroup that the chat became, zero for none.
	migrated int64
}

func (r *refusal) Error() string {
	return fmt.Sprintf("%s: %s (%d)", r.method, r.description, r.code)
}

// says tells whether err is a refusal with these words: the API has no code of
// its own for each problem (https://core.telegram.org/bots/api#making-requests).
func says(err error, words string) bool {
	var r *refusal
	return errors.As(err, &r) && r.code == http.StatusBadRequest && strings.Contains(strings.ToLower(r.description), words)
}

// explain marks an error by what trying again is worth, and takes the address,
// which holds the token, out of it.
func (a *api) explain(method string, x *exchange, err error) error {
	var answer *tgbotapi.Error
	if errors.As(err, &answer) && answer.Code != 0 {
		return a.refused(method, answer)
	}
	if x.code == 0 {
		return a.broken(method, x, err)
	}
	switch problem := fmt.Errorf("%s: answered with status %d and what is not of the Bot API", method, x.code); {
	case x.code == http.StatusUnauthorized, x.code == http.StatusForbidden, x.code == http.StatusNotFound, x.code/100 == 3:
		return driver.Permanent(fmt.Errorf("%w: is api_url a Bot API server's?", problem))
	case x.code == http.StatusTooManyRequests:
		seconds, err := strconv.Atoi(x.retryAfter)
		if err != nil {
			seconds = 0
		}
		return &driver.Throttled{After: time.Duration(seconds) * time.Second, Err: problem}
	case x.code == http.StatusGatewayTimeout, x.code/100 == 2:
		// Somebody took the request; what became of it is not said.
		return driver.Unconfirmed(problem)
	default:
		return problem
	}
}

// refused is what the API itself said.
func (a *api) refused(method string, e *tgbotapi.Error) error {
	r := &refusal{method: method, description: a.redact(e.Message), code: e.Code, migrated: e.MigrateToChatID}
	switch {
	case e.Code == http.StatusUnauthorized, e.Code == http.StatusNotFound:
		// "Not Found" is what a token gets that is none at all.
		return driver.Permanent(fmt.Errorf("the token from %s is not valid, make one with @BotFather (/token, /revoke): %w", a.source(), r))
	case e.Code == http.StatusTooManyRequests, e.RetryAfter > 0:
		return &driver.Throttled{After: time.Duration(e.RetryAfter) * time.Second, Err: r}
	case e.Code == http.StatusConflict:
		return r
	case e.Code >= http.StatusBadRequest && e.Code < http.StatusInternalServerError:
		// 403 is a bot that was blocked or thrown out; 400 is wrong the next time too.
		return driver.Permanent(r)
	}
	return r
}

// broken is a request without an answer. The error of the HTTP client quotes the
// address and is left behind; of what it wraps only a context's end is kept.
func (a *api) broken(method string, x *exchange, err error) error {
	cause := err
	var u *url.Error
	if errors.As(err, &u) {
		cause = u.Err
	}
	problem := fmt.Errorf("%s: %s", method, a.redact(cause.Error()))
	for _, end := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, end) {
			problem = fmt.Errorf("%s: %w", method, end)
		}
	}
	if x.wrote.Load() {
		return driver.Unconfirmed(problem)
	}
	return problem
}
