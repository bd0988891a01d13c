package driver

import "context"

// Lanes runs calls of one key one after another, in the order they came, and
// calls of different keys beside one another. Safe for concurrent use.
type Lanes struct{}

// NewLanes makes Lanes that hold at most waiting calls for each key and run at
// most beside of them at once: Do waits when they are full, and so does the
// platform.
func NewLanes(beside, waiting int) *Lanes { return &Lanes{} }

// Do takes one call for its key. It gives ctx's error when there was no room
// before ctx was done: call was then not taken.
func (l *Lanes) Do(ctx context.Context, key string, call func()) error { return nil }

// Wait returns when all calls that were taken are done, or ctx is.
func (l *Lanes) Wait(ctx context.Context) error { return nil }
