package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivertype"
)

const (
	// fetchCooldown is the least time between two looks for work. A turn is looked
	// for when the transaction that admits it is on disk (see wakingDriver), and
	// otherwise every fetchInterval.
	fetchCooldown = 5 * time.Millisecond
	fetchInterval = time.Second
	// maxWaiting is how many turns are held at once. Most of them wait for their
	// session's turn before them.
	maxWaiting = 500
	// lastAttempt is the attempt at which a turn that fails is given up.
	lastAttempt = 5
	// maxDeaths is how often the process may die under a turn: one that brings it
	// down each time must not do so for ever. It is far above lastAttempt, as the
	// turns that only waited when it died are counted too.
	maxDeaths = 20
	// neverGiveUp: a turn ends when it is answered or visibly failed, which may
	// have to wait until there is room on the disk again.
	neverGiveUp = 1_000_000
)

// turnJob is the job that gives one turn its answer.
type turnJob struct {
	Turn string `json:"turn"`
}

// Kind implements river.JobArgs.
func (turnJob) Kind() string { return "turn" }

// newInserter gives the client that adds jobs; it works none. It leaves a note of
// each: without the least cooldown it would leave one every 100 ms at most.
func newInserter() (*river.Client[*sql.Tx], error) {
	client, err := river.NewClient(riversqlite.New(nil), &river.Config{FetchCooldown: river.FetchCooldownMin})
	if err != nil {
		return nil, fmt.Errorf("open queue: %w", err)
	}
	return client, nil
}

// enqueue adds a turn's job in the transaction that admits it.
func (db *DB) enqueue(ctx context.Context, tx *sql.Tx, turn string) error {
	if _, err := db.jobs.InsertTx(ctx, tx, turnJob{Turn: turn}, &river.InsertOpts{MaxAttempts: neverGiveUp}); err != nil {
		return fmt.Errorf("enqueue turn: %w", err)
	}
	return nil
}

// Jobs are what the queue calls for a turn, again for as long as it gets an
// error.
type Jobs struct {
	// Work gives a turn its answer. last says that it was tried often enough: it
	// is to be answered or visibly failed now.
	Work func(ctx context.Context, turn string, last bool) error
	// GiveUp fails a turn visibly and begins nothing: the process died under it
	// too often.
	GiveUp func(ctx context.Context, turn string) error
}

// RunQueue works the turns until ctx ends, then lets the ones that run finish
// for as long as grace allows, and ends the rest (they run again at the next
// start). Only one process may run the queue of a data folder.
func (db *DB) RunQueue(ctx context.Context, jobs Jobs, grace time.Duration) error {
	if err := db.reviveJobs(ctx); err != nil {
		return err
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &worker{jobs: jobs})
	client, err := river.NewClient[*sql.Tx](newWakingDriver(db.write, db.wake), &river.Config{
		Queues:            map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: maxWaiting}},
		Workers:           workers,
		Logger:            slog.New(quiet{db.log.Handler()}),
		FetchCooldown:     fetchCooldown,
		FetchPollInterval: fetchInterval,
		JobTimeout:        -1,
		RetryPolicy:       retry{},
		// A job that runs is never taken from its worker: reviveJobs does that at
		// the start, when no worker can have it.
		RescueStuckJobsAfter: 24 * 365 * time.Hour,
	})
	if err != nil {
		return fmt.Errorf("open queue: %w", err)
	}
	if err := client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start queue: %w", err)
	}
	<-ctx.Done()
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if err := client.Stop(stopping); err != nil {
		hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
		if err := client.StopAndCancel(hard); err != nil {
			return fmt.Errorf("stop queue: %w", err)
		}
	}
	return nil
}

// Owed is how many turns wait for their answer.
func (db *DB) Owed(ctx context.Context) (int, error) {
	var n int
	if err := db.read.QueryRowContext(ctx, `SELECT count(*) FROM turns WHERE state IN ('pending', 'ready', 'sending')`).Scan(&n); err != nil {
		return 0, fmt.Errorf("count turns: %w", err)
	}
	return n, nil
}

// TurnOwed tells whether a message's answer is still to come. message is the
// platform's id.
func (db *DB) TurnOwed(ctx context.Context, connector, message string) (bool, error) {
	var owed bool
	if err := db.read.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM turns WHERE connector = ? AND message = ? AND state IN ('pending', 'ready', 'sending'))`,
		connector, message).Scan(&owed); err != nil {
		return false, fmt.Errorf("look for the turn: %w", err)
	}
	return owed, nil
}

// reviveJobs gives back the jobs that a process held when it died.
func (db *DB) reviveJobs(ctx context.Context) error {
	return db.writer.do(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `
			UPDATE river_job SET state = 'available', scheduled_at = CURRENT_TIMESTAMP
			WHERE state IN ('running', 'retryable')`); err != nil {
			return fmt.Errorf("revive turns: %w", err)
		}
		return nil
	})
}

type worker struct {
	river.WorkerDefaults[turnJob]
	jobs Jobs
}

// Work implements river.Worker.
func (w *worker) Work(ctx context.Context, job *river.Job[turnJob]) error {
	// An attempt that ended without a word ended with its process.
	if died := job.Attempt - 1 - len(job.Errors); died >= maxDeaths {
		return w.jobs.GiveUp(ctx, job.Args.Turn)
	}
	return w.jobs.Work(ctx, job.Args.Turn, len(job.Errors)+1 >= lastAttempt)
}

// retry waits 1, 2, 4 … seconds, at most a minute.
type retry struct{}

// NextRetry implements river.ClientRetryPolicy.
func (retry) NextRetry(job *rivertype.JobRow) time.Time {
	return time.Now().Add(min(time.Second<<min(job.Attempt-1, 10), time.Minute))
}

// quiet passes on the queue's own lines only from warnings up.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && q.Handler.Enabled(ctx, level)
}

func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(attrs)} }
func (q quiet) WithGroup(name string) slog.Handler       { return quiet{q.Handler.WithGroup(name)} }
