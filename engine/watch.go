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
// not. Returns ctx's error; policies that are built in do not change, and Watch
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
			w.look(ctx, e)
		}
	}
}

// watcher remembers the last reading, and the last one that was acted upon.
type watcher struct {
	seen, done string
}

func (w *watcher) look(ctx context.Context, e *Engine) {
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
