package sandbox

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"time"
)

// ErrQuota says that the workspace is full: a process made it bigger than it may
// be, and was killed or left it so.
var ErrQuota = errors.New("the workspace is full")

// MaxEntries is how many files and folders a workspace with a quota may hold.
const MaxEntries = 1_000_000

// How a workspace is watched. A look at the file system is one call; a walk
// through the folder is many.
const (
	lookEvery = 200 * time.Millisecond
	walkEvery = 10 * time.Second
	// rest is how long no walk follows one, in lengths of that: they take a tenth of
	// the time at most, unless the disk lost urgent bytes more than would be reason to
	// walk. A disk cannot lose that often.
	rest   = 9
	urgent = 1 << 30
	// keptFree bounds what is kept free of a disk, of which it is a twentieth.
	keptFree = 1 << 30
)

// mostEntries is how many names a walk looks at before it gives up.
const mostEntries = 2 * MaxEntries

// Quota watches how much of its disk one process's workspace takes. Its methods
// are called one after another.
//
// The limit is the quota or, where the workspace held more when the process
// began, what it held: who is over can still delete, and grows no further. The
// little by which each process can pass its limit would add up over many of them:
// where there is more than twice the quota walks rest less. What could not be
// measured at all is looked after as sightless tells.
//
// A file that was deleted and is still open is in no folder. It is seen by what
// the disk has free alone, and so it ends at the floor.
type Quota struct {
	dir *os.File
	// limited says that there is a limit; the floor holds without.
	limited bool
	limit   int64
	// far says that it held more than twice the limit, and blind that nobody knows
	// what it holds.
	far, blind  bool
	most, start Size
	// last is the newest walk's result, at what the disk was before it, when and took
	// its end and length.
	last Size
	at   disk
	when time.Time
	took time.Duration
	// What follows is the system's, but in tests.
	disk    func(*os.File) (disk, error)
	measure func(context.Context, *os.File, Size) (Size, error)
	now     func() time.Time
}

// OpenQuota measures a workspace before a process is started in it. It is not to
// hold more than limit bytes, nor more than MaxEntries names; a limit of 0 is
// none. A workspace that holds more already is no error: only a process in it can
// make it smaller. The error wraps ErrUnavailable where its disk is nearly full.
func OpenQuota(ctx context.Context, s Source, limit int64) (*Quota, error) {
	q := &Quota{limited: limit > 0, limit: limit, disk: diskOf, measure: Measure, now: time.Now}
	return q, q.open(ctx, s)
}

func (q *Quota) open(ctx context.Context, s Source) error {
	dir, err := openFolder(s.Path)
	if err != nil {
		if !q.limited && errors.Is(err, errors.ErrUnsupported) {
			return nil
		}
		return fmt.Errorf("%w: open workspace to measure it: %w", ErrUnavailable, err)
	}
	q.dir = dir
	if err := q.begin(ctx, s); err != nil {
		return errors.Join(err, q.Close())
	}
	return nil
}

func (q *Quota) begin(ctx context.Context, s Source) error {
	info, err := q.dir.Stat()
	if err != nil {
		return fmt.Errorf("%w: look at workspace: %w", ErrUnavailable, err)
	}
	if !os.SameFile(info, s.info) {
		return fmt.Errorf("%w: share %q: it was replaced meanwhile", ErrSpec, s.Path)
	}
	if q.at, err = q.disk(q.dir); err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if low := floor(q.at) / 2; q.at.free < low {
		return fmt.Errorf("%w: the workspace's disk is nearly full: %s free, of which %s are kept", ErrUnavailable, text(q.at.free), text(low))
	}
	if !q.limited {
		return nil
	}
	held, err := q.count(ctx)
	switch {
	case err == nil:
		q.allow(held)
	case errors.Is(err, ErrQuota):
		q.blind = true
	case context.Cause(ctx) != nil:
		return err
	default:
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return nil
}

// count measures all that there is. Its error wraps ErrQuota where that cannot be
// done: a folder is shut or too deep, or there are too many names.
func (q *Quota) count(ctx context.Context) (Size, error) {
	began := q.now()
	held, err := q.measure(ctx, q.dir, Size{Bytes: math.MaxInt64, Entries: mostEntries})
	q.when = q.now()
	q.took = q.when.Sub(began)
	if err == nil && held.Entries > mostEntries {
		err = fmt.Errorf("%w: it holds more than %d files", ErrQuota, mostEntries)
	}
	return held, err
}

// allow sets what a workspace may hold that holds this much.
func (q *Quota) allow(held Size) {
	q.start, q.last, q.blind = held, held, false
	q.far = held.Bytes > 2*q.limit
	q.most = Size{Bytes: max(q.limit, held.Bytes), Entries: max(MaxEntries, held.Entries)}
}

// Close frees the workspace; again is nothing.
func (q *Quota) Close() error {
	if q == nil || q.dir == nil {
		return nil
	}
	err := q.dir.Close()
	if q.dir = nil; err != nil {
		return fmt.Errorf("close workspace: %w", err)
	}
	return nil
}

// Watch looks until ctx ends, for which it gives nil, or the workspace is too
// big, or its disk nearly full: an error that wraps ErrQuota. What a process can
// write between two looks it can write too much.
func (q *Quota) Watch(ctx context.Context) error {
	if q == nil || q.dir == nil {
		return nil
	}
	q.settle()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := q.look(ctx); err != nil {
				return err
			}
		}
	}
}

// Ended looks once more, after a process that ended by itself with a code.
func (q *Quota) Ended(ctx context.Context, code int) error {
	if q == nil || q.dir == nil || !q.limited {
		return nil
	}
	now, err := q.disk(q.dir)
	switch {
	case err != nil:
		return nil //nolint:nilerr // a disk that does not answer is not the process's doing
	case q.blind:
		err = q.sightless(ctx, now)
	case now != q.at || code == tooBig:
		err = q.walk(ctx, now)
	}
	// Any program may end with that code: it is believed where there is reason to it.
	if err == nil && code == tooBig && (q.last.Bytes >= q.limit || holdsFile(ctx, q.dir, wholeBlocks(q.limit))) {
		err = fmt.Errorf("%w: one of its files would have got bigger than %s", ErrQuota, text(q.limit))
	}
	return err
}

// wholeBlocks is the size that a file gets to at most where the limit is counted
// in 512 bytes (POSIX, ulimit).
func wholeBlocks(limit int64) int64 { return limit &^ 511 }

// look is what is done each time.
func (q *Quota) look(ctx context.Context) error {
	now, err := q.disk(q.dir)
	if err != nil {
		return nil //nolint:nilerr // it is asked again
	}
	switch {
	case q.blind:
		err = q.sightless(ctx, now)
	case q.due(now):
		err = q.walk(ctx, now)
	}
	if err != nil {
		return err
	}
	low := floor(now)
	if now.free < low/2 || q.limited && now.free < low && q.last.Over(q.start) {
		return fmt.Errorf("%w: its disk is: %s are left", ErrQuota, text(now.free))
	}
	return nil
}

// due tells whether the workspace is to be walked through: it may have got too
// big, by what the disk lost since, or was not for a while.
func (q *Quota) due(now disk) bool {
	since := q.now().Sub(q.when)
	lost := q.at.free - now.free
	reason := max(q.most.Bytes-q.last.Bytes, 1)
	pause := rest * q.took
	if q.far {
		pause = q.took
	}
	switch {
	case !q.limited:
		return false
	case lost >= reason+urgent:
		return true
	case since < pause:
		return false
	case since >= walkEvery, now.free < floor(now):
		return true
	default:
		return lost >= reason || q.at.inodes-now.inodes >= max(q.most.Entries-q.last.Entries, 1)
	}
}

func (q *Quota) walk(ctx context.Context, now disk) error {
	began := q.now()
	size, err := q.measure(ctx, q.dir, q.most)
	q.when = q.now()
	q.took = q.when.Sub(began)
	switch {
	case errors.Is(err, ErrQuota):
		return err
	case err != nil:
		return nil //nolint:nilerr // it is tried again; the floor holds meanwhile
	}
	q.last, q.at = size, now
	if size.Over(q.most) {
		return fmt.Errorf("%w: it holds more than %s, or more than %d files", ErrQuota, text(q.most.Bytes), q.most.Entries)
	}
	return nil
}

// floor is below what a disk's free space is not to fall.
func floor(d disk) int64 { return min(keptFree, d.total/20) }

func text(bytes int64) string {
	if bytes < 10*mib {
		return fmt.Sprintf("%d KiB", bytes>>10)
	}
	return fmt.Sprintf("%d MiB", bytes/mib)
}
