// Command probe runs inside of a sandbox and tries to leave it: `probe escape
// [NAME=VALUE…]` prints what it could do, `probe fork|memory|files|tmp` takes
// what it can get, and any other word is a trick of the suite.
//
// Run outside of a sandbox, as root, some of what it tries would succeed: it
// mounts, loads and reboots nothing for real, but asks with arguments that the
// kernel refuses after it looked at the right.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/parachute-gate/parachute/sandbox/sandboxtest/tricks"
)

func main() {
	args := os.Args[1:]
	if len(args) > 0 {
		if run, ok := bombs()[args[0]]; ok {
			os.Exit(run(args[1:]))
		}
	}
	term := make(chan struct{})
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	go func() {
		<-signals
		close(term)
	}()
	os.Exit(tricks.Play(context.Background(), tricks.Stage{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Term: term,
		Env: os.Environ(), //nolint:forbidigo // it is what the probe is asked for
	}, args))
}
