//go:build !unix

package host

import (
	"context"
	"errors"

	"github.com/parachute-gate/parachute/sandbox"
)

const afterCrash = "nothing runs on this system"

var errSystem = errors.New("processes of agents need a Unix: they are ended by their group")

func supported() error { return errSystem }

func begin(context.Context, *Runtime, string, sandbox.Spec, *sandbox.Quota) (sandbox.Process, error) {
	return nil, errSystem
}

// Find finds nothing on this system.
func (*Runtime) Find(context.Context) ([]sandbox.Found, error) { return nil, nil }

// Remove has nothing to remove.
func (*Runtime) Remove(context.Context, string) error { return nil }
