// Package agents holds the agents that Parachute brings along. The vault agent
// answers plain words about the notes of a workspace, by a fixed grammar; it
// needs no model.
//
// The agent never runs anything, never touches a file by itself and never
// decides what is allowed: it has nothing but the Notes that it is given, which
// ask for a decision each time.
package agents

import (
	"context"
	"errors"
	"strings"

	"github.com/parachute-gate/parachute/sessions/vault"
)

// Request is one message to an agent. All of it is data, nothing an identity.
type Request struct {
	Text      string
	Person    string // the display name
	Workspace string
	Access    vault.Access // what the person may do here; help tells of no more
	Files     []File       // what came with the message
	// Show takes the whole answer so far while it is made; nil shows nothing.
	Show func(text string)
}

// Notes is what the agent does with notes. [vault.Vault] satisfies it.
type Notes interface {
	List(ctx context.Context, folder string) (vault.Listing, error)
	Read(ctx context.Context, name string) (vault.Note, error)
	Search(ctx context.Context, query string, found func(vault.Results)) (vault.Results, error)
	Write(ctx context.Context, name, text string) (vault.Change, error)
	Append(ctx context.Context, name, text string) (vault.Change, error)
	Move(ctx context.Context, from, to string) (vault.Change, error)
	Receive(ctx context.Context, name string, content []byte) (vault.Change, error)
}

// Deps is what a vault agent is made of. A zero field takes its default.
type Deps struct {
	MaxReply int    // bytes of one reply, at least 1 KiB; default 64 KiB
	Inbox    string // the note that "remember" adds to; default "inbox"
}

// Vault is the agent for notes. It keeps nothing between answers and is safe for
// concurrent use.
type Vault struct {
	maxReply int
	inbox    string
}

const (
	defaultReply  = 64 << 10
	smallestReply = 1 << 10
	defaultInbox  = "inbox"
)

// NewVault makes a vault agent.
func NewVault(d Deps) *Vault {
	v := &Vault{maxReply: d.MaxReply, inbox: d.Inbox}
	if v.maxReply == 0 {
		v.maxReply = defaultReply
	}
	v.maxReply = max(v.maxReply, smallestReply)
	if v.inbox == "" {
		v.inbox = defaultInbox
	}
	return v
}

// Answer answers one message. What the policy refused and what the person can
// mend is answered in words; an error means that the turn failed. The answer is
// never empty, is plain text without control characters other than line breaks
// and tabs, and the same notes and words give the same answer.
func (v *Vault) Answer(ctx context.Context, r Request, notes Notes) (string, error) {
	received, err := receive(ctx, r.Files, notes)
	if err != nil {
		return "", err
	}
	if len(r.Files) > 0 && strings.TrimSpace(r.Text) == "" {
		return v.shown(strings.TrimSpace(received)), nil
	}
	if show := r.Show; show != nil {
		r.Show = func(text string) { show(v.shown(received + text)) }
	}
	reply, err := v.answer(ctx, r, notes)
	if words, ok := inWords(err); ok {
		reply, err = words, nil
	}
	if err != nil {
		return "", err
	}
	return v.shown(received + reply), nil
}

// shown is a reply as it may be sent.
func (v *Vault) shown(reply string) string { return bounded(clean(reply), v.maxReply) }

func (v *Vault) answer(ctx context.Context, r Request, notes Notes) (string, error) {
	in := Parse(r.Text)
	switch in.Verb {
	case Greet:
		return greeting(r), nil
	case Thanks:
		return "You are welcome! Say \"help\" to see what else I can do.", nil
	case Help:
		return help(r, v.inbox), nil
	case List:
		return list(ctx, notes, in.Name)
	case Read:
		return read(ctx, notes, in.Name)
	case Search:
		return search(ctx, notes, in.Text, r.Show)
	case Write:
		return write(ctx, notes, in)
	case Append:
		return add(ctx, notes, in)
	case Remember:
		return v.remember(ctx, notes, in.Text)
	case Move:
		return move(ctx, notes, in)
	default:
		return nudge(ctx, notes, in)
	}
}

// inWords gives the words for an error that is an answer to the person.
func inWords(err error) (string, bool) {
	var refused *vault.Refused
	if errors.As(err, &refused) {
		if refused.Reply == "" {
			return "I am not allowed to do that here.", true
		}
		return refused.Reply, true
	}
	var p *vault.Problem
	if errors.As(err, &p) {
		return p.Text, true
	}
	return "", false
}
