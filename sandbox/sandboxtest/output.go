package sandboxtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/parachute-gate/parachute/sandbox"
	"github.com/parachute-gate/parachute/sandbox/sandboxtest/tricks"
)

func outputCases() []testCase {
	return []testCase{
		{name: "all of a big output arrives", run: bigOutput},
		{name: "endless output ends the process", run: floods},
		{name: "endless output that nobody reads", run: floodUnread},
		{name: "one byte too many", run: oneTooMany},
		{name: "a turn's output is renewed", run: renews},
		{name: "of stderr the end is kept", run: noise},
	}
}

func bigOutput(b *bench) error {
	const size = 8 << 20
	p, err := b.startIn(b.ctx, func(s *sandbox.Spec) { s.Limits.OutputBytes = size }, "big", fmt.Sprint(size))
	if err != nil {
		return err
	}
	got, err := io.ReadAll(p.Stdout())
	if err != nil || len(got) != size || !bytes.Equal(got[:64], []byte(strings.Repeat("0123456789abcdef", 4))) || !bytes.HasSuffix(got, []byte("0123456789abcdef")) {
		return fmt.Errorf("%d bytes, %w", len(got), err)
	}
	return b.ends(p, 0)
}

// tooMuch holds that a process was killed for its output.
func (b *bench) tooMuch(p sandbox.Process, most int64) error {
	got, err := io.ReadAll(p.Stdout())
	if !errors.Is(err, sandbox.ErrOutput) || int64(len(got)) != most {
		return fmt.Errorf("read %d bytes of %d, then %w; want ErrOutput", len(got), most, err)
	}
	exit, err := p.Wait(b.ctx)
	if !errors.Is(err, sandbox.ErrOutput) || exit.OOM {
		return fmt.Errorf("wait: %+v, %w; want ErrOutput", exit, err)
	}
	return nil
}

func floods(b *bench) error {
	p, err := b.start("flood")
	if err != nil {
		return err
	}
	s, err := b.Spec("flood")
	if err != nil {
		return err
	}
	return b.tooMuch(p, s.Limits.OutputBytes)
}

func floodUnread(b *bench) error {
	p, err := b.startIn(b.ctx, func(s *sandbox.Spec) { s.Limits.OutputBytes = 1000 }, "flood")
	if err != nil {
		return err
	}
	if _, err := p.Wait(b.ctx); !errors.Is(err, sandbox.ErrOutput) {
		return fmt.Errorf("wait: %w, want ErrOutput", err)
	}
	return b.tooMuch(p, 1000)
}

func oneTooMany(b *bench) error {
	for size, over := range map[string]bool{"100000": false, "100001": true} {
		p, err := b.startIn(b.ctx, func(s *sandbox.Spec) { s.Limits.OutputBytes = 100_000 }, "big", size)
		if err != nil {
			return err
		}
		if over {
			err = b.tooMuch(p, 100_000)
		} else {
			_, err = io.Copy(io.Discard, p.Stdout())
			err = errors.Join(err, b.ends(p, 0))
		}
		if err != nil {
			return fmt.Errorf("%s bytes of 100000: %w", size, err)
		}
	}
	return nil
}

func renews(b *bench) error {
	const line = 600
	p, err := b.startIn(b.ctx, func(s *sandbox.Spec) { s.Limits.OutputBytes = 1000 }, "echo")
	if err != nil {
		return err
	}
	for i := range 5 {
		p.Renew()
		if _, err := io.WriteString(p.Stdin(), strings.Repeat("x", line)); err != nil {
			return fmt.Errorf("turn %d: write: %w", i, err)
		}
		if _, err := io.ReadFull(p.Stdout(), make([]byte, line)); err != nil {
			return fmt.Errorf("turn %d: read: %w", i, err)
		}
	}
	if _, err := io.WriteString(p.Stdin(), strings.Repeat("x", line)); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	if _, err := p.Wait(b.ctx); !errors.Is(err, sandbox.ErrOutput) {
		return fmt.Errorf("without a new turn: %w, want ErrOutput", err)
	}
	return nil
}

func noise(b *bench) error {
	p, err := b.start("noise", "1000000")
	if err != nil {
		return err
	}
	if err := b.ends(p, 0); err != nil {
		return err
	}
	if got := p.Stderr(); len(got) == 0 || len(got) > sandbox.TailBytes {
		return fmt.Errorf("%d bytes of stderr are kept", len(got))
	}
	return nil
}

// ready waits for a trick's word that it listens.
func ready(p sandbox.Process) error {
	line := make([]byte, len(tricks.Ready)+1)
	if _, err := io.ReadFull(p.Stdout(), line); err != nil {
		return fmt.Errorf("wait until it is ready: %w; stderr: %s", err, p.Stderr())
	}
	return nil
}
