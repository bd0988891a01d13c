package connectortest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/connectors"
)

// caseTime bounds a case that hangs. No case waits for it to pass.
const caseTime = 10 * time.Minute

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
		sendFaultCases(), receiveFaultCases(), healthCases(), pressCases(),
		composeCases(), secretCases(), loadCases(),
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
	if err := listed(d, p); err != nil {
		return err
	}
	if err := c.run(b); err != nil {
		return err
	}
	b.abandon()
	return b.leaks()
}

// listed holds that the driver lists what its platform and its connector can do,
// and no more: cases hang on it.
func listed(d Driver, p Platform) error {
	var x expect
	agree := func(f Feature, able bool, what string) {
		x.that(d.Supports(f) == able, "the feature %q is listed: %v; %s: %v", f, d.Supports(f), what, able)
	}
	_, redelivers := p.(Redeliverer)
	agree(Redelivery, redelivers, "the platform is a Redeliverer")
	_, fails := p.(Faulter)
	agree(Faults, fails, "the platform is a Faulter")
	_, secretive := p.(Secretive)
	agree(Secrets, secretive, "the platform is Secretive")
	_, signs := p.(Signer)
	agree(Signs, signs, "the platform is a Signer")
	_, addressed := p.(Addressed)
	agree(CommandAddress, addressed, "the platform is Addressed")
	_, reports := p.Connector().(connectors.Reporter)
	agree(Health, reports, "the connector is a Reporter")
	_, composes := p.Connector().(connectors.Composer)
	agree(Composes, composes, "the connector is a Composer")
	return x.err()
}
