package agenttest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/parachute-gate/parachute/sessions"
	"github.com/parachute-gate/parachute/sessions/agents"
	"github.com/parachute-gate/parachute/sessions/agenttest"
	"github.com/parachute-gate/parachute/sessions/vault"
)

// notes lets the vault agent answer turns, as the program does.
type notes struct{ dir string }

func (n notes) Answer(ctx context.Context, t sessions.Turn, show func(string)) (text string, err error) {
	v, err := vault.New(vault.Deps{Dir: n.dir, Access: vault.ReadWrite, Authorizer: all{}})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	return agents.NewVault(agents.Deps{}).Answer(ctx, agents.Request{Text: t.Text, Access: vault.ReadWrite, Show: show}, v)
}

type all struct{}

func (all) Authorize(context.Context, vault.Call) error { return nil }

func TestVaultAgent(t *testing.T) {
	agenttest.Run(t, agenttest.Subject{
		New: func(tb testing.TB) (sessions.Agent, func()) {
			return notes{tb.TempDir()}, func() {}
		},
		Hello: "write shopping: milk", Want: "Saved shopping",
	})
}
