package gate_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/audit"
	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/sessions"
)

func TestTheSandboxIsAskedBeforeASessionIsMade(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		rule string
	}{
		"not there":        {fmt.Errorf("%w: no engine", gate.ErrNoSandbox), gate.RuleSandbox},
		"not to be kept":   {errors.New("memroy is not known"), engine.RuleType},
		"ready":            {nil, ""},
		"a command passes": {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var asked []gate.Session
			b := newBench(t, func(_ *bench, d *gate.Deps) {
				d.Ready = func(_ context.Context, s gate.Session) error {
					asked = append(asked, s)
					return c.err
				}
			})
			b.person("chat:ana", "owner")
			text := "hello"
			if name == "a command passes" {
				text = "/status"
			}
			r := b.send(dm("ana", "1", text))
			if c.rule == "" {
				if r.Verdict != "allow" || (len(asked) == 1) != (text == "hello") {
					t.Errorf("%s by %s, asked %v", r.Verdict, r.Rule().ID, asked)
				}
				return
			}
			if r.Verdict != "deny" || r.Rule().ID != c.rule || r.Session != "" || len(b.sent) != 1 || b.sent[0].Text == "" {
				t.Errorf("%s by %+v in %q, told %v", r.Verdict, r.Rule(), r.Session, b.sent)
			}
			if s := asked[0]; s.User != "chat:ana" || s.Trust != "sandboxed" || s.Agent != "vault" || s.Obligations == "" {
				t.Errorf("asked about %+v", s)
			}
			if left, err := b.db.Sessions(t.Context(), sessions.Filter{}); err != nil || len(left) != 0 {
				t.Errorf("%+v, %v", left, err)
			}
		})
	}
}

func TestASessionsObligationsNeverChange(t *testing.T) {
	var deps gate.Deps
	b := newBench(t, func(_ *bench, d *gate.Deps) { deps = *d })
	b.person("chat:ana", "owner")
	first := b.send(dm("ana", "1", "hello")).Session
	if again := b.send(dm("ana", "2", "hello")).Session; again != first {
		t.Errorf("%s, then %s", first, again)
	}
	withData("memory_mib: 4096", "memory_mib: 64")(b, &deps)
	b.gate = gate.New(deps)
	if second := b.send(dm("ana", "3", "hello")).Session; second == first {
		t.Error("the same session under other obligations")
	}
	if o, err := b.db.Find(t.Context(), first); err != nil || o.Ended.IsZero() {
		t.Errorf("%+v, %v", o, err)
	}
}

func TestAnAgentThatIsNotThereAnswersNobody(t *testing.T) {
	b := newBench(t, func(_ *bench, d *gate.Deps) { d.Config.Input.Agent = engine.AgentInput{Name: "coder", Kind: "acp"} })
	b.person("chat:ana", "owner")
	if r := b.send(dm("ana", "1", "hello")); r.Verdict != "deny" || r.Session != "" {
		t.Errorf("%s by %+v", r.Verdict, r.Rule())
	}
}

func TestProgramsAreRecorded(t *testing.T) {
	b := newBench(t)
	b.person("chat:ana", "owner")
	id := b.send(dm("ana", "1", "hello")).Session
	o, err := b.db.Find(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	s := gate.Session{ID: id, Connector: o.Connector, Chat: o.Chat, User: o.User, Trust: o.Trust, Workspace: o.Workspace}
	usage := audit.Usage{CPUSeconds: 1.5, PeakMemoryBytes: 7, Ran: time.Minute, How: "exit 0"}
	if err := b.gate.Ended(t.Context(), s, gate.Program{Session: id, Turn: "t", Usage: usage}); err != nil {
		t.Fatal(err)
	}
	r := b.records()[len(b.records())-1]
	if r.Point != "session" || r.Event != "program" || r.Verdict != audit.Ended || r.Session != id || r.Usage == nil || *r.Usage != usage {
		t.Errorf("%+v", r)
	}
	if o, err = b.db.Find(t.Context(), id); err != nil || o.Usage.CPU != 1500*time.Millisecond || o.Usage.Programs != 1 {
		t.Errorf("%+v, %v", o.Usage, err)
	}
}

// TestTheTerminalStopsASession by the command of the chat, which the policies decide.
func TestTheTerminalStopsASession(t *testing.T) {
	b := newBench(t)
	b.person("chat:ana", "owner")
	first := b.send(dm("ana", "1", "hello"))
	id := first.Session
	d, words, err := b.gate.Order(t.Context(), "root", "stop", id[:len(id)-2])
	if err != nil || d.Verdict != engine.Allow || d.Revision == "" || !strings.Contains(words, id) {
		t.Fatalf("%+v, %q, %v", d, words, err)
	}
	records := b.records()
	if r := records[len(records)-1]; r.Connector != gate.Terminal || r.Event != "command" || r.Session != id || r.Revision == "" {
		t.Errorf("%+v", r)
	}
	if s := b.standing(id); !s.Ended || !s.Cut || !strings.Contains(s.Words, "by whoever runs this bot") {
		t.Errorf("%+v", s)
	}
	if words := b.reply(first); !strings.Contains(words, "by whoever runs this bot") {
		t.Errorf("whoever waits reads %q", words)
	}
	if _, _, err := b.gate.Order(t.Context(), "root", "stop", id); !errors.Is(err, gate.ErrRaced) {
		t.Error(err)
	}
	if next := b.send(dm("ana", "2", "hello")).Session; next == id {
		t.Error("goes on in a session that was ended")
	}
}

// A person who begins anew leaves nothing running that nobody could stop.
func TestNewStopsWhatRuns(t *testing.T) {
	b := newBench(t)
	b.person("chat:ana", "owner")
	first := b.send(dm("ana", "1", "hello"))
	if _, err := b.db.BeginChange(t.Context(), first.Turn, 1, [32]byte{1}); err != nil {
		t.Fatal(err)
	}
	b.send(dm("ana", "2", "/new"))
	standings, err := b.db.Standings(t.Context(), []string{first.Session})
	if err != nil || !standings[first.Session].Cut || len(b.stopped) != 1 || b.stopped[0] != first.Session {
		t.Errorf("%+v, %v; stopped %v", standings, err, b.stopped)
	}
	// What is left of it, /stop reaches from the next session too.
	second := b.send(dm("ana", "3", "hello again"))
	r := b.send(dm("ana", "4", "/stop"))
	got, err := b.db.Turn(t.Context(), r.Turn)
	if err != nil || got.Reply != "Stopped." || second.Session == first.Session {
		t.Errorf("%+v, %v", got, err)
	}
}
