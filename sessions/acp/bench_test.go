package acp_test

import (
	"testing"

	"github.com/parachute-gate/parachute/sessions/agenttest"
)

// BenchmarkTurn is a turn with an agent that runs already, and with one that is
// started for it.
func BenchmarkTurn(b *testing.B) {
	bench := newBench(b)
	for name, ends := range map[string]bool{"kept": false, "started": true} {
		b.Run(name, func(b *testing.B) {
			a := bench.agent(nil)
			defer a.Close()
			for b.Loop() {
				if _, err := a.Answer(b.Context(), agenttest.Turn("turn-1", "echo hello"), func(string) {}); err != nil {
					b.Fatal(err)
				}
				if ends {
					a.End("session-1")
				}
			}
		})
	}
}
