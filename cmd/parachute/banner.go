package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/parachute-gate/parachute/engine"
)

// banner says what runs, with which policies. At a terminal it greets; anywhere
// else it is a line of the log, as standard output may be a protocol.
func (s *server) banner(t terminal, startup engine.Decision) {
	p := s.policies.Status()
	var names []string
	for _, l := range s.links {
		names = append(names, l.Name())
	}
	s.log.Info("started", "version", version, "audience", s.cfg.Audience, "trust", s.cfg.Trust,
		"policies", p.Source, "revision", fmt.Sprintf("%.12s", p.Revision), "data", s.cfg.Data, "connectors", strings.Join(names, ","))
	if !isTerminal(t.in) || !isTerminal(t.out) {
		return
	}
	fmt.Fprintf(t.out, "Parachute %s: every message is decided by policy before anything happens.\n", version)
	fmt.Fprintf(t.out, "  policies  %s, revision %.12s\n", p.Source, p.Revision)
	fmt.Fprintf(t.out, "  audience  %s, trust %s\n", s.cfg.Audience, s.cfg.Trust)
	fmt.Fprintf(t.out, "  data      %s (`%s logs` in another shell shows each decision)\n", s.cfg.Data, os.Args[0])
	for _, w := range startup.Warnings() {
		fmt.Fprintf(t.out, "  %s\n", ruleLine(w))
	}
	for _, l := range s.links {
		if l.Kind() == "console" {
			fmt.Fprint(t.out, "Say hello, or /help for commands. :help drives the console, :quit ends.\n\n")
		}
	}
}

// offerClaim shows the code by which the first owner comes in, at a terminal and
// nowhere else: a log would keep it.
func (s *server) offerClaim(ctx context.Context, t terminal) error {
	remote := false
	for _, l := range s.links {
		remote = remote || l.Kind() != "console"
	}
	if !remote {
		return nil
	}
	if !isTerminal(t.err) {
		owners, err := s.db.LastingOwners(ctx, 1)
		if err == nil && len(owners) == 0 {
			s.log.WarnContext(ctx, "nobody is owner for good yet; `parachute users claim` shows a code for the first one to send to the bot")
		}
		return err
	}
	code, err := s.gate.Claim(ctx)
	if err == nil && code != "" {
		fmt.Fprintf(t.err, "Nobody is owner for good yet. Send the bot this from your own account, in a direct message: /pair %s\nThe code is good for an hour; `%s users claim` makes another.\n\n", code, os.Args[0])
	}
	return err
}
