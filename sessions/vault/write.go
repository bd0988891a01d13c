package vault

import (
	"context"
	"crypto/sha256"
	"errors"
	"strings"
)

// Change tells what a change left behind.
type Change struct {
	Path  string // where the note is now
	Bytes int64  // its size now; 0 where this turn made the change before a crash and others after it
}

// Write creates a note or replaces all of its text. Either the whole new text is
// there afterwards, durably, or the old note stands as it was.
func (v *Vault) Write(ctx context.Context, name, text string) (Change, error) {
	c, bad := changeCall("write", name, text)
	return v.change(ctx, c, bad, func(t *target, index int) (Change, error) {
		if err := v.fits(ctx, t.size, int64(len(text))); err != nil {
			return Change{}, err
		}
		after := sha256.Sum256([]byte(text))
		resumed, err := v.begin(ctx, index, c, after)
		if err != nil {
			return Change{}, err
		}
		if !resumed || !t.exists || sha256.Sum256(t.before) != after {
			if err := t.replace([]byte(text)); err != nil {
				return Change{}, err
			}
		}
		return Change{Path: c.Path, Bytes: int64(len(text))}, nil
	})
}

// Append adds text to the end of a note, on a line of its own, or creates the
// note. It is as atomic as [Vault.Write].
func (v *Vault) Append(ctx context.Context, name, text string) (Change, error) {
	c, bad := changeCall("append", name, text)
	return v.change(ctx, c, bad, func(t *target, index int) (Change, error) {
		if !isText(string(t.before)) {
			return Change{}, problem(ErrNotText, "%q is not plain text, so nothing was added to it. Use another note.", display(c.Path))
		}
		whole := appended(t.before, text)
		full := v.fits(ctx, t.size, int64(len(whole)))
		applied, err := v.beginAppend(ctx, index, c, t, whole, text, full)
		if err != nil {
			return Change{}, err
		}
		if applied {
			return Change{Path: c.Path, Bytes: int64(len(t.before))}, nil
		}
		if full != nil {
			return Change{}, full
		}
		if int64(len(whole)) > v.limits.MaxNote {
			return Change{}, v.tooLarge(c.Path)
		}
		if err := t.replace(whole); err != nil {
			return Change{}, err
		}
		return Change{Path: c.Path, Bytes: int64(len(whole))}, nil
	})
}

func appended(before []byte, text string) []byte {
	whole := append([]byte(nil), before...)
	if len(whole) > 0 && whole[len(whole)-1] != '\n' {
		whole = append(whole, '\n')
	}
	whole = append(whole, text...)
	if !strings.HasSuffix(text, "\n") {
		whole = append(whole, '\n')
	}
	return whole
}

func changeCall(kind, name, text string) (Call, error) {
	clean, bad := Clean(name)
	if bad != nil {
		clean = name
	} else if !isText(text) {
		bad = problem(ErrNotText, "The text holds bytes that are not text. Nothing was saved; type it anew.")
	}
	return Call{Tool: "notes." + kind, Kind: kind, Path: clean, Bytes: len(text)}, bad
}

// change does what all changes begin with: the access of this vault, the
// decision, what is wrong with the request itself, the lock, the target.
func (v *Vault) change(ctx context.Context, c Call, bad error, apply func(t *target, index int) (Change, error)) (Change, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	index := v.nextIndex()
	unlock, err := v.enter(ctx, index, c, bad)
	if err != nil {
		return Change{}, err
	}
	defer unlock()
	if done, err := v.followed(ctx, index, c); done || err != nil {
		return Change{Path: c.Path}, err
	}
	if int64(c.Bytes) > v.limits.MaxNote {
		return Change{}, v.tooLarge(c.Path)
	}
	t, err := v.target(ctx, c.Path, "")
	if err != nil {
		return Change{}, err
	}
	defer t.close()
	if t.exists {
		if err := t.load(v, c.Kind == "append"); err != nil {
			return Change{}, err
		}
	}
	return apply(t, index)
}

// enter lets a change in. A read-only vault refuses before it asks: this check
// stands even where a policy would be wrong.
func (v *Vault) enter(ctx context.Context, index int, c Call, bad error) (unlock func(), err error) {
	if v.access != ReadWrite {
		return nil, &Refused{Reply: readOnlyReply, Rule: RuleReadOnly}
	}
	if err := v.ask(ctx, c); err != nil {
		return nil, err
	}
	if bad != nil {
		return nil, bad
	}
	unlock, err = lockFolder(ctx, v.root, v.locks, v.limits.LockWait)
	if err == nil {
		return unlock, nil
	}
	// Begun before, the change may have been made: "nothing was changed" would be
	// untrue, so this is no answer but a fault, and the turn is tried again.
	if _, ok, _, begunErr := v.begun(ctx, index, c); ok || begunErr != nil {
		return nil, errors.New("take up a change again: " + err.Error())
	}
	return nil, err
}
