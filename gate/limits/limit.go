package limits

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// Whom a limit counts for: each user, each chat, each connector, or everybody
// together.
const (
	PerUser      = "user"
	PerChat      = "chat"
	PerConnector = "connector"
	PerAll       = "all"
)

// Bounds of a limit. A store may delete events older than MaxWindow: nothing
// asks for them again.
const (
	MinWindow = time.Second
	MaxWindow = 31 * day
	MaxMax    = 1_000_000

	maxNameLen = 64
	day        = 24 * time.Hour
	week       = 7 * day
)

// Limit allows at most Max events in any window of length Window. Name and Per
// (with the subject's id) say which counter is meant; Max and Window are only
// how it is read, so a policy reload that changes them goes on with the same
// count. A Max of 0 is a limit that is always full.
type Limit struct {
	Name   string
	Per    string
	Max    int
	Window time.Duration
}

// Validate reports the first thing that is wrong with the limit, and the mend.
func (l Limit) Validate() error {
	if !validName(l.Name) {
		return fmt.Errorf("limit name %.80q is not valid: use a lower-case letter followed by at most %d of a-z 0-9 _ . -", l.Name, maxNameLen-1)
	}
	if rankOf(l.Per) == rankNone {
		return fmt.Errorf("limit %q: per %.80q is not valid: use user, chat, connector or all", l.Name, l.Per)
	}
	if l.Max < 0 || l.Max > MaxMax {
		return fmt.Errorf("limit %q: max %d is out of range: use 0 to %d", l.Name, l.Max, MaxMax)
	}
	if err := checkWindow(l.Window); err != nil {
		return fmt.Errorf("limit %q: %w", l.Name, err)
	}
	return nil
}

func validName(s string) bool {
	if len(s) == 0 || len(s) > maxNameLen || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for i := 1; i < len(s); i++ {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '_', c == '.', c == '-':
		default:
			return false
		}
	}
	return true
}

func checkWindow(w time.Duration) error {
	if w < MinWindow || w > MaxWindow {
		return fmt.Errorf("window %s is out of range: use 1s to 31d", w)
	}
	return nil
}

func compareLimits(a, b Limit) int {
	return cmp.Or(
		strings.Compare(a.Name, b.Name),
		cmp.Compare(rankOf(a.Per), rankOf(b.Per)),
		cmp.Compare(a.Max, b.Max),
		cmp.Compare(a.Window, b.Window),
	)
}
