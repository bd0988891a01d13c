package driver

import (
	"errors"
	"time"

	"github.com/parachute-gate/parachute/connectors"
)

// Throttled says that the platform wants no more for a while.
type Throttled struct {
	// After is how long.
	After time.Duration
	Err   error
}

func (t *Throttled) Error() string { return t.Err.Error() }

// Unwrap gives the platform's error.
func (t *Throttled) Unwrap() error { return t.Err }

// permanent is an error that trying again does not mend.
type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// Permanent marks an error that trying again does not mend: a token that is not
// valid, a chat that the bot was thrown out of. It gives nil for nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return permanent{err}
}

// IsPermanent tells whether Permanent marked err.
func IsPermanent(err error) bool {
	var p permanent
	return errors.As(err, &p)
}

// unconfirmed is an error after which nobody knows whether the platform acted.
type unconfirmed struct{ error }

func (u unconfirmed) Unwrap() []error { return []error{u.error, connectors.ErrUnconfirmed} }

// Unconfirmed marks an error that came when the platform may have acted already:
// the request was written, and the answer lost. errors.Is finds
// connectors.ErrUnconfirmed in it. It gives nil for nil.
func Unconfirmed(err error) error {
	if err == nil {
		return nil
	}
	return unconfirmed{err}
}
