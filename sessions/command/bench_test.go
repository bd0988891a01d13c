package command_test

import (
	"path/filepath"
	"testing"

	"github.com/parachute-gate/parachute/sessions/agenttest"
)

// BenchmarkTurn is a turn with a program that is kept, and with one of its own.
func BenchmarkTurn(b *testing.B) {
	bench := agenttest.NewBench(b)
	program := agenttest.Build(b, filepath.Join("testdata", "program"))
	for name, keep := range map[string]int{"once": 0, "kept": 1} {
		b.Run(name, func(b *testing.B) {
			l := bench.Launch(program)
			if keep > 0 {
				l = bench.Launch(program, "lines")
			}
			a := agent(bench, l, keep)
			defer a.Close()
			for b.Loop() {
				if _, err := a.Answer(b.Context(), agenttest.Turn("turn-1", "echo hello"), func(string) {}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
