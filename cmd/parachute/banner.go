package main

import (
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
	fmt.Fprint(t.out, "Say hello, or /help for commands. :help drives the console, :quit ends.\n\n")
}
