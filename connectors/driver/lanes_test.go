package driver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestLanesKeepTheOrderOfAKey(t *testing.T) {
	l := NewLanes(4, 8)
	var mu sync.Mutex
	got := map[string][]int{}
	var inside, most atomic.Int32
	const keys, calls = 20, 500
	for i := range calls {
		for k := range keys {
			key := fmt.Sprint(k)
			if err := l.Do(t.Context(), key, func() {
				most.Store(max(most.Load(), inside.Add(1)))
				mu.Lock()
				got[key] = append(got[key], i)
				mu.Unlock()
				inside.Add(-1)
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := l.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	for key, order := range got {
		if len(order) != calls || !slices.IsSorted(order) {
			t.Errorf("key %s ran %d calls, in order: %v", key, len(order), slices.IsSorted(order))
		}
	}
	if len(got) != keys || most.Load() > 4 {
		t.Errorf("%d keys, at most %d at once", len(got), most.Load())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.lanes) != 0 || l.held != 0 || len(l.ready) != 0 {
		t.Errorf("left behind: %d lanes, %d calls, %d ready", len(l.lanes), l.held, len(l.ready))
	}
}

func TestLanesHoldBackWhenTheyAreFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLanes(2, 3)
		open := make(chan struct{})
		var ran atomic.Int32
		call := func() { <-open; ran.Add(1) }
		full := func(key string) error {
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			return l.Do(ctx, key, call)
		}
		// One runs, three wait.
		for range 4 {
			if err := full("slow"); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		if err := full("slow"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a fifth call of one key: %v", err)
		}
		// Another key runs beside it, and a crowd of keys is held back in all.
		for i := range 4 {
			if err := full(fmt.Sprint("key", i)); err != nil {
				t.Fatalf("call %d of others: %v", i, err)
			}
			synctest.Wait()
		}
		if err := full("one more"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a call beyond all room: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := l.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Wait gave %v while calls run", err)
		}
		// Who waits for room gets it.
		took := make(chan error, 1)
		go func() { took <- l.Do(t.Context(), "slow", call) }()
		synctest.Wait()
		close(open)
		if err := <-took; err != nil {
			t.Error(err)
		}
		if err := l.Wait(t.Context()); err != nil || ran.Load() != 9 {
			t.Errorf("Wait gave %v after %d calls, want 9", err, ran.Load())
		}
	})
}

func TestLanesRunASlowKeyBesideOthers(t *testing.T) {
	l := NewLanes(2, 100)
	others := make(chan struct{})
	if err := l.Do(t.Context(), "slow", func() { <-others }); err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		if err := l.Do(t.Context(), fmt.Sprint(i), func() {
			if i == 49 {
				close(others)
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Wait(t.Context()); err != nil {
		t.Error(err)
	}
}
