package matrix

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"

	"github.com/parachute-gate/parachute/connectors/driver"
)

// session is a device that is logged in.
type session struct {
	cli *mautrix.Client
	// keys is nil with encryption off.
	keys keys
}

// account logs in, and lends the session to who needs it. The session is closed
// when nobody uses it, so that a connector that was stopped holds no file.
type account struct {
	deps   Deps
	log    *slog.Logger
	disk   disk
	hush   *hush
	states states

	lock   chan struct{} // a mutex that a ctx can leave
	users  int
	now    *session
	bearer *bearer
}

func newAccount(d Deps, log *slog.Logger) *account {
	return &account{deps: d, log: log, disk: disk{d.Dir}, hush: newHush(d.Password, d.Token), lock: make(chan struct{}, 1)}
}

// enter takes the lock, or gives ctx's error.
func (a *account) enter(ctx context.Context) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case a.lock <- struct{}{}:
		return func() { <-a.lock }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// use gives the session, logging in when there is none. The caller calls done.
func (a *account) use(ctx context.Context) (s *session, done func(), err error) {
	leave, err := a.enter(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer leave()
	if a.now == nil {
		if a.now, err = a.open(ctx); err != nil {
			return nil, nil, a.hush.err(err)
		}
	}
	a.users++
	return a.now, sync.OnceFunc(a.release), nil
}

func (a *account) release() {
	a.lock <- struct{}{}
	defer func() { <-a.lock }()
	if a.users--; a.users > 0 {
		return
	}
	if a.now.keys != nil {
		if err := a.now.keys.close(); err != nil {
			a.log.Error("key store not closed", "error", err)
		}
	}
	a.bearer.base.CloseIdleConnections()
	a.now = nil
}

// open logs in and opens the keys; the lock is held.
func (a *account) open(ctx context.Context) (*session, error) {
	if a.deps.Encrypted && !encryptionBuilt {
		return nil, driver.Permanent(errNotBuilt)
	}
	if u := id.UserID(a.deps.User); !validUser(u) {
		return nil, driver.Permanent(fmt.Errorf("read the bot's user: %q is not of the form @bot:example.org", a.deps.User))
	}
	cli, b, err := newClient(a.deps.Homeserver)
	if err != nil {
		return nil, driver.Permanent(err)
	}
	if err := a.disk.make(); err != nil {
		return nil, driver.Permanent(err)
	}
	a.bearer = b
	cli.UserID = id.UserID(a.deps.User)
	if err := a.identify(ctx, cli); err != nil {
		return nil, err
	}
	s := &session{cli: cli}
	if !a.deps.Encrypted {
		return s, nil
	}
	secret, err := a.disk.pickleKey()
	if err != nil {
		return nil, driver.Permanent(err)
	}
	s.keys, err = openKeys(ctx, cli, a.disk.path(storeFile), secret, a.states)
	if err = failure("open the keys", err); errors.Is(err, errToken) {
		// The token that was kept is no longer valid.
		if err = a.byPassword(ctx, cli, device{Device: string(cli.DeviceID)}); err == nil {
			s.keys, err = openKeys(ctx, cli, a.disk.path(storeFile), secret, a.states)
		}
	}
	if err != nil {
		return nil, failure("open the keys", err)
	}
	return s, nil
}

// identify makes cli the device that Dir knows, or a new one.
func (a *account) identify(ctx context.Context, cli *mautrix.Client) error {
	var known device
	if err := a.disk.read(deviceFile, &known); err != nil {
		return driver.Permanent(err)
	}
	if known.User != "" && known.User != a.deps.User {
		return driver.Permanent(fmt.Errorf("use the folder %s: it is of %s, not of %s", a.deps.Dir, known.User, a.deps.User))
	}
	switch {
	case a.deps.Token != "":
		return a.byToken(ctx, cli, known)
	case known.Token != "":
		a.bearTo(known.Token)
		cli.DeviceID = id.DeviceID(known.Device)
		return nil
	}
	return a.byPassword(ctx, cli, known)
}

// byToken asks the homeserver whose token the configured one is.
func (a *account) byToken(ctx context.Context, cli *mautrix.Client, known device) error {
	a.bearTo(a.deps.Token)
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	who, err := cli.Whoami(ctx)
	err = failure("ask who the token is", err)
	switch {
	case errors.Is(err, errToken) && a.deps.Password != "":
		return a.byPassword(ctx, cli, known)
	case errors.Is(err, errToken):
		return a.refused()
	case err != nil:
		return err
	case string(who.UserID) != a.deps.User:
		return driver.Permanent(fmt.Errorf("log in as %s: %s is a token of %s", a.deps.User, a.tokenFrom(), who.UserID))
	case known.Device != "" && known.Device != string(who.DeviceID) && a.deps.Encrypted:
		return driver.Permanent(fmt.Errorf("log in as %s: %s is of the device %s, the keys in %s are of %s: move that folder away to start as a new device",
			a.deps.User, a.tokenFrom(), who.DeviceID, a.deps.Dir, known.Device))
	}
	cli.DeviceID = who.DeviceID
	return a.remember(device{Homeserver: a.deps.Homeserver, User: a.deps.User, Device: string(who.DeviceID)})
}

// byPassword logs in, as the device that is known where there is one.
func (a *account) byPassword(ctx context.Context, cli *mautrix.Client, known device) error {
	if a.deps.Password == "" {
		return a.refused()
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	a.bearer.token.Store(nil)
	resp, err := cli.Login(ctx, &mautrix.ReqLogin{
		Type:                     mautrix.AuthTypePassword,
		Identifier:               mautrix.UserIdentifier{Type: mautrix.IdentifierTypeUser, User: a.deps.User},
		Password:                 a.deps.Password,
		DeviceID:                 id.DeviceID(known.Device),
		InitialDeviceDisplayName: "Parachute (" + a.deps.Name + ")",
	})
	if err = failure("log in as "+a.deps.User, err); driver.IsPermanent(err) || errors.Is(err, errToken) {
		return driver.Permanent(fmt.Errorf("log in as %s: the homeserver does not accept %s: %w", a.deps.User, a.passwordFrom(), a.hush.err(err)))
	}
	switch {
	case err != nil:
		return err
	case string(resp.UserID) != a.deps.User:
		return driver.Permanent(fmt.Errorf("log in as %s: the homeserver made it %q", a.deps.User, resp.UserID))
	case resp.AccessToken == "" || resp.DeviceID == "":
		return fmt.Errorf("log in as %s: the homeserver gave no token", a.deps.User)
	case known.Device != "" && known.Device != string(resp.DeviceID):
		return driver.Permanent(fmt.Errorf("log in as %s: asked to be the device %s, the homeserver made it %s", a.deps.User, known.Device, resp.DeviceID))
	}
	a.bearTo(resp.AccessToken)
	if cli.DeviceID == "" { // others may read it later on
		cli.DeviceID = resp.DeviceID
	}
	return a.remember(device{Homeserver: a.deps.Homeserver, User: a.deps.User, Device: string(resp.DeviceID), Token: resp.AccessToken})
}

func (a *account) remember(d device) error {
	if err := a.disk.write(deviceFile, d); err != nil {
		return driver.Permanent(err)
	}
	return nil
}

func (a *account) bearTo(token string) {
	a.hush.add(token)
	a.bearer.token.Store(&token)
}

// refused is the error of a token that there is no password to replace.
func (a *account) refused() error {
	return driver.Permanent(fmt.Errorf("log in as %s: the homeserver does not accept %s", a.deps.User, a.tokenFrom()))
}

func (a *account) tokenFrom() string {
	return orElse(a.deps.TokenFrom, "the access token")
}

func (a *account) passwordFrom() string {
	return orElse(a.deps.PasswordFrom, "the password")
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// call makes a request. When the token is no longer valid it logs in again, as
// the same device, and tries once more.
func (a *account) call(ctx context.Context, verb string, f func(ctx context.Context, s *session) error) error {
	s, done, err := a.use(ctx)
	if err != nil {
		return err
	}
	defer done()
	for again := true; ; again = false {
		token := a.bearer.token.Load()
		err := failure(verb, f(ctx, s))
		if !errors.Is(err, errToken) {
			return a.hush.err(err)
		}
		if !again {
			return a.refused()
		}
		if err := a.renew(ctx, s.cli, token); err != nil {
			return a.hush.err(err)
		}
	}
}

// renew replaces a token that is not valid, unless somebody did so already.
func (a *account) renew(ctx context.Context, cli *mautrix.Client, old *string) error {
	leave, err := a.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if a.bearer.token.Load() != old {
		return nil
	}
	if a.deps.Password == "" {
		return a.refused()
	}
	a.log.WarnContext(ctx, "the access token is no longer valid, logging in again", "device", cli.DeviceID)
	return a.byPassword(ctx, cli, device{Device: string(cli.DeviceID)})
}

// short bounds a request that the homeserver should answer at once.
func (a *account) short(ctx context.Context, verb string, f func(ctx context.Context, s *session) error) error {
	return a.call(ctx, verb, func(ctx context.Context, s *session) error {
		ctx, cancel := context.WithTimeout(ctx, callTime)
		defer cancel()
		return f(ctx, s)
	})
}
