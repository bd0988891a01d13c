package discord

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/bwmarrin/discordgo"

	"github.com/parachute-gate/parachute/connectors"
)

// The flags of an application that may read all messages
// (https://docs.discord.com/developers/resources/application#application-object-application-flags).
const (
	flagMessageContent        = 1 << 18
	flagMessageContentLimited = 1 << 19
)

// permission is one that the connector needs in a server.
type permission struct {
	bit  int64
	name string
}

// permissions are all that it needs, and Permissions their sum
// (https://docs.discord.com/developers/topics/permissions#permissions-bitwise-permission-flags).
func permissions() []permission {
	return []permission{
		{discordgo.PermissionViewChannel, "View Channels"},
		{discordgo.PermissionSendMessages, "Send Messages"},
		{discordgo.PermissionSendMessagesInThreads, "Send Messages in Threads"},
		{discordgo.PermissionReadMessageHistory, "Read Message History"},
		{discordgo.PermissionAddReactions, "Add Reactions"},
	}
}

// Permissions is the number for an invitation's "permissions".
func Permissions() int64 {
	var sum int64
	for _, p := range permissions() {
		sum |= p.bit
	}
	return sum
}

// Check asks Discord who the bot is, whether it may read what it is meant to, and
// what it may do in its servers.
func (c *Connector) Check(ctx context.Context) []connectors.Finding {
	var me wireUser
	if err := c.api.call(ctx, "GET", "users/@me", nil, &me); err != nil {
		return []connectors.Finding{{About: "token", Detail: err.Error()}}
	}
	all := []connectors.Finding{{OK: true, About: "token", Detail: fmt.Sprintf("valid, the bot is %q (id %s)", me.Username, me.ID)}}
	return append(append(all, c.checkApp(ctx)...), c.checkServers(ctx)...)
}

func (c *Connector) checkApp(ctx context.Context) []connectors.Finding {
	var app struct {
		ID     string `json:"id"`
		Flags  int64  `json:"flags"`
		Public bool   `json:"bot_public"`
	}
	if err := c.api.call(ctx, "GET", "applications/@me", nil, &app); err != nil {
		return []connectors.Finding{{About: "application", Detail: err.Error()}}
	}
	who := connectors.Finding{OK: true, About: "who can add the bot", Detail: "only its owner"}
	if app.Public {
		who.Detail = "anybody, to any server; to keep that to yourself turn off Public Bot (developer portal, Bot)"
	}
	all := []connectors.Finding{who}
	intent := connectors.Finding{OK: true, About: "message content intent"}
	switch granted := app.Flags&(flagMessageContent|flagMessageContentLimited) != 0; {
	case !c.deps.AllMessages:
		intent.Detail = "not needed: the bot is asked for by mention, reply, command or direct message"
	case granted:
		intent.Detail = "granted"
	default:
		intent.OK = false
		intent.Detail = "not granted, the connection will be refused (4014); turn on Message Content Intent (developer portal, Bot, Privileged Gateway Intents)"
	}
	return append(all, intent)
}

func (c *Connector) checkServers(ctx context.Context) []connectors.Finding {
	var servers []struct {
		ID          string `json:"id"`
		Name        string `json:"name"`
		Permissions string `json:"permissions"`
	}
	if err := c.api.call(ctx, "GET", "users/@me/guilds", nil, &servers); err != nil {
		return []connectors.Finding{{About: "servers", Detail: err.Error()}}
	}
	if len(servers) == 0 {
		return []connectors.Finding{{OK: true, About: "servers", Detail: "the bot is in none, it serves direct messages alone"}}
	}
	var all []connectors.Finding
	for _, s := range servers {
		f := connectors.Finding{OK: true, About: "permissions in server " + s.ID, Detail: fmt.Sprintf("%q: all that are needed", s.Name)}
		has, err := strconv.ParseInt(s.Permissions, 10, 64)
		if err != nil {
			f.OK, f.Detail = false, fmt.Sprintf("%q: Discord does not tell them", s.Name)
		}
		var missing []string
		for _, p := range permissions() {
			if has&p.bit == 0 {
				missing = append(missing, p.name)
			}
		}
		switch {
		case !f.OK:
		case has&discordgo.PermissionAdministrator != 0:
			f.OK, f.Detail = false, fmt.Sprintf("%q: Administrator, which the bot does not need; take it from its role", s.Name)
		case len(missing) > 0:
			f.OK, f.Detail = false, fmt.Sprintf("%q: missing are %q; give them to the bot's role", s.Name, slices.Sorted(slices.Values(missing)))
		}
		all = append(all, f)
	}
	return all
}
