package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
)

// maxBatch is how many writes share one commit.
const maxBatch = 64

var errClosed = errors.New("the database is closed")

// writer makes writes that arrive together share one transaction, and so one
// wait for the disk. Each caller still gets its own error, and nil only after
// the commit.
type writer struct {
	db    *sql.DB
	queue chan *write
	stop  chan struct{}
	done  sync.WaitGroup
	once  sync.Once
}

// write is one caller's change. do may be called twice (once in a batch that
// another write broke, then alone), and must not keep anything of the first.
type write struct {
	ctx context.Context
	do  func(ctx context.Context, tx *sql.Tx) error
	err chan error
}

func newWriter(db *sql.DB) *writer {
	w := &writer{db: db, queue: make(chan *write, maxBatch), stop: make(chan struct{})}
	w.done.Go(w.loop)
	return w
}

func (w *writer) close() {
	w.once.Do(func() { close(w.stop) })
	w.done.Wait()
}

// do hands a change over and waits for its commit. It does not stop waiting
// when ctx ends: by then the change may be on disk, and the caller must know.
func (w *writer) do(ctx context.Context, do func(ctx context.Context, tx *sql.Tx) error) error {
	// Of several cases that are ready, select takes any.
	if err := ctx.Err(); err != nil {
		return err
	}
	req := &write{ctx: ctx, do: do, err: make(chan error, 1)}
	select {
	case w.queue <- req:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.stop:
		return errClosed
	}
	select {
	case err := <-req.err:
		return err
	case <-w.stop:
	}
	// The loop may have taken it just before it ended.
	w.done.Wait()
	select {
	case err := <-req.err:
		return err
	default:
		return errClosed
	}
}

func (w *writer) loop() {
	for {
		select {
		case <-w.stop:
			return
		case first := <-w.queue:
			w.commit(w.gather(first))
		}
	}
}

// gather takes what waits already; it does not wait for more.
func (w *writer) gather(first *write) []*write {
	batch := []*write{first}
	for len(batch) < maxBatch {
		select {
		case req := <-w.queue:
			batch = append(batch, req)
		default:
			return batch
		}
	}
	return batch
}

func (w *writer) commit(batch []*write) {
	err := w.transact(batch)
	if err != nil && len(batch) > 1 {
		for _, req := range batch {
			req.err <- w.transact([]*write{req})
		}
		return
	}
	for _, req := range batch {
		req.err <- err
	}
}

func (w *writer) transact(batch []*write) (err error) {
	// The batch belongs to several callers: none of their contexts may end it.
	ctx := context.WithoutCancel(batch[0].ctx)
	tx, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreDone(tx.Rollback()))
		}
	}()
	for _, req := range batch {
		if err := req.do(ctx, tx); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}
