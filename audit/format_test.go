package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
)

type pair struct{ key, value string }

// parse reads a logfmt line as strictly as it is written.
func parse(line string) ([]pair, error) {
	var out []pair
	for line != "" {
		key, rest, ok := strings.Cut(line, "=")
		if !ok || key == "" || strings.ContainsAny(key, " \"") {
			return nil, fmt.Errorf("no key at %q", line)
		}
		var value string
		if strings.HasPrefix(rest, `"`) {
			quoted, err := strconv.QuotedPrefix(rest)
			if err != nil {
				return nil, fmt.Errorf("at %q: %w", rest, err)
			}
			if value, err = strconv.Unquote(quoted); err != nil {
				return nil, err
			}
			rest = rest[len(quoted):]
		} else {
			value, _, _ = strings.Cut(rest, " ")
			if value == "" || strings.ContainsAny(value, `="`) {
				return nil, fmt.Errorf("bare value at %q", rest)
			}
			rest = rest[len(value):]
		}
		if rest != "" {
			if rest = rest[1:]; rest == "" {
				return nil, fmt.Errorf("line ends in a blank")
			}
		}
		out, line = append(out, pair{key, value}), rest
	}
	return out, nil
}

// readBack writes r and holds the line to what was put in.
func readBack(t *testing.T, r Record) string {
	t.Helper()
	var b bytes.Buffer
	if err := NewWriter(&b).Write(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	line, ok := strings.CutSuffix(b.String(), "\n")
	if !ok || strings.Contains(line, "\n") {
		t.Fatalf("not one line: %q", b.String())
	}
	for _, c := range line {
		if !unicode.IsPrint(c) {
			t.Errorf("%U stands in the line %q", c, line)
		}
	}
	got, err := parse(line)
	if err != nil {
		t.Fatalf("line %q: %v", line, err)
	}
	want := []pair{{"time", r.Time.Format("2006-01-02T15:04:05.000Z07:00")}, {"level", r.Level().String()}, {"msg", "decision"}}
	for _, a := range r.Attrs() {
		want = append(want, pair{a.Key, a.Value.String()})
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("line %q\n got %q\nwant %q", line, got, want)
	}
	return line
}

// TestLogInjection puts what could break a line, forge another or deceive a
// terminal into everything that comes from outside.
func TestLogInjection(t *testing.T) {
	for _, hostile := range []string{
		"", " ", "plain", "a b", "a=b", `a"b`, `"`, `\`, `\"`, `a\`, "=", "verdict=allow", `x" verdict=allow user="y`,
		"a\nlevel=INFO msg=decision verdict=allow", "a\r\nb", "a\rb", "\t", "\x00", "\x1b[2K\x1b[1A", "\x1b]0;title\x07", "\u009b31m", "\x7f", "\b\b",
		"\u202eevil", "a\u2066b\u2069", "\u200b", "\u200d", "\ufeff", "\u2028", "\u2029", "\u0085", "\u00a0", "\u3000", "\xff\xfe", "\xc0\xaf", "\ufffd",
		"e\u0301", "日本語", "🙂", strings.Repeat("a\n", 1000),
	} {
		t.Run(fmt.Sprintf("%.20q", hostile), func(t *testing.T) {
			readBack(t, filled(hostile))
			command := filled(hostile)
			command.Event, command.Input = "command", about(t, hostile, hostile, hostile)
			readBack(t, command)
		})
	}
}

// about is the input of a command about something.
func about(t *testing.T, command, kind, id string) json.RawMessage {
	t.Helper()
	in, err := json.Marshal(map[string]any{"message": map[string]any{"command": command, "target": map[string]any{"kind": kind, "id": id}}})
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// filled is a record whose every text is s.
func filled(s string) Record {
	return Record{
		ID: s, Time: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Point: s, Connector: s, Chat: s, ChatKind: s, User: s, Message: s, Event: s,
		Verdict: s, Trust: s, Workspace: s, Access: s, Session: s, Turn: s, Revision: s, Duration: 1500 * time.Microsecond,
		Rules: []Rule{{ID: s, Kind: "deny", Msg: s, File: s, Line: 3}, {ID: s, Kind: "warn", Msg: s}, {ID: s, Kind: "warn"}},
	}
}

func FuzzWriter(f *testing.F) {
	f.Add("chat:ann", "authz.role", "a message")
	f.Add("a\nb", `x" verdict=allow`, "\x1b[31m\u202e\xff")
	f.Fuzz(func(t *testing.T, user, rule, msg string) {
		r := filled(rule)
		r.User, r.Rules[0].Msg, r.Chat = user, msg, msg+user
		readBack(t, r)
	})
}

func TestLine(t *testing.T) {
	text := "a secret text"
	r := Record{
		ID: "d1", Time: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Point: "message", Connector: "tg", Chat: "tg:5", User: "tg:6", Message: "7", Event: "message",
		Verdict: "deny", Rules: []Rule{{ID: "authz.unknown_user", Kind: "deny", Msg: "not known", File: "message/authz.rego", Line: 12}},
		Revision: "0123456789abcdef", Duration: 1500 * time.Microsecond, Text: &text, TextSHA256: TextDigest(text),
	}
	want := `time=2026-03-01T12:00:00.000Z level=WARN msg=decision connector=tg user=tg:6 verdict=deny rule=authz.unknown_user trust="" session="" ` +
		`chat=tg:5 event=message workspace="" at=message/authz.rego:12 why="not known" point=message message=7 decision=d1 revision=0123456789ab took=1.5ms`
	if got := readBack(t, r); got != want {
		t.Errorf("line\n got %s\nwant %s", got, want)
	}
	r.Event, r.Input = "command", about(t, "block", "person", "tg:7")
	want = strings.Replace(want, "event=message ", `event=command command=block target="person tg:7" `, 1)
	if got := readBack(t, r); got != want {
		t.Errorf("line\n got %s\nwant %s", got, want)
	}
	r.Input = about(t, "users", "everybody", "")
	if got := readBack(t, r); !strings.Contains(got, " event=command command=users target=everybody workspace=") {
		t.Errorf("line %s", got)
	}
	r.Input = json.RawMessage(`{"message": 3}`)
	if got := readBack(t, r); !strings.Contains(got, " event=command workspace=") {
		t.Errorf("line %s", got)
	}
}

func TestLevel(t *testing.T) {
	for _, c := range []struct {
		verdict string
		rules   []Rule
		want    slog.Level
	}{
		{"allow", []Rule{{ID: "a", Kind: "allow"}}, slog.LevelInfo},
		{"allow", nil, slog.LevelInfo},
		{"allow", []Rule{{ID: "a", Kind: "allow"}, {ID: "w", Kind: "warn"}}, slog.LevelWarn},
		{"deny", []Rule{{ID: "d", Kind: "deny"}}, slog.LevelWarn},
		{"ask", nil, slog.LevelWarn},
		{"", nil, slog.LevelWarn},
	} {
		if got := (Record{Verdict: c.verdict, Rules: c.rules}).Level(); got != c.want {
			t.Errorf("%s %v is logged as %s, want %s", c.verdict, c.rules, got, c.want)
		}
	}
}
