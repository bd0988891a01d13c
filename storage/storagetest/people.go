package storagetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/parachute-gate/parachute/gate/users"
)

func people(t *testing.T, s Stores) {
	ctx := t.Context()
	p := users.Person{ID: ann.User, Name: "Ann ✓ 'quoted'; --", Roles: []string{"owner", "member"}}
	for _, err := range []error{
		s.UpdatePerson(ctx, p), s.RemovePerson(ctx, p.ID), second(s.Person(ctx, p.ID)),
	} {
		if !errors.Is(err, users.ErrUnknown) {
			t.Errorf("somebody unknown: %v", err)
		}
	}
	must(t, s.AddPerson(ctx, p))
	if err := s.AddPerson(ctx, users.Person{ID: p.ID, Roles: []string{"guest"}}); !errors.Is(err, users.ErrExists) {
		t.Errorf("the same id again: %v", err)
	}
	equal(t, "roles in the facts", facts(t, s, ann, "").Roles, p.Roles)
	equal(t, "roles of a stranger", len(facts(t, s, bob, "").Roles), 0)
	s = reopen(t, s)
	got, err := s.Person(ctx, p.ID)
	must(t, err)
	if got.Name != p.Name || !slices.Equal(got.Roles, p.Roles) || got.Created.IsZero() || got.Updated.Before(got.Created) {
		t.Errorf("kept %+v, want %+v", got, p)
	}
	made := got.Created
	p.Name, p.Roles = "", []string{"blocked"}
	must(t, s.UpdatePerson(ctx, p))
	got, err = s.Person(ctx, p.ID)
	must(t, err)
	if got.Name != "" || !slices.Equal(got.Roles, p.Roles) || !got.Created.Equal(made) || got.Updated.Before(made) {
		t.Errorf("updated %+v", got)
	}
	must(t, s.RemovePerson(ctx, p.ID))
	equal(t, "roles of somebody removed", len(facts(t, s, ann, "").Roles), 0)
	if err := s.RemovePerson(ctx, p.ID); !errors.Is(err, users.ErrUnknown) {
		t.Errorf("removed twice: %v", err)
	}
	must(t, s.AddPerson(ctx, p))
}

func second[T any](_ T, err error) error { return err }

func third[T, U any](_ T, _ U, err error) error { return err }

// paging goes through ids that a store may sort by the rules of a language, or
// take for the same: they are bytes.
func paging(t *testing.T, s Stores) {
	ctx := t.Context()
	ids := []string{"chat:Ann", "chat:ann", "chat:bob", "chat:ä", "chat:a b", "chat:%", "chat:_", "chat:é", "chat:e\u0301", "chat:10", "chat:9", "Chat:ann", "chat2:1"}
	for i := range 10 {
		ids = append(ids, fmt.Sprintf("tg:%d", 1000+i))
	}
	for _, id := range ids {
		must(t, s.AddPerson(ctx, users.Person{ID: id, Roles: []string{"guest"}}))
	}
	slices.Sort(ids)
	for _, n := range []int{1, 2, 7, len(ids), 100} {
		var got []string
		for after := ""; ; {
			page, err := s.People(ctx, after, n)
			must(t, err)
			if len(page) > n {
				t.Fatalf("a page of %d has %d", n, len(page))
			}
			if len(page) == 0 {
				break
			}
			for _, p := range page {
				got = append(got, p.ID)
			}
			after = page[len(page)-1].ID
		}
		equal(t, fmt.Sprintf("pages of %d", n), got, ids)
	}
}
