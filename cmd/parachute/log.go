package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"github.com/parachute-gate/parachute/internal/config"
)

// logName is the log in the data folder.
const logName = "parachute.log"

// openLog opens the process's log. While a person sits at the console it goes
// to a file, so that it does not stand between what people say.
func openLog(t terminal, cfg config.Config) (*slog.Logger, func(), error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.Log.Level)); err != nil {
		return nil, nil, fmt.Errorf("log.level: %w", err)
	}
	file := cfg.Log.File
	atConsole := slices.ContainsFunc(cfg.Connectors, func(c config.Connector) bool { return c.Kind == "console" })
	if file == "" && atConsole && isTerminal(t.err) {
		file = filepath.Join(cfg.Data, logName)
	}
	var w io.Writer = t.err
	closeLog := func() {}
	if file != "" {
		f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600) //nolint:gosec // the path is the operator's own
		if err != nil {
			return nil, nil, fmt.Errorf("open log: %w", err)
		}
		w, closeLog = f, func() { _ = f.Close() }
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level})), closeLog, nil
}
