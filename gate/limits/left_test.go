package limits

import (
	"testing"
	"time"
)

type stillClock struct{ now int64 }

func (c *stillClock) Now() int64 { return c.now }

func TestLeft(t *testing.T) {
	clock := &stillClock{now: int64(time.Hour)}
	b := New(Deps{Store: &memStore{}, Clock: clock})
	list := []Limit{
		{Name: "b", Per: PerUser, Max: 3, Window: time.Minute},
		{Name: "a", Per: PerAll, Max: 1, Window: time.Second},
	}
	s := Subject{User: "u", Chat: "c", Connector: "x"}
	for i, want := range [][2]int{{1, 3}, {0, 2}, {0, 1}, {0, 0}, {0, 0}} {
		h, err := b.Hold(t.Context(), list, s)
		if err != nil {
			t.Fatal(err)
		}
		left := h.Left()
		if len(left) != 2 || left[0].Name != "a" || left[0].Left != want[0] || left[1].Left != want[1] {
			t.Errorf("after %d: %+v, want %v", i, left, want)
		}
		b.Stored(h.Take(string(rune('0' + i))))
	}
	clock.now += int64(2 * time.Second)
	h, err := b.Hold(t.Context(), list, s)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Release()
	if left := h.Left(); left[0].Left != 1 || left[1].Left != 0 {
		t.Errorf("after the short window: %+v", left)
	}
}
