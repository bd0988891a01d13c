// Package vault is the set of tools with which an agent works on the notes of
// one workspace folder: list, read, search, write, append and move.
//
// Every operation asks the Authorizer exactly once before it touches the file
// system, and reaches files only through an [os.Root], one folder at a time,
// never through a symbolic link. The package never runs anything, never opens
// the network, never deletes a note, and never shows or changes a hidden file, a
// file with a second name (hard link) or anything that is not a regular file.
package vault

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// Access is what the holder of a vault may do with its notes.
type Access string

// The kinds of access. Any other value is refused by [New].
const (
	ReadOnly  Access = "read_only"
	ReadWrite Access = "read_write"
)

// Limits bound what one operation costs, and what a vault holds. A zero field
// takes its default.
type Limits struct {
	MaxNote     int64 // bytes of one note; default 1 MiB
	MaxNotes    int   // notes listed or searched, and notes a vault may hold; default 5000
	MaxEntries  int   // folder entries looked at in one operation; default 20000
	SearchHits  int   // lines and names that a search returns; default 50
	SearchBytes int64 // bytes of notes that one search reads; default 64 MiB
	// MaxBytes is how much all files of the workspace may take of the disk before a
	// change that adds to them is refused; 0: as much as there is.
	MaxBytes int64
	// LockWait is how long a change waits for another one in the same folder;
	// default 5 s.
	LockWait time.Duration
}

func (l Limits) withDefaults() (Limits, error) {
	if l.MaxNote < 0 || l.MaxNotes < 0 || l.MaxEntries < 0 || l.SearchHits < 0 || l.SearchBytes < 0 || l.MaxBytes < 0 || l.LockWait < 0 {
		return l, errors.New("a limit is below zero: leave it out for its default")
	}
	if l.MaxNote == 0 {
		l.MaxNote = 1 << 20
	}
	if l.MaxNotes == 0 {
		l.MaxNotes = 5000
	}
	if l.MaxEntries == 0 {
		l.MaxEntries = 20000
	}
	if l.SearchHits == 0 {
		l.SearchHits = 50
	}
	if l.SearchBytes == 0 {
		l.SearchBytes = 64 << 20
	}
	if l.LockWait == 0 {
		l.LockWait = 5 * time.Second
	}
	return l, nil
}

// Deps is what a vault is made of.
type Deps struct {
	// Root is the workspace folder; the caller keeps it and closes it. Where it
	// is nil, Dir is opened instead and must exist.
	Root *os.Root
	Dir  string

	Access     Access
	Authorizer Authorizer
	// Journal may be nil: then a change is not recognised when a turn runs again.
	Journal Journal
	Limits  Limits
	// Locks is a folder of the caller's own, made where it is missing, that no
	// program in a sandbox can see: in it stands the lock by which changes wait for
	// one another, one file for each workspace and none ever removed. All who change
	// the workspace must name the same. Where it is "" the workspace's own folder is
	// locked, and whoever may read that can hold the lock (flock(2) asks for no right
	// to write) and keep every change out.
	Locks string
}

// Vault holds the notes of one workspace during one turn. It is safe for
// concurrent use. Changes to the same folder are serialised, also between
// vaults and between processes that use this package with the same Locks.
type Vault struct {
	root    *os.Root
	owned   bool
	access  Access
	auth    Authorizer
	journal Journal
	limits  Limits
	locks   string

	mu      sync.Mutex // held from the first step of a change to its last
	changes int        // changes attempted so far in this turn
}

// New opens a vault. It fails where the folder cannot be opened, the access is
// neither [ReadOnly] nor [ReadWrite], or no Authorizer is given.
func New(d Deps) (*Vault, error) {
	if d.Authorizer == nil {
		return nil, errors.New("open vault: no authorizer: nothing may be touched without a decision")
	}
	if d.Access != ReadOnly && d.Access != ReadWrite {
		return nil, fmt.Errorf("open vault: access %q is unknown: use %q or %q", d.Access, ReadOnly, ReadWrite)
	}
	limits, err := d.Limits.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("open vault: %w", err)
	}
	v := &Vault{root: d.Root, access: d.Access, auth: d.Authorizer, journal: d.Journal, limits: limits, locks: d.Locks}
	if v.root == nil {
		if d.Dir == "" {
			return nil, errors.New("open vault: no folder given")
		}
		root, err := os.OpenRoot(d.Dir)
		if err != nil {
			return nil, fmt.Errorf("open vault: %w", err)
		}
		v.root, v.owned = root, true
	}
	return v, nil
}

// Close releases the folder where the vault opened it by itself.
func (v *Vault) Close() error {
	if !v.owned {
		return nil
	}
	if err := v.root.Close(); err != nil {
		return fmt.Errorf("close vault: %w", err)
	}
	return nil
}

// ask gets the one decision of an operation. A context that has ended is no
// decision, whatever the Authorizer makes of it.
func (v *Vault) ask(ctx context.Context, c Call) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("authorize %s: %w", c.Tool, err)
	}
	if err := v.auth.Authorize(ctx, c); err != nil {
		return fmt.Errorf("authorize %s: %w", c.Tool, err)
	}
	return nil
}

// nextIndex numbers a change by its place in the turn, whether or not it comes
// to pass, so that a turn which runs again numbers it alike. The caller holds mu.
func (v *Vault) nextIndex() int {
	i := v.changes
	v.changes++
	return i
}
