//go:build linux || darwin || freebsd

package sandbox

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"
)

// playedDisk is what a Quota looks at.
type playedDisk struct {
	disk  disk
	size  Size
	err   error
	clock time.Time
	// took is how long a walk takes, and walks counts them.
	took  time.Duration
	walks int
	// source is the workspace.
	source Source
}

// quota begins one of 100 MiB in a workspace of 10, on a disk of 100 GiB with
// half of it free.
func (p *playedDisk) quota(t *testing.T, limit int64) *Quota {
	t.Helper()
	dir := realDir(t)
	s, err := OpenSource(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	p.source = s
	p.clock = time.Unix(1000, 0)
	p.disk = disk{free: 50 << 30, total: 100 << 30, inodes: 1 << 24}
	p.size = Size{10 * mib, 10}
	q := &Quota{
		limited: limit > 0, limit: limit,
		disk: func(*os.File) (disk, error) { return p.disk, nil },
		measure: func(context.Context, *os.File, Size) (Size, error) {
			p.walks++
			p.clock = p.clock.Add(p.took)
			return p.size, p.err
		},
		now: func() time.Time { return p.clock },
	}
	if err := q.open(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := q.Close(); err != nil {
			t.Error(err)
		}
	})
	p.walks = 0
	return q
}

func TestQuotaLooks(t *testing.T) {
	const gone = 1 << 30
	wrote := func(bytes int64) func(*playedDisk) {
		return func(p *playedDisk) {
			p.size.Bytes += bytes
			p.disk.free -= bytes
		}
	}
	tests := map[string]struct {
		limit   int64
		happens func(*playedDisk)
		after   time.Duration
		walks   int
		full    bool
	}{
		"nothing":                  {100 * mib, func(*playedDisk) {}, lookEvery, 0, false},
		"little":                   {100 * mib, wrote(50 * mib), lookEvery, 0, false},
		"little, a while ago":      {100 * mib, wrote(50 * mib), walkEvery, 1, false},
		"too much":                 {100 * mib, wrote(91 * mib), lookEvery, 1, true},
		"just enough":              {100 * mib, wrote(90 * mib), lookEvery, 1, false},
		"as much by another":       {100 * mib, func(p *playedDisk) { p.disk.free -= gone }, lookEvery, 1, false},
		"hidden by who made space": {100 * mib, func(p *playedDisk) { wrote(95 * mib)(p); p.disk.free += gone }, lookEvery, 0, false},
		"but not for long":         {100 * mib, func(p *playedDisk) { wrote(95 * mib)(p); p.disk.free += gone }, walkEvery, 1, true},
		"files of nothing":         {100 * mib, func(p *playedDisk) { p.disk.inodes -= MaxEntries; p.size.Entries += MaxEntries }, lookEvery, 1, true},
		"what cannot be read":      {100 * mib, func(p *playedDisk) { p.disk.free -= gone; p.err = ErrQuota }, lookEvery, 1, true},
		"what fails once":          {100 * mib, func(p *playedDisk) { p.disk.free -= gone; p.err = os.ErrDeadlineExceeded }, lookEvery, 1, false},

		"at the floor, having grown":          {100 * mib, func(p *playedDisk) { wrote(mib)(p); p.disk.free = keptFree - 1 }, lookEvery, 1, true},
		"at the floor, not having grown":      {100 * mib, func(p *playedDisk) { p.disk.free = keptFree - 1 }, lookEvery, 1, false},
		"below the floor, whoever it was":     {100 * mib, func(p *playedDisk) { p.disk.free = keptFree/2 - 1 }, lookEvery, 1, true},
		"without a quota, all is well":        {0, wrote(40 << 30), walkEvery, 0, false},
		"without a quota, the floor":          {0, func(p *playedDisk) { p.disk.free = keptFree - 1 }, lookEvery, 0, false},
		"without a quota, below the floor":    {0, func(p *playedDisk) { p.disk.free = keptFree/2 - 1 }, lookEvery, 0, true},
		"deleted while open, by what is left": {100 * mib, func(p *playedDisk) { p.disk.free = 0 }, lookEvery, 1, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := &playedDisk{}
			q := p.quota(t, tt.limit)
			tt.happens(p)
			p.clock = p.clock.Add(tt.after)
			err := q.look(t.Context())
			if p.walks != tt.walks || errors.Is(err, ErrQuota) != tt.full || (err != nil) != tt.full {
				t.Errorf("%d walks, %v; want %d, full: %v", p.walks, err, tt.walks, tt.full)
			}
		})
	}
}

// However often there is reason to, walks take a tenth of the time; but a tree
// that takes long to walk through is no time to fill the disk in.
func TestQuotaWalksATenthOfTheTime(t *testing.T) {
	p := &playedDisk{took: time.Second}
	q := p.quota(t, 100*mib)
	began := p.clock
	for i := int64(0); p.clock.Sub(began) < 1000*time.Second; i++ {
		p.clock = p.clock.Add(lookEvery)
		p.disk.free = 50<<30 - i%5*100*mib
		if err := q.look(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if p.walks < 50 || p.walks > 100 {
		t.Errorf("%d walks of a second in 1000", p.walks)
	}
	p.walks, q.when, q.at = 0, p.clock, p.disk
	p.disk.free -= 90*mib + urgent
	if err := q.look(t.Context()); err != nil || p.walks != 1 {
		t.Errorf("a GiB is gone: %v, %d walks", err, p.walks)
	}
}

// A workspace that is over its quota, however much, may shrink, and stay, and not
// grow.
func TestQuotaThatWasPassed(t *testing.T) {
	for _, limit := range []int64{8 * mib, 2 * mib} {
		p := &playedDisk{}
		q := p.quota(t, limit)
		for _, tt := range []struct {
			bytes int64
			full  bool
		}{{10 * mib, false}, {9 * mib, false}, {10 * mib, false}, {10*mib + 1, true}} {
			p.size.Bytes, p.clock = tt.bytes, p.clock.Add(walkEvery)
			if err := q.look(t.Context()); errors.Is(err, ErrQuota) != tt.full {
				t.Errorf("%d: %v", tt.bytes, err)
			}
		}
	}
}

// Nor is much won by beginning again and again: far over the quota, each look that
// sees less free space walks, unless the last walk took longer than it was ago.
func TestQuotaFarPassed(t *testing.T) {
	for name, tt := range map[string]struct {
		limit int64
		took  time.Duration
		after time.Duration
		walks int
	}{
		"over":                 {8 * mib, lookEvery, lookEvery, 0},
		"far over":             {4 * mib, lookEvery, lookEvery, 1},
		"far over, and a tree": {4 * mib, 2 * lookEvery, lookEvery, 0},
	} {
		p := &playedDisk{took: tt.took}
		q := p.quota(t, tt.limit)
		p.disk.free--
		p.size.Bytes++
		p.clock = p.clock.Add(tt.after)
		if err := q.look(t.Context()); p.walks != tt.walks || errors.Is(err, ErrQuota) != (tt.walks > 0) {
			t.Errorf("%s: %d walks, %v", name, p.walks, err)
		}
	}
}

func TestQuotaAtTheEnd(t *testing.T) {
	p := &playedDisk{}
	q := p.quota(t, 100*mib)
	if err := q.Ended(t.Context(), 0); err != nil || p.walks != 0 {
		t.Errorf("%v, %d walks of a disk that is as it was", err, p.walks)
	}
	p.disk.free--
	if err := q.Ended(t.Context(), 1); err != nil || p.walks != 1 {
		t.Errorf("%v, %d walks", err, p.walks)
	}
	p.size.Bytes, p.disk.free = 101*mib, 1
	if err := q.Ended(t.Context(), 0); !errors.Is(err, ErrQuota) {
		t.Errorf("%v", err)
	}
}

func TestQuotaOfADiskThatIsFull(t *testing.T) {
	p := &playedDisk{}
	q := p.quota(t, 0)
	s, err := OpenSource(realDir(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	p.disk.free = keptFree/2 - 1
	if err := (&Quota{disk: q.disk}).open(t.Context(), s); !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
	var none *Quota
	if err := errors.Join(none.Watch(t.Context()), none.Ended(t.Context(), tooBig), none.Close()); err != nil {
		t.Errorf("no quota at all: %v", err)
	}
}
