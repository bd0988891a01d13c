package vault

import (
	"context"
	"errors"
	"fmt"

	"github.com/parachute-gate/parachute/sandbox"
)

// fits refuses a change by which the workspace would hold more than it may. It
// counts every file, whoever made it, as the quota of an agent that is a program
// does. What makes a note no longer is let through: so a full workspace can be
// made smaller. The caller holds the folder's lock.
func (v *Vault) fits(ctx context.Context, before, after int64) error {
	if v.limits.MaxBytes == 0 || after <= before {
		return nil
	}
	room := v.limits.MaxBytes - (after - before)
	if room >= 0 {
		dir, err := v.root.Open(".")
		if err != nil {
			return fmt.Errorf("measure workspace: %w", err)
		}
		defer dir.Close() //nolint:errcheck // only read
		most := sandbox.Size{Bytes: room, Entries: sandbox.MaxEntries}
		used, err := sandbox.Measure(ctx, dir, most)
		switch {
		case err == nil && !used.Over(most):
			return nil
		case err != nil && !errors.Is(err, sandbox.ErrQuota):
			return fmt.Errorf("measure workspace: %w", err)
		}
	}
	return problem(ErrFull, "The workspace is full: all its files together may take %s. Nothing was changed; shorten a note, or ask the owner for more room.", sizeText(v.limits.MaxBytes))
}

// sizeText is a size for people.
func sizeText(bytes int64) string {
	if bytes < 1<<20 {
		return fmt.Sprintf("%d KiB", bytes>>10)
	}
	return fmt.Sprintf("%d MiB", bytes>>20)
}
