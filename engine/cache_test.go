package engine

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parachute-gate/parachute/policies"
)

// TestRememberedAnswersAreTheAnswers: whatever came before, an answer from the
// cache is the one that the policies give.
func TestRememberedAnswersAreTheAnswers(t *testing.T) {
	f, err := Embedded(policies.FS).read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p, err := build(t.Context(), f, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	pick := func(t *rapid.T, name string, from ...string) string { return rapid.SampledFrom(from).Draw(t, name) }
	hits := 0
	rapid.Check(t, func(t *rapid.T) {
		in := MessageInput{
			Version: InputVersion, Time: rapid.Int64().Draw(t, "time"),
			Config:    ConfigInput{Audience: pick(t, "audience", "public", "private", "team"), Trust: pick(t, "trust", "sandboxed", "direct"), Groups: "mention_only", Agent: AgentInput{Name: "vault", Kind: "vault"}, Agents: []AgentInput{{Name: "vault", Kind: "vault"}}},
			Connector: ConnectorInput{Name: "x", Kind: "stdio"},
			Chat:      ChatInput{ID: "x:1", Kind: pick(t, "chat", "", "dm", "group")},
			Message:   EventInput{ID: pick(t, "id", "1", "2"), Kind: pick(t, "kind", "message", "edit"), Text: pick(t, "text", "a", "b"), Bytes: rapid.SampledFrom([]int{1, 200_000}).Draw(t, "bytes"), MentionsBot: rapid.Bool().Draw(t, "mention")},
			User:      UserInput{ID: pick(t, "user", "x:1", "x:2"), Bot: rapid.Bool().Draw(t, "bot"), Local: rapid.Bool().Draw(t, "local"), Roles: rapid.SliceOfN(rapid.SampledFrom([]string{"owner", "guest", "blocked"}), 0, 2).Draw(t, "roles")},
		}
		if rapid.Bool().Draw(t, "counted") {
			in.Limits = &LimitsInput{Exceeded: []ExceededInput{}}
			if rapid.Bool().Draw(t, "full") {
				in.Limits.Exceeded = append(in.Limits.Exceeded, ExceededInput{Name: "messages_per_minute", Per: "user", Max: 1, Window: "1m", RetryAfterSeconds: 3})
			}
		}
		p.Message(t.Context(), in)
		in.Time, in.Message.ID, in.Message.Text = in.Time/2, "another", "other words"
		got := p.Message(t.Context(), in)
		value, err := toValue(in)
		if err != nil {
			t.Fatal(err)
		}
		ans, err := p.points[PointMessage].run(t.Context(), value, p.timeout)
		if err != nil {
			t.Fatal(err)
		}
		want := p.book.read(PointMessage, ans)
		if got.Verdict != want.Verdict || len(got.Rules) != len(want.Rules) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
		for i := range got.Rules {
			if got.Rules[i] != want.Rules[i] {
				t.Fatalf("got %+v, want %+v", got.Rules, want.Rules)
			}
		}
		if got.Cached {
			hits++
		}
	})
	if hits == 0 {
		t.Error("nothing was ever remembered: the test shows nothing")
	}
}

// TestPoliciesThatReadWhatChangesHaveNoCache: a decision that depends on the
// time or the text must be made each time.
func TestPoliciesThatReadWhatChangesHaveNoCache(t *testing.T) {
	for name, tt := range map[string]struct {
		rule   string
		cached bool
	}{
		"the user":      {`input.user.id == "a"`, true},
		"the time":      {`input.time > 5`, false},
		"the text":      {`contains(input.message.text, "x")`, false},
		"the message":   {`m := input.message; m.text == "x"`, false},
		"any field":     {`some k; input.message[k] == "x"`, false},
		"all of it":     {`some k; input[k] == "x"`, false},
		"by a function": {`f(input) == "x"`, false},
	} {
		files := files{revision: "r", content: map[string][]byte{
			"a.rego": []byte("package parachute.message\n\nf(x) := x.message.text\n\nallow if " + tt.rule + "\n"),
			"b.rego": []byte("package parachute.tool\n\nallow if true\n"),
		}}
		if tt.rule[0] == 'm' || tt.rule[0] == 's' {
			files.content["a.rego"] = []byte("package parachute.message\n\nallow if {\n" + tt.rule + "\n}\n")
		}
		p, err := build(t.Context(), files, time.Second)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := p.points[PointMessage].cache != nil; got != tt.cached {
			t.Errorf("a policy that reads %s: cached %v, want %v", name, got, tt.cached)
		}
	}
}
