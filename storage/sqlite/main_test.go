package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"
)

// crashDir names the data folder to a process that is to be killed.
const crashDir = "PARACHUTE_TEST_CRASH_DIR"

// TestMain lets the test binary be the process that TestUncleanStop kills.
func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		fmt.Fprintln(os.Stderr, workForEver(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// workForEver begins each turn, says so on standard output, and never ends one.
func workForEver(dir string) error {
	ctx := context.Background()
	db, err := Open(ctx, dir, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	err = db.RunQueue(ctx, Jobs{Work: func(_ context.Context, turn string, _ bool) error {
		fmt.Println(turn)
		select {}
	}}, time.Minute)
	return errors.Join(errors.New("the queue ended"), err)
}
