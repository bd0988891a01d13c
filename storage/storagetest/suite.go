// Package storagetest holds every store to the same promises: what a commit
// keeps and refuses, the life of a turn, the log and its chain, people, limits,
// and what is left after errors, races and a restart.
//
// It knows nothing of how a store keeps things, and tests no decision: the
// records that it commits are made up.
package storagetest

import (
	"context"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/audit"
	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/gate/limits"
	"github.com/parachute-gate/parachute/gate/users"
	"github.com/parachute-gate/parachute/sessions"
)

// Store is everything that the packages of Parachute ask of a store.
type Store interface {
	gate.Store
	limits.Store
	sessions.Store
	sessions.Changes
	sessions.Register
	audit.Log
	Upkeep
	// Close may be called more than once.
	Close() error
}

// Upkeep is what the program asks of a store beside.
type Upkeep interface {
	Expired(ctx context.Context, now time.Time, n int) ([]users.Person, error)
	PrunePairings(ctx context.Context, before time.Time) error
	LastTokens(ctx context.Context, identity string) ([]users.Token, error)
}

// Stores is one open store and what the suite needs to shake it.
type Stores struct {
	Store
	// Reopen opens the same data anew, as the next start of the process does; the
	// suite has closed the store before.
	Reopen func(t *testing.T) Stores
	// Orphan tries to keep an open session without the gate.Store, under the
	// decision with that id, nil standing for none (NULL). The suite has no other
	// way to ask for a session without its decision.
	Orphan func(ctx context.Context, decision *string) error
}

// Run runs the suite. open gives an empty store, which is closed at the end of
// the test that it is given.
func Run(t *testing.T, open func(t *testing.T) Stores) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, s Stores)
	}{
		{"an empty store", emptyStore},
		{"commit keeps every part", commitKeeps},
		{"commit is atomic", commitIsAtomic},
		{"redelivered event is seen", redelivered},
		{"session raced", raced},
		{"session has a decision", sessionHasDecision},
		{"one open session per place", oneSession},
		{"choices", choices},
		{"facts are of one moment", factsOfOneMoment},
		{"turn life", turnLife},
		{"turn of a command", commandTurn},
		{"open turns in order", openTurns},
		{"stop answers what has not begun", stop},
		{"stop and change", stopAndChange},
		{"changes", changes},
		{"sessions and what they used", register},
		{"sessions are found", found},
		{"a session is cut off", cut},
		{"what runs in an ended session can be stopped", stopEnded},
		{"people", people},
		{"people page by page", paging},
		{"identities are one person's each", identities},
		{"grants and attributes", grants},
		{"requests are found by their codes", pairings},
		{"a code is used once, CVE-2026-32987", usedOnce},
		{"one request of a stranger waits", oneJoin},
		{"a denial is remembered", deniedIsRemembered},
		{"who waits", whoWaits},
		{"requests of a person who is removed", removedPersonsRequests},
		{"people are changed in one commit", changePeople},
		{"people who changed meanwhile", changedMeanwhile},
		{"the first owner", firstOwner},
		{"an owner stays", keepOwner},
		{"owners", owners},
		{"grants end", expiry},
		{"notices", notices},
		{"where people are heard", heard},
		{"a session is shared", shared},
		{"the newest session that is shared", newestShared},
		{"people are cut off", cutPeople},
		{"sessions that are alive", alive},
		{"tokens", tokens},
		{"limit events and clock", limitEvents},
		{"audit filters", filters},
		{"audit yield ends", yieldEnds},
		{"audit chain", chain},
		{"commits side by side", sideBySide},
		{"one event many times at once", sameEvent},
		{"one place many times at once", samePlace},
		{"context cancelled", cancelled},
		{"closed", closed},
		{"closed under load", closedUnderLoad},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}
