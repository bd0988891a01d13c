package gate

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/gate/limits"
	"github.com/parachute-gate/parachute/gate/users"
)

// would asks the policies about an event that does not happen: it is neither
// counted nor recorded.
func (g *Gate) would(ctx context.Context, ev event, facts Facts) engine.Decision {
	in := g.messageInput(ev, facts, g.Now())
	in.Limits = exceededInput(nil, nil)
	in.Session = nil
	return g.Policies.Current().Message(ctx, in)
}

// command is the same sender's event that gives a command without words.
func (ev event) command(name string) event {
	ev.msg.Kind, ev.msg.Command, ev.msg.Args, ev.msg.Text = connectors.EventCommand, name, nil, "/"+name
	ev.msg.Attachments, ev.msg.Forwarded, ev.msg.MentionsBot = nil, false, true
	return ev
}

// plain is the same sender's plain message in a chat of a kind.
func (ev event) plain(kind connectors.ChatKind) event {
	ev = ev.command("")
	ev.msg.Kind, ev.msg.Text = connectors.EventMessage, "hello"
	if ev.msg.Chat.Kind != kind {
		ev.msg.Chat = connectors.Chat{ID: "any", Kind: kind}
		ev.place.Chat = ev.from.Name + ":any"
	}
	return ev
}

// left is what the sender of a plain message has left of their own limits.
func (g *Gate) left(ctx context.Context, s standing) ([]limits.Left, error) {
	asked, fault := g.Policies.Current().Limits(ctx, g.messageInput(s.ev, s.facts, g.Now()))
	if fault != nil {
		return nil, fmt.Errorf("denied by %s: %s", fault.ID, fault.Msg)
	}
	hold, _, err := g.hold(ctx, s.ev, asked)
	if err != nil {
		return nil, err
	}
	defer hold.Release()
	return slices.DeleteFunc(hold.Left(), func(l limits.Left) bool { return l.Per != limits.PerUser }), nil
}

func leftLines(b *strings.Builder, left []limits.Left) {
	for _, l := range left {
		fmt.Fprintf(b, "left of %s: %d of %d\n", l.Name, max(0, l.Left), l.Max)
	}
}

// limitsInWords tells what somebody has left in a place. It reports false where
// nothing of theirs is admitted there.
func (g *Gate) limitsInWords(ctx context.Context, s standing) (string, bool, error) {
	left, err := g.left(ctx, s)
	var b strings.Builder
	fmt.Fprintf(&b, "limits of %s:", s.ev.place.User)
	if len(left) == 0 {
		return b.String() + " none, so nothing of theirs is admitted", false, err
	}
	b.WriteString("\n")
	leftLines(&b, left)
	return strings.TrimSuffix(b.String(), "\n"), true, err
}

// limitsOf tells what another person has left, where they are served.
func (g *Gate) limitsOf(ctx context.Context, ev event, id string) (string, bool, error) {
	of, facts, err := g.somebody(ctx, ev, id, "")
	if err != nil {
		return "", false, err
	}
	return g.limitsInWords(ctx, first(g.everywhere(ctx, of, facts, true)))
}

// Limits tells whoever sits at the terminal what somebody has left, and whether
// they have any limits at all. It changes nothing, and is no decision.
func (g *Gate) Limits(ctx context.Context, who, id string) (string, bool, error) {
	return g.limitsOf(ctx, terminalEvent(who, "limits", nil), id)
}

// Whoami tells whoever sits at the terminal who they are, and what they may do. It
// changes nothing, and is no decision.
func (g *Gate) Whoami(ctx context.Context, who string) (string, error) {
	ev := terminalEvent(who, "whoami", nil)
	facts, err := g.facts(ctx, ev)
	if err != nil {
		return "", err
	}
	return g.whoami(ctx, ev, facts, g.decide(ctx, ev, "", facts)), nil
}

// whoami tells the sender who they are, what they may do, and by which rules.
func (g *Gate) whoami(ctx context.Context, ev event, facts Facts, out outcome) string {
	var b strings.Builder
	roles := RolesInWords(facts.person())
	if len(facts.Roles)+len(facts.Grants) == 0 {
		roles = "none on record"
		if ev.msg.User.Local {
			roles += " (you are at this program's own terminal)"
		}
	}
	fmt.Fprintf(&b, "id: %s\n", ev.place.User)
	if ev.identity != ev.place.User {
		fmt.Fprintf(&b, "here you are: %s\n", ev.identity)
	}
	fmt.Fprintf(&b, "roles: %s\n", roles)
	if out.Verdict == engine.Allow {
		fmt.Fprintf(&b, "trust: %s\nworkspace: %s (%s)\n", out.Obligations.Trust, out.Obligations.Workspace, accessInWords(out.Obligations.Access))
	}
	// What is written on the command line is not counted.
	if ev.from.Kind != Terminal {
		left := slices.Clone(out.limits)
		for i := range left {
			left[i].Left-- // by this very command
		}
		leftLines(&b, left)
	}
	b.WriteString("\n")
	places := g.everywhere(ctx, ev, facts, false)
	here := g.stand(ctx, "here", ev.plain(ev.msg.Chat.Kind), facts)
	b.WriteString(placesInWords(places))
	b.WriteString("\nhere:\n")
	g.may(ctx, &b, here, false)
	return strings.TrimSuffix(b.String(), "\n")
}

// Describe tells what somebody may do and by which rules, for whoever sits at the
// terminal, and whether they are served anywhere. It changes nothing, and is no
// decision.
func (g *Gate) Describe(ctx context.Context, who, id string) (string, bool, error) {
	t := &target{TargetInput: engine.TargetInput{Kind: targetPerson}}
	if err := t.readPerson(ctx, g.Store, id); err != nil {
		return "", false, err
	}
	return g.describe(ctx, terminalEvent(who, "users", nil), t)
}

// describe tells what somebody may do, as an event of theirs through the
// connector of their id would be decided, and whether any would be admitted.
func (g *Gate) describe(ctx context.Context, ev event, t *target) (string, bool, error) {
	of, facts, err := g.somebody(ctx, ev, t.ID, t.person.Name)
	if err != nil {
		return "", false, err
	}
	places := g.everywhere(ctx, of, facts, true)
	in := first(places)
	left, err := g.left(ctx, in)
	if err != nil {
		return "", false, err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", personLine(t.person))
	for _, name := range slices.Sorted(maps.Keys(t.person.Attributes)) {
		fmt.Fprintf(&b, "%s: %s\n", name, plainOrQuoted(t.person.Attributes[name]))
	}
	b.WriteString(g.requestInWords(facts.Pairing, ev.from.Kind))
	leftLines(&b, left)
	fmt.Fprintf(&b, "\n%s\nin %s:\n", placesInWords(places), in.words)
	g.may(ctx, &b, in, true)
	return strings.TrimSuffix(b.String(), "\n"), in.served(), nil
}

// requestInWords tells how somebody's request to be let in stands, and what lets
// them in after all.
func (g *Gate) requestInWords(p *users.Pairing, asker string) string {
	if p == nil {
		return ""
	}
	add := "/add " + plainID(p.Identity) + " ROLE"
	if asker == Terminal {
		add = "`parachute users add " + p.Identity + " --role ROLE`"
	}
	switch p.StateAt(g.Now()) {
	case users.PairPending:
		return fmt.Sprintf("asks to be let in, until %s; %s lets them in without the code\n", Moment(p.Expires), add)
	case users.PairDenied:
		return fmt.Sprintf("asked to be let in at %s, and was denied; %s lets them in\n", Moment(p.Created), add)
	}
	return ""
}

// placesInWords tells how somebody stands in each place, and through which
// connectors they need a token.
func placesInWords(places []standing) string {
	var b strings.Builder
	var ask []string
	for _, s := range places {
		line(&b, s.words, s.d, served(s.d))
		if name := s.ev.from.Name; s.token && !slices.Contains(ask, name) {
			ask = append(ask, name)
		}
	}
	for _, name := range ask {
		fmt.Fprintf(&b, "messages through %s need a token (%s): this is told as if a valid one came\n", name, ruleToken)
	}
	return b.String()
}

// may asks the policies about everything that somebody could do in a place, and
// writes what they say with the rule that says so. Only with all does it name
// commands and workspaces that are not theirs: nobody is told that somebody else's
// are there.
func (g *Gate) may(ctx context.Context, b *strings.Builder, in standing, all bool) {
	yes, no := []string{}, map[string][]string{}
	for _, c := range Commands() {
		d := g.would(ctx, in.ev.command(c.Name), in.facts)
		if d.Verdict == engine.Allow {
			yes = append(yes, "/"+c.Name)
		} else if all {
			no[d.Rule().ID] = append(no[d.Rule().ID], "/"+c.Name)
		}
	}
	lists(b, "commands", yes, no)
	g.mayGive(ctx, b, in.ev, in.facts)
	for _, name := range g.Policies.Current().Workspaces() {
		asks := in.ev.command("workspace")
		asks.msg.Args = []string{name}
		d := g.would(ctx, asks, in.facts)
		what := ""
		if d.Verdict == engine.Allow {
			what = accessInWords(d.Obligations.Access)
		} else if !all {
			continue
		}
		line(b, "workspace "+name, d, what)
	}
	if in.served() {
		g.mayUse(ctx, b, in.ev, in.facts, in.d.Obligations)
	}
}

// mayGive tells which roles somebody could give to a stranger, where and in direct
// messages alone.
func (g *Gate) mayGive(ctx context.Context, b *strings.Builder, ev event, facts Facts) {
	for _, scope := range []struct{ scope, words string }{{"", "roles to give"}, {"dm", "roles to give in direct messages"}} {
		var yes []string
		for _, role := range g.Policies.Current().Roles() {
			facts.target = &target{TargetInput: engine.TargetInput{Kind: targetPerson, ID: "any:one", Roles: []string{}, Grants: []string{role}, Scope: scope.scope}}
			if d := g.would(ctx, ev.command("add"), facts); d.Verdict == engine.Allow {
				yes = append(yes, role)
			}
		}
		if len(yes) > 0 {
			fmt.Fprintf(b, "%s: %s\n", scope.words, strings.Join(yes, " "))
			return
		}
	}
}

// toolKinds are the kinds of tool call that there are.
var toolKinds = []string{"list", "read", "search", "write", "append", "move", "delete", "execute", "fetch", "other"}

func (g *Gate) mayUse(ctx context.Context, b *strings.Builder, ev event, facts Facts, o engine.Obligations) {
	now := g.Now()
	yes, no := []string{}, map[string][]string{}
	for _, kind := range toolKinds {
		in := engine.ToolInput{
			Version: engine.InputVersion, Time: now.UnixNano(), Config: g.Config.Input,
			Connector: engine.ConnectorInput{Name: ev.from.Name, Kind: ev.from.Kind},
			Chat:      engine.ChatInput{ID: clip(ev.place.Chat, maxShown), Kind: string(ev.msg.Chat.Kind)},
			User:      facts.principal(now, ev.place, string(ev.msg.Chat.Kind)),
			Session:   engine.SessionInput{ID: "any", User: clip(ev.place.User, maxShown), Trust: string(o.Trust), Workspace: o.Workspace, Access: o.Access, Agent: o.Agent},
			Tool:      engine.Tool{Name: "any", Kind: kind, Path: "note.md", To: "other.md", Bytes: 1},
		}
		in.User.Local, in.User.Identity = ev.msg.User.Local, clip(ev.identity, maxShown)
		if d := g.Policies.Current().Tool(ctx, in); d.Verdict == engine.Allow {
			yes = append(yes, kind)
		} else {
			no[d.Rule().ID] = append(no[d.Rule().ID], kind)
		}
	}
	lists(b, "tools", yes, no)
}

func line(b *strings.Builder, what string, d engine.Decision, more string) {
	if more != "" {
		more = ", " + more
	}
	fmt.Fprintf(b, "%s: %s by %s%s\n", what, d.Verdict, d.Rule().ID, more)
}

// served tells in which workspace and with which trust an admitted message is
// answered.
func served(d engine.Decision) string {
	if d.Verdict != engine.Allow {
		return ""
	}
	return fmt.Sprintf("%s, in workspace %s", d.Obligations.Trust, d.Obligations.Workspace)
}

func lists(b *strings.Builder, what string, yes []string, no map[string][]string) {
	if len(yes) > 0 {
		fmt.Fprintf(b, "%s: %s\n", what, strings.Join(yes, " "))
	}
	rules := make([]string, 0, len(no))
	for rule := range no {
		rules = append(rules, rule)
	}
	slices.Sort(rules)
	for _, rule := range rules {
		fmt.Fprintf(b, "no %s by %s: %s\n", what, rule, strings.Join(no[rule], " "))
	}
}
