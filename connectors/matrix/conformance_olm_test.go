//go:build goolm

package matrix

import (
	"testing"

	"github.com/parachute-gate/parachute/connectors/connectortest"
)

func TestConformanceEncrypted(t *testing.T) { connectortest.Run(t, driverOf{encrypted: true}) }
