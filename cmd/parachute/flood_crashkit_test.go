package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/engine"
)

// floodPolicy admits everybody up to a limit.
const floodPolicy = `package parachute.message

# METADATA
# labels: {id: open}
allow if input.user.id

trust := "sandboxed"

workspace := "personal"

limits contains {"name": "flood", "per": "user", "max": %d, "window": %q} if input.user.id

# METADATA
# labels: {id: limits.exceeded}
deny contains {"msg": "over the limit"} if not within

within if input.limits.exceeded == []
`

// floodGoroutines is how many places one person writes in at once.
const floodGoroutines = 64

func floodEngine(t *testing.T, most int, window string) *engine.Engine {
	t.Helper()
	dir := t.TempDir()
	putFile(t, filepath.Join(dir, "tool.rego"), toolPolicy)
	putFile(t, filepath.Join(dir, "message.rego"), fmt.Sprintf(floodPolicy, most, window))
	return openInnerEngine(t, dir)
}

// TestLimitUnderFloodAndRestart lets one person write in 64 chats at once, and
// closes database and counters under them. What was not taken is given again to
// the ones that are opened next: in all, exactly as many messages are admitted as
// the limit says.
func TestLimitUnderFloodAndRestart(t *testing.T) {
	const most, each = 50, 10
	e, data := floodEngine(t, most, "1d"), t.TempDir()
	g := openInnerGate(t, data, e, time.Now)
	sent := make([]string, 0, floodGoroutines*each)
	for n := range cap(sent) {
		sent = append(sent, strconv.Itoa(n))
	}
	var taken atomic.Int64
	closing := make(chan struct{})
	var group sync.WaitGroup
	for n := range floodGoroutines {
		group.Go(func() {
			for _, id := range sent[n*each : (n+1)*each] {
				if g.say(t.Context(), "flood", strconv.Itoa(n), id) != nil {
					return
				}
				if taken.Add(1) == most/2 {
					close(closing)
				}
			}
		})
	}
	<-closing
	if err := g.db.Close(); err != nil {
		t.Fatal(err)
	}
	group.Wait()

	g = openInnerGate(t, data, e, time.Now)
	first := g.records(t)
	if n := int(taken.Load()); len(first) < n || len(first) == len(sent) {
		t.Errorf("before the restart %d of %d messages were decided, and %d taken", len(first), len(sent), n)
	}
	var faults faultList
	for n := range floodGoroutines {
		group.Go(func() {
			for _, id := range sent[n*each : (n+1)*each] {
				if err := g.say(t.Context(), "flood", strconv.Itoa(n), id); err != nil {
					faults.add("message %s: %w", id, err)
				}
			}
		})
	}
	group.Wait()
	faults.report(t)

	records, admitted := g.records(t), map[string]bool{}
	for id, r := range records {
		switch {
		case r.Verdict == "allow":
			admitted[r.ID] = true
		case r.Rule().ID != "limits.exceeded":
			t.Errorf("message %s was denied by %s", id, r.Rule().ID)
		}
	}
	if len(records) != len(sent) || len(admitted) != most {
		t.Errorf("%d of %d messages were decided, and %d admitted where %d may be", len(records), len(sent), len(admitted), most)
	}
	for _, c := range countedEvents(t, data) {
		if !admitted[c.decision] {
			t.Errorf("counted twice, or not admitted: %+v", c)
		}
		delete(admitted, c.decision)
	}
	if len(admitted) > 0 {
		t.Errorf("admitted, and not counted: %v", admitted)
	}
}

// TestLimitHoldsInEachWindowWhileTheClockJumps floods a short window over several
// of its lengths and two restarts, with a wall clock that jumps: in no window
// more than the limit is admitted, and the windows open again.
func TestLimitHoldsInEachWindowWhileTheClockJumps(t *testing.T) {
	const most, window = 10, time.Second
	e, data := floodEngine(t, most, "1s"), t.TempDir()
	jumping := func() time.Time {
		return time.Now().Add(time.Duration(rand.Int64N(int64(96*time.Hour))) - 48*time.Hour)
	}
	var sent atomic.Int64
	for life := 1; life <= 3; life++ {
		g := openInnerGate(t, data, e, jumping)
		ctx, cancel := context.WithTimeout(t.Context(), crashPatience)
		var faults faultList
		var group sync.WaitGroup
		for n := range floodGoroutines {
			group.Go(func() {
				for ctx.Err() == nil {
					id := strconv.FormatInt(sent.Add(1), 10)
					if err := g.say(context.WithoutCancel(ctx), "flood", strconv.Itoa(n), id); err != nil {
						faults.add("message %s: %w", id, err)
					}
				}
			})
		}
		for len(countedEvents(t, data)) < life*2*most && ctx.Err() == nil {
			time.Sleep(20 * time.Millisecond)
		}
		if ctx.Err() != nil {
			t.Errorf("in life %d the window does not open again", life)
		}
		cancel()
		group.Wait()
		faults.report(t)
		if n := len(g.records(t)); n != int(sent.Load()) {
			t.Errorf("%d messages, and %d decisions", sent.Load(), n)
		}
		if err := g.db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	events := countedEvents(t, data)
	for n := most; n < len(events); n++ {
		if between := time.Duration(events[n].at - events[n-most].at); between < window {
			t.Errorf("%d messages were admitted within %s, where %d may be in %s", most+1, between, most, window)
		}
	}
	t.Logf("%d messages, %d admitted", sent.Load(), len(events))
}
