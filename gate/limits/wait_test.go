package limits

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"testing/synctest"
	"time"
)

func TestEndedContextGetsNoHold(t *testing.T) {
	f := newFixture()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := f.book.Hold(ctx, []Limit{perUser(1, time.Minute)}, alice); !errors.Is(err, context.Canceled) {
		t.Fatalf("Hold = %v, want context.Canceled", err)
	}
	if n := f.keysInMemory(); n != 0 {
		t.Fatalf("%d keys in memory, want none", n)
	}
}

func TestContextThatEndsWhileWaiting(t *testing.T) {
	all := Limit{Name: "m", Per: PerAll, Max: 1, Window: time.Minute}
	for _, busy := range []Limit{perUser(1, time.Minute), all} {
		synctest.Test(t, func(t *testing.T) {
			f := newFixture()
			f.book = New(Deps{Store: f.store, Clock: f.clock, MaxKeys: 1})
			h := f.hold(t, alice, busy)
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			// Waits until the bubble's time reaches the deadline.
			if _, err := f.book.Hold(ctx, []Limit{perUser(1, time.Minute), all}, alice); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("Hold = %v, want context.DeadlineExceeded", err)
			}
			h.Release()
			// Nothing stayed locked or referred to.
			f.admit(t, alice, perUser(1, time.Minute), all)
			f.exceeded(t, bob, perUser(1, time.Minute))
			if n := f.keysInMemory(); n != 1 {
				t.Fatalf("%d keys in memory, want 1", n)
			}
		})
	}
}

func TestWaitersAreServedInOrderAndSeeWhatWasTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		f.book = New(Deps{Store: f.store, Clock: f.clock, MaxKeys: 1})
		limit := perUser(3, time.Minute)
		first := f.hold(t, alice, limit)
		var order []int
		var full []bool
		for i := range 5 {
			go func() {
				h, err := f.book.Hold(context.Background(), []Limit{limit}, alice)
				if err != nil {
					t.Error(err)
					return
				}
				order, full = append(order, i), append(full, len(h.Exceeded()) > 0)
				if len(h.Exceeded()) == 0 {
					h.Take(string(rune('a' + i)))
				}
				h.Release()
			}()
			synctest.Wait()
		}
		for i := range 3 { // the key is waited for, so it stays
			f.exceeded(t, user(100+i), limit)
		}
		first.Take("first")
		synctest.Wait()
		if want := []int{0, 1, 2, 3, 4}; !reflect.DeepEqual(order, want) {
			t.Fatalf("served %v, want %v", order, want)
		}
		if want := []bool{false, false, true, true, true}; !reflect.DeepEqual(full, want) {
			t.Fatalf("full for %v, want %v", full, want)
		}
	})
}

// look is a Hold and Release for alice on a goroutine of its own.
func look(t *testing.T, f *fixture, limits []Limit) {
	h, err := f.book.Hold(context.Background(), limits, alice)
	if err != nil {
		t.Error(err)
		return
	}
	h.Release()
}

// A user's flood waits on that user's own key, and with no shared key in hand,
// so others pass: also while the store is slow to read the flooder's key.
func TestFloodOfOneUserDoesNotStopOthers(t *testing.T) {
	limits := []Limit{
		perUser(1, time.Minute),
		{Name: "m", Per: PerConnector, Max: 1000, Window: time.Minute},
		{Name: "m", Per: PerAll, Max: 1000, Window: time.Minute},
	}
	t.Run("own key held", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := newFixture()
			h := f.hold(t, alice, perUser(1, time.Minute))
			for range 50 {
				go look(t, f, limits)
			}
			synctest.Wait()
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			other, err := f.book.Hold(ctx, limits, bob)
			if err != nil {
				t.Fatalf("bob waits for alice: %v", err)
			}
			other.Release()
			h.Release()
		})
	})
	t.Run("own key slow to read", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := newFixture()
			slow := make(chan struct{})
			f.store.onRead = func(_ context.Context, key string) error {
				if key == "user|telegram:1|messages" {
					<-slow
				}
				return nil
			}
			for range 50 {
				go look(t, f, limits)
			}
			synctest.Wait()
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			other, err := f.book.Hold(ctx, limits, bob)
			if err != nil {
				t.Fatalf("bob waits for alice: %v", err)
			}
			other.Release()
			close(slow)
		})
	})
}

// Settling comes from the end of a transaction and must not wait for a decision
// that is being made.
func TestSettlingDoesNotWaitForAHold(t *testing.T) {
	f := newFixture()
	limit := perUser(5, time.Minute)
	a, b := f.take(t, alice, limit), f.take(t, alice, limit)
	f.store.onRead = func(context.Context, string) error {
		f.book.Stored(a)
		f.book.Undo(b)
		return nil
	}
	if got := f.exceeded(t, alice, perUser(1, time.Hour)); len(got) != 1 {
		t.Fatalf("exceeded = %v, want the one event that is left", got)
	}
	if got := f.exceeded(t, alice, perUser(2, time.Hour)); len(got) != 0 {
		t.Fatalf("exceeded = %v, want the undone event gone", got)
	}
}
