package sqlite

import (
	"context"
	"database/sql"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riversqlite"
)

// wakingDriver tells the queue of new turns at once. The queue's own notes are in
// a table that is read twenty times a second, which is for other processes; this
// one knows when its transaction is on disk.
type wakingDriver struct {
	*riversqlite.Driver
	wake <-chan struct{}
}

func newWakingDriver(db *sql.DB, wake <-chan struct{}) *wakingDriver {
	return &wakingDriver{Driver: riversqlite.New(db), wake: wake}
}

// GetListener implements riverdriver.Driver.
func (d *wakingDriver) GetListener(params *riverdriver.GetListenenerParams) riverdriver.Listener {
	return &wakingListener{Listener: d.Driver.GetListener(params), wake: d.wake}
}

type wakingListener struct {
	riverdriver.Listener
	wake <-chan struct{}
}

// WaitForNotification implements riverdriver.Listener: a note, or a wake, which
// is told as a note about a new job is.
func (l *wakingListener) WaitForNotification(ctx context.Context) (*riverdriver.Notification, error) {
	type note struct {
		*riverdriver.Notification
		error
	}
	waiting, stop := context.WithCancel(ctx)
	defer stop()
	notes := make(chan note, 1)
	go func() {
		n, err := l.Listener.WaitForNotification(waiting)
		notes <- note{n, err}
	}()
	select {
	case n := <-notes:
		return n.Notification, n.error
	case <-l.wake:
		stop()
		// What was read meanwhile is a note like any other.
		if n := <-notes; n.error == nil {
			return n.Notification, nil
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return &riverdriver.Notification{Topic: "river_insert", Payload: `{"queue":"default"}`}, nil
	}
}
