package limits

import (
	"context"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestKeyText(t *testing.T) {
	tests := []struct{ per, id, name, want string }{
		{PerUser, "telegram:123456", "m", "user|telegram:123456|m"},
		{PerChat, "matrix:!r:example.org", "m", "chat|matrix:!r:example.org|m"},
		{PerAll, "", "m", "all||m"},
		{PerUser, "a|b", "m", "user|a%7Cb|m"},
		{PerUser, "a%7Cb", "m", "user|a%257Cb|m"},
		{PerUser, "a\x00\n b", "m", "user|a%00%0A%20b|m"},
		{PerUser, "ä\xff", "m", "user|%C3%A4%FF|m"},
	}
	for _, tt := range tests {
		if got := string(appendKey(nil, tt.per, tt.id, tt.name)); got != tt.want {
			t.Errorf("key of %q %q %q = %q, want %q", tt.per, tt.id, tt.name, got, tt.want)
		}
	}
}

// No id, however it is made, lands on the counter of another.
func TestKeysOfDifferentCountersDiffer(t *testing.T) {
	pers := rapid.SampledFrom([]string{PerUser, PerChat, PerConnector, PerAll})
	ids := rapid.OneOf(rapid.StringMatching(`[ab|%7C]{0,6}`), rapid.String())
	names := rapid.StringMatching(`[a-c][a-c.]{0,2}`)
	rapid.Check(t, func(t *rapid.T) {
		type counter struct{ per, id, name string }
		a := counter{pers.Draw(t, "per"), ids.Draw(t, "id"), names.Draw(t, "name")}
		b := counter{pers.Draw(t, "per"), ids.Draw(t, "id"), names.Draw(t, "name")}
		ka, kb := string(appendKey(nil, a.per, a.id, a.name)), string(appendKey(nil, b.per, b.id, b.name))
		if (a == b) != (ka == kb) {
			t.Fatalf("%+v → %q, %+v → %q", a, ka, b, kb)
		}
		for _, c := range []byte(ka) {
			if c <= ' ' || c >= 0x7f {
				t.Fatalf("key %q is not printable ASCII", ka)
			}
		}
	})
}

func TestHoldRefusesASubjectThatCannotBeCounted(t *testing.T) {
	full := alice
	tests := []struct {
		name, per string
		edit      func(*Subject)
		want      string
	}{
		{"no user", PerUser, func(s *Subject) { s.User = "" }, "no user id"},
		{"no chat", PerChat, func(s *Subject) { s.Chat = "" }, "no chat id"},
		{"no connector", PerConnector, func(s *Subject) { s.Connector = "" }, "no connector id"},
		{"endless user", PerUser, func(s *Subject) { s.User = strings.Repeat("x", 513) }, "at most 512"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture()
			s := full
			tt.edit(&s)
			_, err := f.book.Hold(context.Background(), []Limit{{Name: "m", Per: tt.per, Max: 1, Window: time.Minute}}, s)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("Hold = %v, want an error with %q", err, tt.want)
			}
			// What a limit does not count by may be absent.
			for _, other := range []string{PerUser, PerChat, PerConnector, PerAll} {
				if other != tt.per {
					f.hold(t, s, Limit{Name: "m", Per: other, Max: 1, Window: time.Minute}).Release()
				}
			}
		})
	}
}

// Identity: the same numeric id on another platform is another person.
func TestSameNumberOnAnotherPlatformIsCountedApart(t *testing.T) {
	f := newFixture()
	limit := perUser(1, time.Minute)
	f.admit(t, Subject{User: "telegram:7"}, limit)
	if got := f.exceeded(t, Subject{User: "discord:7"}, limit); len(got) != 0 {
		t.Fatalf("discord:7 is held to what telegram:7 did: %v", got)
	}
	if got := f.exceeded(t, Subject{User: "telegram:7"}, limit); len(got) != 1 {
		t.Fatalf("telegram:7: exceeded = %v, want the limit", got)
	}
}
