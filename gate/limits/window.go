package limits

import (
	"fmt"
	"time"
)

const windowHelp = `use whole numbers with the units w, d, h, m, s, the largest first, such as "90s", "1h30m" or "7d"`

// ParseWindow reads the length of a window: whole numbers, each with a unit of
// s, m, h, d (24 hours) or w (7 days), the largest unit first and each at most
// once, as in "90s", "1m", "1h30m", "7d". The result lies between MinWindow and
// MaxWindow.
func ParseWindow(s string) (time.Duration, error) {
	if s == "" {
		return 0, fmt.Errorf("window is empty: %s", windowHelp)
	}
	var sum time.Duration
	last := MaxWindow
	for i := 0; i < len(s); {
		n, digits := 0, 0
		for ; i < len(s) && '0' <= s[i] && s[i] <= '9'; i++ {
			digits++
			// A number this large is out of range in every unit; reading no
			// further keeps the sum far from overflow.
			if n <= int(MaxWindow/time.Second) {
				n = n*10 + int(s[i]-'0')
			}
		}
		if digits == 0 {
			return 0, fmt.Errorf("window %.40q has no number at position %d: %s", s, i+1, windowHelp)
		}
		if i == len(s) {
			return 0, fmt.Errorf("window %.40q ends without a unit: %s", s, windowHelp)
		}
		unit, ok := unitOf(s[i])
		if !ok {
			return 0, fmt.Errorf("window %.40q has no valid unit at position %d: %s", s, i+1, windowHelp)
		}
		if unit >= last {
			return 0, fmt.Errorf("window %.40q has its units out of order at position %d: %s", s, i+1, windowHelp)
		}
		last = unit
		i++
		if n > int(MaxWindow/unit) {
			return 0, fmt.Errorf("window %.40q is out of range: use 1s to 31d", s)
		}
		sum += time.Duration(n) * unit
	}
	if checkWindow(sum) != nil {
		return 0, fmt.Errorf("window %.40q is out of range: use 1s to 31d", s)
	}
	return sum, nil
}

func unitOf(c byte) (time.Duration, bool) {
	switch c {
	case 's':
		return time.Second, true
	case 'm':
		return time.Minute, true
	case 'h':
		return time.Hour, true
	case 'd':
		return day, true
	case 'w':
		return week, true
	}
	return 0, false
}
