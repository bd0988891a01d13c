package gate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/gate/limits"
	"github.com/parachute-gate/parachute/gate/users"
)

// outcome is a decision, with what the gate needs to make it so.
type outcome struct {
	engine.Decision
	input  engine.MessageInput
	events []limits.Event
	limits []limits.Left
	full   []limits.Exceeded
	// session is the one that an admitted message is answered in.
	session Session
	// asks is what a denied stranger asks for, and code its code.
	asks *users.Pairing
	code string
}

// decide asks the policies which limits apply, counts, and asks them for the
// decision, all of one revision. Only what is admitted is counted, by the id of
// its decision; with no id nothing is.
func (g *Gate) decide(ctx context.Context, ev event, id string, facts Facts) outcome {
	out := outcome{input: g.messageInput(ev, facts, g.Now())}
	if err := ev.check(); err != nil {
		out.Decision = denied(RuleInvalidInput, err)
		out.Rules[0].Reply = ""
		return out
	}
	policy := g.Policies.Current()
	asked, fault := policy.Limits(ctx, out.input)
	if fault != nil {
		fault.Reply = sorry
		out.Decision = engine.Decision{Point: engine.PointMessage, Verdict: engine.Deny, Rules: []engine.Rule{*fault}, Revision: policy.Revision()}
		return out
	}
	hold, windows, err := g.hold(ctx, ev, asked)
	if err != nil {
		out.Decision = denied(ruleOf(err), err)
		out.Revision = policy.Revision()
		return out
	}
	defer hold.Release()
	out.full, out.limits = hold.Exceeded(), hold.Left()
	out.input.Limits = exceededInput(out.full, windows)
	out.Decision = policy.Message(ctx, out.input)
	var wait time.Duration
	for _, l := range out.full {
		wait = max(wait, l.RetryAfter)
	}
	for i, r := range out.Rules {
		// The engine's own faults have no words for the chat.
		if r.Reply == "" && r.File == "" && r.Kind == engine.KindDeny && r.ID != engine.RuleDefault {
			r.Reply = sorry
		}
		out.Rules[i].Reply = fill(r.Reply, ev, wait)
	}
	g.ask(ev, id, &out)
	g.prepare(ctx, ev, facts, &out)
	if out.Verdict == engine.Allow && id != "" {
		out.events = hold.Take(id)
	}
	return out
}

// errLimit says that the policies gave a limit that is none.
var errLimit = errors.New("limits")

func ruleOf(err error) string {
	if errors.Is(err, errLimit) {
		return engine.RuleType
	}
	return RuleUnreadable
}

func (g *Gate) hold(ctx context.Context, ev event, asked []engine.Limit) (*limits.Hold, map[limits.Limit]string, error) {
	list, windows := make([]limits.Limit, len(asked)), make(map[limits.Limit]string, len(asked))
	for i, l := range asked {
		window, err := limits.ParseWindow(l.Window)
		if err != nil {
			return nil, nil, fmt.Errorf("%w: %s: %w", errLimit, l.Name, err)
		}
		list[i] = limits.Limit{Name: l.Name, Per: l.Per, Max: l.Max, Window: window}
		if err := list[i].Validate(); err != nil {
			return nil, nil, fmt.Errorf("%w: %w", errLimit, err)
		}
		windows[list[i]] = l.Window
	}
	hold, err := g.Book.Hold(ctx, list, limits.Subject{User: ev.place.User, Chat: ev.place.Chat, Connector: ev.place.Connector})
	return hold, windows, err
}

// Preview tells what would happen to a message, without counting, recording or
// doing anything; and what is wrong with the words of a command, so that it would
// change nothing even where it is admitted ("" where nothing is).
func (g *Gate) Preview(ctx context.Context, from Source, m connectors.Message) (d engine.Decision, in engine.MessageInput, problem string, err error) {
	ev := newEvent(from, m)
	ev.key = ""
	facts, err := g.facts(ctx, ev)
	if err != nil {
		return d, in, "", err
	}
	if facts.target != nil {
		problem = facts.target.problem
	}
	out := g.decide(ctx, ev.of(facts), "", facts)
	return out.Decision, out.input, problem, nil
}
