package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/user"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/term"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/console"
	"github.com/parachute-gate/parachute/connectors/stdio"
	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/internal/config"
	"github.com/parachute-gate/parachute/sessions"
	"github.com/parachute-gate/parachute/sessions/agents"
	"github.com/parachute-gate/parachute/storage/sqlite"
)

// server is everything that runs between start and stop.
type server struct {
	cfg        config.Config
	policies   *engine.Engine
	db         *sqlite.DB
	gate       *gate.Gate
	runner     *sessions.Runner
	connectors []connectors.Connector
	log        *slog.Logger
	started    time.Time
	prune      func(context.Context) error
}

func assemble(ctx context.Context, t terminal, cfg config.Config, policies *engine.Engine, db *sqlite.DB, log *slog.Logger) (*server, error) {
	s := &server{cfg: cfg, policies: policies, db: db, log: log, started: time.Now()}
	book, clock, err := newBook(ctx, db)
	if err != nil {
		return nil, err
	}
	s.prune = func(ctx context.Context) error { return db.PruneLimits(ctx, clock.Now()) }
	s.gate = gate.New(gate.Deps{
		Policies: policies, Store: db, Book: book, Config: gateConfig(cfg), Log: log, Now: time.Now,
		Send:   s.send,
		Stop:   func(session string) { s.runner.Stop(session) },
		Status: s.chatStatus,
	})
	places := map[string]string{}
	for name, w := range cfg.Workspaces {
		places[name] = w.Path
	}
	s.runner = sessions.NewRunner(sessions.Deps{
		Store: db,
		Agents: map[string]sessions.Agent{"vault": &vaultAgent{
			agent:      agents.NewVault(agents.Deps{}),
			workspaces: sessions.Workspaces{Root: workspaceRoot(cfg), Places: places},
			gate:       s.gate, changes: db, log: log,
		}},
		Deliver: func(ctx context.Context, r sessions.Reply) error {
			return s.send(ctx, r.Turn.Connector, turnReply(r))
		},
		Repeatable:  func(string) bool { return false },
		TurnTimeout: cfg.Turns.Timeout,
		Log:         log,
	})
	for _, c := range cfg.Connectors {
		s.connectors = append(s.connectors, s.connector(ctx, t, c))
	}
	return s, nil
}

// connector makes the driver for a configured connector: this is the list of
// all drivers.
func (s *server) connector(ctx context.Context, t terminal, c config.Connector) connectors.Connector {
	switch c.Kind {
	case "stdio":
		return stdio.New(stdio.Deps{Name: c.Name, In: t.in, Out: t.out, Log: s.log})
	default:
		tty := isTerminal(t.in) && isTerminal(t.out)
		return console.New(console.Deps{
			Name: c.Name, In: t.in, Out: t.out, TTY: tty, Color: tty && os.Getenv("NO_COLOR") == "",
			User: userName(), Now: time.Now,
			Pending: func(message string) bool {
				owed, err := s.db.TurnOwed(ctx, c.Name, message)
				return err == nil && owed
			},
		})
	}
}

// run runs until ctx ends, a part fails, or every connector's source has ended
// and each admitted message is answered.
//
// Order of the end: connectors stop taking messages; turns that run may finish;
// the queue stops; the database closes.
func (s *server) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	queue, stopQueue := context.WithCancel(context.WithoutCancel(ctx))
	defer stopQueue()
	group, ctx := errgroup.WithContext(ctx)
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
	err := group.Wait()
	s.removeStatus()
	return err
}

func ignoreEnd(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (s *server) runConnectors(ctx context.Context) error {
	var group errgroup.Group
	for _, c := range s.connectors {
		from := gate.Source{Name: c.Name(), Kind: c.Kind()}
		group.Go(func() error {
			err := c.Run(ctx, func(ctx context.Context, m connectors.Message) error {
				return s.gate.Handle(ctx, from, m)
			})
			if err != nil {
				s.log.ErrorContext(ctx, "connector failed", "connector", from.Name, "error", err)
				return fmt.Errorf("connector %s: %w", from.Name, err)
			}
			return nil
		})
	}
	return group.Wait()
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

// tidy forgets what no limit can reach any more, once an hour.
func (s *server) tidy(ctx context.Context) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if err := s.prune(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "limits not tidied", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// send gives a reply to its connector.
func (s *server) send(ctx context.Context, name string, r connectors.Reply) error {
	for _, c := range s.connectors {
		if c.Name() == name {
			return c.Send(ctx, r)
		}
	}
	return fmt.Errorf("there is no connector %q any more", name)
}

func turnReply(r sessions.Reply) connectors.Reply {
	verdict := "allow"
	if r.Failed {
		verdict = "failed"
	}
	return connectors.Reply{
		ID: r.Turn.ID, Chat: r.Turn.Chat, User: r.Turn.User, ReplyTo: r.Turn.Message,
		Text: r.Text, Decision: r.Turn.Decision, Verdict: verdict,
	}
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}
