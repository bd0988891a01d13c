package limits

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestWindowIsHalfOpenToTheNanosecond(t *testing.T) {
	f := newFixture()
	limit := perUser(2, time.Minute)
	f.admit(t, alice, limit)
	f.clock.advance(10 * time.Second)
	f.admit(t, alice, limit)
	for _, tt := range []struct {
		advance time.Duration
		retry   time.Duration // 0: not exceeded
	}{
		{0, 50 * time.Second},
		{50*time.Second - 1, 1},
		{1, 0},
	} {
		f.clock.advance(tt.advance)
		var want []Exceeded
		if tt.retry > 0 {
			want = []Exceeded{{limit, tt.retry}}
		}
		if got := f.exceeded(t, alice, limit); !reflect.DeepEqual(got, want) {
			t.Fatalf("after %v: exceeded = %v, want %v", tt.advance, got, want)
		}
		f.restart() // the same, read from the store
		if got := f.exceeded(t, alice, limit); !reflect.DeepEqual(got, want) {
			t.Fatalf("after %v and a restart: exceeded = %v, want %v", tt.advance, got, want)
		}
	}
}

func TestMaxZeroIsAlwaysFull(t *testing.T) {
	f := newFixture()
	limit := perUser(0, time.Hour)
	for range 2 {
		if got, want := f.exceeded(t, alice, limit), []Exceeded{{limit, time.Hour}}; !reflect.DeepEqual(got, want) {
			t.Fatalf("exceeded = %v, want %v", got, want)
		}
		f.admit(t, alice, limit)
		f.clock.advance(20 * time.Minute)
	}
}

// RetryAfter is when there is room, also after a policy admitted over the limit
// or lowered it: coming back then is never in vain.
func TestRetryAfterMakesRoomWhenMoreThanMaxAreCounted(t *testing.T) {
	f := newFixture()
	for range 3 {
		f.admit(t, alice, perUser(1, time.Minute))
		f.clock.advance(time.Second)
	}
	for limit, want := range map[Limit]time.Duration{
		perUser(3, time.Minute): 57 * time.Second,
		perUser(2, time.Minute): 58 * time.Second,
		perUser(1, time.Minute): 59 * time.Second,
	} {
		got := f.exceeded(t, alice, limit)
		if len(got) != 1 || got[0].RetryAfter != want {
			t.Fatalf("max %d: exceeded = %v, want a wait of %v", limit.Max, got, want)
		}
	}
	f.clock.advance(59 * time.Second)
	if got := f.exceeded(t, alice, perUser(1, time.Minute)); len(got) != 0 {
		t.Fatalf("told to come back now, but exceeded = %v", got)
	}
}

func TestExceededIsSortedByName(t *testing.T) {
	f := newFixture()
	limits := []Limit{
		{Name: "z", Per: PerUser, Max: 0, Window: time.Minute},
		{Name: "b", Per: PerAll, Max: 0, Window: time.Minute},
		{Name: "m", Per: PerChat, Max: 1, Window: time.Minute},
		{Name: "a", Per: PerConnector, Max: 0, Window: time.Minute},
		{Name: "b", Per: PerUser, Max: 0, Window: time.Minute},
	}
	var got []string
	for _, e := range f.exceeded(t, alice, limits...) {
		got = append(got, e.Name+"/"+e.Per)
	}
	if want := []string{"a/connector", "b/user", "b/all", "z/user"}; !reflect.DeepEqual(got, want) {
		t.Fatalf("exceeded %v, want %v", got, want)
	}
}

// Two rules that give one counter different maxima: one event, the stricter
// holds, and each is reported.
func TestLimitsThatShareAKey(t *testing.T) {
	f := newFixture()
	strict, wide, long := perUser(1, time.Minute), perUser(5, time.Minute), perUser(2, time.Hour)
	limits := []Limit{wide, strict, long, strict}
	if got := f.exceeded(t, alice, limits...); len(got) != 0 {
		t.Fatalf("exceeded = %v before the first event", got)
	}
	events := f.take(t, alice, limits...)
	if len(events) != 1 {
		t.Fatalf("events = %v, want one for the one key", events)
	}
	f.book.Stored(events)
	each := func(retry time.Duration) []Exceeded {
		return []Exceeded{{strict, retry}, {long, retry}, {wide, retry}}
	}
	if got, want := f.exceeded(t, alice, limits...), each(time.Minute); !reflect.DeepEqual(got, want) {
		t.Fatalf("exceeded = %v, want %v", got, want)
	}
	f.clock.advance(time.Minute)
	f.admit(t, alice, limits...)
	if got, want := f.exceeded(t, alice, limits...), each(59*time.Minute); !reflect.DeepEqual(got, want) {
		t.Fatalf("exceeded = %v, want the longest wait for each: %v", got, want)
	}
}

func TestCountersArePerSubject(t *testing.T) {
	other := Subject{User: "discord:1", Chat: "discord:9", Connector: "discord"}
	for _, tt := range []struct {
		per              string
		forBob, forOther bool
	}{
		{PerUser, false, false},
		{PerChat, true, false},
		{PerConnector, true, false},
		{PerAll, true, true},
	} {
		f := newFixture()
		limit := Limit{Name: "m", Per: tt.per, Max: 1, Window: time.Minute}
		f.admit(t, alice, limit)
		if got := len(f.exceeded(t, bob, limit)) == 1; got != tt.forBob {
			t.Errorf("per %s: full for bob: %v, want %v", tt.per, got, tt.forBob)
		}
		if got := len(f.exceeded(t, other, limit)) == 1; got != tt.forOther {
			t.Errorf("per %s: full on another connector: %v, want %v", tt.per, got, tt.forOther)
		}
	}
}

func TestTakeGivesOneEventAKeyWithOneTime(t *testing.T) {
	f := newFixture()
	h := f.hold(t, alice,
		Limit{Name: "m", Per: PerAll, Max: 9, Window: time.Minute},
		Limit{Name: "d", Per: PerUser, Max: 9, Window: time.Hour},
		Limit{Name: "m", Per: PerUser, Max: 9, Window: time.Minute})
	f.clock.advance(time.Second)
	at := f.clock.Now()
	want := []Event{{"user|telegram:1|d", at, "D1"}, {"user|telegram:1|m", at, "D1"}, {"all||m", at, "D1"}}
	if got := h.Take("D1"); !reflect.DeepEqual(got, want) {
		t.Fatalf("Take = %v, want %v", got, want)
	}
}

func TestNoLimitsCountNothing(t *testing.T) {
	f := newFixture()
	h := f.hold(t, Subject{})
	if got := h.Exceeded(); len(got) != 0 {
		t.Fatalf("exceeded = %v", got)
	}
	if got := h.Take("D1"); len(got) != 0 {
		t.Fatalf("events = %v", got)
	}
}

func TestUndoneEventsNeverHappened(t *testing.T) {
	f := newFixture()
	limit := perUser(1, time.Minute)
	events := f.take(t, alice, limit)
	if got := f.exceeded(t, alice, limit); len(got) != 1 {
		t.Fatalf("a taken event does not count while it is committed: %v", got)
	}
	f.book.Undo(events)
	f.book.Undo(events)
	f.book.Stored(events)
	if got := f.exceeded(t, alice, limit); len(got) != 0 {
		t.Fatalf("exceeded = %v after Undo", got)
	}
	f.admit(t, alice, limit)
	f.book.Undo(events) // too late, and another's event is not touched
	if got := f.exceeded(t, alice, limit); len(got) != 1 {
		t.Fatalf("a second Undo took another event away: %v", got)
	}
}

// What was reported as stored counts: an Undo for it is a mistake, and errs on
// the side that counts.
func TestUndoAfterStoredIsPassedOver(t *testing.T) {
	f := newFixture()
	limit := perUser(1, time.Minute)
	events := f.take(t, alice, limit)
	f.book.Stored(events)
	f.book.Undo(events)
	if got := f.exceeded(t, alice, limit); len(got) != 1 {
		t.Fatalf("exceeded = %v, want the limit", got)
	}
}

func TestUndoWhileTheKeyIsHeld(t *testing.T) {
	f := newFixture()
	limit := perUser(1, time.Minute)
	events := f.take(t, alice, limit)
	h := f.hold(t, alice, limit)
	f.book.Undo(events)
	h.Release()
	if got := f.exceeded(t, alice, limit); len(got) != 0 {
		t.Fatalf("exceeded = %v after Undo", got)
	}
}

func TestSettlingForeignEventsIsPassedOver(t *testing.T) {
	f := newFixture()
	limit := perUser(1, time.Minute)
	e := f.take(t, alice, limit)[0]
	for _, foreign := range []Event{
		{"user|nobody|messages", e.At, e.ID}, {e.Key, e.At + 1, e.ID}, {e.Key, e.At, "another"}, {},
	} {
		f.book.Undo([]Event{foreign})
		f.book.Stored([]Event{foreign})
		checkAtRest(t, f.book)
	}
	if got := f.exceeded(t, alice, limit); len(got) != 1 {
		t.Fatalf("exceeded = %v, want the limit", got)
	}
	f.book.Undo([]Event{e})
	if got := f.exceeded(t, alice, limit); len(got) != 0 {
		t.Fatalf("exceeded = %v after Undo", got)
	}
}

// Should an id come twice, both count; leaving one away would admit one more.
func TestAnIDThatComesTwiceCountsTwice(t *testing.T) {
	f := newFixture()
	limit := perUser(2, time.Minute)
	for range 2 {
		events := f.hold(t, alice, limit).Take("same")
		f.store.commit(events)
		f.book.Stored(events)
		f.clock.advance(time.Nanosecond)
	}
	for _, when := range []string{"in memory", "after a restart"} {
		if got := f.exceeded(t, alice, limit); len(got) != 1 {
			t.Fatalf("%s: exceeded = %v, want the limit", when, got)
		}
		f.restart()
	}
}

func TestRestartKeepsWhatIsStoredAndNothingElse(t *testing.T) {
	f := newFixture()
	limit := perUser(2, time.Minute)
	f.admit(t, alice, limit)
	f.take(t, alice, limit) // lost in the crash
	f.restart()
	if got := f.exceeded(t, alice, limit); len(got) != 0 {
		t.Fatalf("exceeded = %v, want room for the lost event", got)
	}
	f.admit(t, alice, limit)
	f.restart()
	if got := f.exceeded(t, alice, limit); len(got) != 1 {
		t.Fatalf("exceeded = %v, want the limit", got)
	}
}

func TestReloadContinuesTheCount(t *testing.T) {
	f := newFixture()
	for range 3 {
		f.admit(t, alice, perUser(10, time.Minute))
		f.clock.advance(40 * time.Second)
	}
	f.take(t, alice, perUser(10, time.Minute)) // not stored yet
	tests := []struct {
		limit Limit
		full  bool
	}{
		{perUser(2, time.Minute), true}, // one stored, one pending
		{perUser(3, time.Minute), false},
		{perUser(4, time.Hour), true}, // grown: all again, and the pending one once
		{perUser(5, time.Hour), false},
		{perUser(1, time.Second), true},
		{perUser(2, time.Second), false},
		{perUser(4, time.Hour), true},
	}
	for _, tt := range tests {
		if got := len(f.exceeded(t, alice, tt.limit)) == 1; got != tt.full {
			t.Fatalf("max %d in %v: full %v, want %v", tt.limit.Max, tt.limit.Window, got, tt.full)
		}
	}
}

// A transaction that runs for longer than the window, and a window that grows
// meanwhile: the event is in no store yet, and counts all the same.
func TestGrownWindowFindsPendingEventsThatHadLeft(t *testing.T) {
	f := newFixture()
	short, long := perUser(5, time.Second), perUser(2, time.Hour)
	slow, slower := f.take(t, alice, short), f.take(t, alice, short)
	for range 3 {
		f.clock.advance(time.Minute)
		f.exceeded(t, alice, short) // prunes
	}
	if got := f.exceeded(t, alice, long); len(got) != 1 {
		t.Fatalf("exceeded = %v, want both pending events counted", got)
	}
	f.book.Undo(slow)
	f.store.commit(slower)
	f.book.Stored(slower)
	if got := f.exceeded(t, alice, long); len(got) != 0 {
		t.Fatalf("exceeded = %v after one of two was undone", got)
	}
	f.admit(t, alice, long)
	if got := f.exceeded(t, alice, long); len(got) != 1 {
		t.Fatalf("exceeded = %v, want the limit", got)
	}
}

// An event is settled while the store is being read, after the read saw the
// database without it.
func TestEventStoredDuringTheReadOfAGrownWindow(t *testing.T) {
	f := newFixture()
	short, long := perUser(5, time.Second), perUser(1, time.Hour)
	events := f.take(t, alice, short)
	f.clock.advance(time.Minute)
	f.exceeded(t, alice, short)
	f.store.onRead = func(context.Context, string) error {
		f.book.Stored(events) // committed a moment after the read's snapshot
		return nil
	}
	if got := f.exceeded(t, alice, long); len(got) != 1 {
		t.Fatalf("exceeded = %v, want the event counted", got)
	}
}

func TestStoreFailureIsAnErrorAndLeavesNothingLocked(t *testing.T) {
	all := Limit{Name: "m", Per: PerAll, Max: 1, Window: time.Minute}
	tests := []struct {
		name   string
		damage func(*fixture)
		want   string
	}{
		{"unreadable", func(f *fixture) { f.store.setFail(errDisk) }, "on fire"},
		{"another key's event", func(f *fixture) {
			f.store.events["all||m"] = []Event{{"all||n", f.clock.Now(), "D"}}
		}, `"all||n"`},
		{"a time without end", func(f *fixture) {
			f.store.events["all||m"] = []Event{{"all||m", 1<<63 - 1, "D"}}
		}, "damaged"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture()
			tt.damage(f)
			_, err := f.book.Hold(context.Background(), []Limit{all, perUser(1, time.Minute)}, alice)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("Hold = %v, want an error with %q", err, tt.want)
			}
			f.store.setFail(nil)
			clear(f.store.events)
			f.admit(t, alice, all, perUser(1, time.Minute))
			if got := f.exceeded(t, alice, all); len(got) != 1 {
				t.Fatalf("exceeded = %v, want the limit", got)
			}
		})
	}
}

func TestFailedReadOfAGrownWindowForgetsNothing(t *testing.T) {
	f := newFixture()
	f.admit(t, alice, perUser(1, time.Minute))
	f.clock.advance(time.Second)
	f.store.setFail(errDisk)
	if _, err := f.book.Hold(context.Background(), []Limit{perUser(1, time.Hour)}, alice); !errors.Is(err, errDisk) {
		t.Fatalf("Hold = %v, want the store's error", err)
	}
	if got := f.exceeded(t, alice, perUser(1, time.Minute)); len(got) != 1 {
		t.Fatalf("exceeded = %v from memory, want the limit", got)
	}
}

func TestPanickingStoreLeavesNothingLocked(t *testing.T) {
	f := newFixture()
	f.store.onRead = func(context.Context, string) error { panic("driver bug") }
	func() {
		defer func() {
			if recover() == nil {
				t.Fatal("the panic was swallowed")
			}
		}()
		_, _ = f.book.Hold(context.Background(), []Limit{perUser(1, time.Minute)}, alice)
	}()
	f.store.onRead = nil
	f.admit(t, alice, perUser(1, time.Minute))
}

func TestInvalidLimitIsAnError(t *testing.T) {
	f := newFixture()
	_, err := f.book.Hold(context.Background(), []Limit{perUser(1, time.Minute), perUser(-1, time.Minute)}, alice)
	if err == nil || !strings.Contains(err.Error(), "max -1") {
		t.Fatalf("Hold = %v, want an error about the max", err)
	}
	f.admit(t, alice, perUser(1, time.Minute))
}

func TestReleaseIsIdempotentAndTakeIsOnce(t *testing.T) {
	f := newFixture()
	limit := perUser(1, time.Minute)
	taken := f.hold(t, alice, limit)
	taken.Take("D1")
	taken.Release()
	taken.Release()
	next := f.hold(t, alice, limit) // was unlocked, and only once
	for _, h := range []*Hold{taken, func() *Hold { next.Release(); return next }()} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, "has ended") {
					t.Errorf("Take on an ended Hold: %s, want a panic", got)
				}
			}()
			h.Take("D2")
		}()
	}
	if got := f.exceeded(t, alice, limit); len(got) != 1 {
		t.Fatalf("exceeded = %v, want the one event", got)
	}
}

func TestNewNeedsItsDeps(t *testing.T) {
	for _, d := range []Deps{{}, {Store: newMemStore()}, {Clock: newHandClock()}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("New(%+v) did not panic", d)
				}
			}()
			New(d)
		}()
	}
}
