package connectortest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"
)

// caseTime bounds a case that hangs. No case waits for it to pass.
const caseTime = 2 * time.Minute

// testCase is one promise of the contract. It gives an error for a connector
// that breaks it, so that the suite itself can be tested.
type testCase struct {
	name  string
	needs []Feature
	run   func(b *bench) error
}

// Run plays every case that the driver's features allow, each on a platform of
// its own.
func Run(t *testing.T, d Driver) {
	t.Helper()
	for _, c := range cases() {
		if !c.applies(d) {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			if err := c.play(t.Context(), d); err != nil {
				t.Error(err)
			}
		})
	}
}

func cases() []testCase {
	return slices.Concat(
		identityCases(), eventCases(), commandCases(), textCases(),
		orderCases(), handlerCases(), stopCases(), sendCases(),
	)
}

func (c testCase) applies(d Driver) bool {
	return !slices.ContainsFunc(c.needs, func(f Feature) bool { return !d.Supports(f) })
}

func (c testCase) play(ctx context.Context, d Driver) (err error) {
	ctx, cancel := context.WithTimeout(ctx, caseTime)
	defer cancel()
	p, err := d.Open(ctx)
	if err != nil {
		return fmt.Errorf("open platform: %w", err)
	}
	b := &bench{ctx: ctx, driver: d, platform: p, arrived: make(chan struct{}, 1)}
	defer func() {
		b.abandon()
		if cerr := p.Close(); err == nil && cerr != nil {
			err = fmt.Errorf("close platform: %w", cerr)
		}
	}()
	return c.run(b)
}
