package acp_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/sessions"
	"github.com/parachute-gate/parachute/sessions/acp"
	"github.com/parachute-gate/parachute/sessions/agenttest"
	"github.com/parachute-gate/parachute/sessions/programs"
)

// BenchmarkTurn is a turn with an agent that is started for it (cold), with one
// that was started for nobody (spare), with one that is kept, and with one that
// was paused. first-ns is the time to the first byte that is shown.
func BenchmarkTurn(b *testing.B) {
	bench := newBench(b)
	for _, c := range []struct {
		name       string
		spares     int
		pauseAfter time.Duration
		ends       bool
		ready      string
	}{
		{name: "cold", pauseAfter: -1, ends: true},
		{name: "spare", spares: 1, pauseAfter: time.Nanosecond, ends: true, ready: "pause " + programs.SpareSession},
		{name: "kept", pauseAfter: -1},
		{name: "paused", pauseAfter: time.Nanosecond, ready: "pause session-1"},
	} {
		b.Run(c.name, func(b *testing.B) {
			w := agenttest.Watch(bench.Runtime)
			d := bench.deps
			d.Spares, d.PauseAfter = c.spares, c.pauseAfter
			d.Launch = func(context.Context, sessions.Turn) (programs.Launch, error) {
				l := bench.Launch(bench.program)
				l.Runtime = w
				return l, nil
			}
			a := acp.New(d)
			defer a.Close()
			turns := 0
			var first atomic.Int64
			turn := func() {
				began := time.Now()
				shown := false
				_, err := a.Answer(b.Context(), agenttest.Turn("turn-1", "echo hello"), func(string) {
					if !shown {
						shown = true
						first.Add(int64(time.Since(began)))
					}
				})
				if err != nil {
					b.Fatal(err)
				}
				if !shown {
					first.Add(int64(time.Since(began)))
				}
				turns++
			}
			between := func() {
				if c.ends {
					a.End("session-1")
				}
				if c.ready != "" {
					w.Await(b, c.ready, turns)
				}
			}
			turn()
			between()
			first.Store(0)
			for b.Loop() {
				turn()
				b.StopTimer()
				between()
				b.StartTimer()
			}
			b.ReportMetric(float64(first.Load())/float64(turns-1), "first-ns")
		})
	}
}
