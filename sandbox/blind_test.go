//go:build linux || darwin || freebsd

package sandbox

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// What nobody can measure can be used, so that it can be mended; and no more than
// a little is won by that.
func TestQuotaOfWhatCannotBeMeasured(t *testing.T) {
	loses := func(bytes int64) func(*playedDisk) { return func(p *playedDisk) { p.disk.free -= bytes } }
	seen := func(bytes, lost int64) func(*playedDisk) {
		return func(p *playedDisk) { p.size, p.err, p.disk.free = Size{bytes, 10}, nil, p.disk.free-lost }
	}
	for name, tt := range map[string]struct {
		happens func(*playedDisk)
		after   time.Duration
		walks   int
		full    bool
		blind   bool
	}{
		"nothing":                          {loses(0), lookEvery, 0, false, true},
		"nothing, for a while":             {loses(0), walkEvery, 1, false, true},
		"space was made":                   {loses(-1 << 30), lookEvery, 0, false, true},
		"a little":                         {loses(blindBytes), lookEvery, 0, false, true},
		"more than that":                   {loses(blindBytes + 1), lookEvery, 1, true, true},
		"many names":                       {func(p *playedDisk) { p.disk.inodes -= blindEntries + 1 }, lookEvery, 1, true, true},
		"mended":                           {seen(9*mib, 0), walkEvery, 1, false, false},
		"mended, and over":                 {seen(900*mib, 0), walkEvery, 1, false, false},
		"mended, and another takes space":  {seen(9*mib, 1<<30), lookEvery, 1, false, false},
		"mended, and over, and space went": {seen(900*mib, 1<<30), lookEvery, 1, true, true},
		"a walk that fails otherwise":      {func(p *playedDisk) { loses(1 << 30)(p); p.err = os.ErrDeadlineExceeded }, lookEvery, 1, false, true},
		"more names than are walked through": {func(p *playedDisk) {
			loses(blindBytes + 1)(p)
			p.size, p.err = Size{mib, mostEntries + 1}, nil
		}, lookEvery, 1, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			p := &playedDisk{}
			q := p.quota(t, 100*mib)
			p.err = ErrQuota
			if err := q.begin(t.Context(), p.source); err != nil || !q.blind {
				t.Fatalf("it does not begin: %v, blind: %v", err, q.blind)
			}
			p.walks = 0
			// What went before the process began is not its doing.
			p.disk.free -= 1 << 30
			q.settle()
			tt.happens(p)
			p.clock = p.clock.Add(tt.after)
			err := q.look(t.Context())
			if p.walks != tt.walks || errors.Is(err, ErrQuota) != tt.full || q.blind != tt.blind {
				t.Errorf("%d walks, %v, blind: %v", p.walks, err, q.blind)
			}
			if end := q.Ended(t.Context(), 0); errors.Is(end, ErrQuota) != tt.full {
				t.Errorf("at the end: %v", end)
			}
		})
	}
}

// More names than a walk looks at are what cannot be measured.
func TestQuotaOfTooManyNames(t *testing.T) {
	p := &playedDisk{}
	q := p.quota(t, 100*mib)
	for entries, blind := range map[int64]bool{mostEntries: false, mostEntries + 1: true} {
		p.size.Entries = entries
		if err := q.begin(t.Context(), p.source); err != nil || q.blind != blind {
			t.Errorf("%d: %v, blind: %v", entries, err, q.blind)
		}
	}
}

// The exit code of a process that the kernel ended for a file is one that any
// program may end with.
func TestQuotaBelievesACode(t *testing.T) {
	for name, tt := range map[string]struct {
		length, holds int64
		code          int
		full          bool
	}{
		"a file at the limit":                {100*mib - 100, 0, tooBig, true},
		"one that is sparse, and longer":     {1 << 40, 0, tooBig, true},
		"a full workspace":                   {0, 100 * mib, tooBig, true},
		"a code alone":                       {99 * mib, 99 * mib, tooBig, false},
		"a file at the limit, another code":  {100 * mib, 0, 1, false},
		"a full workspace, and another code": {0, 100 * mib, 1, false},
	} {
		p := &playedDisk{}
		// In 512 bytes: a shell's ulimit.
		q := p.quota(t, 100*mib-100)
		if tt.holds > 0 {
			p.size.Bytes = tt.holds - 100
		}
		path := filepath.Join(p.source.Path, "file")
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Truncate(path, wholeBlocks(tt.length))); err != nil {
			t.Fatal(err)
		}
		if err := q.Ended(t.Context(), tt.code); errors.Is(err, ErrQuota) != tt.full {
			t.Errorf("%s: %v", name, err)
		}
	}
}
