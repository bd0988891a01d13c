package sandbox

import (
	"context"
	"errors"
	"fmt"
)

// What the disk below a workspace that cannot be measured may lose while a process
// runs in it: enough to take files away, and too little to be worth beginning for.
const (
	blindBytes   = 8 * mib
	blindEntries = 8192
)

// settle takes what the disk has when the process begins: what it lost while the
// process was made is not that one's doing.
func (q *Quota) settle() {
	if !q.blind {
		return
	}
	if now, err := q.disk(q.dir); err == nil {
		q.at = now
	}
}

// sightless looks after a workspace that could not be measured when the process
// began: by what its disk lost since, whoever took it. As soon as it can be
// measured it is as any other.
func (q *Quota) sightless(ctx context.Context, now disk) error {
	spent := q.at.free-now.free > blindBytes || q.at.inodes-now.inodes > blindEntries
	if since := q.now().Sub(q.when); !spent && (since < walkEvery || since < rest*q.took) {
		return nil
	}
	held, err := q.count(ctx)
	switch {
	case err == nil && (!spent || !held.Over(Size{Bytes: q.limit, Entries: MaxEntries})):
		q.allow(held)
		q.at = now
	case spent && (err == nil || errors.Is(err, ErrQuota)):
		return fmt.Errorf("%w: what it holds could not be counted, and its disk lost more than %s or %d files since", ErrQuota, text(blindBytes), blindEntries)
	}
	return nil // what failed otherwise is tried again
}
