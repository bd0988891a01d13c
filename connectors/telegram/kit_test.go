package telegram

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/connectortest"
	"github.com/parachute-gate/parachute/connectors/connectortest/telegramfake"
)

// patience bounds a test that hangs. No test waits for it to pass.
const patience = 3 * time.Minute

// bot is the bot of the tests of translation.
func bot() *self { return &self{ID: 4242, IsBot: true, UserName: telegramfake.Username} }

// kit is a connector at a fake Telegram, with what arrived.
type kit struct {
	*testing.T
	fake *telegramfake.Server
	log  *connectortest.Recorder
	c    *Connector

	stop context.CancelFunc
	done chan error

	mu   sync.Mutex
	got  []connectors.Message
	came chan struct{}
}

// newKit makes one that does not run yet; change may be nil.
func newKit(t *testing.T, change func(*Deps)) *kit {
	t.Helper()
	k := &kit{T: t, fake: telegramfake.New(testToken), log: &connectortest.Recorder{}, came: make(chan struct{}, 1000)}
	t.Cleanup(func() {
		if err := k.fake.Close(); err != nil {
			t.Error(err)
		}
	})
	d := Deps{
		Name: "tg", Token: testToken, TokenFrom: "the file token.txt", API: k.fake.URL(), Poll: time.Second,
		Log: slog.New(slog.NewTextHandler(k.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&d)
	}
	k.c = New(d)
	k.c.grace = 500 * time.Millisecond
	return k
}

// run starts the connector; h may be nil.
func (k *kit) run(h connectors.Handler) {
	k.Helper()
	ctx, cancel := context.WithCancel(k.Context())
	k.stop, k.done = cancel, make(chan error, 1)
	go func() {
		k.done <- k.c.Run(ctx, func(ctx context.Context, m connectors.Message) error {
			var err error
			if h != nil {
				err = h(ctx, m)
			}
			if err == nil {
				k.mu.Lock()
				k.got = append(k.got, m)
				k.mu.Unlock()
				k.came <- struct{}{}
			}
			return err
		})
	}()
	done := k.done
	k.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			k.Log("Run: ", err)
		}
	})
}

// halt stops the connector and wants nil.
func (k *kit) halt() {
	k.Helper()
	k.stop()
	err := <-k.done
	k.done <- err
	if err != nil {
		k.Errorf("Run returned %v", err)
	}
}

// failed waits for Run to fail.
func (k *kit) failed() error {
	k.Helper()
	err := <-k.done
	k.done <- err
	if err == nil {
		k.Fatal("Run returned nil")
	}
	return err
}

// taken waits for n events more and gives all.
func (k *kit) taken(n int) []connectors.Message {
	k.Helper()
	for range n {
		select {
		case <-k.came:
		case err := <-k.done:
			k.done <- err
			k.Fatalf("Run returned %v", err)
		case <-time.After(patience):
			k.Fatalf("an event never came; the log:\n%s", k.log)
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]connectors.Message(nil), k.got...)
}

func (k *kit) inject(e connectortest.Event) connectortest.IDs {
	k.Helper()
	if e.ChatKind == "" {
		e.ChatKind = connectors.ChatGroup
	}
	ids, err := k.fake.Inject(e)
	if err != nil {
		k.Fatal(err)
	}
	return ids
}

// until waits for what no channel tells.
func (k *kit) until(reached func() bool) {
	k.Helper()
	for over := time.After(patience); !reached(); {
		select {
		case <-over:
			k.Fatalf("it never came to that; the log:\n%s", k.log)
		case <-time.After(time.Millisecond):
		}
	}
}

// reply is an answer to an event.
func reply(ids connectortest.IDs, text string) connectors.Reply {
	return connectors.Reply{ID: "r-" + ids.Message, Chat: ids.Chat, User: ids.User, ReplyTo: ids.Message, Text: text}
}
