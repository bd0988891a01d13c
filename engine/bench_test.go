package engine_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/policies"
)

func BenchmarkMessageFreshFacts(b *testing.B) {
	p := open(b, engine.Embedded(policies.FS)).Current()
	in := message("owner")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		in.User.ID = fmt.Sprintf("telegram:%d", i)
		in.Chat.ID = in.User.ID
		in.Message.Bytes = i % 100_000
		if d := p.Message(b.Context(), in); d.Verdict != engine.Allow || d.Cached {
			b.Fatalf("%+v", d)
		}
	}
}

func BenchmarkMessageRepeatedFacts(b *testing.B) {
	p := open(b, engine.Embedded(policies.FS)).Current()
	in := message("owner")
	p.Message(b.Context(), in)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		in.Time, in.Message.ID, in.Message.Text = int64(i), fmt.Sprint(i), fmt.Sprint("hello ", i)
		if d := p.Message(b.Context(), in); d.Verdict != engine.Allow || !d.Cached {
			b.Fatalf("%+v", d)
		}
	}
}

func BenchmarkLimits(b *testing.B) {
	p := open(b, engine.Embedded(policies.FS)).Current()
	in := message("owner")
	b.ReportAllocs()
	for b.Loop() {
		if _, fault := p.Limits(b.Context(), in); fault != nil {
			b.Fatal(fault)
		}
	}
}

func BenchmarkReload(b *testing.B) {
	dir := b.TempDir()
	if err := os.CopyFS(dir, policies.FS); err != nil {
		b.Fatal(err)
	}
	e := open(b, engine.Folder(dir))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		write(b, dir, map[string]string{"custom/data.yaml": fmt.Sprintf("n: %d\n", i)})
		if err := e.Reload(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
