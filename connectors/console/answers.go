package console

import "sync"

// answers tells the one message that may wait for its answer that it came. The
// answer may come before anybody waits.
type answers struct {
	mu   sync.Mutex
	id   string
	done chan struct{}
}

// expect makes id the message in question and gives the channel that the next
// reply to it closes.
func (a *answers) expect(id string) <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.id, a.done = id, make(chan struct{})
	return a.done
}

// came notes that a reply to id was printed.
func (a *answers) came(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.done != nil && a.id == id {
		close(a.done)
		a.done = nil
	}
}
