package limits

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// model says what must be counted, in the plainest way: one list, never pruned.
type model struct {
	counted []Event
}

func (m *model) within(key string, from, to int64) (at []int64) {
	for _, e := range m.counted {
		if e.Key == key && e.At > from && e.At <= to {
			at = append(at, e.At)
		}
	}
	slices.Sort(at)
	return at
}

func (m *model) forget(events []Event) {
	m.counted = slices.DeleteFunc(m.counted, func(e Event) bool { return slices.Contains(events, e) })
}

// wait tries every moment at which an event leaves and takes the first at which
// there is room.
func (m *model) wait(key string, l Limit, now int64) time.Duration {
	if l.Max == 0 {
		return l.Window
	}
	w := int64(l.Window)
	in := m.within(key, now-w, now)
	if len(in) < l.Max {
		return 0
	}
	for _, at := range in {
		if len(m.within(key, at, now)) < l.Max {
			return time.Duration(at + w - now)
		}
	}
	panic("unreachable: all have left")
}

func (m *model) exceeded(limits []Limit, s Subject, now int64) (out []Exceeded) {
	key := func(l Limit) string {
		id := map[string]string{PerUser: s.User, PerChat: s.Chat, PerConnector: s.Connector}[l.Per]
		return l.Per + "|" + id + "|" + l.Name
	}
	for _, l := range limits {
		var wait time.Duration
		for _, other := range limits {
			if key(other) == key(l) {
				wait = max(wait, m.wait(key(other), other, now))
			}
		}
		if e := (Exceeded{l, wait}); wait > 0 && !slices.Contains(out, e) {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b Exceeded) int { return compareLimits(a.Limit, b.Limit) })
	return out
}

// One message after the other, through reloads, restarts, crashes, clock jumps,
// slow and failed commits: the book and the model agree on every limit and on
// every wait, so it is neither too loose nor too strict.
func TestBookAgreesWithTheModel(t *testing.T) {
	limitGen := rapid.Custom(func(t *rapid.T) Limit {
		return Limit{
			Name:   rapid.SampledFrom([]string{"a", "b"}).Draw(t, "name"),
			Per:    rapid.SampledFrom([]string{PerUser, PerChat, PerConnector, PerAll}).Draw(t, "per"),
			Max:    rapid.IntRange(0, 4).Draw(t, "max"),
			Window: rapid.SampledFrom([]time.Duration{time.Second, 2 * time.Second, time.Minute, MaxWindow}).Draw(t, "window"),
		}
	})
	stepGen := rapid.OneOf(
		rapid.SampledFrom([]time.Duration{0, 1, time.Second - 1, time.Second, time.Minute, MaxWindow}),
		rapid.Map(rapid.Int64Range(0, int64(3*time.Second)), func(n int64) time.Duration { return time.Duration(n) }),
	)
	jumpGen := rapid.SampledFrom([]time.Duration{-48 * time.Hour, -time.Minute, -1, time.Second, time.Minute, 48 * time.Hour})

	rapid.Check(t, func(t *rapid.T) {
		var (
			pc       = &machine{wall: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), elapsed: 1}
			store    = newMemStore()
			m        model
			limits   []Limit
			inFlight [][]Event
			ids      int
			clock    *MonotonicClock
			book     *Book
		)
		restart := func(t *rapid.T) {
			clock = pc.start(t, store)
			book = New(Deps{Store: store, Clock: clock, MaxKeys: rapid.IntRange(1, 6).Draw(t, "keys")})
		}
		reload := func(t *rapid.T) { limits = rapid.SliceOfN(limitGen, 0, 5).Draw(t, "limits") }
		restart(t)
		reload(t)
		settle := func(t *rapid.T, events []Event) {
			switch rapid.IntRange(0, 3).Draw(t, "outcome") {
			case 0:
				book.Undo(events)
				m.forget(events)
			default:
				store.commit(events)
				book.Stored(events)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"message": func(t *rapid.T) {
				s := rapid.SampledFrom([]Subject{alice, bob, {User: "discord:1", Chat: "discord:2", Connector: "discord"}}).Draw(t, "subject")
				h, err := book.Hold(context.Background(), limits, s)
				if err != nil {
					t.Fatalf("Hold: %v", err)
				}
				defer h.Release()
				now := clock.Now()
				got, want := h.Exceeded(), m.exceeded(limits, s, now)
				if !slices.Equal(got, want) {
					t.Fatalf("exceeded\n  got %v\n want %v", got, want)
				}
				if len(got) > 0 && rapid.IntRange(0, 3).Draw(t, "over") > 0 {
					return // denied
				}
				ids++
				events := h.Take(fmt.Sprint(ids))
				m.counted = append(m.counted, events...)
				for _, e := range events {
					if e.At != now || e.ID != fmt.Sprint(ids) {
						t.Fatalf("event %v, want time %d and id %d", e, now, ids)
					}
				}
				if rapid.Bool().Draw(t, "quick commit") {
					settle(t, events)
				} else {
					inFlight = append(inFlight, events)
				}
			},
			"commit": func(t *rapid.T) {
				if len(inFlight) == 0 {
					t.Skip("nothing in flight")
				}
				i := rapid.IntRange(0, len(inFlight)-1).Draw(t, "which")
				settle(t, inFlight[i])
				inFlight = slices.Delete(inFlight, i, i+1)
			},
			"time passes": func(t *rapid.T) { pc.pass(stepGen.Draw(t, "step")) },
			"wall jumps":  func(t *rapid.T) { pc.wall = pc.wall.Add(jumpGen.Draw(t, "jump")) },
			"reload":      reload,
			"crash": func(t *rapid.T) {
				for _, events := range inFlight {
					if rapid.Bool().Draw(t, "was committed") {
						store.commit(events)
					} else {
						m.forget(events)
					}
				}
				inFlight = nil
				if rapid.Bool().Draw(t, "reboot") {
					pc.elapsed = 0
				}
				restart(t)
				for _, e := range m.counted {
					if e.At > clock.Now() {
						t.Fatalf("the clock started at %d, before the stored event %v", clock.Now(), e)
					}
				}
			},
			"disk fails": func(t *rapid.T) {
				store.setFail(errDisk)
				defer store.setFail(nil)
				if h, err := book.Hold(context.Background(), limits, alice); err == nil {
					// All was in memory; then it is also right.
					defer h.Release()
					if got, want := h.Exceeded(), m.exceeded(limits, alice, clock.Now()); !slices.Equal(got, want) {
						t.Fatalf("exceeded\n  got %v\n want %v", got, want)
					}
				}
			},
			"": func(t *rapid.T) {
				pending := map[string]int{}
				for _, events := range inFlight {
					for _, e := range events {
						pending[e.Key]++
					}
				}
				checkAtRest(t, book)
				for name, k := range book.keys {
					// Events not settled for longer than any window are given up.
					if k.pending > pending[name] {
						t.Fatalf("key %s: %d pending, want at most %d", name, k.pending, pending[name])
					}
				}
			},
		})
	})
}

// The model itself, on a case worked by hand.
func TestModel(t *testing.T) {
	l := Limit{Name: "a", Per: PerAll, Max: 2, Window: time.Second}
	m := model{}
	for _, at := range []int64{0, 300, 500} {
		m.counted = append(m.counted, Event{Key: "all||a", At: at * 1e6})
	}
	for now, want := range map[int64][]Exceeded{
		600:  {{l, 700 * time.Millisecond}},
		1299: {{l, time.Millisecond}},
		1300: nil,
	} {
		if got := m.exceeded([]Limit{l}, alice, now*1e6); !reflect.DeepEqual(got, want) {
			t.Errorf("at %d ms: %v, want %v", now, got, want)
		}
	}
}
