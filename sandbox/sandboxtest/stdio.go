package sandboxtest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/parachute-gate/parachute/sandbox"
)

func stdioCases() []testCase {
	return []testCase{
		{name: "what is written to stdin comes back", run: echoes},
		{name: "lines go to and fro", run: converses},
		{name: "stdout and stderr are apart", run: apart},
		{name: "exit codes", run: exitCodes},
		{name: "no such command", needs: []Feature{Commands}, run: noCommand},
		{name: "the environment is what was named", run: environment},
		{name: "processes beside one another", run: beside},
	}
}

func echoes(b *bench) error {
	p, err := b.start("echo")
	if err != nil {
		return err
	}
	want := strings.Repeat("a line with \x00, \x1b[31m and ü\n", 20_000)
	sent := make(chan error, 1)
	go func() {
		_, err := io.WriteString(p.Stdin(), want)
		sent <- errors.Join(err, p.Stdin().Close())
	}()
	got, err := io.ReadAll(p.Stdout())
	if err := errors.Join(err, <-sent); err != nil {
		return fmt.Errorf("echo: %w", err)
	}
	if string(got) != want {
		return fmt.Errorf("%d bytes went in, %d others came out", len(want), len(got))
	}
	return b.ends(p, 0)
}

func converses(b *bench) error {
	p, err := b.start("lines")
	if err != nil {
		return err
	}
	out := bufio.NewReader(p.Stdout())
	for i := range 20 {
		if _, err := fmt.Fprintf(p.Stdin(), "%d\n", i); err != nil {
			return fmt.Errorf("write: %w", err)
		}
		got, err := out.ReadString('\n')
		if err != nil || got != fmt.Sprintf("got %d\n", i) {
			return fmt.Errorf("line %d: %q, %w", i, got, err)
		}
	}
	if err := p.Stdin().Close(); err != nil {
		return fmt.Errorf("close stdin: %w", err)
	}
	return b.ends(p, 0)
}

func apart(b *bench) error {
	p, err := b.start("say", "out", "err")
	if err != nil {
		return err
	}
	if err := b.ends(p, 0); err != nil {
		return err
	}
	// After the end, what was written is still there.
	out, err := io.ReadAll(p.Stdout())
	if err != nil || string(out) != "out" || string(p.Stderr()) != "err" {
		return fmt.Errorf("stdout %q, stderr %q, %w", out, p.Stderr(), err)
	}
	return nil
}

func exitCodes(b *bench) error {
	for _, code := range []int{0, 1, 3, 255} {
		p, err := b.start("exit", fmt.Sprint(code))
		if err != nil {
			return err
		}
		for range 2 {
			if err := b.ends(p, code); err != nil {
				return err
			}
		}
	}
	return nil
}

func noCommand(b *bench) error {
	p, err := b.startIn(b.ctx, func(s *sandbox.Spec) { s.Command = []string{"/no/such/command"} }, "echo")
	if err != nil {
		return err
	}
	return b.ends(p, 127)
}

func environment(b *bench) error {
	p, err := b.startIn(b.ctx, func(s *sandbox.Spec) { s.Env = map[string]string{"NAMED": "a b=c\n\"d'", "EMPTY": ""} }, "env")
	if err != nil {
		return err
	}
	var env []string
	if err := json.NewDecoder(p.Stdout()).Decode(&env); err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	for _, want := range []string{"NAMED=a b=c\n\"d'", "EMPTY="} {
		if !slices.Contains(env, want) {
			return fmt.Errorf("no %q in %q", want, env)
		}
	}
	// What a shell, an init or the contract itself sets.
	known := []string{"NAMED", "EMPTY", "PATH", "HOME", "TMPDIR", "HOSTNAME", "PWD", "OLDPWD", "SHLVL", "_", "PARACHUTE_DATA", "PARACHUTE_SESSION", "PARACHUTE_PROCESS", "PARACHUTE_TURN"}
	for _, e := range env {
		if name, _, _ := strings.Cut(e, "="); !slices.Contains(known, name) {
			return fmt.Errorf("%q was not named", e)
		}
	}
	return b.ends(p, 0)
}

func beside(b *bench) error {
	const n = 5
	all := make([]sandbox.Process, n)
	for i := range all {
		p, err := b.start("lines")
		if err != nil {
			return err
		}
		all[i] = p
	}
	errs := make([]error, n)
	var wait sync.WaitGroup
	for i, p := range all {
		wait.Go(func() {
			if _, err := fmt.Fprintf(p.Stdin(), "%d\n", i); err != nil {
				errs[i] = err
				return
			}
			if err := p.Stdin().Close(); err != nil {
				errs[i] = err
				return
			}
			got, err := io.ReadAll(p.Stdout())
			if string(got) != fmt.Sprintf("got %d\n", i) {
				errs[i] = fmt.Errorf("process %d: %q, %w", i, got, err)
				return
			}
			errs[i] = b.ends(p, 0)
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}
