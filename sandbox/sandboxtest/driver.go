// Package sandboxtest is the conformance suite that every runtime passes, the
// probe that tries to leave a sandbox, and the engine that tests run it on. A
// runtime's test implements Driver and calls Run.
//
// The suite never looks inside of a runtime: it starts tricks, speaks to them by
// their stdio, and looks at what is left over. It judges no wall of a sandbox:
// each driver's own tests do, with the probe.
package sandboxtest

import (
	"context"

	"github.com/parachute-gate/parachute/sandbox"
)

// Feature is what some runtimes can do and others cannot.
type Feature string

// The features.
const (
	// Finds: what was left by a crash is found.
	Finds Feature = "finds"
	// KillsAll: what a process started ends with it, even in a session of its own.
	KillsAll Feature = "kills_all"
	// Commands: a command that is not there ends with 127.
	Commands Feature = "commands"
)

// Driver opens benches of one runtime.
type Driver interface {
	Supports(f Feature) bool
	// Open makes a bench of an installation of its own. ctx lasts as long as the case.
	Open(ctx context.Context) (Bench, error)
}

// Bench is one installation, for one case.
type Bench interface {
	Runtime() sandbox.Runtime
	// Spec runs a trick of the package tricks, or another command of the probe, in a
	// new workspace.
	Spec(trick ...string) (sandbox.Spec, error)
	// Crash forgets the runtime with all that it holds, without a word to it, and
	// opens another of the same installation.
	Crash() error
	// Left names what there still is of what the runtime started.
	Left() ([]string, error)
	// Close frees what Open took.
	Close() error
}
