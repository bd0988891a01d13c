package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/parachute-gate/parachute/connectors/driver"
)

// maxAnswer bounds an answer of the API. A hundred updates of the longest texts
// are far below.
const maxAnswer = 32 << 20

// tokenForm is what a token looks like. Nothing else is put into an address: an
// error could quote what does not belong there, in a form that hides it from the
// redaction.
var tokenForm = regexp.MustCompile(`^[0-9]{1,20}:[A-Za-z0-9_-]{1,200}$`)

// api calls the Bot API's methods. Safe for concurrent use.
type api struct {
	base, token, from string
	client            *http.Client
	redact            func(string) string
}

func newAPI(base, token, from string, redact func(string) string) *api {
	transport := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		TLSHandshakeTimeout: 10 * time.Second,
		MaxIdleConnsPerHost: 8,
		IdleConnTimeout:     90 * time.Second,
		ForceAttemptHTTP2:   true,
		// One connection carries all requests of HTTP/2: a dead one must be noticed
		// before the system's own 15 minutes are over.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 10 * time.Second},
	}
	return &api{
		base: strings.TrimRight(base, "/"), token: token, from: from, redact: redact,
		client: &http.Client{
			Transport: transport,
			// A redirect would carry the token, which is in the path, to another host.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// ready tells what is wrong with the token and the base URL, without asking.
func (a *api) ready() error {
	if a.token == "" {
		return driver.Permanent(fmt.Errorf("there is no token: put the one that @BotFather gave into %s", a.source()))
	}
	if !tokenForm.MatchString(a.token) {
		return driver.Permanent(fmt.Errorf("the token from %s has not the form 123456:ABC-def: copy it anew from @BotFather", a.source()))
	}
	u, err := url.Parse(a.base)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.User != nil || strings.Contains(a.base, "%") {
		return driver.Permanent(errors.New("api_url is no plain http or https address, like " + platformAPI))
	}
	return nil
}

func (a *api) source() string {
	if a.from == "" {
		return "the configuration"
	}
	return a.from
}

// call makes one request and reads its result into out, unless that is nil.
func (a *api) call(ctx context.Context, method string, params tgbotapi.Params, out any) error {
	if err := a.ready(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	return a.ask(ctx, method, params, out)
}

// ask is call without a bound of its own.
func (a *api) ask(ctx context.Context, method string, params tgbotapi.Params, out any) error {
	x := &exchange{ctx: ctx, client: a.client}
	bot := tgbotapi.BotAPI{Token: a.token, Client: x}
	bot.SetAPIEndpoint(a.base + "/bot%s/%s")
	answer, err := bot.MakeRequest(method, params)
	if err != nil {
		return a.explain(method, x, err)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer.Result, out); err != nil {
		return driver.Unconfirmed(fmt.Errorf("%s: the answer is not what the Bot API gives: %s", method, a.redact(err.Error())))
	}
	return nil
}

// exchange is one request of the library, which knows no context.
type exchange struct {
	ctx    context.Context
	client *http.Client
	// wrote is set when the request may have left.
	wrote atomic.Bool
	// code and retryAfter are the answer's, zero for none.
	code       int
	retryAfter string
}

// Do implements the library's HTTPClient.
func (x *exchange) Do(r *http.Request) (*http.Response, error) {
	trace := &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { x.wrote.Store(true) }}
	resp, err := x.client.Do(r.WithContext(httptrace.WithClientTrace(x.ctx, trace))) //nolint:gosec // the address is of the configuration
	if err != nil {
		return nil, err
	}
	x.code, x.retryAfter = resp.StatusCode, resp.Header.Get("Retry-After")
	resp.Body = bounded{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	return resp, nil
}

type bounded struct {
	io.Reader
	io.Closer
}

// object puts a value as JSON into params. It is of our own types: it cannot fail.
func object(params tgbotapi.Params, key string, value any) {
	raw, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("write parameter %s: %v", key, err))
	}
	params[key] = string(raw)
}
