// Command parachute is the gate in front of chat-connected AI agents: Rego
// policies decide each message before a session exists.
//
// This package is the command line: one command a file. It is the only place
// that builds concrete types and wires them; it holds no rule and no decision.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // policies name time zones, also on hosts that have no database of them

	"github.com/urfave/cli/v2"
)

// version is set by the linker.
var version = "dev"

// Exit codes of every command.
const (
	exitOK     = 0
	exitFailed = 1 // denied, or failing
	exitUsage  = 2 // wrong use, or a configuration that cannot be read
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A closed standard output is a connector's error, not the end of the process.
	signal.Ignore(syscall.SIGPIPE)
	t := terminal{in: os.Stdin, out: os.Stdout, err: os.Stderr}
	return exitCode(runApp(ctx, newApp(t), os.Args), t.err)
}

// terminal is where a command reads and writes.
type terminal struct {
	in       *os.File
	out, err *os.File
}

// usageError is the caller's mistake.
type usageError struct{ error }

// errSilent ends with an exit code after the command has said what is wrong.
var errSilent = errors.New("failed")

func wrongUse(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func exitCode(err error, w io.Writer) int {
	var usage usageError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errSilent):
		return exitFailed
	case errors.As(err, &usage):
		fmt.Fprintf(w, "parachute: %s\n", indent(err))
		return exitUsage
	default:
		fmt.Fprintf(w, "parachute: %s\n", indent(err))
		return exitFailed
	}
}

// indent keeps an error of several lines together.
func indent(err error) string { return strings.ReplaceAll(err.Error(), "\n", "\n  ") }

func newApp(t terminal) *cli.App {
	return &cli.App{
		Name:  "parachute",
		Usage: "the gate in front of your AI agents: Rego policies decide every message before a session exists",
		Description: "Start with `parachute start` (nothing needs to be configured), or `parachute init` to get a\n" +
			"commented parachute.yaml and the policies to edit.",
		Version:                version,
		HideVersion:            true,
		Writer:                 t.out,
		ErrWriter:              t.err,
		ExitErrHandler:         func(*cli.Context, error) {},
		OnUsageError:           onUsageError,
		UseShortOptionHandling: true,
		CommandNotFound: func(c *cli.Context, name string) {
			fmt.Fprintf(c.App.ErrWriter, "parachute: there is no command %q; `parachute help` lists them\n", name)
		},
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return wrongUse("there is no command %q; `parachute help` lists them", c.Args().First())
			}
			return cli.ShowAppHelp(c)
		},
		Commands: commands(t),
	}
}

func commands(t terminal) []*cli.Command {
	list := []*cli.Command{
		initCommand(t), startCommand(t), checkCommand(t), testCommand(t), decideCommand(t),
		logsCommand(t), auditCommand(t), usersCommand(t), whoamiCommand(t), sessionsCommand(t), statusCommand(t), doctorCommand(t), versionCommand(t),
	}
	for _, c := range list {
		c.OnUsageError = onUsageError
		for _, sub := range c.Subcommands {
			sub.OnUsageError = onUsageError
		}
	}
	return list
}

func onUsageError(c *cli.Context, err error, _ bool) error {
	name := "parachute"
	if c.Command != nil && c.Command.HelpName != "" {
		name = c.Command.HelpName
	}
	return wrongUse("%w; `%s --help` shows an example", err, name)
}

// configFlag names the configuration.
func configFlag() cli.Flag {
	return &cli.StringFlag{
		Name: "config", Aliases: []string{"c"}, EnvVars: []string{"PARACHUTE_CONFIG"},
		Usage: "read the configuration from `FILE` (default: ./parachute.yaml where it exists)",
	}
}

// noArgs refuses arguments that a command does not take.
func noArgs(c *cli.Context) error {
	if c.Args().Present() {
		return wrongUse("%s takes no argument %q; `%s --help` shows an example", c.Command.Name, c.Args().First(), c.Command.HelpName)
	}
	return nil
}
