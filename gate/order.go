package gate

import (
	"context"
	"errors"
	"fmt"

	"github.com/parachute-gate/parachute/audit"
	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/engine"
)

// Terminal names the source, and its kind, of commands given on the command line.
const Terminal = "terminal"

// Order carries out a command for whoever sits at the terminal. It is decided and
// recorded like one from a chat, but not counted: whoever sits there can edit the
// limits. The text is what a chat would read.
func (g *Gate) Order(ctx context.Context, who, command string, words ...string) (engine.Decision, string, error) {
	ev := terminalEvent(who, command, words)
	for range maxRaces {
		d, words, err := g.order(ctx, ev)
		if !errors.Is(err, ErrRaced) {
			return d, words, err
		}
	}
	return engine.Decision{}, "", fmt.Errorf("%s: %w, again and again", command, ErrRaced)
}

func (g *Gate) order(ctx context.Context, ev event) (engine.Decision, string, error) {
	facts, err := g.facts(ctx, ev)
	if err != nil {
		return engine.Decision{}, "", fmt.Errorf("denied by %s: %w", RuleUnreadable, err)
	}
	ev = ev.of(facts)
	out := g.decide(ctx, ev, "", facts)
	if err := ctx.Err(); err != nil {
		return out.Decision, "", err
	}
	id, err := audit.NewID()
	if err != nil {
		return out.Decision, "", err
	}
	c, err := g.commit(ctx, ev, id, facts, out)
	if err != nil {
		return out.Decision, "", err
	}
	reply := out.Reply()
	if c.Turn != nil {
		reply = c.Turn.Reply
	}
	c.Turn, c.Record.Turn = nil, ""
	if err := g.Store.Commit(ctx, c); err != nil {
		if errors.Is(err, ErrRaced) {
			return out.Decision, "", err
		}
		return out.Decision, "", fmt.Errorf("denied by %s: keep the decision: %w", RuleUnwritable, err)
	}
	return out.Decision, reply, nil
}

func terminalEvent(who, command string, words []string) event {
	return newEvent(Source{Name: Terminal, Kind: Terminal}, connectors.Message{
		ID: newID(), Kind: connectors.EventCommand, Command: command, Args: words,
		Chat: connectors.Chat{ID: who, Kind: connectors.ChatDM}, User: connectors.User{ID: who, Name: who, Local: true},
	})
}
