package discord

import (
	"context"
	"net/url"
	"sync"

	"github.com/bwmarrin/discordgo"

	"github.com/parachute-gate/parachute/connectors"
)

// maxPlaces bounds the channels that are remembered. Whoever is beyond is asked
// for again.
const maxPlaces = 20_000

// places remembers what channels are. Safe for concurrent use.
type places struct {
	mu  sync.Mutex
	all map[string]wireChannel
}

func newPlaces() *places { return &places{all: map[string]wireChannel{}} }

func (p *places) note(guild string, channels ...wireChannel) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.all)+len(channels) > maxPlaces {
		clear(p.all)
	}
	for _, c := range channels {
		if c.ID == "" {
			continue
		}
		if c.GuildID == "" {
			c.GuildID = guild
		}
		p.all[c.ID] = c
	}
}

func (p *places) forget(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.all, id)
}

func (p *places) known(id string) (wireChannel, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, ok := p.all[id]
	return c, ok
}

// chat tells what a channel is, by its type: an event without a server's id may
// be of a group. What cannot be found out stays unknown.
func (c *Connector) chat(ctx context.Context, id, guild string) connectors.Chat {
	place, ok := c.places.known(id)
	if !ok {
		if err := c.api.get(ctx, "channels/"+url.PathEscape(id), &place); err != nil || place.ID != id {
			c.deps.Log.WarnContext(ctx, "channel not known", "connector", c.deps.Name, "chat", id, "error", err)
			return connectors.Chat{ID: id}
		}
		c.places.note("", place)
	}
	if guild == "" {
		guild = place.GuildID
	}
	return connectors.Chat{ID: id, Kind: kindOf(place.Type, guild), Name: place.Name}
}

// kindOf is the kind of a channel
// (https://docs.discord.com/developers/resources/channel#channel-object-channel-types).
// One whose type and server contradict each other is unknown.
func kindOf(kind int, guild string) connectors.ChatKind {
	private := guild == ""
	switch discordgo.ChannelType(kind) {
	case discordgo.ChannelTypeDM:
		if private {
			return connectors.ChatDM
		}
	case discordgo.ChannelTypeGroupDM:
		if private {
			return connectors.ChatGroup
		}
	case discordgo.ChannelTypeGuildText, discordgo.ChannelTypeGuildVoice, discordgo.ChannelTypeGuildStageVoice,
		discordgo.ChannelTypeGuildNewsThread, discordgo.ChannelTypeGuildPublicThread, discordgo.ChannelTypeGuildPrivateThread:
		if !private {
			return connectors.ChatGroup
		}
	case discordgo.ChannelTypeGuildNews:
		if !private {
			return connectors.ChatChannel
		}
	default:
	}
	return connectors.ChatUnknown
}
