package docker

import (
	"testing"

	"github.com/parachute-gate/parachute/sandbox/sandboxtest"
)

func TestConformance(t *testing.T) { sandboxtest.Run(t, driver{}) }
