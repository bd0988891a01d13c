package sandbox

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// Whatever is written in whatever pieces: what is read is its beginning, up to
// the limit, and never more is kept.
func TestOutputProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Int64Range(1, 2000).Draw(t, "limit")
		pieces := rapid.SliceOf(rapid.SliceOfN(rapid.Byte(), 0, 300)).Draw(t, "pieces")
		over := 0
		o := NewOutput(limit, func() { over++ })
		var all []byte
		for _, p := range pieces {
			all = append(all, p...)
			n, err := o.Write(p)
			if (err != nil) != (n < len(p) || over > 0) {
				t.Fatalf("wrote %d of %d: %v", n, len(p), err)
			}
		}
		o.End(nil)
		got, err := io.ReadAll(o)
		want := all[:min(int64(len(all)), limit)]
		tooMuch := int64(len(all)) > limit
		if !bytes.Equal(got, want) || errors.Is(err, ErrOutput) != tooMuch || (over == 1) != tooMuch || over > 1 {
			t.Fatalf("read %d of %d, limit %d, over %d: %v", len(got), len(all), limit, over, err)
		}
	})
}

func TestOutputWaitsForMore(t *testing.T) {
	o := NewOutput(100, func() {})
	var wait sync.WaitGroup
	var got []byte
	wait.Go(func() { got, _ = io.ReadAll(o) })
	for _, s := range []string{"a", "b", "c"} {
		if _, err := io.WriteString(o, s); err != nil {
			t.Error(err)
		}
	}
	o.End(nil)
	wait.Wait()
	if string(got) != "abc" {
		t.Errorf("%q", got)
	}
}

// A turn that begins gives no room for what nobody read.
func TestRenewCountsWhatIsUnread(t *testing.T) {
	o := NewOutput(10, func() {})
	if _, err := io.WriteString(o, "123456"); err != nil {
		t.Fatal(err)
	}
	o.Renew()
	if _, err := io.WriteString(o, "12345"); !errors.Is(err, ErrOutput) {
		t.Errorf("%v", err)
	}
}

func TestTail(t *testing.T) {
	var tail Tail
	var all strings.Builder
	for _, n := range []int{0, 1, 10, TailBytes - 5, 3, TailBytes, TailBytes + 7, 2} {
		piece := strings.Repeat(string(rune('a'+n%26)), n)
		all.WriteString(piece)
		if w, err := tail.Write([]byte(piece)); w != n || err != nil {
			t.Fatal(w, err)
		}
		want := all.String()
		if want = want[max(0, len(want)-TailBytes):]; string(tail.Bytes()) != want {
			t.Fatalf("after %d bytes: %d kept, want %d", all.Len(), len(tail.Bytes()), len(want))
		}
	}
}
