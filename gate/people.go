package gate

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/parachute-gate/parachute/gate/users"
)

// ruled is what somebody reads in the place of answers that wait, once they may
// not have them any more.
const ruled = "Your rights here have changed, so I do not answer this any more."

// Unchanged begins the answer to a command that was admitted and changed nothing,
// as it cannot.
const Unchanged = "Nothing was changed"

// govern carries out an admitted command about people. It reports false for
// every other command.
func (g *Gate) govern(ctx context.Context, c *Commit, ev event, facts Facts) (bool, error) {
	t := facts.target
	switch ev.msg.Command {
	case "approve", "deny", "block", "unblock", "remove", "role", "add", "share", "unshare":
		if t == nil || t.problem != "" || t.ID == "" {
			c.Turn.Reply = usage(ev.msg.Command, t)
			return true, nil
		}
	}
	if only, err := g.onlyOwner(ctx, ev.msg.Command, t); err != nil || only {
		c.Turn.Reply = Unchanged + ": nobody else is owner. Make somebody else owner first."
		return true, err
	}
	switch ev.msg.Command {
	case "approve":
		return true, g.approve(c, ev, t)
	case "deny":
		g.refuse(c, t)
	case "block":
		block(c, t)
	case "unblock":
		unblock(c, t)
	case "remove":
		c.remove(t)
	case "role":
		c.role(ev, t)
	case "add":
		c.add(ev, t)
	case "users":
		return true, g.listUsers(ctx, c, ev, t)
	case "sessions":
		return true, g.listSessions(ctx, c, ev, t)
	case "limits":
		return true, g.tellLimits(ctx, c, ev, facts, t)
	case "pair":
		return true, g.pair(ctx, c, ev, facts, t)
	case "share", "unshare":
		return true, g.share(ctx, c, ev, facts, t)
	default:
		return false, nil
	}
	return true, nil
}

// onlyOwner tells whether a command would take away the only owner.
func (g *Gate) onlyOwner(ctx context.Context, command string, t *target) (bool, error) {
	if t == nil || !slices.Contains([]string{"block", "remove", "role"}, command) || slices.Contains(t.terms.roles, users.RoleOwner) && !t.terms.bounded {
		return false, nil
	}
	owners, err := g.Store.Owners(ctx, g.Now(), 2)
	return len(owners) == 1 && owners[0].ID == t.ID, err
}

// usage tells how a command is written.
func usage(command string, t *target) string {
	var b strings.Builder
	if t != nil && t.problem != "" {
		fmt.Fprintf(&b, "%s: %s.\n", Unchanged, t.problem)
	}
	if t != nil && t.problem == atConsole {
		return strings.TrimSpace(b.String())
	}
	for _, c := range Commands() {
		if c.Name == command {
			fmt.Fprintf(&b, "Write it so: /%s %s", c.Name, c.Args)
		}
	}
	return b.String()
}

func block(c *Commit, t *target) {
	p := t.person
	if slices.Contains(p.Roles, users.RoleBlocked) {
		c.Turn.Reply = fmt.Sprintf("%s is blocked already.", p.ID)
		return
	}
	p.Roles = users.Block(p.Roles)
	// What they ask for ends too.
	c.change().Forget = append([]string{p.ID}, p.Identities...)
	c.change().Cut, c.change().CutReply = []string{p.ID}, ""
	c.put(p, t.Known)
	c.Turn.Reply = fmt.Sprintf("%s is blocked: what ran for them is ended, and they get no answer any more.", p.ID)
}

func unblock(c *Commit, t *target) {
	p := t.person
	if !slices.Contains(p.Roles, users.RoleBlocked) {
		c.Turn.Reply = fmt.Sprintf("%s is not blocked.", p.ID)
		return
	}
	p.Roles = slices.DeleteFunc(slices.Clone(p.Roles), func(r string) bool { return r == users.RoleBlocked })
	if len(p.Roles)+len(p.Grants) == 0 {
		// Who was a stranger before is one again.
		c.change().Remove = []users.Person{p}
		c.Turn.Reply = fmt.Sprintf("%s is not blocked any more, and has no role.", p.ID)
		return
	}
	c.put(p, true)
	c.Turn.Reply = fmt.Sprintf("%s is not blocked any more: %s.", p.ID, rolesInWords(p))
}

func (c *Commit) remove(t *target) {
	if !t.Known {
		c.Turn.Reply = fmt.Sprintf("I do not know %s.", t.ID)
		return
	}
	ch := c.change()
	ch.Remove, ch.Cut, ch.CutReply = []users.Person{t.person}, []string{t.ID}, ruled
	c.Turn.Reply = fmt.Sprintf("%s is a stranger now.", t.ID)
}

func (c *Commit) role(ev event, t *target) {
	if !t.Known {
		c.Turn.Reply = fmt.Sprintf("I do not know %s; add them: /add %s ROLE", t.ID, t.ID)
		return
	}
	p, before := t.person, held(t.person)
	blocked := slices.Contains(p.Roles, users.RoleBlocked)
	if t.terms.bounded {
		p.Roles, p.Grants = nil, t.terms.grants(ev.place.User)
	} else {
		p.Roles, p.Grants = t.terms.roles, nil
	}
	if blocked {
		p.Roles = users.Block(p.Roles)
	}
	if t.terms.named != "" {
		p.Name = t.terms.named
	}
	if lost(before, held(p)) {
		ch := c.change()
		ch.Cut, ch.CutReply = []string{p.ID}, ruled
	}
	c.put(p, true)
	c.Turn.Reply = fmt.Sprintf("%s is %s now.", p.ID, rolesInWords(p))
}

func (c *Commit) add(ev event, t *target) {
	if t.Known {
		c.Turn.Reply = fmt.Sprintf("I know %s already: %s. Change it: /role %s ROLE", t.ID, rolesInWords(t.person), t.ID)
		return
	}
	p := t.person
	p.Name = t.terms.named
	if t.terms.bounded {
		p.Grants = t.terms.grants(ev.place.User)
	} else {
		p.Roles = t.terms.roles
	}
	c.put(p, false)
	c.change().Forget = []string{p.ID}
	c.Turn.Reply = fmt.Sprintf("%s is %s now.", p.ID, rolesInWords(p))
}

// held are what somebody has, one by one, so that what is lost can be told.
func held(p users.Person) []users.Grant {
	out := slices.Clone(p.Grants)
	for _, r := range p.Roles {
		out = append(out, users.Grant{Role: r})
	}
	for i := range out {
		out[i].By = ""
	}
	return out
}

func lost(before, after []users.Grant) bool {
	return slices.ContainsFunc(before, func(g users.Grant) bool { return !g.Ended && !slices.Contains(after, g) })
}

// change is what the commit changes about people.
func (c *Commit) change() *users.Change {
	if c.Change == nil {
		c.Change = &users.Change{}
	}
	return c.Change
}

func (c *Commit) put(p users.Person, known bool) {
	if known {
		c.change().Update = append(c.change().Update, p)
		return
	}
	c.change().Add = append(c.change().Add, p)
}

// share opens the sender's session in this chat to somebody, or closes it.
func (g *Gate) share(ctx context.Context, c *Commit, ev event, facts Facts, t *target) error {
	// The id as it was written: whose account it is, it does not tell.
	s, whom := facts.Session, ev.msg.Args[0]
	switch {
	case s == nil || s.User != ev.place.User:
		c.Turn.Reply = "You have no session here that you could share. Say something first."
	case t.ID == ev.place.User:
		c.Turn.Reply = "It is yours."
		return nil
	case ev.msg.Command == "share":
		// Whether somebody is known is not told to everybody.
		c.Turn.Reply = fmt.Sprintf("If I know %s, they may write into this session now, in this chat, with no more rights than their own. /unshare %s ends that, and so does /new.", whom, whom)
		if !t.Known || slices.Contains(t.Roles, users.RoleBlocked) {
			return nil
		}
		c.change().Share = []users.Share{{Session: s.ID, Person: t.ID}}
		return g.notify(ctx, c, t.ID, "session.shared", fmt.Sprintf("%s shares the session in %s with you: what you write to me there goes into it. /new there leaves it.", s.User, s.Chat))
	default:
		c.change().Unshare = []users.Share{{Session: s.ID, Person: t.ID}}
		c.Turn.Reply = fmt.Sprintf("%s may not write into this session any more.", whom)
	}
	return nil
}

// listPage is how many people a chat is shown at once.
const listPage = 20

// listUsers shows one person, or a page of all, requests that wait first.
func (g *Gate) listUsers(ctx context.Context, c *Commit, ev event, t *target) error {
	if t.Kind == targetPerson {
		if t.problem != "" {
			c.Turn.Reply = usage("users", t)
			return nil
		}
		words, err := g.describe(ctx, ev, t)
		c.Turn.Reply = words
		return err
	}
	var b strings.Builder
	if t.after == "" {
		if err := g.listWaiting(ctx, &b); err != nil {
			return err
		}
	}
	people, err := g.Store.People(ctx, t.after, listPage+1)
	if err != nil {
		return err
	}
	for _, p := range people[:min(len(people), listPage)] {
		fmt.Fprintf(&b, "%s\n", personLine(p))
	}
	if len(people) > listPage {
		fmt.Fprintf(&b, "There are more: /users after %s\n", people[listPage-1].ID)
	}
	if b.Len() == 0 {
		b.WriteString("There is nobody.")
	}
	c.Turn.Reply = strings.TrimSuffix(b.String(), "\n")
	return nil
}

// listWaiting shows who asks to be let in. A code is its requester's alone, so
// none is shown.
func (g *Gate) listWaiting(ctx context.Context, b *strings.Builder) error {
	waiting, n, err := g.Store.Waiting(ctx, WaitingQuery{Now: g.Now(), Kind: users.PairJoin, Most: listPage})
	if err != nil {
		return err
	}
	for _, p := range waiting {
		fmt.Fprintf(b, "asks to be let in: %s\n", requestLine(p))
	}
	if n > len(waiting) {
		fmt.Fprintf(b, "… and %d more ask to be let in\n", n-len(waiting))
	}
	return nil
}

func personLine(p users.Person) string {
	line := p.ID
	if p.Name != "" {
		line += fmt.Sprintf("  %q", p.Name)
	}
	line += "  " + rolesInWords(p)
	if more := slices.DeleteFunc(slices.Clone(p.Identities), func(id string) bool { return id == p.ID }); len(more) > 0 {
		line += "  also " + strings.Join(more, ", ")
	}
	return line
}

// listSessions shows the sessions of the sender, or all of them.
func (g *Gate) listSessions(ctx context.Context, c *Commit, ev event, t *target) error {
	person := ev.place.User
	if t != nil && t.Kind == targetEverybody {
		person = ""
	}
	list, err := g.Store.AliveSessions(ctx, person, listPage)
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, s := range list {
		state := "open"
		switch {
		case s.Ended:
			state = "ending"
		case s.Owed > 0:
			state = "answering"
		}
		fmt.Fprintf(&b, "%s  %s  %s  %s  in %s, workspace %s, agent %s%s\n", s.ID, state, s.User, s.Trust, s.Chat, s.Workspace, s.Agent, sharedWith(s.Shared))
	}
	if b.Len() == 0 {
		b.WriteString("No session is open.")
	}
	c.Turn.Reply = strings.TrimSuffix(b.String(), "\n")
	return nil
}

func sharedWith(people []string) string {
	if len(people) == 0 {
		return ""
	}
	return ", shared with " + strings.Join(people, ", ")
}

// tellLimits shows what somebody has left, as a direct message of theirs would
// find it.
func (g *Gate) tellLimits(ctx context.Context, c *Commit, ev event, facts Facts, t *target) error {
	who, of := ev.place.User, facts
	if t != nil && t.Kind == targetPerson {
		if t.problem != "" {
			c.Turn.Reply = usage("limits", t)
			return nil
		}
		who = t.ID
		var err error
		if of, err = g.Store.Facts(ctx, Place{Connector: ev.place.Connector, Chat: ev.place.Chat, User: who}, ""); err != nil {
			return err
		}
	}
	left, err := g.left(ctx, ev, who, of)
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "limits of %s:", who)
	for _, l := range left {
		fmt.Fprintf(&b, "\nleft of %s: %d of %d", l.Name, max(0, l.Left), l.Max)
	}
	if len(left) == 0 {
		b.WriteString(" none, so nothing of theirs is admitted")
	}
	c.Turn.Reply = b.String()
	return nil
}
