package docker

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/parachute-gate/parachute/sandbox/sandboxtest"
)

// The tests of the package share an engine and a probe.
var (
	engine *sandboxtest.EngineServer
	probe  string
)

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "probe")
	if err != nil {
		return 1, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if probe, err = sandboxtest.BuildProbe(context.Background(), dir); err != nil {
		return 1, err
	}
	if engine, err = sandboxtest.StartEngine(); err != nil {
		return 1, err
	}
	defer func() {
		if cerr := engine.Close(); err == nil {
			err = cerr
		}
	}()
	return m.Run(), nil
}
