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
	done, err := g.carryOut(ctx, c, ev, facts, t)
	if err == nil && t != nil {
		err = g.keepOwner(ctx, c, t.person)
	}
	return done, err
}

func (g *Gate) carryOut(ctx context.Context, c *Commit, ev event, facts Facts, t *target) (bool, error) {
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
		return true, g.add(ctx, c, ev, t)
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
	case "join":
		c.join(ev, facts)
	default:
		return false, nil
	}
	return true, nil
}

// keepOwner changes nothing where a command would take away the only one who is
// owner for ever and everywhere: whoever is one for some time, or in some place,
// soon leaves nobody. The store asks the same once more as it makes the
// change, as others may make theirs meanwhile.
func (g *Gate) keepOwner(ctx context.Context, c *Commit, before users.Person) error {
	if c.Change == nil || len(c.Change.Update)+len(c.Change.Remove) == 0 {
		return nil
	}
	var after users.Person
	for _, p := range c.Change.Update {
		after = p
	}
	if !users.Deposes(before, after) {
		return nil
	}
	owners, err := g.Store.LastingOwners(ctx, 2)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(owners, func(p users.Person) bool { return p.ID != before.ID }) {
		c.Change = nil
		c.Turn.Reply = Unchanged + ": nobody else is owner. Make somebody else owner first."
		return nil
	}
	c.Change.KeepOwner = true
	return nil
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
	if p.Blocked() {
		c.Turn.Reply = fmt.Sprintf("%s is blocked already.", p.ID)
		return
	}
	p.Roles = users.Block(p.Roles)
	// What they ask for ends too; that it was denied stays.
	c.change().Withdraw = append([]string{p.ID}, p.Identities...)
	c.change().Cut, c.change().CutReply = []string{p.ID}, ""
	c.put(p, t.Known)
	c.Turn.Reply = fmt.Sprintf("%s is blocked: what ran for them is ended, and they get no answer any more.", p.ID)
}

func unblock(c *Commit, t *target) {
	p := t.person
	if !p.Blocked() {
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
	c.Turn.Reply = fmt.Sprintf("%s is not blocked any more: %s.", p.ID, RolesInWords(p))
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
	blocked := p.Blocked()
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
	c.Turn.Reply = fmt.Sprintf("%s is now %s.", p.ID, RolesInWords(p))
}

func (g *Gate) add(ctx context.Context, c *Commit, ev event, t *target) error {
	if t.Known {
		c.Turn.Reply = fmt.Sprintf("I know %s already: %s. Change it: /role %s ROLE", t.ID, RolesInWords(t.person), t.ID)
		return nil
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
	c.Turn.Reply = fmt.Sprintf("%s is now %s.", p.ID, RolesInWords(p))
	return g.closeRequest(ctx, c, p.ID, "pairing.approved", letIn(RolesInWords(p)))
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

// listPage is how many people a chat is shown at once.
const listPage = 20

// listUsers shows one person, or a page of all, requests that wait first.
func (g *Gate) listUsers(ctx context.Context, c *Commit, ev event, t *target) error {
	if t.Kind == targetPerson {
		if t.problem != "" {
			c.Turn.Reply = usage("users", t)
			return nil
		}
		words, _, err := g.describe(ctx, ev, t)
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
	if n > 0 {
		b.WriteString("/add ID ROLE lets one in without the code.\n")
	}
	return nil
}

func personLine(p users.Person) string {
	line := p.ID
	if p.Name != "" {
		line += fmt.Sprintf("  %q", p.Name)
	}
	line += "  " + RolesInWords(p)
	if more := slices.DeleteFunc(slices.Clone(p.Identities), func(id string) bool { return id == p.ID }); len(more) > 0 {
		line += "  also " + strings.Join(more, ", ")
	}
	return line
}

// listSessions shows the sessions of the sender, or all of them.
func (g *Gate) listSessions(ctx context.Context, c *Commit, ev event, t *target) error {
	if words := ev.msg.Args; len(words) > 1 || len(words) == 1 && words[0] != "all" {
		c.Turn.Reply = usage("sessions", nil)
		return nil
	}
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

// tellLimits shows what somebody has left: the sender here, or another where they
// are served.
func (g *Gate) tellLimits(ctx context.Context, c *Commit, ev event, facts Facts, t *target) (err error) {
	switch {
	case t == nil:
		c.Turn.Reply, _, err = g.limitsInWords(ctx, standing{ev: ev.plain(ev.msg.Chat.Kind), facts: facts})
	case t.problem != "":
		c.Turn.Reply = usage("limits", t)
	default:
		c.Turn.Reply, _, err = g.limitsOf(ctx, ev, t.ID)
	}
	return err
}
