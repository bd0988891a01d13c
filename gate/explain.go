package gate

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/gate/limits"
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

// left is what somebody has left of the limits of a plain direct message.
func (g *Gate) left(ctx context.Context, ev event, who string, of Facts) ([]limits.Left, error) {
	ev = ev.plain(connectors.ChatDM)
	ev.place.User = who
	if who != of.Person || ev.identity != who && !slices.Contains(of.Identities, ev.identity) {
		ev.identity, ev.msg.User = who, connectors.User{}
	}
	asked, fault := g.Policies.Current().Limits(ctx, g.messageInput(ev, of, g.Now()))
	if fault != nil {
		return nil, fmt.Errorf("denied by %s: %s", fault.ID, fault.Msg)
	}
	hold, _, err := g.hold(ctx, ev, asked)
	if err != nil {
		return nil, err
	}
	defer hold.Release()
	return slices.DeleteFunc(hold.Left(), func(l limits.Left) bool { return l.Per != limits.PerUser }), nil
}

// whoami tells the sender who they are, what they may do, and by which rules.
func (g *Gate) whoami(ctx context.Context, ev event, facts Facts, out outcome) string {
	var b strings.Builder
	roles := rolesInWords(facts.person())
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
	fmt.Fprintf(&b, "roles: %s\ntrust: %s\nworkspace: %s (%s)", roles,
		out.Obligations.Trust, out.Obligations.Workspace, accessInWords(out.Obligations.Access))
	for _, l := range out.limits {
		fmt.Fprintf(&b, "\nleft of %s: %d of %d", l.Name, max(0, l.Left-1), l.Max)
	}
	b.WriteString("\n\n")
	g.may(ctx, &b, ev, facts, false)
	return strings.TrimSuffix(b.String(), "\n")
}

// describe tells what somebody may do, as an event of theirs through the
// connector of their id would be decided.
func (g *Gate) describe(ctx context.Context, ev event, t *target) (string, error) {
	connector, id := splitID(t.ID)
	from := Source{Name: connector, Kind: g.kindOf(connector, ev)}
	of := newEvent(from, connectors.Message{
		ID: "hello", Kind: connectors.EventMessage, Text: "hello",
		Chat: connectors.Chat{ID: id, Kind: connectors.ChatDM}, User: connectors.User{ID: id, Name: t.person.Name},
	})
	facts, err := g.Store.Facts(ctx, of.place, "")
	if err != nil {
		return "", err
	}
	of = of.of(facts)
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", personLine(t.person))
	for name, value := range t.person.Attributes {
		fmt.Fprintf(&b, "%s: %s\n", name, value)
	}
	left, err := g.left(ctx, of, of.place.User, facts)
	if err != nil {
		return "", err
	}
	for _, l := range left {
		fmt.Fprintf(&b, "left of %s: %d of %d\n", l.Name, l.Left, l.Max)
	}
	b.WriteString("\n")
	g.may(ctx, &b, of, facts, true)
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// may asks the policies about everything that somebody could do, and writes what
// they say with the rule that says so. Only with all does it name commands and
// workspaces that are not theirs: nobody is told that somebody else's are there.
func (g *Gate) may(ctx context.Context, b *strings.Builder, ev event, facts Facts, all bool) {
	facts.Workspace, facts.target = "", nil
	dm := g.would(ctx, ev.plain(connectors.ChatDM), facts)
	line(b, "direct messages", dm, served(dm))
	group := g.would(ctx, ev.plain(connectors.ChatGroup), facts)
	line(b, "groups", group, served(group))
	yes, no := []string{}, map[string][]string{}
	for _, c := range Commands() {
		d := g.would(ctx, ev.command(c.Name), facts)
		if d.Verdict == engine.Allow {
			yes = append(yes, "/"+c.Name)
		} else if all {
			no[d.Rule().ID] = append(no[d.Rule().ID], "/"+c.Name)
		}
	}
	lists(b, "commands", yes, no)
	g.mayGive(ctx, b, ev, facts)
	for _, name := range g.Policies.Current().Workspaces() {
		asks := ev.command("workspace")
		asks.msg.Args = []string{name}
		d := g.would(ctx, asks, facts)
		what := ""
		if d.Verdict == engine.Allow {
			what = accessInWords(d.Obligations.Access)
		} else if !all {
			continue
		}
		line(b, "workspace "+name, d, what)
	}
	if dm.Verdict == engine.Allow {
		g.mayUse(ctx, b, ev.plain(connectors.ChatDM), facts, dm.Obligations)
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
		in.User.Local = ev.msg.User.Local
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

// kindOf is what platform a connector is of.
func (g *Gate) kindOf(connector string, ev event) string {
	if connector == ev.from.Name {
		return ev.from.Kind
	}
	return g.Config.Kinds[connector]
}
