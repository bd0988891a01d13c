package gate_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/audit"
	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/gate/users"
)

// team is a group in which Ana has a session in a workspace that Bob may use too,
// and another that both may.
type team struct {
	*bench
	t    *testing.T
	anas string
}

func newTeam(t *testing.T) *team {
	b := withOwner(t, withData("  # family:\n", "  family: {read_write: {roles: [owner, member]}}\n  club: {read_write: {roles: [owner, member]}}\n  # family:\n"))
	b.person("chat:ana", "member")
	b.person("chat:bob", "member")
	x := &team{bench: b, t: t}
	x.says("ana", "/workspace family")
	x.anas = x.admitted("ana", "hello").Session
	return x
}

// says is what somebody says in the group, and what they read.
func (x *team) says(user, text string) (audit.Record, string) {
	x.t.Helper()
	x.spoken++
	x.now = x.now.Add(time.Second)
	r := x.send(in("team", dm(user, fmt.Sprint("says-", x.spoken), text)))
	return r, x.reply(r)
}

func (x *team) admitted(user, text string) audit.Record {
	x.t.Helper()
	r, _ := x.says(user, text)
	want(x.t, r, "allow", "authz.role")
	return r
}

// reads checks the words of a command.
func (x *team) reads(user, text, words string) {
	x.t.Helper()
	if _, got := x.says(user, text); !strings.Contains(got, words) {
		x.t.Errorf("%s of %s reads %q, want %q", text, user, got, words)
	}
}

// joins lets Bob into Ana's session.
func (x *team) joins() {
	x.t.Helper()
	x.admitted("ana", "/share chat:bob")
	x.reads("bob", "/join", "goes into chat:ana's session now, in workspace family")
	if got := x.admitted("bob", "hello").Session; got != x.anas {
		x.t.Errorf("bob is in %s, want %s", got, x.anas)
	}
}

// TestWhoeverGoesToAnotherWorkspaceLeavesWhatIsShared: what is said next is not
// another's to read.
func TestWhoeverGoesToAnotherWorkspaceLeavesWhatIsShared(t *testing.T) {
	for text, words := range map[string]string{
		"/workspace club":     "You are in workspace club now (read and write). You have left chat:ana's session.",
		"/workspace personal": "You have left chat:ana's session.",
		"/new":                "you are in no shared session any more",
	} {
		t.Run(text, func(t *testing.T) {
			x := newTeam(t)
			x.admitted("bob", "/workspace club")
			x.joins()
			running := x.admitted("bob", "and this?")
			x.reads("bob", text, words)
			if words := x.reply(running); words != "Stopped." {
				t.Errorf("what waited for bob there: %q", words)
			}
			next := x.admitted("bob", "mine")
			workspace, _, _ := strings.Cut(strings.TrimPrefix(text, "/workspace "), "/new")
			if workspace == "" {
				workspace = "club" // which bob had chosen before
			}
			if next.Session == x.anas || next.Workspace != workspace {
				t.Errorf("goes on in %s, in workspace %s", next.Session, next.Workspace)
			}
			x.reads("bob", "/join", "There is nothing to join here.")
			if s := x.standing(x.anas); s.Ended {
				t.Error("ana's session has ended")
			}
		})
	}
}

func TestWhoeverStaysInTheWorkspaceStaysInWhatIsShared(t *testing.T) {
	x := newTeam(t)
	x.joins()
	x.reads("bob", "/workspace", "You are in workspace family (read and write)")
	x.reads("bob", "/workspace family", "What you write goes into chat:ana's session, as before")
	if got := x.admitted("bob", "hello").Session; got != x.anas {
		t.Errorf("in %s", got)
	}
}

// TestUnshareEndsWhatRuns: what somebody said in a session that is theirs no more is
// not answered, also where an agent is at it.
func TestUnshareEndsWhatRuns(t *testing.T) {
	x := newTeam(t)
	x.joins()
	running, waiting, anas := x.admitted("bob", "one"), x.admitted("bob", "two"), x.admitted("ana", "mine")
	if _, err := x.db.BeginChange(t.Context(), running.Turn, 1, [32]byte{1}); err != nil {
		t.Fatal(err)
	}
	x.admitted("ana", "/unshare chat:bob")
	for _, r := range []audit.Record{running, waiting} {
		if words := x.reply(r); !strings.HasPrefix(words, "Your rights here have changed") {
			t.Errorf("%q", words)
		}
	}
	if words := x.reply(anas); words != "" {
		t.Errorf("ana reads %q", words)
	}
	// Whoever runs them is to stop.
	if got, err := x.db.Stopped(t.Context(), []string{running.Turn, anas.Turn}); err != nil || !slices.Equal(got, []string{running.Turn}) {
		t.Errorf("%v, %v", got, err)
	}
	if s := x.standing(x.anas); s.Ended {
		t.Error("ana's session has ended")
	}
}

// TestAShareIsAnOffer: nobody is drawn into a session, and by what is offered
// nobody learns who is known.
func TestAShareIsAnOffer(t *testing.T) {
	x := newTeam(t)
	x.change(users.Change{Link: []users.Identity{{ID: "other:b", Person: "chat:bob"}}})
	x.send(dm("bob", "heard", "hello"))
	x.reads("bob", "/join", "There is nothing to join here.")
	for _, id := range []string{"other:b", "other:nobody", "other:b"} {
		x.reads("ana", "/share "+id, "If I know "+id+", they may write into this session once they send /join")
	}
	if told := x.notices("session.shared"); len(told) != 1 || !strings.Contains(told[0], "/join there goes into it, /new there leaves it") {
		t.Errorf("told %q", told)
	}
	if got := x.admitted("bob", "hello").Session; got == x.anas {
		t.Error("bob is in it without a word of his")
	}
	x.reads("ana", "/status", "shared with other:b, other:nobody")
	x.reads("ana", "/sessions", "shared with other:b, other:nobody")
	x.reads("bob", "/join", "chat:ana's session")
	x.reads("bob", "/join", "There is nothing to join here.")
	if _, words := x.says("bob", "/status"); strings.Contains(words, "other:") || !strings.Contains(words, "is chat:ana's") {
		t.Errorf("bob reads %q", words)
	}
	if got := x.admitted("bob", "hello").Session; got != x.anas {
		t.Errorf("bob is in %s", got)
	}
	// By the id that it was offered to it is taken back, and by no other of theirs.
	x.reads("ana", "/unshare chat:bob", "It is not shared with chat:bob")
	if got := x.admitted("bob", "hello").Session; got != x.anas {
		t.Errorf("bob is in %s", got)
	}
	x.admitted("ana", "/unshare other:b")
	if got := x.admitted("bob", "hello").Session; got == x.anas {
		t.Error("bob is still in it")
	}
	x.reads("ana", "/status", "shared with other:nobody")
	x.change(users.Change{Add: []users.Person{{ID: "other:nobody", Roles: []string{"member"}}}})
	if f, err := x.db.Offered(t.Context(), gate.Place{Connector: "chat", Chat: "chat:team", User: "other:nobody"}); err != nil || f.ID != x.anas {
		t.Errorf("offered %+v, %v", f, err)
	}
}

// TestWhoeverIsBlockedIsOutForGood: to be let in again is not to be in again.
func TestWhoeverIsBlockedIsOutForGood(t *testing.T) {
	x := newTeam(t)
	x.joins()
	x.said("olga", "/block chat:bob")
	x.said("olga", "/unblock chat:bob")
	if got := x.admitted("bob", "hello").Session; got == x.anas {
		t.Error("bob is in it again")
	}
}

func TestASessionIsSharedWhereOthersWrite(t *testing.T) {
	x := newTeam(t)
	x.said("ana", "/workspace family")
	x.send(dm("ana", "dm", "hello"))
	if _, words := x.said("ana", "/share chat:bob"); !strings.Contains(words, "Share a session in a group") {
		t.Errorf("%q", words)
	}
	if told := x.notices("session.shared"); len(told) != 0 {
		t.Errorf("told %q", told)
	}
}

// TestOnesOwnSessionGoesFirst: that another's begins with the same letters shows
// nowhere.
func TestOnesOwnSessionGoesFirst(t *testing.T) {
	x := newTeam(t)
	own := x.send(dm("bob", "own", "hello")).Session
	same := 0
	for same < len(own) && own[same] == x.anas[same] {
		same++
	}
	r, words := x.said("bob", "/stop "+own[:same])
	want(t, r, "allow", "authz.role")
	if !strings.Contains(words, "Session "+own+" of chat:bob is ended") {
		t.Errorf("%q", words)
	}
}

func TestSessionsTakesNoOtherWord(t *testing.T) {
	x := newTeam(t)
	for _, text := range []string{"/sessions foo", "/sessions all foo"} {
		if _, words := x.said("olga", text); words != "Write it so: /sessions [all]" {
			t.Errorf("%s: %q", text, words)
		}
	}
}
