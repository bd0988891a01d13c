package sandboxtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/parachute-gate/parachute/sandbox"
)

// diskQuota is that of the cases.
const diskQuota = 8 << 20

func diskCases() []testCase {
	return []testCase{
		{name: "a workspace that is filled at once", run: fillsAtOnce},
		{name: "one file that fills the workspace", run: fills("1073741824")},
		{name: "many small files that fill it", run: fills("1")},
		{name: "sparse files and hard links fill nothing", run: fillsNothing},
		{name: "who is over the quota gets no bigger", run: overAlready},
		{name: "who is far over the quota can take files away", run: farOver},
		{name: "so can who is in folders that nobody can count", run: tooDeep},
	}
}

func withQuota(s *sandbox.Spec) { s.Limits.WorkspaceBytes = diskQuota }

// fills lets a process fill its workspace, beside one that does not.
func fills(file string) func(*bench) error {
	return func(b *bench) error {
		beside, err := b.startIn(b.ctx, withQuota, "sleep")
		if err != nil {
			return err
		}
		p, err := b.startIn(b.ctx, withQuota, "store", file)
		if err != nil {
			return err
		}
		if err := b.killed(p, sandbox.ErrQuota); err != nil {
			return err
		}
		if err := errors.Join(ready(beside), beside.Stop(b.ctx, caseTime)); err != nil {
			return fmt.Errorf("beside it: %w", err)
		}
		return b.ends(beside, 0)
	}
}

// fillsAtOnce ends, most times, before anybody looked.
func fillsAtOnce(b *bench) error {
	p, err := b.startIn(b.ctx, withQuota, "store", "1048576", "12")
	if err != nil {
		return err
	}
	if exit, err := p.Wait(b.ctx); !errors.Is(err, sandbox.ErrQuota) {
		return fmt.Errorf("wait: %+v, %w, want ErrQuota", exit, err)
	}
	return nil
}

func fillsNothing(b *bench) error {
	p, err := b.startIn(b.ctx, withQuota, "sparse")
	if err != nil {
		return err
	}
	return b.ends(p, 0)
}

// holding runs a trick in a workspace that holds a file already.
func (b *bench) holding(bytes int, trick ...string) (sandbox.Process, error) {
	var err error
	p, serr := b.startIn(b.ctx, func(s *sandbox.Spec) {
		withQuota(s)
		err = os.WriteFile(filepath.Join(s.Workspace.Source, "big"), make([]byte, bytes), 0o600)
	}, trick...)
	return p, errors.Join(err, serr)
}

func overAlready(b *bench) error {
	p, err := b.holding(diskQuota+1<<20, "exit", "0")
	if err != nil {
		return err
	}
	if err := b.ends(p, 0); err != nil {
		return err
	}
	if p, err = b.holding(diskQuota+1<<20, "store", "65536"); err != nil {
		return err
	}
	return b.killed(p, sandbox.ErrQuota)
}

func farOver(b *bench) error {
	p, err := b.holding(3*diskQuota, "store", "65536")
	if err != nil {
		return err
	}
	if err := b.killed(p, sandbox.ErrQuota); err != nil {
		return err
	}
	if p, err = b.holding(3*diskQuota, "clear"); err != nil {
		return err
	}
	return b.ends(p, 0)
}

func tooDeep(b *bench) error {
	var workspace sandbox.Mount
	again := func(s *sandbox.Spec) {
		withQuota(s)
		s.Workspace = workspace
	}
	p, err := b.startIn(b.ctx, func(s *sandbox.Spec) {
		withQuota(s)
		workspace = s.Workspace
	}, "deep")
	if err != nil {
		return err
	}
	if exit, err := p.Wait(b.ctx); !errors.Is(err, sandbox.ErrQuota) {
		return fmt.Errorf("made folders: %+v, %w, want ErrQuota", exit, err)
	}
	if p, err = b.startIn(b.ctx, again, "store", "65536"); err != nil {
		return err
	}
	if err := b.killed(p, sandbox.ErrQuota); err != nil {
		return err
	}
	// Others write to the same disk, and while nobody can count it counts as the
	// process's doing.
	for range 20 {
		if p, err = b.startIn(b.ctx, again, "clear"); err != nil {
			return err
		}
		if _, err = p.Wait(b.ctx); !errors.Is(err, sandbox.ErrQuota) {
			break
		}
	}
	if err := b.ends(p, 0); err != nil {
		return err
	}
	if p, err = b.startIn(b.ctx, again, "store", "1024", "10"); err != nil {
		return err
	}
	return b.ends(p, 0)
}
