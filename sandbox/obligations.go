package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

const mib = 1 << 20

// Times are the bounds in time. The caller holds them, by the context that it
// gives to Start: a driver knows no turns.
type Times struct {
	// Turn bounds one turn, Silent the time in which a turn says nothing, and Idle
	// how long a session's process is kept when nothing is asked of it.
	Turn, Silent, Idle time.Duration
}

// DefaultSpec and the Times beside it are what holds where a policy says nothing.
func DefaultSpec() (Spec, Times) {
	return Spec{
			Network: NoNetwork,
			Limits: Limits{
				MemoryBytes: 4096 * mib, CPUs: 2, Pids: 300, NoFile: 4096, TmpBytes: 128 * mib, OutputBytes: mib,
			},
		}, Times{
			Turn: 10 * time.Minute, Silent: 5 * time.Minute, Idle: 30 * time.Minute,
		}
}

// An obligation is one key of the policy's sandbox object.
type obligation struct {
	// least and most hold a number, in the key's own unit; whole refuses fractions.
	least, most float64
	whole       bool
	number      func(s *Spec, t *Times, v float64)
	// text is set for a key whose value is a text.
	text func(s *Spec, v string)
}

func obligations() map[string]obligation {
	const day = 24 * 60 * 60
	seconds := func(most float64, of func(*Times) *time.Duration) obligation {
		return obligation{least: 1, most: most, whole: true, number: func(_ *Spec, t *Times, v float64) { *of(t) = time.Duration(v) * time.Second }}
	}
	size := func(least, most, unit float64, of func(*Limits) *int64) obligation {
		return obligation{least: least, most: most, whole: true, number: func(s *Spec, _ *Times, v float64) { *of(&s.Limits) = int64(v * unit) }}
	}
	return map[string]obligation{
		"network":        {text: func(s *Spec, v string) { s.Network = v }},
		"image":          {text: func(s *Spec, v string) { s.Image = v }},
		"runtime":        {text: func(s *Spec, v string) { s.Runtime = v }},
		"memory_mib":     size(8, 1<<20, mib, func(l *Limits) *int64 { return &l.MemoryBytes }),
		"cpus":           {least: 0.01, most: 1024, number: func(s *Spec, _ *Times, v float64) { s.Limits.CPUs = v }},
		"pids":           size(2, 1<<20, 1, func(l *Limits) *int64 { return &l.Pids }),
		"nofile":         size(16, 1<<20, 1, func(l *Limits) *int64 { return &l.NoFile }),
		"tmp_mib":        size(1, 1<<20, mib, func(l *Limits) *int64 { return &l.TmpBytes }),
		"reply_bytes":    size(1, 1<<30, 1, func(l *Limits) *int64 { return &l.OutputBytes }),
		"turn_seconds":   seconds(day, func(t *Times) *time.Duration { return &t.Turn }),
		"silent_seconds": seconds(day, func(t *Times) *time.Duration { return &t.Silent }),
		"idle_seconds":   seconds(7*day, func(t *Times) *time.Duration { return &t.Idle }),
	}
}

// SpecOf reads the sandbox object of a decision. What it leaves out is as in
// DefaultSpec; what it should not say (an unknown key, a wrong type, a number out
// of its bounds) is an error that wraps ErrSpec: a bound that was misspelt is not
// a bound that was left out. Who, what and where is the caller's to fill in.
func SpecOf(object map[string]any) (Spec, Times, error) {
	s, t := DefaultSpec()
	known := obligations()
	// In order, so that the same object gives the same error.
	for _, key := range slices.Sorted(maps.Keys(object)) {
		o, ok := known[key]
		if !ok {
			return Spec{}, Times{}, fmt.Errorf("%w: %q is not known; known: %s", ErrSpec, key, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		}
		if err := o.apply(&s, &t, object[key]); err != nil {
			return Spec{}, Times{}, fmt.Errorf("%w: %s: %w", ErrSpec, key, err)
		}
	}
	named := s
	named.Session = "-"
	if err := named.checkNames(); err != nil {
		return Spec{}, Times{}, fmt.Errorf("%w: %w", ErrSpec, err)
	}
	return s, t, nil
}

func (o obligation) apply(s *Spec, t *Times, value any) error {
	if o.text != nil {
		v, ok := value.(string)
		if !ok || v == "" {
			return fmt.Errorf("a text is wanted, not %v", value)
		}
		o.text(s, v)
		return nil
	}
	v, ok := number(value)
	switch {
	case !ok:
		return fmt.Errorf("a number is wanted, not %v", value)
	case !(v >= o.least && v <= o.most):
		return fmt.Errorf("%v is not between %v and %v", value, o.least, o.most)
	case o.whole && v != math.Trunc(v):
		return fmt.Errorf("a whole number is wanted, not %v", value)
	}
	o.number(s, t, v)
	return nil
}

func number(value any) (float64, bool) {
	switch v := value.(type) {
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	case float64:
		return v, true
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	default:
		return 0, false
	}
}
