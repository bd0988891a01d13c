package matrix

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"

	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"github.com/parachute-gate/parachute/connectors"
)

// room is what is known of a room the bot is in.
type room struct {
	id   id.RoomID
	name string
	// members are those who joined or are invited.
	members    map[id.UserID]string
	encryption *event.EncryptionEventContent
	visibility *event.HistoryVisibilityEventContent
	space      bool
	// closed says that something of its state could not be read: it is no direct
	// message, whoever seems to be in it.
	closed bool
}

// rooms are the rooms the bot is in, each read from the homeserver when it is
// first needed and kept up to date by its events. What must not be forgotten is
// in the book. Safe for concurrent use.
type rooms struct {
	account *account
	self    id.UserID

	mu   sync.Mutex
	byID map[id.RoomID]*room
	book *book
}

func newRooms(a *account, self id.UserID) *rooms {
	return &rooms{account: a, self: self, byID: map[id.RoomID]*room{}, book: newBook(a.disk)}
}

// load reads a room unless it is known.
func (r *rooms) load(ctx context.Context, at id.RoomID) error {
	r.mu.Lock()
	_, known := r.byID[at]
	r.mu.Unlock()
	if known {
		return nil
	}
	var raw []json.RawMessage
	err := r.account.short(ctx, "read the room", func(ctx context.Context, s *session) error {
		_, err := s.cli.MakeRequest(ctx, http.MethodGet, s.cli.BuildClientURL("v3", "rooms", at, "state"), nil, &raw)
		if err == nil && s.keys != nil {
			// Who is in it may have changed since its key was made.
			err = s.keys.renew(ctx, at)
		}
		return err
	})
	if err != nil {
		return err
	}
	fresh := &room{id: at, members: map[id.UserID]string{}}
	for _, e := range decodeEvents(r.account.log, at, raw) {
		fresh.apply(e)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if fresh.encryption != nil {
		r.book.encrypted(at)
	}
	if r.byID[at] == nil {
		r.byID[at] = fresh
	}
	return nil
}

// apply takes a state event. It reports whether it changed who is in the room.
func (r *rooms) apply(at id.RoomID, e *event.Event) (members bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.byID[at]
	if known == nil {
		known = &room{id: at, members: map[id.UserID]string{}} // tells what the event is, no more
	}
	members = known.apply(e)
	if e.Type.Type == event.StateEncryption.Type {
		r.book.encrypted(at)
	}
	return members
}

// forget drops a room the bot is no longer in.
func (r *rooms) forget(at id.RoomID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.byID, at)
	r.book.left(at)
}

// chat tells what a message's chat is. A room is a direct message only when the
// bot was invited to it as such, it was settled when the message was written,
// and nobody is in it but the bot and who invited it.
func (r *rooms) chat(at id.RoomID, settled bool) connectors.Chat {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := connectors.Chat{ID: string(at), Kind: connectors.ChatGroup}
	if known := r.byID[at]; known != nil {
		c.Name = known.name
	}
	if settled && r.isPair(at) {
		c.Kind = connectors.ChatDM
	}
	return c
}

// pair tells whether nobody is in a room but the bot and who invited it to a direct
// message there.
func (r *rooms) pair(at id.RoomID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.isPair(at)
}

// isPair is pair; r.mu is held.
func (r *rooms) isPair(at id.RoomID) bool {
	known, other := r.byID[at], r.book.direct(at)
	if known == nil || known.closed || other == "" || other == r.self || len(known.members) != 2 {
		return false
	}
	_, self := known.members[r.self]
	_, them := known.members[other]
	return self && them
}

// person is a member's name in a room; the id is all that tells who it is.
func (r *rooms) person(at id.RoomID, who id.UserID) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known := r.byID[at]; known != nil {
		return known.members[who]
	}
	return ""
}

// space tells whether a room is a space.
func (r *rooms) space(at id.RoomID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.byID[at]
	return known != nil && known.space
}

// present are those who can read what is written to a room now.
func (r *rooms) present(at id.RoomID) []id.UserID {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []id.UserID
	if known := r.byID[at]; known != nil {
		for who := range known.members {
			all = append(all, who)
		}
	}
	return all
}

// encrypted tells whether a room was ever encrypted: encryption cannot be turned
// off (m.room.encryption), and a homeserver that says otherwise is not believed.
func (r *rooms) encrypted(at id.RoomID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.book.isEncrypted(at)
}

// IsEncrypted is encrypted.
func (r *rooms) IsEncrypted(_ context.Context, at id.RoomID) (bool, error) {
	return r.encrypted(at), nil
}

// GetEncryptionEvent gives how a room is encrypted, nil where it is not known.
func (r *rooms) GetEncryptionEvent(_ context.Context, at id.RoomID) (*event.EncryptionEventContent, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known := r.byID[at]; known != nil {
		return known.encryption, nil
	}
	return nil, nil //nolint:nilnil // as the library's own store says it
}

// GetHistoryVisibility gives who may read a room's past, nil where it is not
// known.
func (r *rooms) GetHistoryVisibility(_ context.Context, at id.RoomID) (*event.HistoryVisibilityEventContent, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known := r.byID[at]; known != nil {
		return known.visibility, nil
	}
	return nil, nil //nolint:nilnil // as the library's own store says it
}

// FindSharedRooms gives the encrypted rooms that somebody is in.
func (r *rooms) FindSharedRooms(_ context.Context, who id.UserID) ([]id.RoomID, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []id.RoomID
	for at, known := range r.byID {
		if _, in := known.members[who]; in && r.book.isEncrypted(at) {
			all = append(all, at)
		}
	}
	return all, nil
}
