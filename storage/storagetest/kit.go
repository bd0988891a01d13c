package storagetest

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/parachute-gate/parachute/audit"
	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/gate/limits"
	"github.com/parachute-gate/parachute/gate/users"
	"github.com/parachute-gate/parachute/sessions"
)

var (
	ann = gate.Place{Connector: "chat", Chat: "chat:room", User: "chat:ann"}
	bob = gate.Place{Connector: "chat", Chat: "chat:room", User: "chat:bob"}
)

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// record is an allow decision at a place. Stores keep times to the nanosecond.
func record(p gate.Place) audit.Record {
	text := "a text"
	return audit.Record{
		ID: newID(), Time: time.Now().UTC(), Point: "message",
		Connector: p.Connector, Chat: p.Chat, ChatKind: "dm", User: p.User, Message: "m1", Event: "message",
		TextSHA256: audit.TextDigest(text), Text: &text, Input: []byte(`{"version":1}`),
		Verdict: "allow", Trust: "sandboxed", Workspace: "notes", Access: "read_write",
		Rules:    []audit.Rule{{ID: "authz.role", Kind: "allow", Msg: "a \"message\"\n", File: "message/authz.rego", Line: 7}},
		Revision: strings.Repeat("ab", 32), Duration: 123456,
	}
}

// only is a commit of a record and nothing else.
func only(p gate.Place, key string) gate.Commit {
	return gate.Commit{EventKey: key, Place: p, Record: record(p)}
}

// opening is a commit that begins a session and owes a turn in it.
func opening(p gate.Place, key string) gate.Commit {
	c := only(p, key)
	c.Open = &gate.Session{
		ID: newID(), Connector: p.Connector, ConnectorKind: "stdio", ChatKind: "dm", Local: true, Chat: p.Chat, User: p.User,
		Workspace: "notes", Trust: "sandboxed", Access: "read_write", Agent: "vault",
		Obligations: `{"quota_mib":7}`,
	}
	c.Record.Session = c.Open.ID
	return owing(c, c.Open.ID)
}

// using is a commit that owes a turn in a session that is open already.
func using(p gate.Place, key, session string) gate.Commit { return owing(only(p, key), session) }

func owing(c gate.Commit, session string) gate.Commit {
	c.Turn = &gate.Turn{ID: newID(), Session: session, Chat: strings.TrimPrefix(c.Place.Chat, c.Place.Connector+":"), User: "ann", Name: "Ann", Message: "m1", Text: "list notes"}
	c.Record.Turn = c.Turn.ID
	return c
}

// count adds an event of a limit to a commit.
func count(c gate.Commit, key string, at int64) gate.Commit {
	c.Events = append(c.Events, limits.Event{Key: key, At: at, ID: c.Record.ID})
	return c
}

// AddPerson makes somebody known, by a commit.
func (s Stores) AddPerson(ctx context.Context, p users.Person) error {
	return s.change(ctx, users.Change{Add: []users.Person{p}})
}

// UpdatePerson replaces all but the identities of somebody who is known.
func (s Stores) UpdatePerson(ctx context.Context, p users.Person) error {
	old, err := s.Person(ctx, p.ID)
	if err != nil {
		return err
	}
	p.Updated = old.Updated
	return s.change(ctx, users.Change{Update: []users.Person{p}})
}

// RemovePerson forgets somebody who is known.
func (s Stores) RemovePerson(ctx context.Context, id string) error {
	p, err := s.Person(ctx, id)
	if err != nil {
		return err
	}
	return s.change(ctx, users.Change{Remove: []users.Person{p}})
}

// Link makes an identity somebody's.
func (s Stores) Link(ctx context.Context, person, identity string) error {
	return s.change(ctx, users.Change{Link: []users.Identity{{ID: identity, Person: person}}})
}

// Unlink makes an identity a stranger's.
func (s Stores) Unlink(ctx context.Context, identity string) error {
	return s.change(ctx, users.Change{Unlink: []string{identity}})
}

func (s Stores) change(ctx context.Context, c users.Change) error {
	return s.Commit(ctx, changing(time.Now().UTC(), c))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func commit(t *testing.T, s Stores, c gate.Commit) gate.Commit {
	t.Helper()
	must(t, s.Commit(t.Context(), c))
	return c
}

func refuse(t *testing.T, s Stores, c gate.Commit, want error) {
	t.Helper()
	if err := s.Commit(t.Context(), c); !errors.Is(err, want) {
		t.Fatalf("commit: %v, want %v", err, want)
	}
}

func reopen(t *testing.T, s Stores) Stores {
	t.Helper()
	must(t, s.Close())
	return s.Reopen(t)
}

func facts(t *testing.T, s Stores, p gate.Place, key string) gate.Facts {
	t.Helper()
	f, err := s.Facts(t.Context(), p, key)
	must(t, err)
	return f
}

func turn(t *testing.T, s Stores, id string) sessions.Turn {
	t.Helper()
	got, err := s.Turn(t.Context(), id)
	must(t, err)
	return got
}

func entries(t *testing.T, s Stores, f audit.Filter) []audit.Entry {
	t.Helper()
	var out []audit.Entry
	must(t, s.Entries(t.Context(), f, func(e audit.Entry) error {
		out = append(out, e)
		return nil
	}))
	return out
}

// kept tells which records are in the log, by their ids.
func kept(t *testing.T, s Stores) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for _, e := range entries(t, s, audit.Filter{}) {
		out[e.Record.ID] = true
	}
	return out
}

// verify checks the chain and that it holds n records.
func verify(t *testing.T, s Stores, n int64) audit.Head {
	t.Helper()
	head, err := audit.Verify(t.Context(), s, audit.Head{})
	must(t, err)
	if head.Seq != n {
		t.Errorf("the log holds %d records, want %d", head.Seq, n)
	}
	return head
}

func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

// snapshot is all that the interfaces show of one place.
type snapshot struct {
	Head    audit.Head
	Entries []audit.Entry
	Facts   gate.Facts
	Events  []limits.Event
	Clock   int64
	Turns   []sessions.Turn
}

func look(t *testing.T, s Stores, p gate.Place, limit, session string) snapshot {
	t.Helper()
	var out snapshot
	var err error
	ctx := context.Background()
	out.Head, err = s.Head(ctx)
	must(t, err)
	out.Entries, out.Facts = entries(t, s, audit.Filter{}), facts(t, s, p, "")
	out.Events, err = s.LimitEvents(ctx, limit, -1)
	must(t, err)
	out.Clock, err = s.LimitClock(ctx)
	must(t, err)
	out.Turns, err = s.OpenTurns(ctx, session, 1<<62)
	must(t, err)
	return out
}
