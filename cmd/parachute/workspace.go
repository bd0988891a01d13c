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
	"github.com/parachute-gate/parachute/internal/config"
	"github.com/parachute-gate/parachute/sessions"
	"github.com/parachute-gate/parachute/sessions/agents"
	"github.com/parachute-gate/parachute/sessions/programs"
	"github.com/parachute-gate/parachute/sessions/vault"
)

// workspaces opens what a session works in, with the gate before every tool.
type workspaces struct {
	sessions.Workspaces
	gate    *gate.Gate
	changes sessions.Changes
	// fetch opens an attachment by its connector's name and its Ref.
	fetch func(ctx context.Context, connector, ref string) (io.ReadCloser, error)
	// locks is where the locks of the vaults stand: no agent reaches them there.
	locks string
	log   *slog.Logger
}

// placesOf are the folders of the workspaces, links resolved: a sandbox is given
// none that is reached through one.
func placesOf(cfg config.Config) sessions.Workspaces {
	places := map[string]string{}
	for name, w := range cfg.Workspaces {
		places[name] = realPath(w.Path)
	}
	return sessions.Workspaces{Root: realPath(workspaceRoot(cfg)), Places: places}
}

// open gives the vault of a turn; close it.
func (w *workspaces) open(t sessions.Turn) (*vault.Vault, error) {
	dir, err := w.Dir(*t.Session)
	if err != nil {
		return nil, err
	}
	o, err := t.Session.ReadObligations()
	if err != nil {
		return nil, err
	}
	return vault.New(vault.Deps{
		Dir:        dir,
		Access:     vault.Access(t.Session.Access),
		Authorizer: w.authorizer(t),
		Journal:    journal{changes: w.changes, turn: t.ID},
		Locks:      w.locks,
		Limits:     vault.Limits{MaxBytes: o.QuotaMiB << 20},
	})
}

// receive implements programs.Receiver.
func (w *workspaces) receive(ctx context.Context, t sessions.Turn) (files []programs.File, told string, err error) {
	v, err := w.open(t)
	if err != nil {
		return nil, "", err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	received, err := agents.Receive(ctx, w.files(t), v)
	if err != nil {
		return nil, "", err
	}
	for i, r := range received {
		if r.Path == "" {
			told = programs.With(told, r.Words)
			continue
		}
		a := t.Attachments[i]
		files = append(files, programs.File{Path: r.Path, Name: a.Name, Type: a.Type, Bytes: int64(r.Bytes)})
	}
	return files, told, nil
}

// files are the attachments of a turn, to be fetched through its connector.
func (w *workspaces) files(t sessions.Turn) []agents.File {
	var out []agents.File
	for _, f := range t.Attachments {
		file := agents.File{Name: f.Name, Type: f.Type, Bytes: f.Bytes}
		if f.Ref != "" {
			file.Open = func(ctx context.Context) (io.ReadCloser, error) {
				content, err := w.fetch(ctx, t.Connector, f.Ref)
				if driver.IsPermanent(err) {
					w.log.WarnContext(ctx, "attachment not to be had", "turn", t.ID, "connector", t.Connector, "error", err)
					err = fmt.Errorf("%w: %w", agents.ErrNotToBeHad, err)
				}
				return content, err
			}
		}
		out = append(out, file)
	}
	return out
}

func (w *workspaces) authorizer(t sessions.Turn) vault.Authorizer {
	return toolGate{gate: w.gate, turn: t}
}

// toolGate asks the gate about each tool call of one turn.
type toolGate struct {
	gate *gate.Gate
	turn sessions.Turn
}

// Authorize implements vault.Authorizer.
func (g toolGate) Authorize(ctx context.Context, c vault.Call) error {
	err := g.gate.Tool(ctx, gate.ToolCall{
		Session: gateSession(*g.turn.Session),
		Turn:    g.turn.ID,
		User:    g.turn.Connector + ":" + g.turn.User,
		Tool:    engine.Tool{Name: c.Tool, Kind: c.Kind, Path: c.Path, To: c.To, Title: c.Title, Bytes: c.Bytes},
	})
	if denied, ok := gate.IsToolDenied(err); ok {
		return &vault.Refused{Reply: denied.Decision.Reply(), Rule: denied.Decision.Rule().ID}
	}
	return err
}

// gateSession is a session as the gate knows it, and sessionOf as the agents do.
func gateSession(s sessions.Session) gate.Session {
	return gate.Session{
		ID: s.ID, Connector: s.Connector, ConnectorKind: s.ConnectorKind, Chat: s.Chat, ChatKind: s.ChatKind,
		User: s.User, Local: s.Local, Workspace: s.Workspace, Trust: s.Trust, Access: s.Access, Agent: s.Agent, Obligations: s.Obligations,
	}
}

func sessionOf(s gate.Session) sessions.Session {
	return sessions.Session{
		ID: s.ID, Connector: s.Connector, ConnectorKind: s.ConnectorKind, Chat: s.Chat, ChatKind: s.ChatKind,
		User: s.User, Local: s.Local, Workspace: s.Workspace, Trust: s.Trust, Access: s.Access, Agent: s.Agent, Obligations: s.Obligations,
	}
}

// journal remembers the changes of one turn.
type journal struct {
	changes sessions.Changes
	turn    string
}

var _ vault.Recaller = journal{}

// Begin implements vault.Journal.
func (j journal) Begin(ctx context.Context, index int, _ vault.Call, after [32]byte) (bool, error) {
	return j.changes.BeginChange(ctx, j.turn, index, after)
}

// Begun implements vault.Recaller.
func (j journal) Begun(ctx context.Context, index int, _ vault.Call) ([32]byte, bool, error) {
	return j.changes.BegunChange(ctx, j.turn, index)
}
