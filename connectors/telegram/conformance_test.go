package telegram

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/connectortest"
	"github.com/parachute-gate/parachute/connectors/connectortest/telegramfake"
)

var (
	_ connectors.Connector = (*Connector)(nil)
	_ connectors.Composer  = (*Connector)(nil)
	_ connectors.Reporter  = (*Connector)(nil)
	_ connectors.Fetcher   = (*Connector)(nil)
	_ connectors.Checker   = (*Connector)(nil)

	_ connectortest.Server      = (*telegramfake.Server)(nil)
	_ connectortest.Faulter     = (*platform)(nil)
	_ connectortest.Secretive   = (*platform)(nil)
	_ connectortest.Redeliverer = (*platform)(nil)
)

const (
	testToken  = "4242:AAF-secret_of_the_bot"
	testSecret = "webhook-secret_9"
)

func TestConformanceByLongPolling(t *testing.T) {
	t.Parallel()
	connectortest.Run(t, play{})
}

func TestConformanceByWebhook(t *testing.T) {
	t.Parallel()
	connectortest.Run(t, play{webhook: true})
}

// play opens a fake Telegram and a connector to it.
type play struct{ webhook bool }

func (play) Supports(f connectortest.Feature) bool {
	switch f {
	// A message carries one file; what the bot sends does not come back to it; what
	// it sends twice arrives twice.
	case connectortest.Local, connectortest.Deletes, connectortest.Ends,
		connectortest.SeveralAttachments, connectortest.OwnEcho, connectortest.DropsDoubles:
		return false
	}
	return true
}

func (play) MaxText() int { return maxText }

func (p play) Open(ctx context.Context) (connectortest.Platform, error) {
	log := &connectortest.Recorder{}
	s := telegramfake.New(testToken)
	d := Deps{
		Name: "telegram", Token: testToken, TokenFrom: "the environment variable TELEGRAM_TOKEN", API: s.URL(), Poll: time.Second,
		Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if p.webhook {
		address, err := freeAddress(ctx)
		if err != nil {
			return nil, err
		}
		d.Webhook = &Webhook{Listen: address, URL: "http://" + address + "/updates", Secret: testSecret, SecretFrom: "the environment variable TELEGRAM_WEBHOOK_SECRET"}
	}
	c := New(d)
	c.grace, c.look = 2*time.Second, 200*time.Millisecond
	return &platform{Server: s, connector: c, log: log, webhook: p.webhook}, nil
}

// freeAddress is an address that nobody listens at.
func freeAddress(ctx context.Context) (string, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free address: %w", err)
	}
	return l.Addr().String(), l.Close()
}

// platform is the fake with the connector that is tested.
type platform struct {
	*telegramfake.Server
	connector *Connector
	log       *connectortest.Recorder
	webhook   bool
}

func (p *platform) Connector() connectors.Connector { return p.connector }

// Fault plays what can go wrong: to a webhook it is Telegram that comes.
func (p *platform) Fault(f connectortest.Fault) bool {
	return (!p.webhook || f.On != connectortest.OnReceive) && p.Server.Fault(f)
}

func (p *platform) End() error { return errors.New("end: Telegram does not") }

func (p *platform) Secrets() []string {
	return []string{testToken, "AAF-secret_of_the_bot", testSecret}
}

func (p *platform) Logged() string { return p.log.String() }
