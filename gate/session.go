package gate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/parachute-gate/parachute/audit"
	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/engine"
)

// RuleSandbox denies what was admitted to a sandbox that is not available.
const RuleSandbox = "sandbox.unavailable"

// ErrNoSandbox says that what a session would run in is not available now.
var ErrNoSandbox = errors.New("sandbox not available")

// noSandbox is what a chat hears then.
const noSandbox = "The sandbox that this runs in is not available right now, so nothing was started. Please try again later; the owner can find the reason in the log."

// RuleShared denies what would speak into a shared session with other rights than
// those it was made with.
const RuleShared = "session.shared"

// errShared says why.
var errShared = errors.New("what the sender may use is not what the shared session was made with")

const notShared = "Your rights are not those that this shared session was made with. Send /new to start your own."

// opens tells whether an event that is admitted is answered in a session.
func (ev event) opens() bool {
	if ev.msg.Command != "" {
		return false
	}
	switch ev.msg.Kind {
	case connectors.EventMessage, connectors.EventEdit, connectors.EventCallback:
		return true
	default:
		return false
	}
}

// session is the one that a decision asks for, without an id.
func (g *Gate) session(ev event, o engine.Obligations) (Session, error) {
	agent := o.Agent
	if agent == "" {
		agent = g.Config.Input.Agent.Name
	}
	if !slices.ContainsFunc(g.Config.Input.Agents, func(a engine.AgentInput) bool { return a.Name == agent }) {
		return Session{}, fmt.Errorf("agent: there is no agent %q in the configuration", agent)
	}
	// Its keys are in order, so that the same obligations are the same text.
	obligations, err := json.Marshal(struct {
		Sandbox  map[string]any `json:"sandbox,omitempty"`
		QuotaMiB int64          `json:"quota_mib,omitempty"`
		Mounts   []string       `json:"mounts,omitempty"`
	}{o.Sandbox, o.QuotaMiB, o.Mounts})
	if err != nil {
		return Session{}, fmt.Errorf("sandbox: %w", err)
	}
	return Session{
		Connector: ev.from.Name, ConnectorKind: ev.from.Kind,
		Chat: ev.place.Chat, ChatKind: string(ev.msg.Chat.Kind),
		User: ev.place.User, Local: ev.msg.User.Local,
		Workspace: o.Workspace, Trust: string(o.Trust), Access: o.Access,
		Agent: agent, Obligations: string(obligations),
	}, nil
}

// serves tells whether a session that is open is the one that a decision asks
// for.
func (s *Session) serves(asked Session) bool {
	return s.Workspace == asked.Workspace && s.Trust == asked.Trust && s.Access == asked.Access &&
		s.Agent == asked.Agent && s.Obligations == asked.Obligations
}

// lends tells whether a shared session is one that a decision for another person
// would have made, or one that can do less.
func (s *Session) lends(asked Session) bool {
	if s.Access == "read_only" {
		asked.Access = s.Access
	}
	return s.serves(asked)
}

// prepare finds the session that an admitted message is answered in, and whether
// it can run. Where it cannot, the message is denied.
func (g *Gate) prepare(ctx context.Context, ev event, facts Facts, out *outcome) {
	if out.Verdict != engine.Allow || !ev.opens() {
		return
	}
	var err error
	out.session, err = g.session(ev, out.Obligations)
	if err == nil && facts.shared() && !facts.Session.lends(out.session) {
		err = errShared
	}
	if err == nil && g.Ready != nil {
		err = g.Ready(ctx, out.session)
	}
	if err == nil {
		return
	}
	d := denied(engine.RuleType, err)
	if errors.Is(err, errShared) {
		d = denied(RuleShared, err)
		d.Rules[0].Reply = notShared
	}
	if errors.Is(err, ErrNoSandbox) {
		d = denied(RuleSandbox, err)
		d.Rules[0].Reply = noSandbox
	}
	d.Rules = append(d.Rules, out.Warnings()...)
	d.Revision, d.Duration, d.Cached = out.Revision, out.Duration, out.Cached
	out.Decision = d
}

// Program is one that ran in a session and ended.
type Program struct {
	Session, Turn string
	Usage         audit.Usage
}

// Ended records that a program of a session ended, and what it used.
func (g *Gate) Ended(ctx context.Context, s Session, p Program) error {
	id, err := audit.NewID()
	if err != nil {
		return err
	}
	r := sessionRecord(s, id, g.Now(), "program")
	r.Turn, r.Verdict, r.Usage = p.Turn, audit.Ended, &p.Usage
	used := &Used{
		Session: s.ID, Ran: p.Usage.Ran, PeakMemoryBytes: p.Usage.PeakMemoryBytes,
		CPU: time.Duration(p.Usage.CPUSeconds * float64(time.Second)),
	}
	if err := g.Store.Commit(ctx, Commit{Place: Place{Connector: s.Connector, Chat: s.Chat, User: s.User}, Record: r, Used: used}); err != nil {
		return fmt.Errorf("record the end of a program: %w", err)
	}
	g.Log.LogAttrs(ctx, r.Level(), "session", r.Attrs()...)
	return nil
}

// Unstarted records that a program could not be started in a session that was
// allowed. rule says why.
func (g *Gate) Unstarted(ctx context.Context, s Session, turn string, rule audit.Rule) error {
	id, err := audit.NewID()
	if err != nil {
		return err
	}
	r := sessionRecord(s, id, g.Now(), "unstarted")
	r.Turn, r.Verdict, r.Rules = turn, string(engine.Deny), []audit.Rule{rule}
	if err := g.Store.Commit(ctx, Commit{Place: Place{Connector: s.Connector, Chat: s.Chat, User: s.User}, Record: r}); err != nil {
		return fmt.Errorf("record that a program did not start: %w", err)
	}
	g.Log.LogAttrs(ctx, r.Level(), "session", r.Attrs()...)
	return nil
}

// sessionRecord is what every record of a session's life says.
func sessionRecord(s Session, id string, now time.Time, event string) audit.Record {
	return audit.Record{
		ID: id, Time: now.UTC(), Point: "session", Event: event,
		Connector: s.Connector, Chat: s.Chat, ChatKind: s.ChatKind, User: s.User, Session: s.ID,
		Trust: s.Trust, Workspace: s.Workspace, Access: s.Access, Rules: []audit.Rule{},
	}
}
