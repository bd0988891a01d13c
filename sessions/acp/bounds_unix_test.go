//go:build unix

package acp_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/parachute-gate/parachute/sessions"
	"github.com/parachute-gate/parachute/sessions/agenttest"
)

// An agent that asks without end fills neither the decision log nor ours, and
// starts no program after another for as long as its turn may last.
func TestFloodOfRequestsEndsTheTurn(t *testing.T) {
	program := agenttest.Build(t, filepath.Join("testdata", "agent"))
	const words = "The agent asked for too much in one turn, so I stopped it."
	for message, most := range map[string]int{"beg": 1000, "spawn": 100} {
		t.Run(message, func(t *testing.T) {
			b := benchOf(t, program)
			a := b.agent(nil)
			for n, id := range []string{"turn-1", "turn-2"} {
				text, err := a.Answer(t.Context(), agenttest.Turn(id, message), nil)
				if err != nil || text != words {
					t.Errorf("%q, %v", text, err)
				}
				// Each turn has as much again.
				if asked := b.decider.calls(); len(asked) != most {
					t.Errorf("%d decisions, want %d", len(asked), most)
				}
				if told := strings.Count(b.Logs.String(), "asked for too much"); told != n+1 {
					t.Errorf("logged %d times in %d turns", told, n+1)
				}
			}
			if strings.Contains(b.Logs.String(), "without a decision") {
				t.Error("logged for each request")
			}
			// It ended its turn when it was told to: it is kept.
			if text, err := a.Answer(t.Context(), agenttest.Turn("turn-3", "count"), nil); err != nil || text != "3" {
				t.Errorf("next: %q, %v", text, err)
			}
			a.Close()
			agenttest.NoGoroutines(t)
		})
	}
}

// Where the gate is root, an agent can go on in the folders that it made through
// it: they belong to the workspace's owner, as whom it runs.
func TestWhatIsMadeBelongsToTheFoldersOwner(t *testing.T) {
	b := newBench(t)
	want := os.Geteuid()
	if want == 0 {
		want = sessions.AgentID
		if err := os.Chown(b.Workspace, want, want); err != nil {
			t.Fatal(err)
		}
	}
	a := b.agent(virtual)
	defer a.Close()
	for _, text := range []string{"one", "two"} {
		if got, err := a.Answer(t.Context(), agenttest.Turn("turn-1", "write /workspace/new/sub/x.txt "+text), nil); err != nil || got != "{}" {
			t.Fatalf("%q, %v", got, err)
		}
		for _, name := range []string{"new", "new/sub", "new/sub/x.txt"} {
			info, err := os.Lstat(filepath.Join(b.Workspace, name))
			if err != nil {
				t.Fatal(err)
			}
			if stat, ok := info.Sys().(*syscall.Stat_t); !ok || int(stat.Uid) != want {
				t.Errorf("%s belongs to %d, not %d", name, stat.Uid, want)
			}
		}
	}
}
