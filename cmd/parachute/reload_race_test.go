package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/audit"
	"github.com/parachute-gate/parachute/engine"
)

const (
	raceWriters = 8
	// brokenEvery is how many revisions there are to one that must be refused.
	brokenEvery = 6
)

// TestReloadRace replaces the policies again and again while people write, and
// lets a watcher of the folder do the same at the same time (two reloads at
// once). Each message is decided once, by one revision that was live then, as
// that revision says.
func TestReloadRace(t *testing.T) {
	reloads := 1000
	if testing.Short() {
		reloads = 100
	}
	folder, data := newRevisionFolder(t), t.TempDir()
	e := openInnerEngine(t, folder.dir)
	r := &reloadRace{
		gate: openInnerGate(t, data, e, time.Now), engine: e, folder: folder,
		revisions: map[int]string{0: e.Current().Revision()}, said: map[string]spoken{},
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var group sync.WaitGroup
	group.Go(func() {
		if err := e.Watch(ctx, time.Millisecond); !errors.Is(err, context.Canceled) {
			r.faults.add("watch: %w", err)
		}
	})
	for n := range raceWriters {
		group.Go(func() { r.write(ctx, "w"+strconv.Itoa(n)) })
	}
	for n := 1; n <= reloads; n++ {
		r.reload(t, n)
	}
	cancel()
	group.Wait()
	r.faults.report(t)
	r.verify(t, data)
}

// reloadRace is what a run remembers to compare the records with.
type reloadRace struct {
	gate   innerGate
	engine *engine.Engine
	folder revisionFolder
	// revisions are the good ones by their number.
	revisions map[int]string
	// begun is the highest number that may be live, done the highest that must be
	// live, or have been.
	begun, done atomic.Int64

	mu     sync.Mutex
	said   map[string]spoken
	faults faultList
}

// spoken is a message, with the numbers of the revisions between which it was
// decided.
type spoken struct {
	user        string
	first, last int64
}

// reload puts revision number n in the folder, and holds the engine to take or
// refuse it.
func (r *reloadRace) reload(t *testing.T, n int) {
	t.Helper()
	before := r.engine.Current().Revision()
	if n%brokenEvery == 0 {
		broken := brokenRevisions()
		text := broken[n/brokenEvery%len(broken)]
		r.folder.write(t, text, n)
		if err := r.engine.Reload(t.Context()); err == nil {
			t.Errorf("broken revision %d was not refused:\n%s", n, text)
		}
		if now := r.engine.Current().Revision(); now != before {
			t.Errorf("broken revision %d: %.12s decides, not the last good one %.12s", n, now, before)
		}
		return
	}
	text := openRevision
	if n%2 == 1 {
		text = closedRevision
	}
	r.begun.Store(int64(n))
	r.folder.write(t, text, n)
	if err := r.engine.Reload(t.Context()); err != nil {
		t.Errorf("good revision %d was refused: %v", n, err)
		return
	}
	r.done.Store(int64(n))
	r.revisions[n] = r.engine.Current().Revision()
	if s := r.engine.Status(); s.Revision != r.revisions[n] || s.Failure != "" || s.Revision == before {
		t.Errorf("revision %d was taken; before it was %.12s, and now the status is %+v", n, before, s)
	}
}

// write says one thing after another until ctx ends.
func (r *reloadRace) write(ctx context.Context, user string) {
	for n := 0; ctx.Err() == nil; n++ {
		id := user + "-" + strconv.Itoa(n)
		s := spoken{user: "in:" + user, first: r.done.Load()}
		// A decision that was begun is taken to its end, as connectors do it.
		if err := r.gate.say(context.WithoutCancel(ctx), user, user, id); err != nil {
			r.faults.add("message %s: %w", id, err)
		}
		s.last = r.begun.Load()
		r.mu.Lock()
		r.said[id] = s
		r.mu.Unlock()
	}
}

func (r *reloadRace) verify(t *testing.T, data string) {
	t.Helper()
	counted := map[string][]string{}
	for _, e := range countedEvents(t, data) {
		counted[e.decision] = append(counted[e.decision], e.key)
	}
	records, seen := r.gate.records(t), map[int64]bool{}
	for id, s := range r.said {
		record, ok := records[id]
		if !ok {
			t.Errorf("message %s has no decision", id)
			continue
		}
		number, err := r.agree(record, s, counted[record.ID])
		if err != nil {
			t.Errorf("message %s: %v; the record: %+v", id, err, record)
		}
		seen[number] = true
	}
	if len(records) != len(r.said) {
		t.Errorf("%d decisions about %d messages", len(records), len(r.said))
	}
	if len(seen) < len(r.revisions)/10 {
		t.Errorf("%d messages were decided by %d revisions of %d: that is no race", len(r.said), len(seen), len(r.revisions))
	}
	t.Logf("%d messages, decided by %d revisions of %d", len(r.said), len(seen), len(r.revisions))
}

// agree holds a record to the revision whose number its rule gives.
func (r *reloadRace) agree(record audit.Record, s spoken, counted []string) (int64, error) {
	name, digits, _ := strings.Cut(record.Rule().ID, ".")
	n, err := strconv.Atoi(digits)
	number := int64(n)
	verdict, rule := "allow", "open"
	if closedTo(n, s.user) {
		verdict, rule = "deny", "closed"
	}
	switch {
	case err != nil:
		return number, fmt.Errorf("the rule %s is none of the policies'", record.Rule().ID)
	case number < s.first || number > s.last:
		return number, fmt.Errorf("decided by revision %d, and only %d to %d were live", number, s.first, s.last)
	case record.Revision != r.revisions[n]:
		return number, fmt.Errorf("the rule is of revision %d, which is %.12s", number, r.revisions[n])
	case record.Verdict != verdict || name != rule:
		return number, fmt.Errorf("revision %d says %s by %s.%d", number, verdict, rule, number)
	case verdict == "deny" && len(counted) > 0:
		return number, fmt.Errorf("denied, and counted on %q", counted)
	case verdict == "deny":
		return number, nil
	case record.Workspace != "rev"+digits:
		return number, fmt.Errorf("revision %d gives the workspace rev%d", number, number)
	case len(counted) != 1 || counted[0] != "user|"+s.user+"|rev"+digits:
		return number, fmt.Errorf("counted on %q, and revision %d limits rev%d", counted, number, number)
	}
	return number, nil
}
