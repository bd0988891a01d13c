package main

import (
	"context"
	"errors"

	"github.com/parachute-gate/parachute/sessions"
	"github.com/parachute-gate/parachute/sessions/agents"
	"github.com/parachute-gate/parachute/sessions/vault"
)

// vaultAgent lets the vault agent answer turns in the session's workspace.
type vaultAgent struct {
	agent      *agents.Vault
	workspaces *workspaces
}

// Answer implements sessions.Agent.
func (a *vaultAgent) Answer(ctx context.Context, t sessions.Turn, show func(string)) (text string, err error) {
	v, err := a.workspaces.open(t)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	return a.agent.Answer(ctx, agents.Request{
		Text: t.Text, Person: t.Name, Workspace: t.Session.Workspace, Access: vault.Access(t.Session.Access),
		Files: a.workspaces.files(t), Show: show,
	}, v)
}
