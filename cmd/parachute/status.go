package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/internal/config"
)

func statusCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:        "status",
		Usage:       "tell what runs, with which policies, and whether a reload was refused",
		Description: "   parachute status\n   parachute status --json\n\nExit code 0: it runs on the policies as they are. 1: it does not run, a reload was refused, a connector has failed, or the sandbox is not available.",
		Flags:       []cli.Flag{configFlag(), &cli.BoolFlag{Name: "json", Usage: "all of it, as JSON"}},
		Action: withConfig(func(c *cli.Context, cfg config.Config) error {
			if !isServed(cfg.Data) {
				return fmt.Errorf("nothing runs on the data folder %s; `parachute start` starts it", cfg.Data)
			}
			s, data, err := readStatus(cfg)
			if errors.Is(err, fs.ErrNotExist) {
				return errors.New("it is starting; try again in a moment")
			}
			if err != nil {
				return err
			}
			if c.Bool("json") {
				fmt.Fprintln(t.out, string(data))
			} else {
				showStatus(t, s)
			}
			failed := slices.ContainsFunc(s.Connectors, func(c connectorInfo) bool { return c.State == connectors.Failed })
			if failed || s.Policies.Failure != "" || (s.Sandbox != nil && !s.Sandbox.Ready) {
				return errSilent
			}
			return nil
		}),
	}
}

// readStatus reads what the process that runs tells of itself.
func readStatus(cfg config.Config) (s status, data []byte, err error) {
	if data, err = os.ReadFile(filepath.Join(cfg.Data, statusFile)); err == nil {
		err = json.Unmarshal(data, &s)
	}
	if err != nil {
		return s, nil, fmt.Errorf("read status: %w", err)
	}
	return s, data, nil
}

// warnOfOther tells that a command was decided by other policies than those that
// the process which runs decides by: it has refused them, or not seen them yet.
func warnOfOther(t terminal, cfg config.Config, revision string) {
	if !isServed(cfg.Data) {
		return
	}
	if s, _, err := readStatus(cfg); err == nil && s.Policies.Revision != revision && s.Policies.Failure != "" {
		fmt.Fprintf(t.err, "parachute: this is decided by the policies in the folder (revision %.12s), which the bot that runs has refused: it decides by %.12s; `parachute status` tells why\n",
			revision, s.Policies.Revision)
	}
}

// connectorLine tells how a connector is.
func connectorLine(c connectorInfo) string {
	line := fmt.Sprintf("%s (%s) %s", c.Name, c.Kind, c.State)
	if !c.Since.IsZero() {
		line += ", for " + time.Since(c.Since).Round(time.Second).String()
	}
	if !c.LastMessage.IsZero() {
		line += ", last message " + time.Since(c.LastMessage).Round(time.Second).String() + " ago"
	}
	if c.Failures > 0 {
		line += fmt.Sprintf(", failures: %d, the last: %s", c.Failures, c.LastError)
	}
	return line
}

func showStatus(t terminal, s status) {
	p := s.Policies
	fmt.Fprintf(t.out, "running     process %d, up %s, version %s\n", s.PID, time.Since(s.Started).Round(time.Second), s.Version)
	fmt.Fprintf(t.out, "audience    %s, trust %s, agent %s\n", s.Audience, s.Trust, s.Agent)
	fmt.Fprintf(t.out, "policies    %s, revision %.12s, since %s\n", p.Source, p.Revision, p.LoadedAt.Local().Format(time.DateTime))
	if p.Failure != "" {
		fmt.Fprintf(t.out, "REFUSED     the policies as they stand now, at %s; revision %.12s goes on deciding:\n            %s\n",
			p.FailedAt.Local().Format(time.DateTime), p.Revision, strings.ReplaceAll(p.Failure, "\n", "\n            "))
	}
	for _, c := range s.Connectors {
		fmt.Fprintf(t.out, "connector   %s\n", connectorLine(c))
	}
	switch {
	case s.Sandbox == nil:
	case s.Sandbox.Ready:
		fmt.Fprintln(t.out, "sandbox     ready")
	default:
		fmt.Fprintf(t.out, "SANDBOX     not available, so its agents answer nobody: %s\n", s.Sandbox.Failure)
	}
	fmt.Fprintf(t.out, "answering   %d\n", s.Running)
}
