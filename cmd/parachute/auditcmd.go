package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/parachute-gate/parachute/audit"
	"github.com/parachute-gate/parachute/storage/sqlite"
)

func auditCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:  "audit",
		Usage: "prove that the decision log is whole",
		Subcommands: []*cli.Command{{
			Name:  "verify",
			Usage: "check the hash chain of the decision log",
			Description: "   parachute audit verify\n   parachute audit verify --head 1042:5f0c…\n\n" +
				"It prints where the log ends. Keep that line somewhere else now and then and give it as\n" +
				"--head: then a tail that was cut off or rewritten is found as well.",
			Flags: []cli.Flag{configFlag(), &cli.StringFlag{Name: "head", Usage: "the log must hold this record, `SEQ:HASH`"}},
			Action: func(c *cli.Context) error {
				var want audit.Head
				if s := c.String("head"); s != "" {
					if _, err := fmt.Sscanf(s, "%d:%64s", &want.Seq, &want.Hash); err != nil || len(want.Hash) != 64 {
						return wrongUse("--head %q: give SEQ:HASH as `parachute audit verify` printed it", s)
					}
				}
				return withStore(func(c *cli.Context, db *sqlite.DB) error {
					head, err := audit.Verify(c.Context, db, want)
					if err != nil {
						return fmt.Errorf("verify the log: %w", err)
					}
					_, err = fmt.Fprintf(t.out, "ok: %d records, head %d:%s\n", head.Seq, head.Seq, head.Hash)
					return err
				})(c)
			},
		}},
		Action: func(*cli.Context) error {
			return wrongUse("audit: say what to do; `parachute audit verify` checks the log")
		},
	}
}
