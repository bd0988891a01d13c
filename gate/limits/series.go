package limits

import (
	"cmp"
	"slices"
	"strings"
)

// entry is one counted event of a key. An event is known by its time and id
// together: should an id ever come twice, both count.
type entry struct {
	at      int64
	id      string
	pending bool // taken, and not yet known to be stored
}

func compareEntries(a, b entry) int {
	return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.id, b.id))
}

// series holds a key's entries in order of time and id. Its users lock it.
type series struct {
	buf  []entry
	head int // buf[:head] is free
	// The first late live entries are known to be pending ones older than the
	// window, which prune need not look at again unless rescan is set.
	late   int
	rescan bool
}

func (s *series) live() []entry { return s.buf[s.head:] }

// within gives the entries later than t.
func (s *series) within(t int64) []entry {
	live := s.live()
	return live[indexAfter(live, t):]
}

func indexAfter(live []entry, t int64) int {
	i, _ := slices.BinarySearchFunc(live, t, func(e entry, t int64) int {
		if e.at <= t {
			return -1
		}
		return 1
	})
	return i
}

// insert adds a pending entry.
func (s *series) insert(at int64, id string) {
	e := entry{at: at, id: id, pending: true}
	s.makeRoom()
	live := s.live()
	if n := len(live); n == 0 || compareEntries(live[n-1], e) <= 0 {
		s.buf = append(s.buf, e)
		return
	}
	i, _ := slices.BinarySearchFunc(live, e, compareEntries)
	s.buf = slices.Insert(s.buf, s.head+i, e)
}

// makeRoom sees that one more entry fits: by moving the live entries to the
// front when at least as many were dropped there, else by growing. Either is
// paid for by the drops or inserts before it.
func (s *series) makeRoom() {
	if len(s.buf) < cap(s.buf) {
		return
	}
	n := len(s.live())
	if s.head > 0 && s.head >= n {
		copy(s.buf, s.live())
		clear(s.buf[n:])
		s.buf, s.head = s.buf[:n], 0
		return
	}
	s.resize(max(4, 2*n))
}

func (s *series) resize(capacity int) {
	s.buf, s.head = append(make([]entry, 0, capacity), s.live()...), 0
}

// prune drops the entries at or before cutoff, except pending ones: the store
// may not have those yet, so a window that grows could not find them again.
// Pending ones at or before floor, beyond the longest window, go too; prune
// says how many.
func (s *series) prune(cutoff, floor int64) (expired int) {
	live := s.live()
	old := indexAfter(live, cutoff)
	if old == 0 {
		s.late = 0
		return 0
	}
	known := min(s.late, old)
	if s.rescan || live[0].at <= floor {
		known = 0
	}
	kept := old // live[kept:] stays
	for i := old - 1; i >= 0; i-- {
		if i < known && kept == i+1 {
			kept = 0
			break
		}
		e := live[i]
		if !e.pending {
			continue
		}
		if e.at <= floor {
			expired++
			continue
		}
		kept--
		if kept != i {
			live[kept] = e
		}
	}
	clear(live[:kept])
	s.head += kept
	s.late, s.rescan = old-kept, false
	if n := len(s.live()); cap(s.buf) > 64 && n < cap(s.buf)/8 {
		s.resize(2 * n)
	}
	return expired
}

// merge adds what the store holds, which must be sorted, leaving out what is
// already there.
func (s *series) merge(stored []entry) {
	live := s.live()
	out := make([]entry, 0, len(live)+len(stored))
	for len(stored) > 0 {
		if len(live) > 0 && compareEntries(live[0], stored[0]) <= 0 {
			out, live = append(out, live[0]), live[1:]
			continue
		}
		if n := len(out); n == 0 || compareEntries(out[n-1], stored[0]) != 0 {
			out = append(out, stored[0])
		}
		stored = stored[1:]
	}
	out = append(out, live...)
	*s = series{buf: out, rescan: true}
}

// find gives the index of a pending entry in buf, or -1.
func (s *series) find(at int64, id string) int {
	i, _ := slices.BinarySearchFunc(s.live(), entry{at: at, id: id}, compareEntries)
	for i += s.head; i < len(s.buf) && s.buf[i].at == at && s.buf[i].id == id; i++ {
		if s.buf[i].pending {
			return i
		}
	}
	return -1
}

// settle marks a pending entry as stored; it reports whether there was one.
func (s *series) settle(at int64, id string) bool {
	i := s.find(at, id)
	if i < 0 {
		return false
	}
	s.buf[i].pending = false
	s.rescan = s.rescan || i-s.head < s.late
	return true
}

// remove takes a pending entry out; it reports whether there was one.
func (s *series) remove(at int64, id string) bool {
	i := s.find(at, id)
	if i < 0 {
		return false
	}
	if i-s.head < s.late {
		s.late--
	}
	s.buf = slices.Delete(s.buf, i, i+1)
	return true
}
