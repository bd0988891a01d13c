package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/sessions"
)

const (
	// denialTime bounds how long the words of a denial are tried.
	denialTime = 5 * time.Second
	// maxDenials is how many are on their way at once; what does not fit is not told.
	// A platform that is slow, and strangers who write to it, must hold up nobody.
	maxDenials = 32
)

// link gives a connector by its name.
func (s *server) link(name string) (*link, error) {
	for _, l := range s.links {
		if l.Name() == name {
			return l, nil
		}
	}
	return nil, fmt.Errorf("there is no connector %q any more", name)
}

// tell sends the words of a denial: at once to this terminal, and to a platform
// beside the caller.
func (s *server) tell(ctx context.Context, name string, r connectors.Reply) error {
	l, err := s.link(name)
	if err != nil {
		return err
	}
	if !l.remote {
		return l.Send(ctx, r)
	}
	select {
	case s.denials <- struct{}{}:
	default:
		return errors.New("too many denials are on their way")
	}
	s.telling.Go(func() {
		defer func() { <-s.denials }()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), denialTime)
		defer cancel()
		if err := l.Send(ctx, r); err != nil {
			s.log.WarnContext(ctx, "denial not told", "connector", name, "decision", r.Decision, "error", err)
		}
	})
	return nil
}

// deliver sends an answer.
func (s *server) deliver(ctx context.Context, r sessions.Reply) error {
	l, err := s.link(r.Turn.Connector)
	if err != nil {
		return err
	}
	return delivered(l.Send(ctx, turnReply(r)))
}

// compose begins an answer that is shown while it is made, where the connector
// can.
func (s *server) compose(ctx context.Context, t sessions.Turn) sessions.Composition {
	whole := composing{send: s.deliver}
	l, err := s.link(t.Connector)
	if err != nil {
		return whole
	}
	c, ok := l.Connector.(connectors.Composer)
	if !ok {
		return whole
	}
	shown := c.Compose(ctx, turnReply(sessions.Reply{Turn: t}), s.cfg.Turns.DraftAfter)
	return composing{shown: shown, send: func(ctx context.Context, r sessions.Reply) error {
		return delivered(shown.Finish(ctx, turnReply(r)))
	}}
}

// composing is the answer to one turn. shown is nil where it is sent whole.
type composing struct {
	shown connectors.Composition
	send  func(context.Context, sessions.Reply) error
}

// Update implements sessions.Composition.
func (c composing) Update(text string) {
	if c.shown != nil {
		c.shown.Update(text)
	}
}

// Finish implements sessions.Composition.
func (c composing) Finish(ctx context.Context, r sessions.Reply) error { return c.send(ctx, r) }

// Close implements sessions.Composition.
func (c composing) Close() {
	if c.shown != nil {
		c.shown.Close()
	}
}

// delivered gives a connector's error as the sessions know it.
func delivered(err error) error {
	if errors.Is(err, connectors.ErrUnconfirmed) {
		return fmt.Errorf("%w: %w", sessions.ErrUnconfirmed, err)
	}
	return err
}

// fetch opens an attachment.
func (s *server) fetch(ctx context.Context, name, ref string) (io.ReadCloser, error) {
	l, err := s.link(name)
	if err != nil {
		return nil, err
	}
	f, ok := l.Connector.(connectors.Fetcher)
	if !ok {
		return nil, fmt.Errorf("connector %s fetches no attachments", name)
	}
	return f.Fetch(ctx, ref)
}

func turnReply(r sessions.Reply) connectors.Reply {
	verdict := "allow"
	if r.Failed {
		verdict = "failed"
	}
	return connectors.Reply{
		ID: r.Turn.ID, Chat: r.Turn.Chat, User: r.Turn.User, ReplyTo: r.Turn.Message,
		Text: r.Text, Decision: r.Turn.Decision, Verdict: verdict,
		// What answers nothing is a notice: it tells one person what others ask.
		Private: r.Turn.Session == nil && r.Turn.Message == "",
	}
}
