package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"
)

func whoamiCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name: "whoami", Usage: "what you may do here, or somebody else in their chat, and by which rules",
		Description: "   parachute whoami\n   parachute whoami --as telegram:123456",
		Flags:       []cli.Flag{configFlag(), &cli.StringFlag{Name: "as", Usage: "as if you were the one with this `ID`"}},
		Action: readingDesk(t, exactly(0), func(ctx context.Context, c *cli.Context, d *desk) error {
			if c.IsSet("as") {
				return d.show(ctx, c.String("as"))
			}
			words, err := d.gate.Whoami(ctx, d.who)
			if err == nil {
				fmt.Fprintln(t.out, words)
			}
			return err
		}),
	}
}
