//go:build unix

package vault_test

import (
	"context"
	"errors"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/sessions/vault"
)

// TestABusyFolderIsNoAnswerForAChangeThatWasBegun: a turn that runs again after a
// crash may have made its change, so it must not say that nothing was changed.
func TestABusyFolderIsNoAnswerForAChangeThatWasBegun(t *testing.T) {
	dir := t.TempDir()
	for _, begun := range []bool{false, true} {
		v, err := vault.New(vault.Deps{Dir: dir, Access: vault.ReadWrite, Authorizer: allowAll{}, Journal: begunBefore(begun), Limits: vault.Limits{LockWait: 20 * time.Millisecond}})
		if err != nil {
			t.Fatal(err)
		}
		held, err := os.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Flock(int(held.Fd()), syscall.LOCK_EX); err != nil {
			t.Fatal(err)
		}
		_, err = v.Append(t.Context(), "log", "x")
		var words *vault.Problem
		if err == nil || errors.As(err, &words) == begun {
			t.Errorf("begun before: %v; got %v", begun, err)
		}
		if err := errors.Join(held.Close(), v.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

type allowAll struct{}

func (allowAll) Authorize(context.Context, vault.Call) error { return nil }

// begunBefore is a journal that knows of every change, or of none.
type begunBefore bool

func (b begunBefore) Begin(context.Context, int, vault.Call, [32]byte) (bool, error) {
	return bool(b), nil
}

func (b begunBefore) Begun(context.Context, int, vault.Call) ([32]byte, bool, error) {
	return [32]byte{1}, bool(b), nil
}
