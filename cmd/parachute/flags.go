package main

import (
	"context"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// runApp runs the command that args name. The cli package takes options only
// before the first argument; people write `users add ID --role owner`.
func runApp(ctx context.Context, app *cli.App, args []string) error {
	// The cli package is content with help about a command that there is none of.
	if len(args) > 2 && (args[1] == "help" || args[1] == "h") && app.Command(args[2]) == nil {
		return wrongUse("there is no command %q; `parachute help` lists them", args[2])
	}
	return app.RunContext(ctx, optionsFirst(app.Commands, args))
}

// optionsFirst puts the options of the command before its arguments. What stands
// behind "--" stays where it is.
func optionsFirst(commands []*cli.Command, args []string) []string {
	at, flags := 1, []cli.Flag(nil)
	for at < len(args) {
		i := slices.IndexFunc(commands, func(c *cli.Command) bool { return c.HasName(args[at]) })
		if i < 0 {
			break
		}
		flags, commands = commands[i].Flags, commands[i].Subcommands
		at++
	}
	if flags == nil {
		return args
	}
	var options, rest []string
	for i := at; i < len(args); i++ {
		switch arg := args[i]; {
		case arg == "--":
			rest = append(rest, args[i:]...)
			i = len(args)
		case len(arg) < 2 || arg[0] != '-':
			rest = append(rest, arg)
		default:
			options = append(options, arg)
			if wantsValue(flags, arg) && i+1 < len(args) {
				i++
				options = append(options, args[i])
			}
		}
	}
	return slices.Concat(args[:at], options, rest)
}

// wantsValue tells whether the next word is an option's value.
func wantsValue(flags []cli.Flag, arg string) bool {
	name := strings.TrimLeft(arg, "-")
	if strings.Contains(name, "=") {
		return false
	}
	for _, f := range flags {
		if slices.Contains(f.Names(), name) {
			_, isBool := f.(*cli.BoolFlag)
			return !isBool
		}
	}
	return false
}
