package gate

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/gate/users"
)

const (
	// codeTime is how long a code is good.
	codeTime = time.Hour
	// maxCodes is how many links of one person wait at once.
	maxCodes = 3
	// maxAsked is how many requests of an hour, on one connector, owners are told of
	// one by one: a crowd of strangers must not flood them. All can be listed.
	maxAsked = 10
	// maxOwners is how many owners are told.
	maxOwners = 10
)

// ask makes the request of a stranger whom the policies let ask for a way in. Its
// code is in the words that the stranger reads, and nowhere else.
func (g *Gate) ask(ev event, id string, out *outcome) {
	if out.Verdict != engine.Deny || out.Pair == nil {
		return
	}
	code := users.NewCode()
	if id == "" {
		code = "XXXX-XXXX" // nothing is made
	}
	for i, r := range out.Rules {
		out.Rules[i].Reply = fillCode(r.Reply, code)
	}
	if id == "" {
		return
	}
	now := g.Now()
	out.code = code
	out.asks = &users.Pairing{
		ID: newID(), Kind: users.PairJoin, Code: g.Store.HashCode(code), Role: out.Pair.Role,
		Identity: ev.identity, Connector: ev.from.Name, Chat: ev.msg.Chat.ID, User: ev.msg.User.ID, Name: clip(ev.msg.User.Name, maxName),
		State: users.PairPending, Created: now, Expires: now.Add(codeTime),
	}
}

// keepRequest keeps what a denied stranger asks for, or that they were reminded
// that it waits.
func (g *Gate) keepRequest(ctx context.Context, c *Commit, facts Facts, out outcome) error {
	if p := facts.Pairing; p != nil && pairingState(*p, g.Now()) == users.PairPending && out.Verdict == engine.Deny && out.Reply() != "" {
		reminded := *p
		reminded.Reminded = true
		c.change().Pairings = append(c.change().Pairings, reminded)
		return nil
	}
	if out.asks == nil {
		return nil
	}
	p, err := *out.asks, error(nil)
	if p.Shown, err = g.tellOwners(ctx, c, p, out.code); err != nil {
		return err
	}
	c.change().Pairings = append(c.change().Pairings, p)
	return nil
}

// tellOwners tells the owners who asks, and what for. It gives those who can be
// told.
func (g *Gate) tellOwners(ctx context.Context, c *Commit, p users.Pairing, code string) ([]string, error) {
	_, asked, err := g.Store.Waiting(ctx, WaitingQuery{Now: p.Created, Kind: users.PairJoin, Connector: p.Connector, Since: p.Created.Add(-time.Hour)})
	if err != nil {
		return nil, err
	}
	if asked > maxAsked {
		return nil, nil
	}
	words := fmt.Sprintf("Somebody asks to be let in: %s.\nThey would be %s, in direct messages. The code is %s and is good for %s.\n"+
		"/approve %s lets them in (/approve %s ROLE for 3d: with another role, for some time), /deny %s does not.",
		requestLine(p), p.Role, code, inWords(codeTime), code, code, code)
	if asked == maxAsked {
		words = "More people ask to be let in than I want to tell you of one by one. /users shows the newest; `parachute users pending` shows them all."
	}
	told, err := g.notifyOwners(ctx, c, "pairing.asked", words)
	if asked == maxAsked {
		told = nil
	}
	return told, err
}

// requestLine tells who asks, where, for what.
func requestLine(p users.Pairing) string {
	return fmt.Sprintf("%s in a direct message through %s, at %s", goesBy(p.Identity, p.Name), p.Connector, Moment(p.Created))
}

// notWaiting answers to a code that nobody waits with. A code is good once,
// whatever the policies admit.
const notWaiting = "Nobody waits with this code."

// approve lets in who asked. What the sender was not shown with its code is shown
// first.
func (g *Gate) approve(c *Commit, ev event, t *target) error {
	if t.pairing == nil || t.pairing.Kind != users.PairJoin || !t.pairing.Waits(g.Now()) {
		c.Turn.Reply = notWaiting
		return nil
	}
	if t.person.Blocked() {
		c.Turn.Reply = fmt.Sprintf("%s is blocked. /unblock them first.", t.ID)
		return nil
	}
	p, grants := *t.pairing, t.terms.grants(ev.place.User)
	if !slices.Contains(p.Shown, ev.place.User) {
		p.Shown = append(slices.Clone(p.Shown), ev.place.User)
		c.change().Pairings = []users.Pairing{p}
		c.Turn.Reply = fmt.Sprintf("This is who asks: %s.\nThey would be %s. Send the same again to let them in, or /deny CODE.", requestLine(p), RolesInWords(users.Person{Grants: grants}))
		return nil
	}
	person := t.person
	if !t.Known {
		person.Name = plainName(p.Name)
	}
	person.Grants = append(slices.Clone(person.Grants), grants...)
	p.State = users.PairUsed
	c.change().Pairings = []users.Pairing{p}
	c.put(person, t.Known)
	c.Heard = append(c.Heard, addressOf(p))
	given := RolesInWords(users.Person{Grants: grants})
	c.Turn.Reply = fmt.Sprintf("%s is in now: %s.", named(p.Identity, p.Name), given)
	return g.notifyAt(c, addressOf(p), "pairing.approved", letIn(given))
}

// letIn is what somebody reads who is let in.
func letIn(given string) string {
	return fmt.Sprintf("You are in: %s. Write to me, or send /help.", given)
}

// closeRequest ends the request of an identity that is let in by another way, and
// tells whoever asked.
func (g *Gate) closeRequest(ctx context.Context, c *Commit, identity, rule, words string) error {
	connector, _ := splitID(identity)
	now, err := g.Store.Facts(ctx, Place{Connector: connector, Chat: connector + ":", User: identity}, "")
	if err != nil || now.Pairing == nil || !now.Pairing.Waits(g.Now()) {
		return err
	}
	p := *now.Pairing
	p.State = users.PairUsed
	c.change().Pairings = append(c.change().Pairings, p)
	c.Heard = append(c.Heard, addressOf(p))
	return g.notifyAt(c, addressOf(p), rule, words)
}

// refuse says no to who asked, and remembers it.
func (g *Gate) refuse(c *Commit, t *target) {
	if t.pairing == nil || t.pairing.Kind != users.PairJoin || !t.pairing.Waits(g.Now()) {
		c.Turn.Reply = notWaiting
		return
	}
	p := *t.pairing
	p.State = users.PairDenied
	c.change().Pairings = []users.Pairing{p}
	c.Turn.Reply = fmt.Sprintf("%s stays out, and asks no more. /add %s ROLE would let them in.", named(p.Identity, p.Name), plainID(p.Identity))
	if err := g.notifyAt(c, addressOf(p), "pairing.denied", "The owner of this bot has said no."); err != nil {
		g.Log.Error("person not told of a denied request", "error", err)
	}
}

func addressOf(p users.Pairing) Address {
	return Address{Connector: p.Connector, Chat: p.Chat, User: p.User, Identity: p.Identity}
}

// pair makes a code that links another account to the sender's, or takes one.
func (g *Gate) pair(ctx context.Context, c *Commit, ev event, facts Facts, t *target) error {
	if t == nil {
		return g.offerLink(ctx, c, ev, facts)
	}
	const wrong = "This code does not work. Ask for a new one, and write it as it was shown."
	p, state := t.pairing, t.Pairing.State
	if p == nil || state != users.PairPending && state != users.PairEntered {
		c.Turn.Reply = wrong
		return nil
	}
	switch {
	case p.Kind == users.PairClaim:
		return g.claim(ctx, c, ev, facts, *p)
	case p.Kind != users.PairLink:
		c.Turn.Reply = wrong
	case p.Person == ev.place.User && state == users.PairEntered:
		return g.link(ctx, c, *p)
	case p.Person == ev.place.User:
		c.Turn.Reply = "Send this code from your other account, in a direct message to the bot there."
	case state == users.PairEntered || len(facts.Roles)+len(facts.Grants) > 0:
		c.Turn.Reply = wrong
	default:
		return g.enter(c, ev, *p)
	}
	return nil
}

func (g *Gate) offerLink(ctx context.Context, c *Commit, ev event, facts Facts) error {
	if len(facts.Identities) == 0 {
		c.Turn.Reply = "Write /pair CODE with the code that you were given."
		return nil
	}
	now := g.Now()
	_, n, err := g.Store.Waiting(ctx, WaitingQuery{Now: now, Kind: users.PairLink, Person: ev.place.User, Most: 1})
	if err != nil {
		return err
	}
	if n >= maxCodes {
		c.Turn.Reply = fmt.Sprintf("%d codes of yours wait already. Use one of them, or wait until they end.", n)
		return nil
	}
	code := users.NewCode()
	c.change().Pairings = []users.Pairing{{
		ID: newID(), Kind: users.PairLink, Code: g.Store.HashCode(code), Person: ev.place.User, Connector: ev.from.Name,
		Chat: ev.msg.Chat.ID, User: ev.msg.User.ID, Name: clip(ev.msg.User.Name, maxName), State: users.PairPending, Created: now, Expires: now.Add(codeTime),
	}}
	c.Turn.Reply = fmt.Sprintf("To make another account of yours known as you, send /pair %s from it, in a direct message to the bot there. The code is good for %s. I ask you here before anything is linked.", code, inWords(codeTime))
	return nil
}

// enter notes from which account the code of a link came, and asks its person.
func (g *Gate) enter(c *Commit, ev event, p users.Pairing) error {
	p.State, p.Identity, p.OtherChat = users.PairEntered, ev.identity, ev.msg.Chat.ID
	c.change().Pairings = []users.Pairing{p}
	c.Turn.Reply = "Now confirm it from the account that gave you the code: I have written to you there."
	return g.notifyAt(c, Address{Connector: p.Connector, Chat: p.Chat, User: p.User, Identity: p.Person}, "pairing.entered",
		fmt.Sprintf("%s has sent your code. If that is you, send the same /pair CODE once more from here, and that account has all your rights. If it is not, do nothing: without you nothing happens.",
			goesBy(ev.identity, ev.msg.User.Name)))
}

// link makes the account that sent the code one of the sender's.
func (g *Gate) link(ctx context.Context, c *Commit, p users.Pairing) error {
	connector, user := splitID(p.Identity)
	other := Address{Connector: connector, Chat: p.OtherChat, User: user, Identity: p.Identity}
	now, err := g.Store.Facts(ctx, Place{Connector: connector, Chat: connector + ":" + p.OtherChat, User: p.Identity}, "")
	if err != nil {
		return err
	}
	// What became of that account since its code came must not be undone by a link.
	if len(now.Identities) > 0 || now.Pairing != nil && now.Pairing.State == users.PairDenied {
		c.Turn.Reply = fmt.Sprintf("%s cannot be linked any more. Ask the owner of this bot.", p.Identity)
		return nil
	}
	p.State = users.PairUsed
	ch := c.change()
	ch.Pairings = []users.Pairing{p}
	ch.Link = []users.Identity{{ID: p.Identity, Person: p.Person}}
	// What it had as a stranger ends.
	ch.Forget, ch.Cut, ch.CutReply = []string{p.Identity}, []string{p.Identity}, ruled
	c.Turn.Reply = fmt.Sprintf("%s is you now: your rights and your limits are the same there.", p.Identity)
	c.Heard = append(c.Heard, other)
	if _, err := g.notifyOwners(ctx, c, "pairing.linked", fmt.Sprintf("%s has made %s known as the same person: it has all their rights. `parachute users unlink` takes it back, /block %s ends both.", plainID(p.Person), plainID(p.Identity), plainID(p.Person))); err != nil {
		return err
	}
	return g.notifyAt(c, other, "pairing.linked",
		linked(p.Person))
}

func linked(person string) string {
	return fmt.Sprintf("This account is linked: here you are %s.", person)
}

// claim makes the sender the first owner for ever and everywhere.
func (g *Gate) claim(ctx context.Context, c *Commit, ev event, facts Facts, p users.Pairing) error {
	owners, err := g.Store.LastingOwners(ctx, 1)
	if err != nil {
		return err
	}
	if len(owners) > 0 {
		c.Turn.Reply = "This bot has an owner already."
		return nil
	}
	p.State, p.Identity = users.PairUsed, ev.identity
	ch := c.change()
	ch.FirstOwner, ch.Pairings = true, []users.Pairing{p}
	person, known := users.Person{ID: ev.identity, Name: clip(ev.msg.User.Name, maxName)}, len(facts.Identities) > 0
	if known {
		if person, err = g.Store.Person(ctx, ev.place.User); err != nil {
			return err
		}
	}
	person.Roles = append(slices.Clone(person.Roles), users.RoleOwner)
	ch.Forget = []string{ev.identity}
	c.put(person, known)
	c.Heard = append(c.Heard, ev.address())
	c.Turn.Reply = "You are the owner of this bot now. Send /help to see what you can do; /users shows who is known."
	return nil
}

// address is where the sender of a direct message is to be told something.
func (ev event) address() Address {
	return Address{Connector: ev.from.Name, Chat: ev.msg.Chat.ID, User: ev.msg.User.ID, Identity: ev.identity}
}

// dm tells whether an event was written in a direct message.
func (ev event) dm() bool { return ev.msg.Chat.Kind == connectors.ChatDM }
