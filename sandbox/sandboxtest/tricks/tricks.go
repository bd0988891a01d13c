// Package tricks is what the conformance suite lets a process do: each trick
// shows one promise of the contract, and is the same program whether it runs as
// a process of its own or within a played runtime.
//
// It breaks out of nothing: what tries that is the probe.
package tricks

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Ready is the line by which a trick says that it listens.
const Ready = "ready"

// Stage is what a trick has of the world.
type Stage struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Env            []string
	// Dir is the workspace; empty: where the process is.
	Dir string
	// Term is closed when the process is asked to end.
	Term <-chan struct{}
}

// Play runs a trick until it ends or ctx does, and gives its exit code; 2 for
// what is no trick.
func Play(ctx context.Context, s Stage, args []string) int {
	arg := func(i int) string {
		if i < len(args) {
			return args[i]
		}
		return ""
	}
	n, _ := strconv.Atoi(arg(1))
	switch arg(0) {
	case "echo":
		if _, err := io.Copy(s.Stdout, s.Stdin); err != nil {
			return 1
		}
	case "lines":
		return lines(s)
	case "late":
		if _, err := io.Copy(io.Discard, s.Stdin); err != nil {
			return 1
		}
		return n
	case "exit":
		return n
	case "say":
		fmt.Fprint(s.Stdout, arg(1))
		fmt.Fprint(s.Stderr, arg(2))
	case "big":
		return fill(ctx, s.Stdout, n)
	case "flood":
		for ctx.Err() == nil && fill(ctx, s.Stdout, 1<<20) == 0 {
		}
		return 1
	case "noise":
		return fill(ctx, s.Stderr, n)
	case "sleep":
		fmt.Fprintln(s.Stdout, Ready)
		select {
		case <-s.Term:
			fmt.Fprintln(s.Stdout, "bye")
		case <-ctx.Done():
			return 1
		}
	case "stubborn":
		fmt.Fprintln(s.Stdout, Ready)
		<-ctx.Done()
		return 1
	case "env":
		env := slices.Sorted(slices.Values(s.Env))
		if err := json.NewEncoder(s.Stdout).Encode(env); err != nil {
			return 1
		}
	case "store":
		return store(ctx, s, n, arg(2))
	case "sparse":
		return sparse(s)
	case "deep":
		return deep(s)
	case "clear":
		return clearAll(s)
	default:
		fmt.Fprintf(s.Stderr, "no such trick: %q\n", args)
		return 2
	}
	return 0
}

// lines answers each line at once.
func lines(s Stage) int {
	for in := bufio.NewScanner(s.Stdin); in.Scan(); {
		if _, err := fmt.Fprintln(s.Stdout, "got "+in.Text()); err != nil {
			return 1
		}
	}
	return 0
}

// fill writes n bytes, whose order shows where some are missing.
func fill(ctx context.Context, w io.Writer, n int) int {
	block := []byte(strings.Repeat("0123456789abcdef", 2048))
	for n > 0 && ctx.Err() == nil {
		wrote, err := w.Write(block[:min(n, len(block))])
		if n -= wrote; err != nil {
			return 1
		}
	}
	return 0
}
