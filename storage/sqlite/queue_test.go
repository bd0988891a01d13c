package sqlite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river/rivertype"

	"github.com/parachute-gate/parachute/audit"
	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/sessions"
)

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// commitOf is a commit of a person's command: a record, and a turn without a
// session.
func commitOf(user string) gate.Commit {
	p := gate.Place{Connector: "chat", Chat: "chat:room", User: "chat:" + user}
	r := audit.Record{
		ID: newID(), Time: time.Now().UTC(), Point: "message", Connector: p.Connector, Chat: p.Chat, User: p.User,
		Verdict: "allow", Rules: []audit.Rule{{ID: "authz.role", Kind: "allow"}}, Revision: "abc",
	}
	return gate.Commit{
		EventKey: newID(), Place: p, Record: r,
		Turn: &gate.Turn{ID: newID(), Chat: "room", User: user, Message: r.ID, Reply: "Done."},
	}
}

func keep(tb testing.TB, db *DB) gate.Commit {
	tb.Helper()
	c := commitOf("ann")
	if err := db.Commit(tb.Context(), c); err != nil {
		tb.Fatal(err)
	}
	return c
}

// run runs the queue until the returned function is called.
func run(t *testing.T, db *DB, work func(ctx context.Context, turn string, last bool) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- db.RunQueue(ctx, Jobs{Work: work, GiveUp: func(context.Context, string) error { return errors.New("given up") }}, time.Minute)
	}()
	return sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run queue: %v", err)
		}
	})
}

func owed(t *testing.T, db *DB, want int) {
	t.Helper()
	if n, err := db.Owed(t.Context()); err != nil || n != want {
		t.Errorf("%d turns are owed, %v; want %d", n, err, want)
	}
}

func TestQueueWorksEveryTurnOnce(t *testing.T) {
	dir := newDir(t)
	db := openDir(t, dir)
	const before, during = 20, 20
	var ids []string
	for range before {
		ids = append(ids, keep(t, db).Turn.ID)
	}
	owed(t, db, before)
	worked := make(chan string, 10*(before+during))
	work := func(ctx context.Context, turn string, last bool) error {
		worked <- turn
		if last {
			t.Errorf("turn %s was given up at its first attempt", turn)
		}
		return db.CloseTurn(ctx, turn, sessions.Sent)
	}
	stop := run(t, db, work)
	defer stop()
	for range during {
		ids = append(ids, keep(t, db).Turn.ID)
	}
	got := map[string]int{}
	for range ids {
		got[<-worked]++
	}
	stop()
	owed(t, db, 0)
	// What was worked is not worked again by the next start.
	last := ""
	stop = run(t, db, func(ctx context.Context, turn string, _ bool) error {
		worked <- turn
		return db.CloseTurn(ctx, turn, sessions.Sent)
	})
	last = keep(t, db).Turn.ID
	for turn := ""; turn != last; {
		turn = <-worked
		got[turn]++
	}
	stop()
	for _, id := range append(ids, last) {
		if got[id] != 1 {
			t.Errorf("turn %s was worked %d times", id, got[id])
		}
	}
	if len(got) != before+during+1 {
		t.Errorf("%d turns were worked, want %d", len(got), before+during+1)
	}
}

func TestTurnOwed(t *testing.T) {
	db := openDir(t, newDir(t))
	c := keep(t, db)
	is := func(connector, message string, want bool) {
		t.Helper()
		if got, err := db.TurnOwed(t.Context(), connector, message); err != nil || got != want {
			t.Errorf("owed: %v, %v; want %v", got, err, want)
		}
	}
	is("chat", c.Turn.Message, true)
	is("other", c.Turn.Message, false)
	is("chat", "none", false)
	if err := db.SendTurn(t.Context(), c.Turn.ID, sessions.Ready, "Done.", false); err != nil {
		t.Fatal(err)
	}
	is("chat", c.Turn.Message, true)
	if err := db.CloseTurn(t.Context(), c.Turn.ID, sessions.Failed); err != nil {
		t.Fatal(err)
	}
	is("chat", c.Turn.Message, false)
}

// A commit that fails owes no turn: its job went with it.
func TestNoJobWithoutItsCommit(t *testing.T) {
	db := openDir(t, newDir(t))
	first := keep(t, db)
	for _, spoil := range []func(c *gate.Commit){
		func(c *gate.Commit) { c.EventKey = first.EventKey },
		func(c *gate.Commit) { c.Turn.ID = first.Turn.ID },
		func(c *gate.Commit) { c.Turn.Session = "none" },
	} {
		c := commitOf("bob")
		spoil(&c)
		if err := db.Commit(t.Context(), c); err == nil {
			t.Fatal("the commit was kept")
		}
	}
	var jobs int
	if err := db.read.QueryRowContext(t.Context(), `SELECT count(*) FROM river_job`).Scan(&jobs); err != nil || jobs != 1 {
		t.Errorf("%d jobs, %v; want 1", jobs, err)
	}
}

func TestWorkIsRepeatedUntilItEnds(t *testing.T) {
	db := openDir(t, newDir(t))
	id := keep(t, db).Turn.ID
	type call struct {
		turn string
		last bool
	}
	calls := make(chan call)
	defer run(t, db, func(ctx context.Context, turn string, last bool) error {
		calls <- call{turn, last}
		if !last {
			// The attempts up to the last take long; the next one is that.
			failed := `[` + strings.Repeat(`{"at":"2026-01-01T00:00:00Z","attempt":1,"error":"x","trace":""},`, lastAttempt-3) +
				`{"at":"2026-01-01T00:00:00Z","attempt":1,"error":"x","trace":""}]`
			if _, err := db.write.ExecContext(ctx, `UPDATE river_job SET attempt = ?, errors = jsonb(?)`, lastAttempt-1, failed); err != nil {
				t.Error(err)
			}
			return errors.New("not yet")
		}
		return db.CloseTurn(ctx, turn, sessions.Failed)
	})()
	if got := <-calls; got != (call{id, false}) {
		t.Errorf("first %+v", got)
	}
	if got := <-calls; got != (call{id, true}) {
		t.Errorf("then %+v", got)
	}
}

// TestADeadlyTurnIsGivenUp: a turn under which the process died each time is not
// begun for ever.
func TestADeadlyTurnIsGivenUp(t *testing.T) {
	db := openDir(t, newDir(t))
	id := keep(t, db).Turn.ID
	if _, err := db.write.ExecContext(t.Context(), `UPDATE river_job SET attempt = ?, state = 'running'`, maxDeaths); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	given := make(chan string, 1)
	err := db.RunQueue(ctx, Jobs{
		Work: func(context.Context, string, bool) error {
			t.Error("it was begun once more")
			cancel()
			return nil
		},
		GiveUp: func(ctx context.Context, turn string) error {
			given <- turn
			defer cancel()
			return db.CloseTurn(ctx, turn, sessions.Failed)
		},
	}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if got := <-given; got != id {
		t.Errorf("gave up %s, want %s", got, id)
	}
}

func TestRetryWaits(t *testing.T) {
	waits := map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 4: 8 * time.Second, 6: 32 * time.Second, 7: time.Minute, 50: time.Minute, 999_999: time.Minute}
	for attempt, want := range waits {
		before := time.Now()
		next := (retry{}).NextRetry(&rivertype.JobRow{Attempt: attempt})
		if next.Before(before.Add(want)) || next.After(time.Now().Add(want)) {
			t.Errorf("attempt %d waits %s, want %s", attempt, next.Sub(before), want)
		}
	}
}

// TestUncleanStop kills a process in the middle of its turns: the next start
// works each of them.
func TestUncleanStop(t *testing.T) {
	dir := newDir(t)
	db := openDir(t, dir)
	var ids []string
	for range 5 {
		ids = append(ids, keep(t, db).Turn.ID)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for round := range 2 {
		cmd := exec.CommandContext(t.Context(), self)
		cmd.Env = append(os.Environ(), crashDir+"="+dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var began []string
		for lines := bufio.NewScanner(out); len(began) < len(ids) && lines.Scan(); {
			began = append(began, lines.Text())
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // It was killed.
		slices.Sort(began)
		if !slices.Equal(began, ids) {
			t.Fatalf("start %d began %v, want %v", round, began, ids)
		}
	}
	db = openDir(t, dir)
	owed(t, db, len(ids))
	worked := make(chan string, 10*len(ids))
	stop := run(t, db, func(ctx context.Context, turn string, _ bool) error {
		worked <- turn
		return db.CloseTurn(ctx, turn, sessions.Sent)
	})
	got := map[string]int{}
	for range ids {
		got[<-worked]++
	}
	stop()
	for _, id := range ids {
		if got[id] != 1 {
			t.Errorf("turn %s was worked %d times after the restart", id, got[id])
		}
	}
	owed(t, db, 0)
	if _, err := audit.Verify(t.Context(), db, audit.Head{}); err != nil {
		t.Error(err)
	}
}

// A turn that is still at work when the process must end runs again at the next
// start.
func TestStopEndsWhatRunsTooLong(t *testing.T) {
	dir := newDir(t)
	db := openDir(t, dir)
	id := keep(t, db).Turn.ID
	ctx, cancel := context.WithCancel(t.Context())
	err := db.RunQueue(ctx, Jobs{Work: func(work context.Context, _ string, _ bool) error {
		cancel()
		<-work.Done()
		return fmt.Errorf("ended: %w", work.Err())
	}}, 100*time.Millisecond)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = openDir(t, dir)
	owed(t, db, 1)
	worked := make(chan string, 1)
	stop := run(t, db, func(ctx context.Context, turn string, _ bool) error {
		worked <- turn
		return db.CloseTurn(ctx, turn, sessions.Sent)
	})
	if got := <-worked; got != id {
		t.Errorf("worked %s, want %s", got, id)
	}
	stop()
}
