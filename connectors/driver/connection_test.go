package driver

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parachute-gate/parachute/connectors"
)

func connection(log *bytes.Buffer) *Connection {
	return NewConnection(ConnectionDeps{
		Name: "chat", Log: slog.New(slog.NewTextHandler(log, nil)), Now: time.Now, Redact: Redactor("t0ken"),
	})
}

func TestKeepReconnectsWithJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		c := connection(&log)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if h := c.Health(); h.State != connectors.Stopped {
			t.Errorf("a new connection is %q", h.State)
		}
		last := time.Now()
		var waits []time.Duration
		err := c.Keep(ctx, func(context.Context, func()) error {
			waits = append(waits, time.Since(last))
			last = time.Now()
			if h := c.Health(); h.State != connectors.Reconnecting || h.Failures != len(waits)-1 {
				t.Errorf("during try %d: %+v", len(waits), h)
			}
			if len(waits) == 200 {
				cancel()
			}
			return errors.New("dial bott0ken: refused")
		})
		if err != nil {
			t.Errorf("Keep gave %v after its ctx was done", err)
		}
		var longest time.Duration
		for i, wait := range waits[1:] {
			most := min(maxWait, baseWait<<min(i, 10))
			if wait < 0 || wait >= most {
				t.Errorf("wait %d is %v, not below %v", i, wait, most)
			}
			longest = max(longest, wait)
		}
		// 190 draws from a minute: one of them is above a half, but for 2⁻¹⁹⁰.
		if longest <= maxWait/2 {
			t.Errorf("the longest wait is %v", longest)
		}
		h := c.Health()
		if h.State != connectors.Stopped || h.Failures != 199 || h.LastError != "dial bot[secret]: refused" || !h.Since.Equal(time.Now()) {
			t.Errorf("in the end: %+v", h)
		}
		if strings.Contains(log.String(), "t0ken") || !strings.Contains(log.String(), "connector=chat") || !strings.Contains(log.String(), "wait=") {
			t.Errorf("logged %s", log.String())
		}
	})
}

func TestKeepBeginsAnewAfterASteadyConnection(t *testing.T) {
	for name, tt := range map[string]struct {
		stands time.Duration
		anew   bool
	}{"steady": {time.Minute, true}, "hangs up at once": {time.Second, false}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := connection(&bytes.Buffer{})
				ctx, cancel := context.WithCancel(t.Context())
				var ended time.Time
				var longest time.Duration
				n := 0
				if err := c.Keep(ctx, func(_ context.Context, up func()) error {
					if n++; n == 100 {
						cancel()
						return nil
					}
					if n > 1 {
						longest = max(longest, time.Since(ended))
					}
					up()
					up()
					if h := c.Health(); h.State != connectors.Running {
						t.Errorf("after up: %+v", h)
					}
					time.Sleep(tt.stands)
					ended = time.Now()
					return nil
				}); err != nil {
					t.Error(err)
				}
				if anew := longest < baseWait; anew != tt.anew {
					t.Errorf("the longest wait was %v", longest)
				}
				if h := c.Health(); h.LastError != "the connection ended" || h.Failures != 99 {
					t.Errorf("in the end: %+v", h)
				}
			})
		})
	}
}

func TestKeepEndsForGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		c := connection(&log)
		err := c.Keep(t.Context(), func(_ context.Context, up func()) error {
			up()
			return Permanent(errors.New("the token t0ken of TOKEN is not valid"))
		})
		if !IsPermanent(err) || err.Error() != "the token [secret] of TOKEN is not valid" {
			t.Errorf("Keep gave %v", err)
		}
		if h := c.Health(); h.State != connectors.Failed || h.Failures != 1 || strings.Contains(h.LastError, "t0ken") {
			t.Errorf("in the end: %+v", h)
		}
		// Whoever called Keep logs what it gives back.
		if strings.Contains(log.String(), "level=ERROR") || strings.Contains(log.String(), "t0ken") {
			t.Errorf("logged %s", log.String())
		}
	})
}

func TestKeepObeysThePlatform(t *testing.T) {
	for told, want := range map[time.Duration]time.Duration{5 * time.Minute: 5 * time.Minute, 1000 * time.Hour: time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			c := connection(&bytes.Buffer{})
			ctx, cancel := context.WithCancel(t.Context())
			start, n := time.Now(), 0
			if err := c.Keep(ctx, func(context.Context, func()) error {
				if n++; n == 2 {
					cancel()
				}
				return &Throttled{After: told, Err: errors.New("later")}
			}); err != nil || time.Since(start) != want {
				t.Errorf("told to wait %v: gave %v after %v", told, err, time.Since(start))
			}
		})
	}
}

func TestLateUpAndStopDuringAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := connection(&bytes.Buffer{})
		ctx, cancel := context.WithCancel(t.Context())
		var late func()
		done := make(chan error, 1)
		go func() {
			done <- c.Keep(ctx, func(_ context.Context, up func()) error {
				late = up
				return &Throttled{After: time.Hour, Err: errors.New("later")}
			})
		}()
		synctest.Wait()
		late()
		if h := c.Health(); h.State != connectors.Reconnecting {
			t.Errorf("a late up made it %q", h.State)
		}
		c.Came()
		if h := c.Health(); !h.LastMessage.Equal(time.Now()) {
			t.Errorf("the last message came %v", h.LastMessage)
		}
		cancel()
		if err := <-done; err != nil || c.Health().State != connectors.Stopped {
			t.Errorf("gave %v, then %+v", err, c.Health())
		}
	})
}
