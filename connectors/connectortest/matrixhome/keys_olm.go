//go:build goolm

package matrixhome

import (
	"context"
	"errors"
	"fmt"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/crypto"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"
)

// CanEncrypt tells whether the people of this build can encrypt.
const CanEncrypt = true

// keys are a person's, in memory.
type keys struct{ mach *crypto.OlmMachine }

func newKeys(ctx context.Context, cli *mautrix.Client) (*keys, error) {
	mach := crypto.NewOlmMachine(cli, nil, crypto.NewMemoryStore(nil), everyRoom{})
	if err := mach.Load(ctx); err != nil {
		return nil, err
	}
	if err := mach.ShareKeys(ctx, 0); err != nil {
		return nil, fmt.Errorf("upload keys: %w", err)
	}
	return &keys{mach}, nil
}

func (k *keys) sync(ctx context.Context, resp *mautrix.RespSync) {
	k.mach.ProcessSyncResponse(ctx, resp, "")
}

func (k *keys) lock(ctx context.Context, room id.RoomID, kind event.Type, content any, present func() ([]id.UserID, error)) (any, error) {
	for {
		out, err := k.mach.EncryptMegolmEvent(ctx, room, kind, content)
		if err == nil || !crypto.IsShareError(err) {
			return out, err
		}
		users, err := present()
		if err != nil {
			return nil, err
		}
		if err := k.mach.ShareGroupSession(ctx, room, users); err != nil {
			return nil, fmt.Errorf("share the key: %w", err)
		}
	}
}

func (k *keys) unlock(ctx context.Context, e *event.Event) (plain *event.Event, missing bool, err error) {
	if err := e.Content.ParseRaw(e.Type); err != nil && !errors.Is(err, event.ErrContentAlreadyParsed) {
		return nil, false, err
	}
	plain, err = k.mach.DecryptMegolmEvent(ctx, e)
	return plain, errors.Is(err, crypto.ErrNoSessionFound), err
}

// Renew makes the person's next event in a room be encrypted with a new key.
func (p *Person) Renew(ctx context.Context, room id.RoomID) error {
	return p.keys.mach.CryptoStore.RemoveOutboundGroupSession(ctx, room)
}

// everyRoom takes every room for an encrypted one of which nothing is known.
type everyRoom struct{}

func (everyRoom) IsEncrypted(context.Context, id.RoomID) (bool, error) { return true, nil }

func (everyRoom) GetEncryptionEvent(context.Context, id.RoomID) (*event.EncryptionEventContent, error) {
	return nil, nil
}

func (everyRoom) GetHistoryVisibility(context.Context, id.RoomID) (*event.HistoryVisibilityEventContent, error) {
	return nil, nil
}

func (everyRoom) FindSharedRooms(context.Context, id.UserID) ([]id.RoomID, error) { return nil, nil }
