package matrix

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/driver"
)

func TestLoginIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(d *Deps)
		says string
	}{
		"wrong password": {func(d *Deps) { d.Password = "wrong-secret" }, "the environment variable MATRIX_PASSWORD"},
		"wrong token": {func(d *Deps) {
			d.Password, d.Token, d.TokenFrom = "", "wrong-secret", "the file token"
		}, "the file token"},
		"neither":          {func(d *Deps) { d.Password = "" }, "the access token"},
		"no whole user id": {func(d *Deps) { d.User = "bot" }, "@bot:example.org"},
		"no homeserver":    {func(d *Deps) { d.Homeserver = "" }, "homeserver"},
		"another's folder": {func(d *Deps) {
			if err := os.MkdirAll(d.Dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := (disk{d.Dir}).write(deviceFile, device{User: "@other:localhost", Device: "X", Token: "y"}); err != nil {
				t.Fatal(err)
			}
		}, "@other:localhost"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, false, func(d *Deps, _ *platform) { c.set(d) })
			err := s.connector.Run(s.ctx, nil)
			if err == nil || !driver.IsPermanent(err) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("Run gave %v, want it to say %q", err, c.says)
			}
			if err != nil && strings.Contains(err.Error(), "secret") || strings.Contains(s.log.String(), "wrong-secret") {
				t.Errorf("the secret is told: %v", err)
			}
			for _, f := range s.connector.Check(s.ctx) {
				if f.OK || !strings.Contains(f.Detail, c.says) {
					t.Errorf("Check found %+v", f)
				}
			}
		})
	}
}

func TestATokenThatEndsIsReplacedForTheSameDevice(t *testing.T) {
	s := newStage(t, false, func(d *Deps, _ *platform) { d.DirectMessages = true })
	s.run()
	before, _ := s.device()
	s.Expire()
	s.until("wait for the new login", func() bool { return len(s.Logins()) == 2 })
	s.logged("level=WARN", "logging in again")
	s.until("wait for the new token", func() bool { d, _ := s.device(); return d.Token != before.Token })
	after, _ := s.device()
	if after.Device != before.Device {
		t.Errorf("the device was %s and is %s", before.Device, after.Device)
	}
	s.halt()
	s.Expire()
	s.again(nil) // and at a start
	s.run()
	if last, _ := s.device(); last.Device != before.Device {
		t.Errorf("the device was %s and is %s after a restart", before.Device, last.Device)
	}
}

func (s *stage) device() (d device, err error) {
	err = s.connector.account.disk.read(deviceFile, &d)
	return d, err
}

func TestFilesAreForTheirOwnerAlone(t *testing.T) {
	s := newStage(t, false, func(d *Deps, _ *platform) {
		d.DirectMessages = true
		if err := os.MkdirAll(d.Dir, 0o755); err != nil {
			t.Fatal(err)
		}
	})
	s.run()
	s.halt()
	err := filepath.WalkDir(s.connector.deps.Dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has the mode %v", filepath.Base(path), info.Mode())
		}
		return err
	})
	s.ok(err)
}

func TestEncryptionThatIsNotBuiltIn(t *testing.T) {
	if encryptionBuilt {
		return // the tests with the tag show that it works
	}
	c := New(Deps{Name: "matrix", User: "@bot:example.org", Homeserver: "http://127.0.0.1:1", Dir: t.TempDir(), Encrypted: true, Password: "x"})
	err := c.Run(t.Context(), nil)
	if err == nil || !strings.Contains(err.Error(), "-tags goolm") || !strings.Contains(err.Error(), "encryption: false") {
		t.Errorf("Run gave %v", err)
	}
}

func TestAHomeserverThatIsNotThereIsAFinding(t *testing.T) {
	c := New(Deps{Name: "matrix", User: "@bot:example.org", Homeserver: "http://127.0.0.1:1", Dir: t.TempDir(), Password: "s3cret"})
	got := c.Check(t.Context())
	if len(got) != 1 || got[0].OK || strings.Contains(got[0].Detail, "s3cret") {
		t.Errorf("Check found %+v", got)
	}
}

func TestAStopLeavesNothingOpen(t *testing.T) {
	s := newStage(t, encryptionBuilt, func(d *Deps, _ *platform) { d.DirectMessages = true })
	before := runtime.NumGoroutine()
	s.run()
	s.halt()
	// Between two runs a reply can still be sent: what it opens is closed as well.
	if err := s.connector.Send(s.ctx, connectors.Reply{ID: "r", Chat: "!none:localhost", Text: "hello"}); err == nil {
		t.Error("Send into no room gave nil")
	}
	if s.connector.account.now != nil {
		t.Error("the session is open")
	}
	// The proxy keeps some connections to the homeserver for a while.
	s.until("wait for the goroutines to end", func() bool { return runtime.NumGoroutine() <= before+12 })
}
