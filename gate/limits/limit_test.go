package limits

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestLimitValidate(t *testing.T) {
	good := Limit{Name: "messages_per_minute", Per: PerUser, Max: 20, Window: time.Minute}
	tests := []struct {
		name string
		edit func(*Limit)
		want string // part of the error; empty: valid
	}{
		{"a usual limit", func(l *Limit) {}, ""},
		{"max 0", func(l *Limit) { l.Max = 0 }, ""},
		{"largest max", func(l *Limit) { l.Max = 1_000_000 }, ""},
		{"max too large", func(l *Limit) { l.Max = 1_000_001 }, "0 to 1000000"},
		{"max below 0", func(l *Limit) { l.Max = -1 }, "0 to 1000000"},
		{"shortest window", func(l *Limit) { l.Window = time.Second }, ""},
		{"window too short", func(l *Limit) { l.Window = time.Second - 1 }, "1s to 31d"},
		{"longest window", func(l *Limit) { l.Window = 31 * 24 * time.Hour }, ""},
		{"window too long", func(l *Limit) { l.Window = 31*24*time.Hour + 1 }, "1s to 31d"},
		{"no window", func(l *Limit) { l.Window = 0 }, "1s to 31d"},
		{"per chat", func(l *Limit) { l.Per = PerChat }, ""},
		{"per connector", func(l *Limit) { l.Per = PerConnector }, ""},
		{"per all", func(l *Limit) { l.Per = PerAll }, ""},
		{"per absent", func(l *Limit) { l.Per = "" }, "user, chat, connector or all"},
		{"per in capitals", func(l *Limit) { l.Per = "User" }, "user, chat, connector or all"},
		{"per unknown", func(l *Limit) { l.Per = "session" }, "user, chat, connector or all"},
		{"name of one letter", func(l *Limit) { l.Name = "m" }, ""},
		{"name of all kinds", func(l *Limit) { l.Name = "a9_b.c-d" }, ""},
		{"longest name", func(l *Limit) { l.Name = strings.Repeat("n", 64) }, ""},
		{"name too long", func(l *Limit) { l.Name = strings.Repeat("n", 65) }, "limit name"},
		{"name absent", func(l *Limit) { l.Name = "" }, "limit name"},
		{"name in capitals", func(l *Limit) { l.Name = "Messages" }, "limit name"},
		{"name starts with a digit", func(l *Limit) { l.Name = "1m" }, "limit name"},
		{"name with a separator", func(l *Limit) { l.Name = "a|b" }, "limit name"},
		{"name with a line break", func(l *Limit) { l.Name = "a\n" }, "limit name"},
		{"name beyond ASCII", func(l *Limit) { l.Name = "zähler" }, "limit name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := good
			tt.edit(&l)
			err := l.Validate()
			if tt.want == "" {
				if err != nil {
					t.Fatalf("Validate() = %v, want no error", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("Validate() = %v, want an error with %q", err, tt.want)
			}
			if strings.ContainsAny(err.Error(), "\n\r") {
				t.Fatalf("the error breaks the log's line: %q", err)
			}
		})
	}
}

func TestParseWindow(t *testing.T) {
	tests := []struct {
		in   string
		want time.Duration
		err  string
	}{
		{in: "1s", want: time.Second},
		{in: "90s", want: 90 * time.Second},
		{in: "1m", want: time.Minute},
		{in: "24h", want: 24 * time.Hour},
		{in: "1d", want: 24 * time.Hour},
		{in: "7d", want: 7 * 24 * time.Hour},
		{in: "1w", want: 7 * 24 * time.Hour},
		{in: "31d", want: 31 * 24 * time.Hour},
		{in: "744h", want: 31 * 24 * time.Hour},
		{in: "1h30m", want: 90 * time.Minute},
		{in: "4w3d", want: 31 * 24 * time.Hour},
		{in: "007s", want: 7 * time.Second},
		{in: "0m5s", want: 5 * time.Second},
		{in: "", err: "empty"},
		{in: "0s", err: "out of range"},
		{in: "0w0d0h0m0s", err: "out of range"},
		{in: "32d", err: "out of range"},
		{in: "5w", err: "out of range"},
		{in: "4w4d", err: "out of range"},
		{in: "745h", err: "out of range"},
		{in: "31d1s", err: "out of range"},
		{in: "2678401s", err: "out of range"},
		{in: "9223372036854775808s", err: "out of range"},
		{in: strings.Repeat("9", 400) + "w", err: "out of range"},
		{in: "60", err: "without a unit"},
		{in: "1h30", err: "without a unit"},
		{in: "m", err: "no number at position 1"},
		{in: "1hm", err: "no number at position 3"},
		{in: "-1m", err: "no number at position 1"},
		{in: "+1m", err: "no number at position 1"},
		{in: " 1m", err: "no number at position 1"},
		{in: "1m ", err: "no number at position 3"},
		{in: "1 m", err: "no valid unit at position 2"},
		{in: "1.5h", err: "no valid unit at position 2"},
		{in: "500ms", err: "no number at position 5"},
		{in: "1M", err: "no valid unit at position 2"},
		{in: "1y", err: "no valid unit at position 2"},
		{in: "1m1h", err: "out of order at position 4"},
		{in: "1m1m", err: "out of order at position 4"},
		{in: "１m", err: "no number at position 1"},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			got, err := ParseWindow(tt.in)
			if tt.err == "" {
				if err != nil || got != tt.want {
					t.Fatalf("ParseWindow(%q) = %v, %v; want %v", tt.in, got, err, tt.want)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Fatalf("ParseWindow(%q) = %v, %v; want an error with %q", tt.in, got, err, tt.err)
			}
			if len(err.Error()) > 300 {
				t.Fatalf("the error repeats all of a long input: %d bytes", len(err.Error()))
			}
		})
	}
}

var windowSyntax = regexp.MustCompile(`^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$`)

func FuzzParseWindow(f *testing.F) {
	for _, s := range []string{"", "1m", "1h30m", "31d", "4w3d", "m1", "1m1h", "99999999999999999999s", "0s", "１m", "1w\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		w, err := ParseWindow(s)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r\x1b") {
				t.Fatalf("the error breaks the log's line: %q", err)
			}
			return
		}
		if !windowSyntax.MatchString(s) {
			t.Fatalf("ParseWindow(%q) = %v, but that is no window", s, w)
		}
		if w < MinWindow || w > MaxWindow {
			t.Fatalf("ParseWindow(%q) = %v, out of range", s, w)
		}
		again, err := ParseWindow(strconv.FormatInt(int64(w/time.Second), 10) + "s")
		if err != nil || again != w {
			t.Fatalf("%q is %v, but in seconds %v, %v", s, w, again, err)
		}
		// Where Go knows the units too, both agree.
		if d, err := time.ParseDuration(s); err == nil && d != w {
			t.Fatalf("ParseWindow(%q) = %v, time.ParseDuration says %v", s, w, d)
		}
	})
}
