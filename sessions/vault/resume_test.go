package vault_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"maps"
	"os"
	"testing"

	"github.com/parachute-gate/parachute/sessions/vault"
)

// turn is a turn with five changes, as an agent would make them each time it
// runs. It ends at the first error.
func turn(t *testing.T, v *vault.Vault) error {
	t.Helper()
	if _, err := v.Write(t.Context(), "plan", "the plan\n"); err != nil {
		return err
	}
	if _, err := v.Append(t.Context(), "log", "milk"); err != nil {
		return err
	}
	if _, err := v.Append(t.Context(), "log", "milk"); err != nil {
		return err
	}
	if _, err := v.Move(t.Context(), "draft", "done/first"); err != nil {
		return err
	}
	_, err := v.Move(t.Context(), "done/first", "done/draft")
	return err
}

// shortTurn changes no note twice, as a journal that cannot recall needs it.
func shortTurn(t *testing.T, v *vault.Vault) error {
	t.Helper()
	if _, err := v.Write(t.Context(), "plan", "the plan\n"); err != nil {
		return err
	}
	if _, err := v.Append(t.Context(), "log", "milk"); err != nil {
		return err
	}
	_, err := v.Move(t.Context(), "draft", "done/draft")
	return err
}

func withJournal(j vault.Journal) func(*vault.Deps) {
	return func(d *vault.Deps) { d.Journal = j }
}

// A crash at each point of a turn, just before a change is applied and just
// after it: the turn that runs again leaves what one run leaves.
func TestTurnThatRunsAgainAppliesEachChangeOnce(t *testing.T) {
	want := map[string]string{"plan.md": "the plan\n", "log.md": "bread\nmilk\nmilk\n", "done/draft.md": "draft\n"}
	for crash := range 10 {
		w := newWorld(t)
		w.put(t, "log.md", "bread\n")
		w.put(t, "draft.md", "draft\n")
		j := &crashing{at: crash / 2, applied: crash%2 == 1}
		first := turn(t, w.open(t, withJournal(j)))
		if !errors.Is(first, errCrash) && crash != 9 {
			t.Fatalf("crash %d: the first run ended with %v", crash, first)
		}
		if err := turn(t, w.open(t, withJournal(&j.recallingBook))); err != nil {
			t.Errorf("crash %d: the second run: %v", crash, err)
		}
		got := map[string]string{}
		for name := range want {
			got[name] = w.get(t, name)
		}
		if !maps.Equal(got, want) {
			t.Errorf("crash %d: %q, want %q", crash, got, want)
		}
	}
}

var errCrash = errors.New("the machine is gone")

// crashing ends a turn at a change: after it was begun, or when the next one is
// about to begin, so that it was applied.
type crashing struct {
	recallingBook
	at      int
	applied bool
}

func (j *crashing) Begin(ctx context.Context, index int, c vault.Call, after [32]byte) (bool, error) {
	if j.applied && index > j.at {
		return false, errCrash
	}
	resumed, err := j.recallingBook.Begin(ctx, index, c, after)
	if err == nil && !j.applied && index == j.at {
		err = errCrash
	}
	return resumed, err
}

func TestFinishedTurnThatRunsAgainChangesNothing(t *testing.T) {
	for _, c := range []struct {
		journal vault.Journal
		turn    func(*testing.T, *vault.Vault) error
	}{
		{&recallingBook{}, turn}, {&recallingBook{}, shortTurn}, {&book{}, shortTurn},
	} {
		w := newWorld(t)
		w.put(t, "draft.md", "draft\n")
		if err := c.turn(t, w.open(t, withJournal(c.journal))); err != nil {
			t.Fatal(err)
		}
		before, plan := w.snapshot(t), w.stat(t, "plan.md")
		if err := c.turn(t, w.open(t, withJournal(c.journal))); err != nil {
			t.Errorf("%T: the second run: %v", c.journal, err)
		}
		w.unchanged(t, before)
		if !os.SameFile(w.stat(t, "plan.md"), plan) {
			t.Errorf("%T: the note was written again", c.journal)
		}
	}
}

// Somebody else adds to a note after this turn did; the turn that runs again
// takes nothing of it away.
func TestTurnThatRunsAgainKeepsWhatOthersWrote(t *testing.T) {
	w := newWorld(t)
	w.put(t, "draft.md", "draft\n")
	j := &recallingBook{}
	if err := turn(t, w.open(t, withJournal(j))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"plan", "log"} {
		if _, err := w.open(t).Append(t.Context(), name, "by somebody else"); err != nil {
			t.Fatal(err)
		}
	}
	before := w.snapshot(t)
	if err := turn(t, w.open(t, withJournal(j))); err != nil {
		t.Fatal(err)
	}
	w.unchanged(t, before)
}

// The same where the last change of the turn was an append, and the line that it
// added stands there more than once.
func TestAppendThatRunsAgainIsFoundInsideOfTheNote(t *testing.T) {
	w := newWorld(t)
	w.put(t, "log.md", "milk\nbread\n")
	j := &recallingBook{}
	if _, err := w.open(t, withJournal(j)).Append(t.Context(), "log", "milk"); err != nil {
		t.Fatal(err)
	}
	for _, other := range []string{"honey", "milk"} {
		if _, err := w.open(t).Append(t.Context(), "log", other); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.open(t, withJournal(j)).Append(t.Context(), "log", "milk"); err != nil {
		t.Fatal(err)
	}
	if got := w.get(t, "log.md"); got != "milk\nbread\nmilk\nhoney\nmilk\n" {
		t.Errorf("log = %q", got)
	}
}

// What the journal holds of another change is no reason to leave one out.
func TestJournalOfAnotherChangeIsNotTaken(t *testing.T) {
	for _, j := range []vault.Journal{&recallingBook{}, &book{}} {
		w := newWorld(t)
		if _, err := w.open(t, withJournal(j)).Append(t.Context(), "log", "milk"); err != nil {
			t.Fatal(err)
		}
		if _, err := w.open(t, withJournal(j)).Append(t.Context(), "log", "bread!"); err != nil {
			t.Fatal(err)
		}
		if got := w.get(t, "log.md"); got != "milk\nbread!\n" {
			t.Errorf("%T: log = %q", j, got)
		}
	}
}

func TestMoveThatNeverWasIsNotClaimed(t *testing.T) {
	w := newWorld(t)
	w.put(t, "b.md", "b\n")
	j := &recallingBook{}
	for range 2 {
		if _, err := w.open(t, withJournal(j)).Move(t.Context(), "a", "b"); !errors.Is(err, vault.ErrNotFound) {
			t.Errorf("Move of nothing: %v", err)
		}
	}
	if j.begun != 0 {
		t.Errorf("begun %d times", j.begun)
	}
}

func TestJournalThatFailsStopsTheChange(t *testing.T) {
	for kind, make := range map[string]func(error) vault.Journal{
		"plain":     func(err error) vault.Journal { return &book{fail: err} },
		"recalling": func(err error) vault.Journal { return &recallingBook{book{fail: err}} },
	} {
		full := errors.New("the disk is full")
		w := newWorld(t)
		w.put(t, "log.md", "bread\n")
		before := w.snapshot(t)
		v := w.open(t, withJournal(make(full)))
		for _, err := range []error{
			second(v.Write(t.Context(), "log", "x")), second(v.Append(t.Context(), "log", "x")), second(v.Move(t.Context(), "log", "x")),
		} {
			if !errors.Is(err, full) {
				t.Errorf("%s: %v", kind, err)
			}
		}
		w.unchanged(t, before)
	}
}

func TestJournalIsToldTheHashAndTheIndex(t *testing.T) {
	w := newWorld(t)
	w.put(t, "log.md", "bread\n")
	j := &book{}
	v := w.open(t, withJournal(j))
	_, _ = v.Write(t.Context(), "..", "refused: its number stays free")
	if _, err := v.Append(t.Context(), "log", "milk"); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Move(t.Context(), "log", "old"); err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256([]byte("bread\nmilk\n"))
	want := map[int]row{
		1: {vault.Call{Tool: "notes.append", Kind: "append", Path: "log.md", Bytes: 4}, hash},
		2: {vault.Call{Tool: "notes.move", Kind: "move", Path: "log.md", To: "old.md"}, hash},
	}
	if !maps.Equal(j.rows, want) {
		t.Errorf("journal = %+v, want %+v", j.rows, want)
	}
}

func second(_ vault.Change, err error) error { return err }
