package programs_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/parachute-gate/parachute/sandbox"
	"github.com/parachute-gate/parachute/sessions/programs"
)

func TestReply(t *testing.T) {
	for in, want := range map[string]string{
		"plain\ntext\t1":                "plain\ntext\t1",
		"\n\n  a\nb \n\n":               "  a\nb",
		"a\r\nb\r\n":                    "a\nb",
		"1%\r50%\r100%\n":               "100%",
		"keep\n1%\r2%":                  "keep\n2%",
		"\x1b[1;31mred\x1b[0m \x1b[2Jx": "red x",
		"\x1b]0;title\x07a\x1b]8;;http://x\x1b\\b\x1bPq#\x1b\\c": "abc",
		"\x1b(Bg\x1b7h\x1b":            "gh",
		"\u009b31mred\u009d0;t\u009cb": "redb",
		"a\x00b\x07c\x7fd\u0085e":      "abcde",
		"\u202eevil\u2066x":            "evilx",
		"\xff\xfeok\xc3":               "��ok",
		"a\u2028b\ufeff":               "ab",
		// A sequence that never ends takes no more than its line.
		"\x1b[31\nnext":  "next",
		"\x1b]0;x\nnext": "next",
	} {
		r := programs.NewReply(1 << 10)
		if err := r.Add(in); err != nil {
			t.Fatal(err)
		}
		if got := strings.Trim(r.Text(), "\n"); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
		// The pieces in which it comes make no difference.
		r = programs.NewReply(1 << 10)
		if _, err := io.Copy(r, iotest.OneByteReader(strings.NewReader(in))); err != nil {
			t.Fatal(err)
		}
		if got := strings.Trim(r.Text(), "\n"); got != want {
			t.Errorf("%q in pieces: %q, want %q", in, got, want)
		}
	}
	r := programs.NewReply(5)
	if err := r.Add("äää"); !errors.Is(err, programs.ErrTooLong) || r.Text() != "ää" {
		t.Errorf("%v, %q", err, r.Text())
	}
	if err := r.Add("x"); !errors.Is(err, programs.ErrTooLong) || r.Text() != "ää" {
		t.Errorf("%v, %q", err, r.Text())
	}
}

func FuzzReply(f *testing.F) {
	f.Add([]byte("a\x1b[31mb\r\xffc\n"), 3)
	f.Fuzz(func(t *testing.T, data []byte, cut int) {
		whole, parts := programs.NewReply(64), programs.NewReply(64)
		_, _ = whole.Write(data)
		cut = min(max(cut, 0), len(data))
		_, _ = parts.Write(data[:cut])
		_, _ = parts.Write(data[cut:])
		text := whole.Text()
		if text != parts.Text() {
			t.Errorf("%q, in parts %q", text, parts.Text())
		}
		bad := func(c rune) bool {
			return c != '\n' && c != '\t' && unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c)
		}
		if !utf8.ValidString(text) || len(text) > 64 || strings.ContainsFunc(text, bad) {
			t.Errorf("%q", text)
		}
	})
}

func TestLine(t *testing.T) {
	for in, want := range map[string]string{
		"a\nb\tc\r\x1b[31md": "a b c d", "": "", strings.Repeat("ä", 12): strings.Repeat("ä", 10) + "…",
	} {
		if got := programs.Line(in, 10); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestLines(t *testing.T) {
	l := programs.NewLines(strings.NewReader("\n one \r\n\ntwo\nlast"), 10)
	for _, want := range []string{"one", "two", "last"} {
		if line, err := l.Next(); err != nil || string(line) != want {
			t.Errorf("%q, %v; want %q", line, err, want)
		}
	}
	if line, err := l.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("%q, %v", line, err)
	}
	if line, err := programs.NewLines(strings.NewReader(strings.Repeat("x", 200<<10)), 100<<10).Next(); !errors.Is(err, programs.ErrLine) {
		t.Errorf("%d bytes, %v", len(line), err)
	}
}

func TestDraft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var shown []string
		var text atomic.Value
		text.Store("")
		d := programs.NewDraft(func(s string) { shown = append(shown, s) }, func() string { return text.Load().(string) })
		for i := range 1000 {
			text.Store(strings.Repeat("x", i+1))
			d.Changed()
			synctest.Wait()
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Second)
		d.Close()
		d.Changed()
		synctest.Wait()
		// A second has room for ten and the first; the last is among them.
		if n := len(shown); n < 10 || n > 12 || shown[n-1] != text.Load() {
			t.Errorf("%d shown, the last of %d", n, len(shown[n-1]))
		}
		programs.NewDraft(nil, nil).Close()
	})
}

func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		s := programs.NewSilence(time.Minute, func() { calls.Add(1) })
		for range 5 {
			time.Sleep(59 * time.Second)
			s.Heard()
		}
		if synctest.Wait(); calls.Load() != 0 {
			t.Error("called too soon")
		}
		time.Sleep(time.Minute)
		if synctest.Wait(); calls.Load() != 1 {
			t.Errorf("called %d times", calls.Load())
		}
		s.Heard()
		s.Close()
		time.Sleep(time.Hour)
		if synctest.Wait(); calls.Load() != 1 {
			t.Error("called after its end")
		}
		never := programs.NewSilence(0, func() { t.Error("called") })
		never.Heard()
		never.Close()
	})
}

func TestWords(t *testing.T) {
	l := launch(1)
	for _, test := range []struct {
		end  programs.Ending
		want string
	}{
		{programs.Ending{}, ""},
		{programs.Ending{Exit: sandbox.Exit{Code: 1}}, "exit code 1"},
		{programs.Ending{Exit: sandbox.Exit{Code: 137}}, "out of memory"},
		{programs.Ending{Exit: sandbox.Exit{Code: 1, OOM: true}}, "out of memory"},
		{programs.Ending{Exit: sandbox.Exit{Code: 127}}, "could not be started"},
		{programs.Ending{Exit: sandbox.Exit{Code: 137}, Err: programs.ErrSilent}, "nothing for 5 minutes"},
		{programs.Ending{Err: programs.ErrTooLong}, "longer than 1 MiB"},
		{programs.Ending{Err: sandbox.ErrOutput}, "wrote more"},
		{programs.Ending{Err: sandbox.ErrUnavailable}, "was lost"},
		{programs.Ending{Err: fmt.Errorf("ended: %w", sandbox.ErrQuota)}, "workspace is full"},
	} {
		if got := test.end.Words(l); test.want == "" && got != "" || !strings.Contains(got, test.want) {
			t.Errorf("%+v: %q, want %q", test.end, got, test.want)
		}
	}
	if got := programs.Redact("key sk-123456 and 1", map[string]string{"KEY": "sk-123456", "ONE": "1"}); got != "key [KEY] and 1" {
		t.Error(got)
	}
}
