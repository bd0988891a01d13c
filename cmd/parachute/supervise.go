package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/gate"
)

// link is a connector that is served, and how it is where it does not tell so
// itself.
type link struct {
	connectors.Connector
	// ends says that the process ends with this one: the person at the terminal
	// has left.
	ends bool
	// remote says that its platform is across a network.
	remote bool

	mu     sync.Mutex
	health connectors.Health
}

// Health implements connectors.Reporter for every connector.
func (l *link) Health() connectors.Health {
	if r, ok := l.Connector.(connectors.Reporter); ok {
		return r.Health()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.health
}

func (l *link) is(state connectors.State, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.health.State, l.health.Since = state, time.Now()
	if err != nil {
		l.health.Failures++
		l.health.LastError = err.Error()
	}
}

func (l *link) came() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.health.LastMessage = time.Now()
}

// runConnectors runs all connectors until each has ended, or ctx has. One that
// fails leaves the others running; its error is given where the process was not
// told to stop.
func (s *server) runConnectors(told context.Context) error {
	ctx, stop := context.WithCancel(told)
	defer stop()
	var group sync.WaitGroup
	errs := make([]error, len(s.links))
	for i, l := range s.links {
		group.Go(func() {
			errs[i] = s.runConnector(ctx, l)
			if errs[i] == nil && l.ends {
				stop()
			}
		})
	}
	group.Wait()
	if told.Err() != nil {
		return nil
	}
	return errors.Join(errs...)
}

func (s *server) runConnector(ctx context.Context, l *link) error {
	from := gate.Source{Name: l.Name(), Kind: l.Kind()}
	l.is(connectors.Running, nil)
	err := l.Run(ctx, func(ctx context.Context, m connectors.Message) error {
		l.came()
		return s.gate.Handle(ctx, from, m)
	})
	if err != nil {
		l.is(connectors.Failed, err)
		s.log.ErrorContext(ctx, "connector failed", "connector", from.Name, "error", err)
		return fmt.Errorf("connector %s: %w", from.Name, err)
	}
	l.is(connectors.Stopped, nil)
	return nil
}
