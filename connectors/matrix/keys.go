package matrix

import (
	"context"
	"errors"
	"sync"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"
)

// keyWait is how long an event waits for the key that decrypts it, from when it
// came in.
const keyWait = 10 * time.Second

// errNotBuilt refuses to start without the encryption that was asked for.
var errNotBuilt = errors.New("this build has no end-to-end encryption: build with -tags goolm (make does), or set encryption: false")

const (
	// waitBeside is how many events may wait for their keys where they stand, of all
	// senders: each holds one of the rooms that are handled at once. One of each
	// sender does.
	waitBeside = 4
	// laterAll and laterEach are how many events whose keys are missing are given
	// again later on instead, of all senders and of one.
	laterAll  = 64
	laterEach = 8
)

// errLater says that an event's key is not there, and that others wait already.
var errLater = errors.New("its key has not come yet, and too many others wait for theirs")

// crowd bounds what people can have going on: so much of each, and so much in all.
// Safe for concurrent use.
type crowd struct {
	each, most int

	mu sync.Mutex
	by map[id.UserID]int
	in int
}

func newCrowd(each, most int) *crowd { return &crowd{each: each, most: most, by: map[id.UserID]int{}} }

// enter gives false where there is no room.
func (c *crowd) enter(who id.UserID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.in >= c.most || c.by[who] >= c.each {
		return false
	}
	c.in++
	c.by[who]++
	return true
}

func (c *crowd) leave(who id.UserID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.in--
	if c.by[who]--; c.by[who] == 0 {
		delete(c.by, who)
	}
}

// keys are a device's keys and what it does with them. Safe for concurrent use.
type keys interface {
	// sync takes the keys, device lists and counts that came with events.
	sync(ctx context.Context, resp *mautrix.RespSync)
	// decrypt gives an event as its sender wrote it, waiting for its key until the
	// given time; errLater where too many wait.
	decrypt(ctx context.Context, e *event.Event, until time.Time) (*event.Event, error)
	// encrypt gives the content of an event that the members' devices can read.
	encrypt(ctx context.Context, room id.RoomID, kind event.Type, content any, members []id.UserID) (any, error)
	// renew makes the next event of a room be encrypted with a new key.
	renew(ctx context.Context, room id.RoomID) error
	// fingerprint is what people compare to know the device.
	fingerprint() string
	close() error
}

// states tells the keys what rooms are like. It is crypto.StateStore of the
// library, which does not compile without its tag.
type states interface {
	IsEncrypted(ctx context.Context, room id.RoomID) (bool, error)
	GetEncryptionEvent(ctx context.Context, room id.RoomID) (*event.EncryptionEventContent, error)
	GetHistoryVisibility(ctx context.Context, room id.RoomID) (*event.HistoryVisibilityEventContent, error)
	FindSharedRooms(ctx context.Context, user id.UserID) ([]id.RoomID, error)
}
