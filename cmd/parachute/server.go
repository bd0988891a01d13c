package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/internal/config"
	"github.com/parachute-gate/parachute/sessions"
	"github.com/parachute-gate/parachute/storage/sqlite"
)

// server is everything that runs between start and stop.
type server struct {
	cfg      config.Config
	policies *engine.Engine
	db       *sqlite.DB
	gate     *gate.Gate
	fleet    *fleet
	runner   *sessions.Runner
	links    []*link
	denials  chan struct{}
	telling  sync.WaitGroup
	log      *slog.Logger
	started  time.Time
	prune    func(context.Context) error
}

func assemble(ctx context.Context, t terminal, cfg config.Config, policies *engine.Engine, db *sqlite.DB, log *slog.Logger) (*server, error) {
	s := &server{cfg: cfg, policies: policies, db: db, log: log, started: time.Now(), denials: make(chan struct{}, maxDenials)}
	book, clock, err := newBook(ctx, db)
	if err != nil {
		return nil, err
	}
	s.prune = func(ctx context.Context) error { return db.PruneLimits(ctx, clock.Now()) }
	s.gate = gate.New(gate.Deps{
		Policies: policies, Store: db, Book: book, Config: gateConfig(cfg), Log: log, Now: time.Now,
		Send:   s.tell,
		Stop:   func(session string) { s.runner.Stop(session) },
		Ready:  func(ctx context.Context, of gate.Session) error { return s.fleet.ready(ctx, of) },
		Status: s.chatStatus,
	})
	if s.fleet, err = s.newFleet(ctx, &workspaces{Workspaces: placesOf(cfg), gate: s.gate, changes: db, fetch: s.fetch, locks: filepath.Join(cfg.Data, "locks"), log: log}); err != nil {
		return nil, err
	}
	s.runner = sessions.NewRunner(sessions.Deps{
		Store: db, Agents: s.fleet.agents,
		Deliver: s.deliver, Compose: s.compose,
		TurnTimeout: cfg.Turns.Timeout,
		Log:         log,
	})
	for _, c := range cfg.Connectors {
		l, err := s.connect(ctx, t, c)
		if err != nil {
			return nil, fmt.Errorf("connector %s: %w", c.Name, err)
		}
		s.links = append(s.links, l)
	}
	return s, nil
}

// run runs until ctx ends, a part fails, or every connector's source has ended
// and each admitted message is answered.
//
// Order of the end: connectors stop taking messages; turns that run may finish;
// the queue stops; the agents' programs end; the database closes.
func (s *server) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	queue, stopQueue := context.WithCancel(context.WithoutCancel(ctx))
	defer stopQueue()
	group, ctx := errgroup.WithContext(ctx)
	watched := make(chan struct{})
	group.Go(func() error { return s.fleet.watch(ctx, sync.OnceFunc(func() { close(watched) })) })
	select {
	case <-watched:
	case <-ctx.Done():
	}
	group.Go(func() error { return s.reap(ctx) })
	group.Go(func() error {
		defer cancel()
		return s.db.RunQueue(queue, sqlite.Jobs{Work: s.runner.Work, GiveUp: s.runner.GiveUp}, grace)
	})
	group.Go(func() error { return ignoreEnd(ctx, s.policies.Watch(ctx, engine.WatchInterval)) })
	group.Go(func() error { return s.keepStatus(ctx) })
	group.Go(func() error { return s.tidy(ctx) })
	group.Go(func() error {
		defer cancel()
		defer stopQueue()
		err := s.runConnectors(ctx)
		if err == nil && ctx.Err() == nil {
			s.drain(ctx)
		}
		return err
	})
	err := errors.Join(group.Wait(), s.fleet.close())
	s.telling.Wait()
	s.removeStatus()
	return err
}

func ignoreEnd(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// drain waits until nothing is owed.
func (s *server) drain(ctx context.Context) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		owed, err := s.db.Owed(ctx)
		if err != nil || owed == 0 {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// tidy forgets what no limit can reach any more, and requests that ended a day
// ago, once an hour.
func (s *server) tidy(ctx context.Context) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		err := errors.Join(s.prune(ctx), s.db.PrunePairings(ctx, time.Now().Add(-24*time.Hour)))
		if err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "the database is not tidied", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
