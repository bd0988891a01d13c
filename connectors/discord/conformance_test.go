package discord

import (
	"context"
	"os"
	"testing"

	"github.com/parachute-gate/parachute/connectors/connectortest"
)

func TestConformance(t *testing.T) { connectortest.Run(t, conformance{t}) }

// conformance has all that Discord can do; its bot may read all messages.
type conformance struct{ t *testing.T }

func (conformance) Supports(f connectortest.Feature) bool {
	return f != connectortest.Local && f != connectortest.Ends && f != connectortest.CommandAddress
}

// MaxText is the longest message that a person can write: 2000 characters, and
// 4000 with a subscription. A character may have four bytes.
func (conformance) MaxText() int { return 4000 }

func (c conformance) Open(context.Context) (connectortest.Platform, error) {
	dir, err := os.MkdirTemp(c.t.TempDir(), "case")
	if err != nil {
		return nil, err
	}
	return newPlatform(dir, true), nil
}
