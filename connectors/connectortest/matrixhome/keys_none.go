//go:build !goolm

package matrixhome

import (
	"context"
	"errors"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"
)

// CanEncrypt tells whether the people of this build can encrypt.
const CanEncrypt = false

var errCannot = errors.New("this build cannot encrypt: build with -tags goolm")

// keys are nobody's in this build.
type keys struct{}

func newKeys(context.Context, *mautrix.Client) (*keys, error) { return nil, nil }

func (*keys) sync(context.Context, *mautrix.RespSync) {}

func (*keys) lock(context.Context, id.RoomID, event.Type, any, func() ([]id.UserID, error)) (any, error) {
	return nil, errCannot
}

func (*keys) unlock(context.Context, *event.Event) (plain *event.Event, missing bool, err error) {
	return nil, false, errCannot
}
