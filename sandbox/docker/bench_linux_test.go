package docker

import (
	"errors"
	"io"
	"os"
	"testing"

	"github.com/docker/docker/api/types/container"

	"github.com/parachute-gate/parachute/sandbox"
)

// BenchmarkStart is a cold start to the first byte, the end and the removal:
// what `docker run --rm` does, by the same engine and of the same image.
func BenchmarkStart(b *testing.B) {
	bench := newBench(b)
	for b.Loop() {
		bench.output(b, nil, "say", "x")
	}
}

// BenchmarkEngineAlone is what `docker run --rm` asks of the engine, with the
// same image and nothing of a sandbox: the part of BenchmarkStart that is not
// ours.
func BenchmarkEngineAlone(b *testing.B) {
	r := newBench(b).docker()
	image, err := r.embedded(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		c, err := r.client.ContainerCreate(b.Context(), &container.Config{Image: image, Entrypoint: []string{Program, "say", "x"}}, &container.HostConfig{NetworkMode: "none"}, nil, nil, "")
		if err != nil {
			b.Fatal(err)
		}
		ended, lost := r.client.ContainerWait(b.Context(), c.ID, container.WaitConditionNextExit)
		if err := r.client.ContainerStart(b.Context(), c.ID, container.StartOptions{}); err != nil {
			b.Fatal(err)
		}
		select {
		case <-ended:
		case err := <-lost:
			b.Fatal(err)
		}
		if err := r.client.ContainerRemove(b.Context(), c.ID, container.RemoveOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFirstByte is a cold start to the first answer of an agent that stays.
func BenchmarkFirstByte(b *testing.B) {
	bench := newBench(b)
	for b.Loop() {
		p := bench.start(b, nil, "lines")
		roundTrip(b, p)
		b.StopTimer()
		if err := p.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// BenchmarkEcho is one line to a running agent and back.
func BenchmarkEcho(b *testing.B) {
	p := newBench(b).start(b, func(s *sandbox.Spec) { s.Limits.OutputBytes = 1 << 30 }, "lines")
	for b.Loop() {
		roundTrip(b, p)
	}
}

func roundTrip(b *testing.B, p sandbox.Process) {
	b.Helper()
	if _, err := io.WriteString(p.Stdin(), "x\n"); err != nil {
		b.Fatal(err)
	}
	if _, err := io.ReadFull(p.Stdout(), make([]byte, len("got x\n"))); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkPauseUnpause(b *testing.B) {
	p := newBench(b).start(b, nil, "sleep")
	for b.Loop() {
		if err := p.Pause(b.Context()); err != nil {
			b.Fatal(err)
		}
		if err := p.Unpause(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkQuotaOvershoot is how much a process that writes as fast as it can has
// written too much when it was ended.
func BenchmarkQuotaOvershoot(b *testing.B) {
	bench := newBench(b)
	const quota = 64 << 20
	var over int64
	for b.Loop() {
		var dir string
		p := bench.start(b, func(s *sandbox.Spec) {
			s.Limits.WorkspaceBytes = quota
			dir = s.Workspace.Source
		}, "store", "16777216")
		if _, err := p.Wait(b.Context()); !errors.Is(err, sandbox.ErrQuota) {
			b.Fatal(err)
		}
		f, err := os.Open(dir)
		if err != nil {
			b.Fatal(err)
		}
		size, err := sandbox.Measure(b.Context(), f, sandbox.Size{Bytes: 1 << 60, Entries: 1 << 60})
		if err := errors.Join(err, f.Close(), p.Close(), os.RemoveAll(dir)); err != nil {
			b.Fatal(err)
		}
		over += size.Bytes - quota
	}
	b.ReportMetric(float64(over)/float64(b.N)/(1<<20), "MiB-over")
}
