package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// kept is a log that whoever has the disk may edit.
type kept struct {
	records []Sealed
	head    Head
	fail    error
}

func (k *kept) Entries(context.Context, Filter, func(Entry) error) error { return k.fail }

func (k *kept) Chain(_ context.Context, yield func(Sealed) error) error {
	for _, s := range k.records {
		if err := yield(s); err != nil {
			return err
		}
	}
	return k.fail
}

func (k *kept) Head(context.Context) (Head, error) { return k.head, nil }

func (k *kept) add(t *testing.T, r Record) {
	t.Helper()
	s, err := r.Seal(k.head.Seq+1, k.head.Hash)
	if err != nil {
		t.Fatal(err)
	}
	k.records, k.head = append(k.records, s), Head{Seq: s.Seq, Hash: s.Hash}
}

func record(n int) Record {
	return Record{
		ID: fmt.Sprintf("d%d", n), Time: time.Date(2026, 3, 1, 12, n, 0, 0, time.UTC), Point: "message", User: "chat:ann",
		Verdict: "allow", Rules: []Rule{{ID: "authz.role", Kind: "allow"}}, Revision: "abc",
	}
}

func newLog(t *testing.T, n int) *kept {
	t.Helper()
	k := &kept{head: Head{Hash: GenesisHash}}
	for i := range n {
		k.add(t, record(i+1))
	}
	return k
}

// forge gives record n other content and seals it properly in its place.
func (k *kept) forge(t *testing.T, n int) {
	t.Helper()
	r, prev := record(n), GenesisHash
	r.Verdict = "deny"
	if n > 1 {
		prev = k.records[n-2].Hash
	}
	s, err := r.Seal(int64(n), prev)
	if err != nil {
		t.Fatal(err)
	}
	k.records[n-1] = s
}

// rewrite seals the whole log anew, as whoever knows the format can.
func (k *kept) rewrite(t *testing.T, edit func([]Record) []Record) {
	t.Helper()
	var records []Record
	for _, s := range k.records {
		var r Record
		if err := json.Unmarshal(s.JSON, &r); err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
	*k = *newLog(t, 0)
	for _, r := range edit(records) {
		k.add(t, r)
	}
}

func TestTamperedLog(t *testing.T) {
	swap := func(k *kept, i, j int) { k.records[i], k.records[j] = k.records[j], k.records[i] }
	for _, c := range []struct {
		name   string
		tamper func(t *testing.T, k *kept)
		// want is in the error; "" where only a head kept elsewhere finds it.
		want string
	}{
		{"content changed", func(_ *testing.T, k *kept) {
			k.records[2].JSON = []byte(strings.Replace(string(k.records[2].JSON), `"allow"`, `"deny"`, 1))
		}, "record 3 was changed"},
		{"one byte added", func(_ *testing.T, k *kept) { k.records[2].JSON = append(k.records[2].JSON, ' ') }, "record 3 was changed"},
		{"hash changed", func(_ *testing.T, k *kept) { k.records[2].Hash = GenesisHash }, "record 3 was changed"},
		{"last one changed", func(_ *testing.T, k *kept) { k.records[4].JSON[1] = ' ' }, "record 5 was changed"},
		{"content and hash changed", func(t *testing.T, k *kept) { k.forge(t, 3) }, "record 4 (d4) does not follow record 3"},
		{"first one replaced", func(t *testing.T, k *kept) { k.forge(t, 1) }, "record 2 (d2) does not follow record 1"},
		{"last one replaced", func(t *testing.T, k *kept) { k.forge(t, 5) }, "tail was cut off or replaced"},
		{"removed", func(_ *testing.T, k *kept) { k.records = slices.Delete(k.records, 2, 3) }, "record 3 is missing"},
		{"first one removed", func(_ *testing.T, k *kept) { k.records = k.records[1:] }, "record 1 is missing"},
		{"removed and numbered anew", func(_ *testing.T, k *kept) {
			k.records = slices.Delete(k.records, 2, 3)
			k.records[2].Seq, k.records[3].Seq, k.head.Seq = 3, 4, 4
		}, "record 3 was changed"},
		{"doubled", func(_ *testing.T, k *kept) { k.records = slices.Insert(k.records, 2, k.records[1]) }, "record 3 is missing"},
		{"reordered", func(_ *testing.T, k *kept) { swap(k, 1, 2) }, "record 2 is missing"},
		{"reordered and numbered anew", func(_ *testing.T, k *kept) {
			swap(k, 1, 2)
			k.records[1].Seq, k.records[2].Seq = 2, 3
		}, "record 2 was changed"},
		{"sealed in another place", func(t *testing.T, k *kept) {
			s, err := record(2).Seal(3, k.records[1].Hash)
			if err != nil {
				t.Fatal(err)
			}
			k.records[2] = s
		}, "record 4 (d4) does not follow record 3"},
		{"no record at all", func(_ *testing.T, k *kept) {
			k.records[2].JSON = []byte("not JSON")
			k.records[2].Hash = hash(3, k.records[2].JSON)
		}, "record 3 cannot be read"},
		{"tail cut off", func(_ *testing.T, k *kept) { k.records = k.records[:3] }, "ends at record 3, and should end at 5"},
		{"all cut off", func(_ *testing.T, k *kept) { k.records = nil }, "ends at record 0, and should end at 5"},
		{"head moved forth", func(_ *testing.T, k *kept) { k.head.Seq++ }, "should end at 6"},
		{"head's hash changed", func(_ *testing.T, k *kept) { k.head.Hash = k.records[3].Hash }, "should end at 5"},
		{"tail and head cut off", func(_ *testing.T, k *kept) {
			k.records, k.head = k.records[:3], Head{Seq: 3, Hash: k.records[2].Hash}
		}, ""},
		{"head alone moved back", func(_ *testing.T, k *kept) { k.head = Head{Seq: 3, Hash: k.records[2].Hash} }, "record 5 stands behind the end of the log"},
		{"a forged record behind the end", func(_ *testing.T, k *kept) {
			k.records = append(k.records, Sealed{Seq: 1000, JSON: k.records[0].JSON, Hash: "beef"})
		}, "record 6 is missing"},
		{"what it is found by changed", func(_ *testing.T, k *kept) {
			c := record(3).Columns()
			c.Verdict = "deny"
			k.records[2].Columns = &c
		}, "record 3 (d3) is shown as something else"},
		{"emptied", func(_ *testing.T, k *kept) { k.records, k.head = nil, Head{Hash: GenesisHash} }, ""},
		{"everything sealed anew", func(t *testing.T, k *kept) {
			k.rewrite(t, func(r []Record) []Record { r[2].Verdict = "deny"; return r })
		}, ""},
		{"sealed anew and longer", func(t *testing.T, k *kept) {
			k.rewrite(t, func(r []Record) []Record { return append(slices.Delete(r, 0, 1), record(6), record(7)) })
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newLog(t, 5)
			elsewhere := k.head
			if _, err := Verify(t.Context(), k, elsewhere); err != nil {
				t.Fatalf("the log as it was: %v", err)
			}
			c.tamper(t, k)
			_, err := Verify(t.Context(), k, Head{})
			if c.want == "" && err != nil {
				t.Errorf("found without the head, so move it to the cases above: %v", err)
			}
			if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("verify: %v, want %q", err, c.want)
			}
			if _, err := Verify(t.Context(), k, elsewhere); err == nil {
				t.Error("not found with the head that was kept elsewhere")
			}
		})
	}
}

func TestVerify(t *testing.T) {
	k := newLog(t, 0)
	heads := []Head{{}, k.head}
	for i := range 4 {
		k.add(t, record(i+1))
		heads = append(heads, k.head)
	}
	for _, want := range heads {
		head, err := Verify(t.Context(), k, want)
		if err != nil || head != k.head {
			t.Errorf("with the head %d: %+v, %v", want.Seq, head, err)
		}
	}
	// A record that came after the head was read belongs to the log as well.
	late := &growing{kept: *k, before: k.head}
	late.add(t, record(5))
	if head, err := Verify(t.Context(), late, k.head); err != nil || head != late.head {
		t.Errorf("a log that grows: %+v, %v", head, err)
	}
	k.fail = errors.New("disk")
	if _, err := Verify(t.Context(), k, Head{}); !errors.Is(err, k.fail) {
		t.Errorf("a log that cannot be read: %v", err)
	}
}

// growing has one head before it is read, and another afterwards.
type growing struct {
	kept
	before Head
	asked  int
}

func (g *growing) Head(context.Context) (Head, error) {
	if g.asked++; g.asked == 1 {
		return g.before, nil
	}
	return g.head, nil
}

func TestSeal(t *testing.T) {
	r := record(1)
	one, err := r.Seal(1, GenesisHash)
	if err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string]func() (Sealed, error){
		"another place":       func() (Sealed, error) { return r.Seal(2, GenesisHash) },
		"another predecessor": func() (Sealed, error) { return r.Seal(1, one.Hash) },
		"another record":      func() (Sealed, error) { return record(2).Seal(1, GenesisHash) },
	} {
		if s, err := other(); err != nil || s.Hash == one.Hash {
			t.Errorf("%s gives the same hash, %v", name, err)
		}
	}
	if again, _ := r.Seal(1, GenesisHash); again.Hash != one.Hash || r.Prev != "" {
		t.Error("sealing is not repeatable, or changes the record")
	}
	r.Input = json.RawMessage(`{"half`)
	if _, err := r.Seal(1, GenesisHash); err == nil {
		t.Error("a record was sealed that cannot be read back")
	}
	if r.Input = nil; TextDigest("a") == TextDigest("b") || len(TextDigest("")) != 64 {
		t.Error("the digest does not tell texts apart")
	}
}

func TestNewID(t *testing.T) {
	last := ""
	for range 100 {
		id, err := NewID()
		if err != nil || id <= last {
			t.Fatalf("%s behind %s, %v", id, last, err)
		}
		last = id
	}
}
