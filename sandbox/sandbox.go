// Package sandbox is the contract of what runs an agent: one process at a time,
// with what its Spec names and nothing else of the host.
//
// A driver never falls back to a weaker one. Where it cannot keep what the
// contract promises it gives ErrUnavailable, and the caller denies by the rule
// sandbox.unavailable. The package starts nothing itself and decides nothing: a
// Spec is made from a decision that is already in the log.
package sandbox

import (
	"context"
	"errors"
	"io"
	"syscall"
	"time"
)

// ErrUnavailable says that a runtime cannot run anything now, or not as
// promised: its engine does not answer, lacks a bound or has no such image. The
// text around it says what to do.
var ErrUnavailable = errors.New("sandbox unavailable")

// ErrSpec says that a Spec asks for what no sandbox gives.
var ErrSpec = errors.New("sandbox spec refused")

// ErrOutput says that a process wrote more than it may, and was killed.
var ErrOutput = errors.New("too much output")

// Runtime starts processes of one kind. Its methods may be called beside one
// another.
type Runtime interface {
	// Name is the driver's: "docker" or "host".
	Name() string
	// Ready tells whether Start can work as promised; its error wraps
	// ErrUnavailable. It is asked anew each time: an engine comes and goes.
	Ready(ctx context.Context) error
	// Start runs a process. Its life is ctx: when ctx ends the process is killed,
	// and Wait gives the cause. Errors wrap ErrSpec or ErrUnavailable where they are of
	// those kinds. Nothing is left behind by a Start that failed.
	Start(ctx context.Context, s Spec) (Process, error)
	// Find gives what runs or stopped and was not removed, of this installation
	// alone: after a crash, what nobody waits for any more.
	Find(ctx context.Context) ([]Found, error)
	// Remove ends and removes one of them. What is gone already is no error; what
	// is not of this installation is one.
	Remove(ctx context.Context, id string) error
	// Facts tells what this runtime can hold here, for `parachute doctor`.
	Facts(ctx context.Context) []Finding
}

// Process is one that was started. Its methods may be called beside one another;
// Stdin and Stdout each by one goroutine at a time.
type Process interface {
	// ID is the runtime's, as in Found.
	ID() string
	// Stdin ends for the process when it is closed.
	Stdin() io.WriteCloser
	// Stdout ends with io.EOF when the process did, with ErrOutput when it wrote
	// too much. What was written before can be read after Wait and Close too.
	Stdout() io.Reader
	// Stderr is the end of what was written there so far, at most TailBytes.
	Stderr() []byte
	// Renew lets the process write Spec.OutputBytes once more: a new turn begins.
	Renew()
	// Wait returns when the process ended, as often as it is asked. ctx bounds the
	// waiting alone. The error is the cause that ended the process (that of Start's
	// context, ErrOutput, ErrQuota), wraps ErrUnavailable where its engine was lost,
	// and is nil for a process that ended by itself or by Stop, whatever its code,
	// unless it left the workspace too full.
	Wait(ctx context.Context) (Exit, error)
	// Signal sends a signal; to a process that ended it is no error.
	Signal(ctx context.Context, sig syscall.Signal) error
	// Stop asks the process to end (SIGTERM), waits for grace at most, then kills it
	// with all that it started. It returns when the process ended.
	Stop(ctx context.Context, grace time.Duration) error
	// Pause freezes the process, and Unpause lets it go on.
	Pause(ctx context.Context) error
	Unpause(ctx context.Context) error
	// Close kills what still runs and removes all that the runtime keeps of it. It
	// must be called, and may be called again. An engine that does not answer is an
	// error; Find tells later what is left.
	Close() error
}

// Exit is how a process ended.
type Exit struct {
	// Code is the exit code; 128 + N where signal N ended it. 127: there is no such
	// command, 126: it cannot be run.
	Code int
	// OOM says that it ended for want of memory, or was killed by nobody known: not by
	// the runtime, and with nothing that speaks against want of memory.
	OOM   bool
	Usage Usage
}

// Usage is what a process used with all that it started. CPU and memory are
// sampled where a driver cannot ask for them at the end: 0 means not known.
type Usage struct {
	CPUSeconds      float64
	PeakMemoryBytes int64
	Duration        time.Duration
}

// Found is a process that was found.
type Found struct {
	ID, Session, Turn, Name string
	Running                 bool
	Started                 time.Time
}

// Finding is one fact of a check.
type Finding struct {
	OK            bool
	About, Detail string
}
