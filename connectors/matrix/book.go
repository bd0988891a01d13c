package matrix

import (
	"maps"
	"slices"
	"sync"

	"maunium.net/go/mautrix/id"
)

const (
	// maxDirectEach bounds the direct messages that one person can have the bot in,
	// and maxDirect those of all: anybody can invite it.
	maxDirectEach = 20
	maxDirect     = 200
)

// page is what the book holds, as it is stored.
type page struct {
	// Since is the place in the homeserver's stream before which everything was
	// handled.
	Since string `json:"since,omitempty"`
	// Last is the last event of each room before Since: what came after it and is
	// missing is asked for.
	Last map[id.RoomID]id.EventID `json:"last,omitempty"`
	// Encrypted are the rooms that are or were encrypted.
	Encrypted map[id.RoomID]bool `json:"encrypted,omitempty"`
	// Direct are the rooms the bot was invited to as direct messages, and by whom.
	Direct map[id.RoomID]id.UserID `json:"direct,omitempty"`
}

// book is what must outlive the process. Safe for concurrent use.
type book struct {
	disk disk

	mu     sync.Mutex
	read   bool
	page   page
	unsure bool // page differs from what is stored
}

func newBook(d disk) *book {
	return &book{disk: d, page: page{Last: map[id.RoomID]id.EventID{}, Encrypted: map[id.RoomID]bool{}, Direct: map[id.RoomID]id.UserID{}}}
}

// open reads the book, once.
func (b *book) open() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.read {
		return nil
	}
	var stored page
	if err := b.disk.read(syncFile, &stored); err != nil {
		return err
	}
	b.page.Since = stored.Since
	maps.Copy(b.page.Last, stored.Last)
	maps.Copy(b.page.Encrypted, stored.Encrypted)
	maps.Copy(b.page.Direct, stored.Direct)
	b.read = true
	return nil
}

// save stores the book where it changed.
func (b *book) save() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.unsure || !b.read {
		return nil
	}
	if err := b.disk.write(syncFile, b.page); err != nil {
		return err
	}
	b.unsure = false
	return nil
}

// handled notes that everything before since was handled.
func (b *book) handled(since string, last map[id.RoomID]id.EventID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.page.Since, b.unsure = since, true
	maps.Copy(b.page.Last, last)
}

func (b *book) since() (string, map[id.RoomID]id.EventID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.page.Since, maps.Clone(b.page.Last)
}

func (b *book) encrypted(at id.RoomID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.unsure = b.unsure || !b.page.Encrypted[at]
	b.page.Encrypted[at] = true
}

func (b *book) isEncrypted(at id.RoomID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.page.Encrypted[at]
}

// invited notes a direct message and who invited the bot to it. It gives false, and
// notes nothing, where there are as many as the bot takes: of one inviter, or in
// all.
func (b *book) invited(at id.RoomID, by id.UserID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.page.Direct[at] == by {
		return true
	}
	theirs := 0
	for _, inviter := range b.page.Direct {
		if inviter == by {
			theirs++
		}
	}
	if _, known := b.page.Direct[at]; theirs >= maxDirectEach || !known && len(b.page.Direct) >= maxDirect {
		return false
	}
	b.page.Direct[at], b.unsure = by, true
	return true
}

// uninvited forgets a direct message that the bot is not in.
func (b *book) uninvited(at id.RoomID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, was := b.page.Direct[at]
	delete(b.page.Direct, at)
	b.unsure = b.unsure || was
}

// directs are the rooms of direct messages.
func (b *book) directs() []id.RoomID {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Collect(maps.Keys(b.page.Direct))
}

func (b *book) direct(at id.RoomID) id.UserID {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.page.Direct[at]
}

// left forgets a room, but not that it is encrypted.
func (b *book) left(at id.RoomID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.page.Last, at)
	delete(b.page.Direct, at)
	b.unsure = true
}
