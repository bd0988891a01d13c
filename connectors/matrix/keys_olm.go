//go:build goolm

package matrix

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"

	"go.mau.fi/util/dbutil"
	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/crypto"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"
	_ "modernc.org/sqlite" // the driver of the key store

	"github.com/parachute-gate/parachute/connectors/driver"
)

// encryptionBuilt tells whether this build can encrypt.
const encryptionBuilt = true

var (
	// errNoKey says that the key of an event has not come.
	errNoKey = errors.New("its key did not come")
	// errNotTheirs says that an event's key is not known to be of a device of the
	// person that the homeserver says wrote it.
	errNotTheirs = errors.New("its key is of no device of its sender")
)

// olm keeps the keys in an SQLite file of their own.
type olm struct {
	db   *sql.DB
	mach *crypto.OlmMachine
	// waiting are those whose events wait for their keys.
	waiting *crowd
}

// openKeys opens the key store, makes it on the first start, and sees to it that
// the homeserver has this device's keys and no others under its id.
func openKeys(ctx context.Context, cli *mautrix.Client, path string, secret []byte, rooms states) (_ keys, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // in the connector's own folder; SQLite's other files take its mode
	if err != nil {
		return nil, driver.Permanent(err)
	}
	if err := errors.Join(f.Chmod(0o600), f.Close()); err != nil {
		return nil, driver.Permanent(err)
	}
	raw, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)&_txlock=immediate")
	if err != nil {
		return nil, driver.Permanent(err)
	}
	raw.SetMaxOpenConns(1)
	defer func() {
		if err != nil {
			err = errors.Join(err, raw.Close())
		}
	}()
	db, err := dbutil.NewWithDB(raw, "sqlite")
	if err != nil {
		return nil, driver.Permanent(err)
	}
	store := crypto.NewSQLCryptoStore(db, dbutil.NoopLogger, "", cli.DeviceID, secret)
	if err := store.DB.Upgrade(ctx); err != nil {
		return nil, driver.Permanent(fmt.Errorf("open the key store: %w", err))
	}
	known, err := store.FindDeviceID(ctx)
	if err != nil {
		return nil, driver.Permanent(fmt.Errorf("read the key store: %w", err))
	}
	if known != "" && known != cli.DeviceID {
		return nil, driver.Permanent(fmt.Errorf("the key store is of the device %s, this is %s: move the connector's folder away to start as a new device", known, cli.DeviceID))
	}
	mach := crypto.NewOlmMachine(cli, nil, store, rooms)
	mach.IgnorePostDecryptionParseErrors = true
	if err := mach.Load(ctx); err != nil {
		return nil, driver.Permanent(fmt.Errorf("read the device's keys: %w", err))
	}
	o := &olm{db: raw, mach: mach, waiting: newCrowd(1, waitBeside)}
	return o, o.publish(ctx)
}

// publish uploads the device's keys where the homeserver has none: at the first
// start, and when it has forgotten the device.
func (o *olm) publish(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	cli := o.mach.Client
	resp, err := cli.QueryKeys(ctx, &mautrix.ReqQueryKeys{DeviceKeys: mautrix.DeviceKeysRequest{cli.UserID: {cli.DeviceID}}})
	if err != nil {
		return fmt.Errorf("ask for the own keys: %w", err)
	}
	there, ok := resp.DeviceKeys[cli.UserID][cli.DeviceID]
	if ok && len(there.Keys) > 0 {
		if there.Keys.GetEd25519(cli.DeviceID) != o.mach.OwnIdentity().SigningKey {
			return driver.Permanent(fmt.Errorf("the homeserver has other keys for the device %s: move the connector's folder away to start as a new device", cli.DeviceID))
		}
		return nil
	}
	o.mach.GetAccount().Shared = false
	if err := o.mach.ShareKeys(ctx, 0); err != nil {
		return fmt.Errorf("upload the keys: %w", err)
	}
	return nil
}

func (o *olm) sync(ctx context.Context, resp *mautrix.RespSync) {
	o.mach.ProcessSyncResponse(ctx, resp, "")
}

func (o *olm) decrypt(ctx context.Context, e *event.Event, until time.Time) (*event.Event, error) {
	if err := e.Content.ParseRaw(e.Type); err != nil && !errors.Is(err, event.ErrContentAlreadyParsed) {
		return nil, err
	}
	plain, err := o.mach.DecryptMegolmEvent(ctx, e)
	if errors.Is(err, crypto.ErrNoSessionFound) {
		if !time.Now().Before(until) {
			return nil, errNoKey
		}
		if !o.waiting.enter(e.Sender) {
			return nil, errLater
		}
		defer o.waiting.leave(e.Sender)
		c := e.Content.AsEncrypted()
		if !o.mach.WaitForSession(ctx, e.RoomID, c.SenderKey, c.SessionID, time.Until(until)) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			return nil, errNoKey
		}
		plain, err = o.mach.DecryptMegolmEvent(ctx, e)
	}
	if err != nil {
		return nil, err
	}
	return plain, o.theirs(ctx, e)
}

// theirs holds that an event's key came from its sender: directly, and from a
// device that is listed as theirs with the keys it signed with. The library tells
// a trust level and decrypts whatever it is.
func (o *olm) theirs(ctx context.Context, e *event.Event) error {
	s, err := o.mach.CryptoStore.GetGroupSession(ctx, e.RoomID, e.Content.AsEncrypted().SessionID)
	if err != nil {
		return fmt.Errorf("read the key: %w", err)
	}
	if s == nil || s.KeySource != id.KeySourceDirect || len(s.ForwardingChains) > 0 || s.SourceUser != "" && s.SourceUser != e.Sender {
		return errNotTheirs
	}
	d, err := o.mach.CryptoStore.FindDeviceByKey(ctx, e.Sender, s.SenderKey)
	if err == nil && d == nil {
		// The library's own look-up takes a homeserver that fails for one that
		// knows no such device.
		if _, err = o.mach.FetchKeys(ctx, []id.UserID{e.Sender}, true); err == nil {
			d, err = o.mach.CryptoStore.FindDeviceByKey(ctx, e.Sender, s.SenderKey)
		}
	}
	if err != nil {
		return fmt.Errorf("look for the sender's device: %w", err)
	}
	if d == nil || d.UserID != e.Sender || d.IdentityKey != s.SenderKey || d.SigningKey != s.SigningKey || d.Trust == id.TrustStateBlacklisted {
		return errNotTheirs
	}
	// The library reads what was encrypted with keys that pass for one another.
	payload, _, err := s.Internal.Decrypt(e.Content.AsEncrypted().MegolmCiphertext)
	if err != nil {
		return fmt.Errorf("read what was encrypted: %w", err)
	}
	return strict(payload)
}

func (o *olm) encrypt(ctx context.Context, room id.RoomID, kind event.Type, content any, members []id.UserID) (any, error) {
	for tries := 3; ; tries-- {
		out, err := o.mach.EncryptMegolmEvent(ctx, room, kind, content)
		if err == nil {
			return out, nil
		}
		if !crypto.IsShareError(err) || tries == 0 {
			return nil, fmt.Errorf("encrypt: %w", err)
		}
		if err := o.mach.ShareGroupSession(ctx, room, members); err != nil {
			return nil, fmt.Errorf("share the room's key: %w", err)
		}
	}
}

func (o *olm) renew(ctx context.Context, room id.RoomID) error {
	return o.mach.CryptoStore.RemoveOutboundGroupSession(ctx, room)
}

func (o *olm) fingerprint() string { return o.mach.Fingerprint() }

func (o *olm) close() error {
	o.mach.Destroy()
	return o.db.Close()
}
