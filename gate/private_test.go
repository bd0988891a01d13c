package gate_test

import (
	"strings"
	"testing"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/gate"
)

// TestWhatPeopleWriteIsNotInTheLog: neither as a text nor as the words of a
// command.
func TestWhatPeopleWriteIsNotInTheLog(t *testing.T) {
	for _, keep := range []bool{false, true} {
		b := newBench(t, func(_ *bench, d *gate.Deps) { d.Config.StoreText = keep })
		b.person("chat:ana", "owner")
		for i, text := range []string{"my pin is secretword", "!important my pin is secretword"} {
			r := b.send(dm("ana", string(rune('0'+i)), text))
			kept := strings.Contains(string(r.Input), "secretword") || r.Text != nil
			if kept != keep {
				t.Errorf("texts kept: %v; %q is in the record: %s", keep, text, r.Input)
			}
		}
	}
}

// TestAStrangersEndlessLineIsCheap: what nobody could mean is refused before a
// policy looks at it, and leaves a small record.
func TestAStrangersEndlessLineIsCheap(t *testing.T) {
	b := newBench(t)
	words := dm("eve", "1", "/a "+strings.Repeat("x ", 100_000))
	files := dm("eve", "2", "hi")
	for range 10_000 {
		files.Attachments = append(files.Attachments, connectors.Attachment{Name: "a", Type: "b/c", Bytes: 1})
	}
	long := dm(strings.Repeat("e", 100_000), "3", "hi")
	for _, m := range []connectors.Message{words, files, long} {
		r := b.send(m)
		want(t, r, "deny", gate.RuleInvalidInput)
		if len(r.Input) > 16<<10 {
			t.Errorf("the record's input has %d bytes", len(r.Input))
		}
	}
}
