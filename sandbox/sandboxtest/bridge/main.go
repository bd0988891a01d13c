// Command bridge lets a program in a sandbox without a network reach one server
// of a test: `bridge ADDRESS SOCKET PROGRAM ARG…` listens on ADDRESS, hands each
// connection on to the Unix socket, and runs the program with its own stdio until
// it ends.
//
// It opens nothing that the sandbox closed: the socket stands in a folder that
// the program may use anyway.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
)

func main() {
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "bridge:", err)
	}
	os.Exit(code)
}

func run(args []string) (code int, err error) {
	const failed = 125
	if len(args) < 3 {
		return failed, errors.New("usage: bridge ADDRESS SOCKET PROGRAM ARG…")
	}
	ctx := context.Background()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", args[0])
	if err != nil {
		return failed, fmt.Errorf("listen: %w", err)
	}
	go serve(ctx, listener, args[1])
	cmd := exec.CommandContext(ctx, args[2], args[3:]...) //nolint:gosec // the program of a test
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return 127, fmt.Errorf("start: %w", err)
	}
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	go func() {
		for range asked {
			_ = cmd.Process.Signal(syscall.SIGTERM)
		}
	}()
	err = cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			return 128 + int(status.Signal()), nil
		}
		return exit.ExitCode(), nil
	}
	if err != nil {
		return failed, fmt.Errorf("run: %w", err)
	}
	return 0, nil
}

func serve(ctx context.Context, listener net.Listener, socket string) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			if err := join(ctx, conn, socket); err != nil {
				fmt.Fprintln(os.Stderr, "bridge:", err)
			}
		}()
	}
}

// join copies both ways until both have ended.
func join(ctx context.Context, conn net.Conn, socket string) error {
	defer conn.Close() //nolint:errcheck // nothing is owed any more
	server, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
	if err != nil {
		return fmt.Errorf("dial: %w", err)
	}
	defer server.Close() //nolint:errcheck // nothing is owed any more
	var both sync.WaitGroup
	both.Go(func() { pour(server, conn) })
	both.Go(func() { pour(conn, server) })
	both.Wait()
	return nil
}

// pour ends the writing half of where it copied to: who is served must see that
// the other one left.
func pour(to, from net.Conn) {
	_, _ = io.Copy(to, from) // a connection that breaks off has ended
	if half, ok := to.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}
