package vault

import (
	"context"
	"fmt"
)

// Call is one use of a tool, as it is put to the policy. Path and To are
// slash-separated and relative to the workspace, in the very form that will be
// opened ("shopping" becomes "shopping.md"); a name that the vault will not open
// in any case stands there as it was asked for, which may be hostile.
type Call struct {
	Tool  string // "notes.list", "notes.read", "notes.search", "notes.write", "notes.append", "notes.move"
	Kind  string // "list", "read", "search", "write", "append", "move"
	Path  string // the note or, for list, the folder; empty for search and for the whole vault
	To    string // where a note moves; else empty
	Bytes int    // the size of the text given to write or append; else 0
	Title string // what a program says that it is going to do; hostile, for rules and the log alone
}

// Authorizer decides each use of a tool. Nil means that it is allowed and that
// the decision is already durable. Where the policy refused, the error is a
// [*Refused]; any other error means that no decision was made, and nothing is
// touched either.
type Authorizer interface {
	Authorize(ctx context.Context, c Call) error
}

// Journal remembers the changes of one turn, so that a turn which runs again
// after a crash does not apply one twice. Such a turn makes the same changes in
// the same order. Indexes rise from 0 in the order of the attempts; one that was
// refused or found nothing leaves a gap.
//
// Begin records, durably, that change number index is about to bring the file to
// the SHA-256 content hash after, and reports whether the same change was begun
// before, whatever its hash. The hash begun last is the one that counts.
type Journal interface {
	Begin(ctx context.Context, index int, c Call, after [32]byte) (resumed bool, err error)
}

// Recaller is a Journal that can also tell what it recorded, without recording
// anything: the hash begun last under index for this call, and whether there is
// one; the zero Call stands for any. A Journal should have it: an append that
// runs again, or a change that others of the same turn followed, can be told for
// sure by it alone. Without it, an append that was begun before counts as applied
// when the note already ends in its text.
type Recaller interface {
	Begun(ctx context.Context, index int, c Call) (after [32]byte, ok bool, err error)
}

// Refused says that the policy refused, by which rule, and in which words the
// person is told. It never holds a secret.
type Refused struct {
	Reply string // words for the chat; may be empty
	Rule  string // the id of the rule, for the log
}

// Error names the rule; Reply is for the chat and not repeated here.
func (r *Refused) Error() string {
	return fmt.Sprintf("refused by rule %q", r.Rule)
}

// RuleReadOnly is the rule of a change that a read-only vault refuses by itself.
const RuleReadOnly = "vault.read_only"

const readOnlyReply = "You can read the notes here, but not change them. Nothing was changed."
