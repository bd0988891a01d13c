package gate

import (
	"context"
	"slices"
	"strings"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/gate/users"
)

// ruleToken denies who came without the API token that a connector asks for.
const ruleToken = "token.required"

// standing is a plain message of somebody in one place, and how it would be
// decided.
type standing struct {
	// words name the place.
	words string
	ev    event
	facts Facts
	d     engine.Decision
	// token tells that an API token is asked for there: it is decided as if a valid
	// one came.
	token bool
}

func (s standing) served() bool { return s.d.Verdict == engine.Allow }

// stand asks the policies about a plain message in a place. What was chosen, or
// shared, in the chat that the facts are of counts for nothing elsewhere.
func (g *Gate) stand(ctx context.Context, words string, ev event, facts Facts) standing {
	facts.Workspace, facts.Session, facts.target = "", nil, nil
	s := standing{words: words, ev: ev, facts: facts, d: g.would(ctx, ev, facts)}
	if slices.ContainsFunc(s.d.Rules, func(r engine.Rule) bool { return r.ID == ruleToken }) {
		s.token, s.facts.token = true, users.TokenValid
		s.d = g.would(ctx, ev, s.facts)
	}
	return s
}

// everywhere is how somebody stands in direct messages and in groups, and, with
// all, in the single chats that their grants or data.groups.chats name.
func (g *Gate) everywhere(ctx context.Context, ev event, facts Facts, all bool) []standing {
	dm := ev.plain(connectors.ChatDM)
	out := []standing{
		g.stand(ctx, "direct messages", dm, facts),
		g.stand(ctx, "groups", ev.plain(connectors.ChatGroup), facts),
	}
	if !all {
		return out
	}
	var chats []string
	for _, grant := range facts.Grants {
		if !grant.Ended && strings.Contains(grant.Scope, ":") {
			chats = append(chats, grant.Scope)
		}
	}
	chats = append(chats, g.Policies.Current().Chats()...)
	slices.Sort(chats)
	for _, chat := range slices.Compact(chats) {
		if there, ok := g.elsewhere(ev, facts, chat); ok && chat != dm.place.Chat {
			out = append(out, g.stand(ctx, shownID(chat), there, facts))
		}
	}
	return out
}

// elsewhere is the same person's plain message in a group, by the identity that
// they have there; there is none where they have no such identity.
func (g *Gate) elsewhere(ev event, facts Facts, chat string) (event, bool) {
	connector, id := splitID(chat)
	mine := append([]string{ev.identity}, facts.Identities...)
	i := slices.IndexFunc(mine, func(identity string) bool { return strings.HasPrefix(identity, connector+":") })
	if i < 0 || id == "" {
		return event{}, false
	}
	there := ev.plain(connectors.ChatGroup)
	there.from = Source{Name: connector, Kind: g.kindOf(connector, ev)}
	there.identity = mine[i]
	_, there.msg.User.ID = splitID(mine[i])
	there.msg.Chat.ID = id
	there.place.Connector, there.place.Chat = connector, chat
	return there, true
}

// first is where somebody is served, or the first place of all.
func first(places []standing) standing {
	return places[max(0, slices.IndexFunc(places, standing.served))]
}

// somebody is a direct message of the person with an id, through the connector of
// that id, as asked by ev's sender, and what is known of it.
func (g *Gate) somebody(ctx context.Context, ev event, id, name string) (event, Facts, error) {
	connector, own := splitID(id)
	of := newEvent(Source{Name: connector, Kind: g.kindOf(connector, ev)}, connectors.Message{
		ID: "hello", Kind: connectors.EventMessage, Text: "hello",
		Chat: connectors.Chat{ID: own, Kind: connectors.ChatDM}, User: connectors.User{ID: own, Name: name},
	})
	facts, err := g.Store.Facts(ctx, of.place, "")
	if err != nil {
		return of, facts, err
	}
	if facts.DM != "" {
		of.msg.Chat.ID, of.place.Chat = facts.DM, connector+":"+facts.DM
	}
	return of.of(facts), facts, nil
}

// kindOf is what platform a connector is of.
func (g *Gate) kindOf(connector string, ev event) string {
	if connector == ev.from.Name {
		return ev.from.Kind
	}
	return g.Config.Kinds[connector]
}
