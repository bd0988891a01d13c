package matrix

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/connectortest"
	"github.com/parachute-gate/parachute/connectors/connectortest/matrixhome"
)

// home is the homeserver of all tests of this process.
var home = sync.OnceValues(func() (*matrixhome.Home, error) {
	homeStarted = true
	return matrixhome.Start(context.Background())
})

var homeStarted bool

func TestMain(m *testing.M) {
	code := m.Run()
	if homeStarted {
		if h, err := home(); err == nil {
			if err := h.Close(); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
		}
	}
	os.Exit(code)
}

func TestConformance(t *testing.T) { connectortest.Run(t, driverOf{}) }

// driverOf opens one bot after another on the homeserver.
type driverOf struct{ encrypted bool }

// Supports leaves out what Matrix has not, and Replies, which the suite plays by
// calling one message the bot's and not the bot's: see TestReplyToTheBot.
func (driverOf) Supports(f connectortest.Feature) bool {
	switch f {
	case connectortest.Channel, connectortest.UnknownChat, connectortest.Local, connectortest.Forwards, connectortest.Callbacks,
		connectortest.Buttons, connectortest.Ends, connectortest.SeveralAttachments, connectortest.CommandAddress, connectortest.Replies, connectortest.Load:
		return false
	}
	return true
}

// MaxText is what fits an encrypted event.
func (driverOf) MaxText() int { return 40_000 }

func (d driverOf) Open(ctx context.Context) (connectortest.Platform, error) {
	h, err := home()
	if err != nil {
		return nil, err
	}
	p := &platform{log: &connectortest.Recorder{}}
	p.Server, err = h.Bot(ctx, matrixhome.Options{Encrypted: d.encrypted, Allow: func(room string) { p.connector.allow(room) }})
	if err != nil {
		return nil, err
	}
	if p.dir, err = os.MkdirTemp("", "matrix"); err != nil {
		return nil, err
	}
	p.connector = New(p.deps(d.encrypted))
	p.connector.door.every = 0
	return p, p.prime(ctx)
}

// allow lists one room more.
func (c *Connector) allow(room string) {
	c.door.mu.Lock()
	defer c.door.mu.Unlock()
	c.door.deps.Rooms = append(c.door.deps.Rooms, room)
}

// platform is one bot's homeserver and its connector.
type platform struct {
	*matrixhome.Server
	connector *Connector
	log       *connectortest.Recorder
	dir       string
}

func (p *platform) deps(encrypted bool) Deps {
	return Deps{
		Name: "matrix", Homeserver: p.URL(), User: p.User(), Password: p.Password(), PasswordFrom: "the environment variable MATRIX_PASSWORD",
		Dir: p.dir + "/device", DirectMessages: true, Encrypted: encrypted, Sync: time.Second,
		Log: slog.New(slog.NewTextHandler(p.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
}

// prime lets the connector run until it is connected, as a bot that ran before:
// what comes afterwards is no backlog.
func (p *platform) prime(ctx context.Context) error {
	run, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() {
		done <- p.connector.Run(run, func(_ context.Context, m connectors.Message) error {
			return fmt.Errorf("an event came before any was played: %+v", m)
		})
	}()
	err := p.connected(ctx)
	stop()
	return errors.Join(err, <-done)
}

func (p *platform) connected(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for p.connector.Health().State != connectors.Running {
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the connection: %w: %s", ctx.Err(), p.log)
		case <-time.After(time.Millisecond):
		}
	}
	return nil
}

func (p *platform) Connector() connectors.Connector { return p.connector }
func (p *platform) Refused() int                    { return p.connector.untaken.count() }
func (p *platform) End() error                      { return errors.New("the homeserver does not end") }
func (p *platform) Logged() string                  { return p.log.String() }

// Secrets are the password, the access token and the key of the keys.
func (p *platform) Secrets() []string {
	all := []string{p.Password()}
	var d device
	if err := p.connector.account.disk.read(deviceFile, &d); err == nil {
		all = append(all, d.Token)
	}
	if key, err := os.ReadFile(p.connector.account.disk.path(keyFile)); err == nil {
		all = append(all, string(key))
	}
	return all
}

func (p *platform) Close() error {
	return errors.Join(p.Server.Close(), os.RemoveAll(p.dir))
}
