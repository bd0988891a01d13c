package storagetest

import (
	"errors"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/audit"
	"github.com/parachute-gate/parachute/gate/limits"
)

func limitEvents(t *testing.T, s Stores) {
	ctx := t.Context()
	base := time.Now().UnixNano()
	one := count(count(only(ann, "e1"), "user|ann|m", base+10), "all||m", base+10)
	commit(t, s, one)
	two := commit(t, s, count(only(ann, "e2"), "user|ann|m", base+30))
	three := commit(t, s, count(only(bob, "e3"), "user|ann|m", base+20))
	for range 2 {
		for _, c := range []struct {
			key   string
			since int64
			want  []limits.Event
		}{
			{"user|ann|m", -1, []limits.Event{one.Events[0], three.Events[0], two.Events[0]}},
			{"user|ann|m", base + 15, []limits.Event{three.Events[0], two.Events[0]}},
			{"user|ann|m", base + 29, []limits.Event{two.Events[0]}},
			{"user|ann|m", base + 30, nil},
			{"all||m", -1, one.Events[1:]},
			{"user|bob|m", -1, nil},
		} {
			got, err := s.LimitEvents(ctx, c.key, c.since)
			must(t, err)
			// A store may give them in any order, and older ones too.
			found := map[limits.Event]int{}
			for _, e := range got {
				if e.At > c.since {
					found[e]++
				}
				if e.Key != c.key {
					t.Errorf("events of %s hold one of %s", c.key, e.Key)
				}
			}
			want := map[limits.Event]int{}
			for _, e := range c.want {
				want[e]++
			}
			equal(t, "events", found, want)
		}
		clock, err := s.LimitClock(ctx)
		must(t, err)
		equal(t, "clock", clock, base+30)
		s = reopen(t, s)
	}
}

func filters(t *testing.T, s Stores) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i, change := range []func(r *audit.Record){
		func(*audit.Record) {},
		func(r *audit.Record) { r.Connector = "telegram" },
		func(r *audit.Record) { r.User = "chat:bob" },
		func(r *audit.Record) { r.Chat = "chat:dm" },
		func(r *audit.Record) { r.Verdict, r.Rules[0].ID = "deny", "authz.unknown_user" },
		func(r *audit.Record) { r.Session = "s1" },
		func(r *audit.Record) { r.Point, r.Verdict, r.User = "tool", "ask", "chat:bob" },
		func(r *audit.Record) { r.Rules = nil },
	} {
		c := only(ann, newID())
		c.Record.Time = noon.Add(time.Duration(i) * time.Minute)
		change(&c.Record)
		commit(t, s, c)
	}
	for _, c := range []struct {
		name   string
		filter audit.Filter
		want   []int64
	}{
		{"all", audit.Filter{}, []int64{1, 2, 3, 4, 5, 6, 7, 8}},
		{"after", audit.Filter{After: 6}, []int64{7, 8}},
		{"after the end", audit.Filter{After: 8}, nil},
		{"since", audit.Filter{Since: noon.Add(6 * time.Minute)}, []int64{7, 8}},
		{"since, in another zone", audit.Filter{Since: noon.Add(6 * time.Minute).In(time.FixedZone("east", 3600))}, []int64{7, 8}},
		{"connector", audit.Filter{Connector: "telegram"}, []int64{2}},
		{"user", audit.Filter{User: "chat:bob"}, []int64{3, 7}},
		{"chat", audit.Filter{Chat: "chat:dm"}, []int64{4}},
		{"verdict", audit.Filter{Verdict: "deny"}, []int64{5}},
		{"rule", audit.Filter{Rule: "authz.unknown_user"}, []int64{5}},
		{"session", audit.Filter{Session: "s1"}, []int64{6}},
		{"point", audit.Filter{Point: "tool"}, []int64{7}},
		{"last", audit.Filter{Last: 3}, []int64{6, 7, 8}},
		{"last of more than there are", audit.Filter{Last: 100}, []int64{1, 2, 3, 4, 5, 6, 7, 8}},
		{"last of the chosen", audit.Filter{Last: 1, User: "chat:bob"}, []int64{7}},
		{"last behind a place", audit.Filter{Last: 2, After: 3}, []int64{7, 8}},
		{"all at once", audit.Filter{
			After: 1, Since: noon, Connector: "chat", User: "chat:bob", Chat: ann.Chat, Verdict: "ask", Rule: "authz.role", Point: "tool", Last: 5,
		}, []int64{7}},
		{"no such user", audit.Filter{User: "chat:b%"}, nil},
		{"a user that is SQL", audit.Filter{User: "' OR 1=1 --"}, nil},
	} {
		var got []int64
		for _, e := range entries(t, s, c.filter) {
			got = append(got, e.Seq)
		}
		equal(t, c.name, got, c.want)
	}
}

func yieldEnds(t *testing.T, s Stores) {
	for range 3 {
		commit(t, s, only(ann, newID()))
	}
	enough, calls := errors.New("enough"), 0
	if err := s.Entries(t.Context(), audit.Filter{}, func(audit.Entry) error { calls++; return enough }); !errors.Is(err, enough) {
		t.Errorf("entries: %v", err)
	}
	if err := s.Chain(t.Context(), func(audit.Sealed) error { calls++; return enough }); !errors.Is(err, enough) {
		t.Errorf("chain: %v", err)
	}
	equal(t, "calls", calls, 2)
	// Whoever reads the log may write to it.
	must(t, s.Entries(t.Context(), audit.Filter{Last: 1}, func(audit.Entry) error {
		return s.Commit(t.Context(), only(ann, newID()))
	}))
	verify(t, s, 4)
}

func chain(t *testing.T, s Stores) {
	var heads []audit.Head
	for i := range int64(5) {
		commit(t, s, only(ann, newID()))
		heads = append(heads, verify(t, s, i+1))
		if i == 2 {
			s = reopen(t, s)
		}
	}
	for _, h := range append(heads, audit.Head{}) {
		if _, err := audit.Verify(t.Context(), s, h); err != nil {
			t.Errorf("the head %d, kept elsewhere: %v", h.Seq, err)
		}
	}
	var seqs []int64
	must(t, s.Chain(t.Context(), func(sealed audit.Sealed) error {
		seqs = append(seqs, sealed.Seq)
		return nil
	}))
	equal(t, "order", seqs, []int64{1, 2, 3, 4, 5})
}
