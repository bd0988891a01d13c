package gate

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/parachute-gate/parachute/gate/users"
)

// share offers the sender's session in this chat to somebody, or takes that back.
func (g *Gate) share(ctx context.Context, c *Commit, ev event, facts Facts, t *target) error {
	// The id as it was written: whose account it is, it does not tell.
	s, whom := facts.Session, ev.msg.Args[0]
	switch {
	case s == nil || s.User != ev.place.User:
		c.Turn.Reply = "You have no session here that you could share. Say something first."
	case t.ID == ev.place.User:
		c.Turn.Reply = "It is yours."
	case ev.msg.Command == "unshare":
		return g.unshare(ctx, c, s, whom, t)
	case ev.dm():
		c.Turn.Reply = "Nobody else writes here. Share a session in a group."
	default:
		return g.offer(ctx, c, s, whom, t)
	}
	return nil
}

// offer offers a session to whoever has an id. Whether somebody is known is not
// told to everybody, so it is kept, and said, as it was written.
func (g *Gate) offer(ctx context.Context, c *Commit, s *Session, whom string, t *target) error {
	c.Turn.Reply = fmt.Sprintf("If I know %s, they may write into this session once they send /join in this chat, with no more rights than their own. /unshare %s ends that, and so does /new.", whom, whom)
	c.change().Share = []users.Share{{Session: s.ID, Guest: whom}}
	of, err := g.Store.FindSession(ctx, s.User, s.ID)
	if err != nil && !errors.Is(err, ErrNoSession) {
		return err
	}
	before := slices.ContainsFunc(of.Shared, func(id string) bool { return id == t.ID || slices.Contains(t.person.Identities, id) })
	if before || !t.Known || t.person.Blocked() {
		return nil
	}
	return g.notify(ctx, c, t.ID, "session.shared", fmt.Sprintf(
		"%s shares the session in %s with you: /join there goes into it, /new there leaves it.", plainID(s.User), plainID(s.Chat)))
}

// unshare takes an offer back, by the id that it was made to: what another id of
// the same person did is not told by it.
func (g *Gate) unshare(ctx context.Context, c *Commit, s *Session, whom string, t *target) error {
	of, err := g.Store.FindSession(ctx, s.User, s.ID)
	if err != nil && !errors.Is(err, ErrNoSession) {
		return err
	}
	if !slices.Contains(of.Shared, whom) {
		c.Turn.Reply = fmt.Sprintf("It is not shared with %s. /status shows with whom it is.", whom)
		return nil
	}
	back := users.Share{Session: s.ID, Guest: whom}
	if slices.Contains(of.Joined, whom) {
		back.Person = t.ID
	}
	ch := c.change()
	ch.Unshare, ch.UnshareReply = []users.Share{back}, ruled
	c.Turn.Reply = fmt.Sprintf("%s may not write into this session any more.", whom)
	return nil
}

// join goes into the session that was offered to the sender in this chat.
func (c *Commit) join(ev event, facts Facts) {
	s := facts.target.session
	if s == nil {
		c.Turn.Reply = "There is nothing to join here."
		return
	}
	if facts.shared() {
		c.leave(facts.Session, ev.place.User)
	}
	c.change().Join = []users.Share{{Session: s.ID, Person: ev.place.User}}
	c.Turn.Reply = fmt.Sprintf("What you write here goes into %s's session now, in workspace %s. /new leaves it.", s.User, s.Workspace)
}

// leave takes somebody out of a session that is shared with them: whose it is goes
// on with it.
func (c *Commit) leave(s *Session, person string) {
	ch := c.change()
	ch.Unshare, ch.UnshareReply = []users.Share{{Session: s.ID, Person: person}}, stopped
}
