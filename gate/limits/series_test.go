package limits

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The series against a plain list.
func TestSeriesModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s series
		var model []entry // sorted
		ids, cutoff := 0, int64(-1)
		pick := func(t *rapid.T) (int, entry) {
			if len(model) == 0 {
				t.Skip("empty")
			}
			i := rapid.IntRange(0, len(model)-1).Draw(t, "which")
			return i, model[i]
		}
		t.Repeat(map[string]func(*rapid.T){
			"insert": func(t *rapid.T) {
				ids++
				e := entry{at: cutoff + rapid.Int64Range(1, 20).Draw(t, "at"), id: fmt.Sprint(ids), pending: rapid.Bool().Draw(t, "pending")}
				s.insert(e.at, e.id)
				if !e.pending {
					s.settle(e.at, e.id)
				}
				model = append(model, e)
				slices.SortFunc(model, compareEntries)
			},
			"settle": func(t *rapid.T) {
				i, e := pick(t)
				if got := s.settle(e.at, e.id); got != e.pending {
					t.Fatalf("settle(%v) = %v", e, got)
				}
				model[i].pending = false
			},
			"remove": func(t *rapid.T) {
				i, e := pick(t)
				if got := s.remove(e.at, e.id); got != e.pending {
					t.Fatalf("remove(%v) = %v", e, got)
				}
				if e.pending {
					model = slices.Delete(model, i, i+1)
				}
			},
			"prune": func(t *rapid.T) {
				cutoff += rapid.Int64Range(0, 30).Draw(t, "step")
				floor := cutoff - rapid.Int64Range(0, 100).Draw(t, "keep")
				want := 0
				model = slices.DeleteFunc(model, func(e entry) bool {
					if e.at <= floor && e.pending {
						want++
						return true
					}
					return e.at <= cutoff && !e.pending
				})
				if got := s.prune(cutoff, floor); got != want {
					t.Fatalf("prune gave up %d pending entries, want %d", got, want)
				}
			},
			"merge": func(t *rapid.T) {
				cutoff -= rapid.Int64Range(0, 30).Draw(t, "back")
				var stored []entry
				for range rapid.IntRange(0, 5).Draw(t, "new") {
					ids++
					stored = append(stored, entry{at: cutoff + rapid.Int64Range(1, 40).Draw(t, "at"), id: fmt.Sprint(ids)})
				}
				model = append(model, stored...)
				for _, e := range model {
					if e.at > cutoff && rapid.Bool().Draw(t, "known") {
						stored = append(stored, entry{at: e.at, id: e.id})
					}
				}
				slices.SortFunc(model, compareEntries)
				slices.SortFunc(stored, compareEntries)
				s.merge(stored)
			},
			"": func(t *rapid.T) {
				if !slices.Equal(s.live(), model) {
					t.Fatalf("series %v, want %v", s.live(), model)
				}
				after := cutoff + rapid.Int64Range(-5, 25).Draw(t, "after")
				n := 0
				for _, e := range model {
					if e.at > after {
						n++
					}
				}
				if got := len(s.within(after)); got != n {
					t.Fatalf("within(%d) has %d, want %d", after, got, n)
				}
				for _, e := range s.buf[:s.head] {
					if e != (entry{}) {
						t.Fatalf("a dropped entry is kept from the collector: %v", e)
					}
				}
			},
		})
	})
}

// What was pending and old, and was settled, lets go of the entries behind it.
func TestSeriesPruneAfterLateOnesAreSettled(t *testing.T) {
	const forever = -1
	tests := []struct {
		name   string
		settle func(*series)
		want   []string
	}{
		{"none", func(*series) {}, []string{"late1", "late2", "new"}},
		{"one removed", func(s *series) { s.remove(1, "late1") }, []string{"late2", "new"}},
		{"one stored", func(s *series) { s.settle(1, "late1") }, []string{"late2", "new"}},
		{"both removed", func(s *series) { s.remove(1, "late1"); s.remove(2, "late2") }, []string{"new"}},
		{"one put before them", func(s *series) { s.insert(0, "first") }, []string{"first", "late1", "late2", "new"}},
		{"one put between", func(s *series) { s.insert(1, "m") }, []string{"late1", "m", "late2", "new"}},
		{"one put between and stored", func(s *series) { s.insert(1, "m"); s.settle(1, "m") }, []string{"late1", "late2", "new"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var s series
			s.insert(1, "late1")
			s.insert(2, "late2")
			s.insert(4, "stored")
			s.settle(4, "stored")
			s.prune(3, forever)
			tt.settle(&s)
			s.insert(6, "new")
			s.prune(5, forever)
			var got []string
			for _, e := range s.live() {
				got = append(got, e.id)
			}
			if !slices.Equal(got, tt.want) {
				t.Fatalf("left %v, want %v", got, tt.want)
			}
		})
	}
}

func TestSeriesPruneAfterOlderOnesAreMerged(t *testing.T) {
	var s series
	s.insert(2, "late")
	s.prune(3, -1)
	s.merge([]entry{{at: 1, id: "stored"}})
	s.prune(3, -1)
	if want := []entry{{at: 2, id: "late", pending: true}}; !slices.Equal(s.live(), want) {
		t.Fatalf("left %v, want %v", s.live(), want)
	}
}
