package limits

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"time"
)

func benchLimits() []Limit {
	return []Limit{
		{Name: "messages_per_minute", Per: PerUser, Max: 20, Window: time.Minute},
		{Name: "messages_per_day", Per: PerUser, Max: 500, Window: 24 * time.Hour},
		{Name: "safety_net", Per: PerConnector, Max: 10_000, Window: time.Minute},
	}
}

func step(b *testing.B, book *Book, limits []Limit, s Subject, id string) {
	h, err := book.Hold(context.Background(), limits, s)
	if err != nil {
		b.Fatal(err)
	}
	book.Stored(h.Take(id))
}

func benchBook(b *testing.B) *Book {
	clock, err := NewClock(context.Background(), newMemStore())
	if err != nil {
		b.Fatal(err)
	}
	return New(Deps{Store: newMemStore(), Clock: clock})
}

// fastClock lets a window of events leave while a benchmark runs, so that the
// series has its usual size.
type fastClock struct{ now atomic.Int64 }

func (c *fastClock) Now() int64 { return c.now.Add(int64(time.Millisecond)) }

func BenchmarkHoldTakeHotKey(b *testing.B) {
	for _, full := range []bool{false, true} {
		b.Run(fmt.Sprintf("full=%v", full), func(b *testing.B) {
			book := New(Deps{Store: newMemStore(), Clock: &fastClock{}})
			limits := []Limit{{Name: "m", Per: PerUser, Max: MaxMax, Window: time.Minute}}
			if full {
				limits[0].Max = 1
			}
			b.ReportAllocs()
			for b.Loop() {
				step(b, book, limits, alice, "decision")
			}
		})
	}
}

func BenchmarkHoldTakeThreeKeys(b *testing.B) {
	book, limits := New(Deps{Store: newMemStore(), Clock: &fastClock{}}), benchLimits()
	limits[1].Window = time.Hour
	b.ReportAllocs()
	for b.Loop() {
		step(b, book, limits, alice, "decision")
	}
}

func BenchmarkHoldTakeRealClock(b *testing.B) {
	book, limits := benchBook(b), []Limit{{Name: "m", Per: PerUser, Max: 20, Window: time.Second}}
	b.ReportAllocs()
	for b.Loop() {
		step(b, book, limits, alice, "decision")
	}
}

func BenchmarkHoldTakeColdKey(b *testing.B) {
	book, limits := benchBook(b), []Limit{{Name: "m", Per: PerUser, Max: 20, Window: time.Minute}}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		step(b, book, limits, Subject{User: "telegram:" + strconv.Itoa(i)}, "decision")
	}
}

func BenchmarkHoldTake64Goroutines(b *testing.B) {
	for _, shared := range []bool{false, true} {
		b.Run(fmt.Sprintf("shared=%v", shared), func(b *testing.B) {
			book := New(Deps{Store: newMemStore(), Clock: &fastClock{}})
			limits := benchLimits()[:1]
			if shared {
				limits = append(limits, Limit{Name: "safety_net", Per: PerAll, Max: 10_000, Window: time.Minute})
			}
			var who atomic.Int64
			b.SetParallelism(32) // times GOMAXPROCS: 64 on 2 cores
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				s := Subject{User: "telegram:" + strconv.FormatInt(who.Add(1), 10)}
				for pb.Next() {
					step(b, book, limits, s, "decision")
				}
			})
		})
	}
}

func BenchmarkClock(b *testing.B) {
	clock, err := NewClock(context.Background(), newMemStore())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		clock.Now()
	}
}
