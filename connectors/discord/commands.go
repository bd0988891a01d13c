package discord

import (
	"context"
	"net/url"
	"unicode/utf8"

	"github.com/bwmarrin/discordgo"
)

const (
	// maxAbout is the longest description of a command
	// (https://docs.discord.com/developers/interactions/application-commands).
	maxAbout = 100
	// argsOption is the one option of a command that takes words.
	argsOption = "args"
)

// register gives Discord the menu of commands. A failure harms nothing but the
// menu: a command can be typed too.
func (c *Connector) register(ctx context.Context) {
	if len(c.deps.Commands) == 0 || c.registered.Load() {
		return
	}
	err := c.api.call(ctx, "PUT", "applications/"+url.PathEscape(c.appID())+"/commands", c.menu(), nil)
	if err != nil {
		c.deps.Log.WarnContext(ctx, "commands not registered", "connector", c.deps.Name, "error", err)
		return
	}
	c.registered.Store(true)
}

// menu is offered in servers and in the bot's own direct messages, and nowhere
// else: in two people's direct message both would read what one asked.
func (c *Connector) menu() []*discordgo.ApplicationCommand {
	contexts := []discordgo.InteractionContextType{discordgo.InteractionContextGuild, discordgo.InteractionContextBotDM}
	installs := []discordgo.ApplicationIntegrationType{discordgo.ApplicationIntegrationGuildInstall}
	all := []*discordgo.ApplicationCommand{}
	for _, command := range c.deps.Commands {
		a := &discordgo.ApplicationCommand{
			Type: discordgo.ChatApplicationCommand, Name: command.Name, Description: short(command.About, command.Name),
			Contexts: &contexts, IntegrationTypes: &installs, Options: []*discordgo.ApplicationCommandOption{},
		}
		if command.Args != "" {
			a.Options = append(a.Options, &discordgo.ApplicationCommandOption{
				Type: discordgo.ApplicationCommandOptionString, Name: argsOption, Description: short(command.Args, argsOption),
			})
		}
		all = append(all, a)
	}
	return all
}

// short is a description that Discord takes: one to 100 characters.
func short(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	if utf8.RuneCountInString(text) > maxAbout {
		return string([]rune(text)[:maxAbout-1]) + "…"
	}
	return text
}
