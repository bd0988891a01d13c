// Package limits counts admitted events in exact sliding windows and tells
// which limits are full. In no half-open window of a limit's length are more
// than its maximum admitted as long as nothing is admitted that was told to be
// over: not under concurrent messages, not across restarts, not when the wall
// clock jumps.
//
// It never decides: a policy reads what is exceeded and says what that means,
// and an event which the policy admits over a full limit is counted like any
// other. It never writes to the store: it hands out the events that belong in
// the decision's own transaction.
//
// # One decision
//
//	hold, err := book.Hold(ctx, limits, subject) // error: deny, the store is unreadable
//	defer hold.Release()
//	verdict := decide(hold.Exceeded())
//	events := hold.Take(decisionID)              // counted from here on
//	err = commit(decision, events)
//	book.Stored(events)                          // or book.Undo(events)
//
// The keys are locked from Hold to Take or Release, not during the commit. An
// event that was taken counts while its transaction runs, so that a slow disk
// cannot let more in. Each taken event is settled once: by Undo when the
// transaction certainly failed, and by Stored otherwise. Where a commit's
// outcome is unknown, Stored is the safe answer: the event keeps counting for
// as long as its key is in memory, and the store has the last word later.
//
// # Windows
//
// A window of length w that ends now covers the times t with now-w < t ≤ now.
// Two events exactly w apart are therefore never in one window.
package limits
