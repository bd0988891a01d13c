package sandboxtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/sandbox"
)

// caseTime bounds a case that hangs; no case waits for it to pass.
const caseTime = 2 * time.Minute

// testCase is one promise of the contract. It gives an error for a runtime that
// breaks it, so that the suite itself can be tested.
type testCase struct {
	name  string
	needs []Feature
	run   func(b *bench) error
}

// Run plays each case that the driver's features allow.
func Run(t *testing.T, d Driver) {
	t.Helper()
	for _, c := range cases() {
		if slices.ContainsFunc(c.needs, func(f Feature) bool { return !d.Supports(f) }) {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			if err := c.play(t.Context(), d); err != nil {
				t.Error(err)
			}
		})
	}
}

func cases() []testCase {
	return slices.Concat(stdioCases(), outputCases(), endCases(), crashCases(), specCases(), diskCases())
}

// play holds, beside the case, that nothing of this process is left over of it.
func (c testCase) play(ctx context.Context, d Driver) error {
	goroutines, files := runtime.NumGoroutine(), openFiles()
	return errors.Join(c.judge(ctx, d),
		settles("goroutines", goroutines, runtime.NumGoroutine),
		settles("open files", files, openFiles))
}

// judge plays the case, and holds that nothing of the runtime is left over.
func (c testCase) judge(ctx context.Context, d Driver) error {
	ctx, cancel := context.WithTimeout(ctx, caseTime)
	defer cancel()
	if slices.ContainsFunc(c.needs, func(f Feature) bool { return !d.Supports(f) }) {
		return nil
	}
	tested, err := d.Open(ctx)
	if err != nil {
		return fmt.Errorf("open bench: %w", err)
	}
	b := &bench{Bench: tested, ctx: ctx}
	err = c.run(b)
	for _, p := range b.started {
		if cerr := p.Close(); cerr != nil {
			err = errors.Join(err, fmt.Errorf("close: %w", cerr))
		}
	}
	return errors.Join(err, b.nothingLeft(), tested.Close())
}

// settles waits for a number to come down to what it was.
func settles(what string, before int, now func() int) error {
	end := time.Now().Add(10 * time.Second)
	for now() > before {
		if time.Now().After(end) {
			return fmt.Errorf("%s: %d before, %d after", what, before, now())
		}
		time.Sleep(10 * time.Millisecond)
	}
	return nil
}

// openFiles is 0 where the system does not tell.
func openFiles() int {
	names, _ := filepath.Glob("/proc/self/fd/*")
	// The folder's own handle is gone when its entry is looked at.
	n := 0
	for _, name := range names {
		if to, err := os.Readlink(name); err == nil && to != "" {
			n++
		}
	}
	return n
}

// bench is a Bench with what a case needs.
type bench struct {
	Bench
	ctx     context.Context
	started []sandbox.Process
}

// start runs a trick; it is closed at the end of the case.
func (b *bench) start(trick ...string) (sandbox.Process, error) {
	return b.startIn(b.ctx, nil, trick...)
}

func (b *bench) startIn(ctx context.Context, change func(*sandbox.Spec), trick ...string) (sandbox.Process, error) {
	s, err := b.Spec(trick...)
	if err != nil {
		return nil, err
	}
	if change != nil {
		change(&s)
	}
	p, err := b.Runtime().Start(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("start %q: %w", trick, err)
	}
	b.started = append(b.started, p)
	return p, nil
}

// ends waits for a process that ends by itself.
func (b *bench) ends(p sandbox.Process, code int) error {
	exit, err := p.Wait(b.ctx)
	if err != nil {
		return fmt.Errorf("wait: %w", err)
	}
	if exit.Code != code || exit.OOM {
		return fmt.Errorf("exit %+v, want code %d; stderr: %s", exit, code, p.Stderr())
	}
	return nil
}

func (b *bench) nothingLeft() error {
	left, err := b.Left()
	if err != nil {
		return fmt.Errorf("look for what is left: %w", err)
	}
	if len(left) > 0 {
		return fmt.Errorf("left over: %q", left)
	}
	return nil
}
