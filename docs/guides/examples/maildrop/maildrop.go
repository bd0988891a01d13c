// Package maildrop connects a folder: a person writes by putting a file into it,
// and is answered by a file. It is the example of docs/guides/add-a-connector.md.
//
// in/CHAT/PERSON/NAME is a message; names grow with time. Who may write to a
// folder is the file system's to say, and so the folder is the person, whatever
// the file says. Where CHAT and PERSON are the same, it is their direct message.
// It never follows a link, and keeps nothing of what it reads.
package maildrop

import (
	"cmp"
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"slices"
	"time"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/driver"
)

// drainTime is how long a call that has begun may go on after a stop.
const drainTime = 3 * time.Second

// Deps is what a Connector is made of.
type Deps struct {
	// Name is the configured name, unique among connectors.
	Name string
	// Dir is where in and out are; people put whole files there, by renaming.
	Dir string
	// Every is how often Dir is looked at; a second where it is 0.
	Every time.Duration
	Log   *slog.Logger
	Now   func() time.Time
}

// Connector is the folder's connector. It implements connectors.Connector,
// connectors.Composer and connectors.Reporter.
type Connector struct {
	*driver.Outbox
	*driver.Connection
	deps Deps
}

// New makes a connector; it touches nothing before Run or Send.
func New(d Deps) *Connector {
	if d.Every <= 0 {
		d.Every = time.Second
	}
	c := &Connector{deps: d}
	c.Connection = driver.NewConnection(driver.ConnectionDeps{Name: d.Name, Log: d.Log, Now: d.Now})
	c.deps.Log = d.Log.With("connector", d.Name)
	// One key is one file: written twice, it is there once. There is no longest
	// text, and nobody looks at a draft.
	c.Outbox = driver.NewOutbox(driver.OutboxDeps{
		Writer: files{d.Dir}, Log: c.deps.Log, Manners: driver.Manners{Idempotent: true},
	})
	return c
}

// Name gives the configured name.
func (c *Connector) Name() string { return c.deps.Name }

// Kind gives "maildrop".
func (c *Connector) Kind() string { return "maildrop" }

// Run gives the messages to h until ctx is done; then it returns nil, within
// drainTime. A folder that cannot be read is tried again.
func (c *Connector) Run(ctx context.Context, h connectors.Handler) error {
	// A stop is no reason to break off a call that has begun.
	calls, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(drainTime, cancel) })()
	return c.Keep(ctx, func(ctx context.Context, up func()) error {
		root, err := os.OpenRoot(c.deps.Dir) // whatever a link says, it leads nowhere else
		if err != nil {
			return err
		}
		defer root.Close() //nolint:errcheck // nothing is written by it
		tick := time.NewTicker(c.deps.Every)
		defer tick.Stop()
		for newest := ""; ctx.Err() == nil; {
			names, err := fs.Glob(root.FS(), "in/*/*/[^.]*")
			if err != nil {
				return err
			}
			up()
			slices.SortFunc(names, func(a, b string) int { return cmp.Compare(path.Base(a), path.Base(b)) })
			// Folders are read one after another, and a message may come to one that was
			// read already: what is newer than all of the last look waits for the next.
			for _, name := range names {
				if path.Base(name) <= newest && ctx.Err() == nil {
					c.take(calls, root, name, h)
				}
			}
			if len(names) > 0 {
				newest = max(newest, path.Base(names[len(names)-1]))
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
			}
		}
		return nil
	})
}

// take hands one message over. Its file is removed when the handler has taken
// it, and found again when not: that is all of the acknowledgement.
func (c *Connector) take(ctx context.Context, root *os.Root, name string, h connectors.Handler) {
	m, err := read(root, name)
	if err == nil {
		c.Came()
		err = h(ctx, m)
	}
	if err == nil {
		err = root.Remove(name)
	}
	if err != nil {
		c.deps.Log.WarnContext(ctx, "message not taken", "error", err)
	}
}

// message is the whole of the translation. Nothing in it comes from the text but
// the text.
func message(name, text string, at time.Time) connectors.Message {
	person, chat := path.Base(path.Dir(name)), path.Base(path.Dir(path.Dir(name)))
	m := connectors.Message{
		ID:   person + "/" + path.Base(name),
		Chat: connectors.Chat{ID: chat, Kind: connectors.ChatGroup},
		User: connectors.User{ID: person},
		Kind: connectors.EventMessage,
		Text: text,
		Time: at,
	}
	if chat == person {
		m.Chat.Kind = connectors.ChatDM
	}
	if command, args, ok := connectors.ParseCommand(text); ok {
		m.Kind, m.Command, m.Args = connectors.EventCommand, command, args
	}
	return m
}
