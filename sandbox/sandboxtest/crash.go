package sandboxtest

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/parachute-gate/parachute/sandbox"
)

func crashCases() []testCase {
	return []testCase{
		{name: "what runs after a crash is found and removed", needs: []Feature{Finds}, run: foundAfterCrash},
		{name: "what a crash left paused is removed", needs: []Feature{Finds}, run: pausedAfterCrash},
		{name: "another installation's is neither found nor removed", needs: []Feature{Finds}, run: foreign},
		{name: "what a process started ends with it", needs: []Feature{KillsAll}, run: orphans},
		{name: "it is ready and says what it holds", run: readyAndFacts},
	}
}

func foundAfterCrash(b *bench) error {
	p, err := b.startIn(b.ctx, func(s *sandbox.Spec) { s.Session, s.Turn, s.Name = "s-1", "t-1", "agent" }, "stubborn")
	if err != nil {
		return err
	}
	if err := ready(p); err != nil {
		return err
	}
	if err := b.Crash(); err != nil {
		return fmt.Errorf("crash: %w", err)
	}
	found, err := b.Runtime().Find(b.ctx)
	if err != nil || len(found) != 1 {
		return fmt.Errorf("found %+v, %w", found, err)
	}
	f := found[0]
	if f.ID != p.ID() || f.Session != "s-1" || f.Turn != "t-1" || f.Name != "agent" || !f.Running || f.Started.IsZero() {
		return fmt.Errorf("found %+v of %s", f, p.ID())
	}
	for range 2 {
		if err := b.Runtime().Remove(b.ctx, f.ID); err != nil {
			return fmt.Errorf("remove: %w", err)
		}
	}
	if found, err := b.Runtime().Find(b.ctx); err != nil || len(found) != 0 {
		return fmt.Errorf("found after removal %+v, %w", found, err)
	}
	return b.nothingLeft()
}

func pausedAfterCrash(b *bench) error {
	p, err := b.start("stubborn")
	if err != nil {
		return err
	}
	if err := errors.Join(ready(p), p.Pause(b.ctx), b.Crash()); err != nil {
		return err
	}
	found, err := b.Runtime().Find(b.ctx)
	if err != nil || len(found) != 1 || !found[0].Running {
		return fmt.Errorf("found %+v, %w", found, err)
	}
	if err := b.Runtime().Remove(b.ctx, p.ID()); err != nil {
		return fmt.Errorf("remove: %w", err)
	}
	return b.nothingLeft()
}

func foreign(b *bench) error {
	other, ok := b.Bench.(interface {
		Other() (sandbox.Runtime, func() error, error)
	})
	if !ok {
		return errors.New("the bench opens no other installation")
	}
	p, err := b.start("sleep")
	if err != nil {
		return err
	}
	r, done, err := other.Other()
	if err != nil {
		return err
	}
	found, err := r.Find(b.ctx)
	if err != nil || len(found) != 0 {
		return fmt.Errorf("the other installation found %+v, %w", found, err)
	}
	if err := r.Remove(b.ctx, p.ID()); err == nil {
		return errors.New("the other installation removed it")
	}
	if err := errors.Join(done(), ready(p), p.Stop(b.ctx, caseTime)); err != nil {
		return err
	}
	return b.ends(p, 0)
}

func orphans(b *bench) error {
	for _, how := range [][]string{{"orphan"}, {"orphan", "holds stdout"}} {
		p, err := b.start(how...)
		if err != nil {
			return err
		}
		if err := b.ends(p, 0); err != nil {
			return err
		}
		if got, err := io.ReadAll(p.Stdout()); err != nil || len(strings.Fields(string(got))) != 1 {
			return fmt.Errorf("%q: stdout %q, %w", how, got, err)
		}
		if err := errors.Join(p.Close(), b.nothingLeft()); err != nil {
			return fmt.Errorf("%q: %w", how, err)
		}
	}
	return nil
}

func readyAndFacts(b *bench) error {
	if err := b.Runtime().Ready(b.ctx); err != nil {
		return fmt.Errorf("ready: %w", err)
	}
	if b.Runtime().Name() == "" {
		return errors.New("it has no name")
	}
	facts := b.Runtime().Facts(b.ctx)
	if len(facts) == 0 {
		return errors.New("it says nothing of itself")
	}
	for _, f := range facts {
		if f.About == "" || f.Detail == "" {
			return fmt.Errorf("an empty finding: %+v", f)
		}
	}
	return nil
}
