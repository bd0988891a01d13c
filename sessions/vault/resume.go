package vault

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
)

func (v *Vault) begin(ctx context.Context, index int, c Call, after [32]byte) (resumed bool, err error) {
	if v.journal == nil {
		return false, nil
	}
	resumed, err = v.journal.Begin(ctx, index, c, after)
	if err != nil {
		return false, fmt.Errorf("journal %s: %w", c.Tool, err)
	}
	return resumed, nil
}

// begun asks a journal that can tell which hash this change was to reach when it
// was begun before.
func (v *Vault) begun(ctx context.Context, index int, c Call) (after [32]byte, ok, can bool, err error) {
	r, can := v.journal.(Recaller)
	if !can {
		return after, false, false, nil
	}
	after, ok, err = r.Begun(ctx, index, c)
	if err != nil {
		return after, false, true, fmt.Errorf("journal: %w", err)
	}
	return after, ok, true, nil
}

// lookAhead is how many attempts in a row may have begun nothing.
const lookAhead = 32

// followed tells whether a change was begun before and a later one too. Changes
// of a turn come one after the other, so this one was applied then; what the file
// holds now, the later ones or other people made of it.
func (v *Vault) followed(ctx context.Context, index int, c Call) (bool, error) {
	_, ok, _, err := v.begun(ctx, index, c)
	if err != nil || !ok {
		return false, err
	}
	for later := index + 1; later <= index+lookAhead; later++ {
		if _, ok, _, err = v.begun(ctx, later, Call{}); err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}

// beginAppend begins an append, and tells whether it was applied before. The
// hash of the whole differs from run to run where it was, since the text is
// there already; so the hash that was recorded decides. One for which there is no
// room, by full, is not begun where it is known that it was not before.
func (v *Vault) beginAppend(ctx context.Context, index int, c Call, t *target, whole []byte, text string, full error) (applied bool, err error) {
	recorded, ok, can, err := v.begun(ctx, index, c)
	if err != nil {
		return false, err
	}
	line := appended(nil, text)
	if ok && t.exists && grewFrom(t.before, line, recorded) {
		return true, nil
	}
	if can && full != nil {
		return false, full
	}
	resumed, err := v.begin(ctx, index, c, sha256.Sum256(whole))
	if err != nil {
		return false, err
	}
	return resumed && !can && t.exists && bytes.HasSuffix(t.before, line), nil
}

// grewFrom tells whether a text begins with one of the recorded hash that ended
// in line: the append was applied, and others may have added more since.
func grewFrom(text, line []byte, recorded [32]byte) bool {
	hash := sha256.New()
	for {
		i := bytes.Index(text, line)
		if i < 0 {
			return false
		}
		_, _ = hash.Write(text[:i+len(line)]) // never fails: hash.Hash
		if [32]byte(hash.Sum(nil)) == recorded {
			return true
		}
		text = text[i+len(line):]
	}
}

// movedBefore tells, when the source of a move is gone, whether this very move
// brought the note to its destination.
func (v *Vault) movedBefore(ctx context.Context, index int, c Call, there [32]byte) (bool, error) {
	if v.journal == nil {
		return false, nil
	}
	recorded, ok, can, err := v.begun(ctx, index, c)
	if err != nil {
		return false, err
	}
	if can {
		return ok && recorded == there, nil
	}
	return v.begin(ctx, index, c, there)
}
