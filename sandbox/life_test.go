package sandbox

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

var errTurn = errors.New("the turn is over")

func TestLife(t *testing.T) {
	gone := errors.New("the engine is gone")
	tests := map[string]struct {
		happens func(l *Life, end context.CancelCauseFunc)
		own     error
		want    error
	}{
		"by itself":           {func(*Life, context.CancelCauseFunc) {}, nil, nil},
		"the driver's error":  {func(*Life, context.CancelCauseFunc) {}, gone, gone},
		"the context":         {func(_ *Life, end context.CancelCauseFunc) { end(errTurn) }, nil, errTurn},
		"before the driver's": {func(_ *Life, end context.CancelCauseFunc) { end(errTurn) }, gone, errTurn},
		"too much output":     {func(l *Life, _ context.CancelCauseFunc) { _, _ = l.Out().Write(make([]byte, 11)) }, nil, ErrOutput},
		"the first of two reasons": {func(l *Life, end context.CancelCauseFunc) {
			_, _ = l.Out().Write(make([]byte, 11))
			<-l.Over()
			end(errTurn)
		}, nil, ErrOutput},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ctx, end := context.WithCancelCause(t.Context())
			defer end(nil)
			l := NewLife(ctx, LifeDeps{Driver: "driver", OutputBytes: 10})
			l.Begin()
			tt.happens(l, end)
			if tt.want != nil && !errors.Is(tt.want, gone) {
				<-l.Over()
			}
			if l.Ended() {
				t.Error("it ended before the driver said so")
			}
			l.End(Exit{Code: 7}, tt.own)
			for range 2 {
				exit, err := l.Wait(t.Context())
				if exit.Code != 7 || !errors.Is(err, tt.want) || (err != nil) != (tt.want != nil) {
					t.Errorf("%+v, %v; want %v", exit, err, tt.want)
				}
			}
			if _, err := io.ReadAll(l.Stdout()); !errors.Is(err, tt.want) && tt.want != nil {
				t.Errorf("read: %v, want %v", err, tt.want)
			}
		})
	}
}

// What ended before it began took no time.
func TestLifeDuration(t *testing.T) {
	for told, want := range map[time.Duration]time.Duration{-time.Millisecond: 0, 0: 0, time.Second: time.Second} {
		l := NewLife(t.Context(), LifeDeps{Driver: "driver", OutputBytes: 10})
		l.Begin()
		l.End(Exit{Usage: Usage{Duration: told}}, nil)
		if exit, err := l.Wait(t.Context()); err != nil || exit.Usage.Duration != want {
			t.Errorf("%v: %v, %v", told, exit.Usage.Duration, err)
		}
	}
}

func TestLifeStopAfter(t *testing.T) {
	l := NewLife(t.Context(), LifeDeps{Driver: "driver", OutputBytes: 10})
	l.Begin()
	stopped, cancel := context.WithCancelCause(t.Context())
	cancel(errTurn)
	// Who waits no longer has it killed all the same.
	killed := 0
	err := l.StopAfter(stopped, time.Hour, func(ctx context.Context) error { killed++; return ctx.Err() })
	if !errors.Is(err, errTurn) || !strings.HasPrefix(err.Error(), "driver: stop: ") || killed != 1 {
		t.Errorf("%v, killed %d times", err, killed)
	}
	if _, err := l.Wait(stopped); !errors.Is(err, errTurn) {
		t.Errorf("wait: %v", err)
	}
	err = l.StopAfter(t.Context(), 0, func(context.Context) error { l.End(Exit{Code: 137}, nil); return nil })
	if exit, werr := l.Wait(stopped); err != nil || werr != nil || exit.Code != 137 {
		t.Errorf("%v, %+v, %v", err, exit, werr)
	}
	if err := l.StopAfter(t.Context(), time.Hour, nil); err != nil {
		t.Errorf("of one that ended: %v", err)
	}
}
