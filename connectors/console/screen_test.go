package console

import (
	"context"
	"io"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/connectortest"
)

// session plays lines at a terminal; each message is answered within its call.
func session(t *testing.T, d Deps, lines ...string) string {
	t.Helper()
	in, out := connectortest.NewStream(), &connectortest.Recorder{}
	d.In, d.Out, d.User, d.TTY = in, out, "ana", true
	c := New(d)
	if _, err := io.WriteString(in, strings.Join(lines, "\n")+"\n"); err != nil {
		t.Fatal(err)
	}
	in.CloseWrite()
	err := c.Run(t.Context(), func(ctx context.Context, m connectors.Message) error {
		verdict, _, _ := strings.Cut(m.Text, " ")
		return c.Send(ctx, connectors.Reply{Chat: m.Chat.ID, ReplyTo: m.ID, Text: m.Text, Verdict: verdict})
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestTerminal(t *testing.T) {
	lines := []string{"allow one", ":as bob", "deny two", ":group team", "failed three", ":nonsense"}
	want := "ana> allow one\n" +
		"ana> bob> [denied] deny two\n" +
		"bob> bob@team> [failed] failed three\n" +
		"bob@team> error: unknown :nonsense, see :help; to say it, begin with two colons\n" +
		"bob@team> \n"
	if got := session(t, Deps{}, lines...); got != want {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

func TestTerminalDoesNotWaitForAnswers(t *testing.T) {
	asked := func(id string) bool {
		t.Errorf("the terminal asked whether %q is pending", id)
		return false
	}
	session(t, Deps{Pending: asked}, "allow one", "allow two")
}

func TestTerminalColors(t *testing.T) {
	const (
		ana    = "\x1b[1;36mana> \x1b[0m"
		denied = "\x1b[33m[denied] deny\x1b[0m\n"
		failed = "\x1b[31m[failed] failed\x1b[0m\n"
	)
	want := ana + "allow\n" + ana + denied + ana + failed + ana + "\n"
	if got := session(t, Deps{Color: true}, "allow", "deny", "failed"); got != want {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

func TestReplyGoesAboveThePrompt(t *testing.T) {
	var out connectortest.Recorder
	s := newScreen(&out, true, false)
	if err := s.ask(t.Context(), "ana> ", "terminal"); err != nil {
		t.Fatal(err)
	}
	replies := []connectors.Reply{
		{Chat: "terminal", Text: "one\r\ntwo\n\n", Verdict: "allow"},
		{Chat: "as-bob\nx", Text: "for bob", Verdict: "allow"},
	}
	for _, r := range replies {
		if err := s.reply(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	want := "ana> " + clearLine + "one\ntwo\nana> " + clearLine + "(as-bob\u240ax) for bob\nana> "
	if out.String() != want {
		t.Errorf("got  %q\nwant %q", out.String(), want)
	}
}

func TestPipeHasNoEscapesAndNoPrompt(t *testing.T) {
	var out connectortest.Recorder
	s := newScreen(&out, false, true)
	if err := s.ask(t.Context(), "ana> ", "terminal"); err != nil {
		t.Fatal(err)
	}
	for _, verdict := range []string{"allow", "deny", "failed"} {
		if err := s.reply(t.Context(), connectors.Reply{Chat: "else", Text: "text\n", Verdict: verdict}); err != nil {
			t.Fatal(err)
		}
	}
	if want := "text\n[denied] text\n[failed] text\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestEscapeCodesInAReplyDoNotReachTheTerminal(t *testing.T) {
	for text, want := range map[string]string{
		"plain \u05e9\u05dc\u05d5\u05dd \U0001F469\u200d\U0001F680\n\tnext": "plain \u05e9\u05dc\u05d5\u05dd \U0001F469\u200d\U0001F680\n\tnext",
		"\x1b[2J\x1b]0;title\x07":             "\u241b[2J\u241b]0;title\u2407",
		"over\rwritten\b\x00\x7f":             "over\u240dwritten\u2408\u2400\u2421",
		"\u009b31mred\u0085":                  "<U+009B>31mred<U+0085>",
		"raw \x9b31m \xff":                    "raw \ufffd31m \ufffd",
		"\u202etxet\u202c \u2066a\u2069":      "<U+202E>txet<U+202C> <U+2066>a<U+2069>",
		"a\u2028b\u2029c":                     "a<U+2028>b<U+2029>c",
		"quotes \" and \\x1b stay":            "quotes \" and \\x1b stay",
		"\u200fmark\u200e and e\u0301 \u3042": "\u200fmark\u200e and e\u0301 \u3042",
	} {
		if got := sanitize(text); got != want {
			t.Errorf("%q:\ngot  %q\nwant %q", text, got, want)
		}
	}
}

func FuzzSanitize(f *testing.F) {
	for _, s := range []string{"a\nb", "\x1b[0m", "\u009b", "\xff\xfe", "\u202e", "\r\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := sanitize(text)
		if !utf8.ValidString(got) {
			t.Errorf("%q is no UTF-8", got)
		}
		for _, r := range got {
			if unicode.IsControl(r) && r != '\n' && r != '\t' {
				t.Errorf("%q holds %U", got, r)
			}
		}
		if sanitize(got) != got {
			t.Errorf("%q changes again", got)
		}
		if strings.ContainsAny(sanitizeLine(text), "\n\t") {
			t.Errorf("%q is on several lines", sanitizeLine(text))
		}
	})
}
