package connectors_test

import (
	"bufio"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/parachute-gate/parachute/connectors"
)

// The limit and the buffer that connectors use.
const (
	maxLine    = 1 << 20
	readBuffer = 64 << 10
)

func TestReadLine(t *testing.T) {
	in := bufio.NewReaderSize(strings.NewReader("ab\n\nabcdef\nabcdefg\n"+strings.Repeat("x", 100)+"\nend"), 16)
	for i, want := range []struct {
		raw     string
		tooLong bool
	}{{"ab", false}, {"", false}, {"abcdef", false}, {"", true}, {"", true}, {"end", false}} {
		raw, tooLong, err := connectors.ReadLine(in, 6)
		if err != nil || string(raw) != want.raw || tooLong != want.tooLong {
			t.Errorf("line %d: %q, %v, %v; want %q, %v", i+1, raw, tooLong, err, want.raw, want.tooLong)
		}
	}
	if _, _, err := connectors.ReadLine(in, 6); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
}

func TestReadLineAtItsLimits(t *testing.T) {
	for _, c := range []struct {
		size    int
		tooLong bool
	}{{maxLine, false}, {maxLine + 1, true}, {readBuffer, false}, {readBuffer - 1, false}} {
		for _, end := range []string{"\n", ""} {
			in := bufio.NewReaderSize(strings.NewReader(strings.Repeat("x", c.size)+end), readBuffer)
			raw, tooLong, err := connectors.ReadLine(in, maxLine)
			if err != nil || tooLong != c.tooLong || (!tooLong && len(raw) != c.size) {
				t.Errorf("%d bytes, end %q: %d bytes, too long %v, %v", c.size, end, len(raw), tooLong, err)
			}
			if _, _, err := connectors.ReadLine(in, maxLine); !errors.Is(err, io.EOF) {
				t.Errorf("%d bytes, end %q: then %v", c.size, end, err)
			}
		}
	}
}

func TestReadLineGivesAReadErrorNotAPart(t *testing.T) {
	broken := errors.New("broken")
	in := bufio.NewReader(io.MultiReader(strings.NewReader("half a li"), iotest.ErrReader(broken)))
	if raw, _, err := connectors.ReadLine(in, maxLine); !errors.Is(err, broken) || raw != nil {
		t.Errorf("got %q, %v", raw, err)
	}
}

var xs = strings.Repeat("x", readBuffer)

// endless gives n bytes without a newline, then one.
type endless struct{ n int }

func (e *endless) Read(p []byte) (int, error) {
	if e.n <= 0 {
		return copy(p, "\n"), nil
	}
	n := copy(p, xs)
	e.n -= n
	return n, nil
}

func TestEndlessLineIsNotKeptInMemory(t *testing.T) {
	in := bufio.NewReaderSize(&endless{n: 64 << 20}, readBuffer)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	raw, tooLong, err := connectors.ReadLine(in, maxLine)
	runtime.ReadMemStats(&after)
	if err != nil || !tooLong || raw != nil {
		t.Errorf("got %d bytes, %v, %v", len(raw), tooLong, err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 16*maxLine {
		t.Errorf("a line of 64 MiB took %d bytes of memory", used)
	}
}
