//go:build unix && !linux

package host

import (
	"context"
	"syscall"

	"github.com/parachute-gate/parachute/sandbox"
)

const afterCrash = "what still runs is not found on this system: look for it before the next start"

func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func awaitExit(int) {}

// peakBytes: these systems count in bytes.
func peakBytes(use *syscall.Rusage) int64 { return int64(use.Maxrss) }

func (*process) sweep(context.Context) {}

// Find finds nothing on this system: Facts says so.
func (*Runtime) Find(context.Context) ([]sandbox.Found, error) { return nil, nil }

// Remove has nothing to remove.
func (*Runtime) Remove(context.Context, string) error { return nil }
