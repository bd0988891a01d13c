package engine

import (
	"context"
	"time"
)

// WatchInterval is how often Watch looks at the folder.
const WatchInterval = 200 * time.Millisecond

// Watch reloads when the folder changes, until ctx ends. It reads the folder
// again and again instead of asking the kernel for events: that sees every kind
// of change (a renamed folder, a bind mount, a network share) and a change is
// taken only when two readings in a row agree, so that a half-written file is
// not. A folder that looks as it did is not read, but for now and then. Returns ctx's error; policies that are built in do not change, and Watch
// then only waits.
func (e *Engine) Watch(ctx context.Context, every time.Duration) error {
	if e.deps.Source.Kind == "embedded" {
		<-ctx.Done()
		return ctx.Err()
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	var w watcher
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			w.check(ctx, e)
		}
	}
}

// readAnyway is how many looks that show no change are followed by a reading all
// the same.
const readAnyway = 25

// watcher remembers the last look, the last reading, and the last reading that
// was acted upon.
type watcher struct {
	look, seen, done string
	skipped          int
}

func (w *watcher) check(ctx context.Context, e *Engine) {
	look := e.deps.Source.look(ctx)
	if look == w.look && w.seen == w.done && w.skipped < readAnyway {
		w.skipped++
		return
	}
	w.look, w.skipped = look, 0
	e.reloading.Lock()
	defer e.reloading.Unlock()
	f, err := e.deps.Source.read(ctx)
	reading := f.revision
	if err != nil {
		reading = "error: " + err.Error()
	}
	settled := reading == w.seen
	w.seen = reading
	if !settled || reading == w.done {
		return
	}
	w.done = reading
	// What goes wrong is logged and kept for Status by refuse.
	if err != nil {
		_ = e.refuse(ctx, err)
		return
	}
	_ = e.swap(ctx, f)
}
