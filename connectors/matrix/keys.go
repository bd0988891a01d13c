package matrix

import (
	"context"
	"errors"
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

// keys are a device's keys and what it does with them. Safe for concurrent use.
type keys interface {
	// sync takes the keys, device lists and counts that came with events.
	sync(ctx context.Context, resp *mautrix.RespSync)
	// decrypt gives an event as its sender wrote it, waiting for its key until the
	// given time.
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
