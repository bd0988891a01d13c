package gate_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/parachute-gate/parachute/audit"
	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/gate/users"
)

// The limits are out of the way: what is measured is the way of an admitted
// message from the connector to the disk.
func openBench(b *testing.B) *bench {
	b.Helper()
	g := newBench(b, withData(
		"messages_per_minute: 60", "messages_per_minute: 1000000",
		"messages_per_day: 5000", "messages_per_day: 1000000",
		"messages_per_minute: 300", "messages_per_minute: 1000000",
		"messages_per_minute: 600", "messages_per_minute: 1000000",
	))
	g.person("chat:ana", "owner")
	return g
}

// checkAdmitted makes sure that what was measured is what was meant.
func (b *bench) checkAdmitted() {
	for _, r := range b.records() {
		want(b.tb, r, "allow", "authz.role")
	}
}

func BenchmarkGateWithCommit(b *testing.B) {
	g := openBench(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := g.gate.Handle(b.Context(), source, dm("ana", fmt.Sprint(i), "hello")); err != nil {
			b.Fatal(err)
		}
	}
	g.checkAdmitted()
}

// BenchmarkGateWithCommitParallel has 64 chats at once: their decisions share
// commits.
func BenchmarkGateWithCommitParallel(b *testing.B) {
	g := openBench(b)
	var n atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(32)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		chat := fmt.Sprint("chat-", n.Add(1))
		for pb.Next() {
			m := dm("ana", fmt.Sprint(n.Add(1)), "hello")
			m.Chat = connectors.Chat{ID: chat, Kind: connectors.ChatDM}
			if err := g.gate.Handle(b.Context(), source, m); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.StopTimer()
	g.checkAdmitted()
}

// BenchmarkDecisionAmongPeople decides for ten people, among ten and among many,
// and keeps each decision.
func BenchmarkDecisionAmongPeople(b *testing.B) {
	for _, n := range []int{10, 1_000_000} {
		b.Run(fmt.Sprint("people=", n), func(b *testing.B) {
			g := openBench(b)
			g.crowd(n)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if err := g.gate.Handle(b.Context(), source, dm(crowdID(i%10*(n/10)), fmt.Sprint(i), "hello")); err != nil {
					b.Fatal(err)
				}
			}
			g.checkAdmitted()
		})
	}
}

func crowdID(i int) string { return fmt.Sprintf("person-%07d", i) }

// crowd makes n people known.
func (b *bench) crowd(n int) {
	b.tb.Helper()
	const page = 10_000
	for i := 0; i < n; i += page {
		id, err := audit.NewID()
		if err != nil {
			b.tb.Fatal(err)
		}
		var add []users.Person
		for j := i; j < min(n, i+page); j++ {
			add = append(add, users.Person{ID: "chat:" + crowdID(j), Roles: []string{"owner"}})
		}
		r := audit.Record{ID: id, Time: b.now, Point: "message", Event: "import", Verdict: "allow", Rules: []audit.Rule{{ID: "authz.role", Kind: "allow"}}}
		if err := b.db.Commit(b.tb.Context(), gate.Commit{Record: r, Change: &users.Change{Add: add}}); err != nil {
			b.tb.Fatal(err)
		}
	}
}
