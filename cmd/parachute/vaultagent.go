package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/parachute-gate/parachute/connectors/driver"
	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/sessions"
	"github.com/parachute-gate/parachute/sessions/agents"
	"github.com/parachute-gate/parachute/sessions/vault"
)

// vaultAgent lets the vault agent answer turns: it opens the session's
// workspace, and puts the gate before every tool.
type vaultAgent struct {
	agent      *agents.Vault
	workspaces sessions.Workspaces
	gate       *gate.Gate
	changes    sessions.Changes
	// fetch opens an attachment by its connector's name and its Ref.
	fetch func(ctx context.Context, connector, ref string) (io.ReadCloser, error)
	log   *slog.Logger
}

var _ vault.Recaller = journal{}

// Answer implements sessions.Agent.
func (a *vaultAgent) Answer(ctx context.Context, t sessions.Turn, show func(string)) (text string, err error) {
	dir, err := a.workspaces.Dir(*t.Session)
	if err != nil {
		return "", err
	}
	v, err := vault.New(vault.Deps{
		Dir:        dir,
		Access:     vault.Access(t.Session.Access),
		Authorizer: toolGate{gate: a.gate, turn: t},
		Journal:    journal{changes: a.changes, turn: t.ID},
	})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	return a.agent.Answer(ctx, agents.Request{
		Text: t.Text, Person: t.Name, Workspace: t.Session.Workspace, Access: vault.Access(t.Session.Access),
		Files: a.files(t), Show: show,
	}, v)
}

// files are the attachments of a turn, to be fetched through its connector.
func (a *vaultAgent) files(t sessions.Turn) []agents.File {
	var out []agents.File
	for _, f := range t.Attachments {
		file := agents.File{Name: f.Name, Type: f.Type, Bytes: f.Bytes}
		if f.Ref != "" {
			file.Open = func(ctx context.Context) (io.ReadCloser, error) {
				content, err := a.fetch(ctx, t.Connector, f.Ref)
				if driver.IsPermanent(err) {
					a.log.WarnContext(ctx, "attachment not to be had", "turn", t.ID, "connector", t.Connector, "error", err)
					err = fmt.Errorf("%w: %w", agents.ErrNotToBeHad, err)
				}
				return content, err
			}
		}
		out = append(out, file)
	}
	return out
}

// toolGate asks the gate about each tool call of one turn.
type toolGate struct {
	gate *gate.Gate
	turn sessions.Turn
}

// Authorize implements vault.Authorizer.
func (g toolGate) Authorize(ctx context.Context, c vault.Call) error {
	s := g.turn.Session
	err := g.gate.Tool(ctx, gate.ToolCall{
		Session: gate.Session{
			ID: s.ID, Connector: s.Connector, ConnectorKind: s.ConnectorKind, Chat: s.Chat, ChatKind: s.ChatKind,
			User: s.User, Local: s.Local, Workspace: s.Workspace, Trust: s.Trust, Access: s.Access, Agent: s.Agent,
		},
		Turn: g.turn.ID,
		Tool: engine.Tool{Name: c.Tool, Kind: c.Kind, Path: c.Path, To: c.To, Bytes: c.Bytes},
	})
	if denied, ok := gate.IsToolDenied(err); ok {
		return &vault.Refused{Reply: denied.Decision.Reply(), Rule: denied.Decision.Rule().ID}
	}
	return err
}

// journal remembers the changes of one turn.
type journal struct {
	changes sessions.Changes
	turn    string
}

// Begin implements vault.Journal.
func (j journal) Begin(ctx context.Context, index int, _ vault.Call, after [32]byte) (bool, error) {
	return j.changes.BeginChange(ctx, j.turn, index, after)
}

// Begun implements vault.Recaller.
func (j journal) Begun(ctx context.Context, index int, _ vault.Call) ([32]byte, bool, error) {
	return j.changes.BegunChange(ctx, j.turn, index)
}
