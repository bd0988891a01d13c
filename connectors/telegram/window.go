package telegram

import (
	"maps"
	"slices"
	"sync"
)

// window is what is known of the updates that Telegram keeps, because not all
// before them are taken. Telegram has one offset: whatever lies below it is
// confirmed, whatever lies above comes again with each request, a hundred at
// most. So one chat whose handler is slow or fails holds up no other, as long as
// a hundred updates are not waiting.
//
// Safe for concurrent use.
type window struct {
	mu sync.Mutex
	// offset is the one of the next request, if nothing is known.
	offset int64
	states map[int64]state
	// held are chats whose update of this id was not taken: those behind it wait
	// until it comes again, so that a chat keeps its order.
	held    map[string]int64
	running int
	idle    chan struct{} // closed while nothing runs
}

type state int

const (
	// waiting is an update that comes again.
	waiting state = iota
	running
	taken
)

func newWindow() *window {
	w := &window{states: map[int64]state{}, held: map[string]int64{}, idle: make(chan struct{})}
	close(w.idle)
	return w
}

// next gives the offset to ask with: the first update that is not taken.
func (w *window) next() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.first()
}

func (w *window) first() int64 {
	if len(w.states) == 0 {
		return w.offset
	}
	last := int64(0)
	for _, id := range w.ids() {
		if w.states[id] != taken {
			return id
		}
		last = id
	}
	return last + 1
}

func (w *window) ids() []int64 {
	ids := make([]int64, 0, len(w.states))
	for id := range w.states {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// confirmed forgets what Telegram has forgotten.
func (w *window) confirmed(offset int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.offset = offset
	for id := range w.states {
		if id < offset {
			delete(w.states, id)
		}
	}
	if len(w.states) == 0 {
		clear(w.held)
	}
}

// listed compares what waits with a whole answer, of all updates from the offset
// on up to last: what is not in it will not come again, a day having passed or
// another program having confirmed it. It must hold up nothing.
func (w *window) listed(ids map[int64]bool, last int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, s := range w.states {
		if s != waiting || ids[id] || id > last {
			continue
		}
		delete(w.states, id)
		maps.DeleteFunc(w.held, func(_ string, first int64) bool { return first == id })
	}
}

// empty tells whether Telegram keeps nothing that is known here.
func (w *window) empty() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.states) == 0
}

// begin takes note of an update that came. It reports false for one that runs or
// was taken. An id below the offset is news all the same: Telegram gives an update
// again, or has begun to count anew.
func (w *window) begin(id int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.states[id] != waiting {
		return false
	}
	w.states[id] = running
	if w.running++; w.running == 1 {
		w.idle = make(chan struct{})
	}
	return true
}

// may tells whether an update's turn in its chat has come.
func (w *window) may(id int64, chat string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	first, ok := w.held[chat]
	return !ok || id <= first
}

// end notes what became of an update that begin noted.
func (w *window) end(id int64, chat string, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	first, held := w.held[chat]
	switch {
	case ok:
		w.states[id] = taken
		if held && first == id {
			delete(w.held, chat)
		}
	default:
		w.states[id] = waiting
		if !held || id < first {
			w.held[chat] = id
		}
	}
	if w.running--; w.running == 0 {
		close(w.idle)
	}
}

// busy tells whether updates run, or wait to come again; quiet is closed when
// none runs.
func (w *window) busy() (busy bool, quiet <-chan struct{}, failing bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.states {
		busy = busy || s != taken
	}
	return busy, w.idle, len(w.held) > 0
}
