// Package stdio bridges any chat to the gate by JSON lines: a bridge writes one
// event a line to In and reads one reply a line from Out. The lines are
// described by the schema that Schema gives.
//
// It never decides, never sets User.Local, never takes an absent chat kind for a
// direct message, and never repeats a message's text or token in an error or a log.
//
// # What a bridge can rely on
//
// The events of one chat are handled in the order of their lines, chats beside
// each other. A line that cannot be used gives one error line on Out and the
// next one is read; blank lines are passed over. An event that was read but not
// taken, because the handler failed or the connector was stopped, gives an error
// line with its "chat" and its "reply_to". Writing a line twice is safe: the
// gate acts once on an event with the same chat, id and revision. So after a
// restart a bridge may write again whatever it is not sure of.
//
// # Stopping
//
// A read cannot be interrupted, so In is read by one goroutine of its own that
// starts with the first Run and lives until In ends; Run returns without it.
// A line that it holds then is given to the next Run, not dropped. Close In to
// end it.
//
// Where Out is the process's standard output, the program must ignore SIGPIPE
// (os/signal.Ignore); otherwise the runtime ends it before Send can return the
// error.
package stdio

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parachute-gate/parachute/connectors"
)

const (
	// defaultWorkers is how many chats are handled beside each other where Deps
	// does not say.
	defaultWorkers = 8
	// queueLength bounds the events that wait for one worker. A full queue stops
	// the reading of In, so a fast bridge is held back and memory stays bounded.
	queueLength = 64
	// drainTime is how long a stopped Run lets handlers finish, and lastCall how
	// long it waits for them after their context was cancelled. Together they
	// stay below the 5 s that a stop may take.
	drainTime = 3 * time.Second
	lastCall  = time.Second
)

// Deps is what a Connector is made of.
type Deps struct {
	// Name is the configured name, unique among connectors.
	Name string
	In   io.Reader
	// Out is given whole lines, one Write each, never two at once.
	Out io.Writer
	// Log may be nil. It is told what was wrong with a line, never its content.
	Log *slog.Logger
	// Workers is how many chats are handled beside each other; 8 where it is 0
	// or less.
	Workers int
}

// Connector is the JSON-lines connector. It implements connectors.Connector.
type Connector struct {
	name    string
	in      io.Reader
	out     *writer
	log     *slog.Logger
	workers int
	drain   time.Duration
	last    time.Duration

	running atomic.Bool
	pumping sync.Once
	lines   chan line
	// readErr is why lines was closed, nil at the end of In. It is written
	// before the close.
	readErr error
}

// New makes a connector; it reads nothing before Run.
func New(d Deps) *Connector {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Workers <= 0 {
		d.Workers = defaultWorkers
	}
	return &Connector{
		name:    d.Name,
		in:      d.In,
		out:     newWriter(d.Out),
		log:     d.Log.With("connector", d.Name),
		workers: d.Workers,
		drain:   drainTime,
		last:    lastCall,
		lines:   make(chan line),
	}
}

// Name gives the configured name.
func (c *Connector) Name() string { return c.name }

// Kind gives "stdio".
func (c *Connector) Kind() string { return "stdio" }

// Run reads events until In ends or ctx is done, and returns nil for both: at
// the end of In after every event was handled, after a cancel once the calls
// that run have ended or 4 s have passed. Events that were read but not begun
// by then are refused with an error line. It fails when In cannot be read, when
// a refusal cannot be written, and when it is called while it runs.
func (c *Connector) Run(ctx context.Context, h connectors.Handler) error {
	if !c.running.CompareAndSwap(false, true) {
		return errors.New("run stdio connector: it is running already")
	}
	defer c.running.Store(false)
	c.pumping.Do(func() { go c.pump() })
	return newRun(ctx, c, h).do()
}

// Send writes one reply line. It returns nil only when Out took the whole line;
// a closed Out is an error. When ctx ends during the write it is not known
// whether the line went out: the reply's id lets the bridge drop a double.
func (c *Connector) Send(ctx context.Context, r connectors.Reply) error {
	err := c.out.line(ctx, wireReply{
		ID: r.ID, Chat: r.Chat, ReplyTo: r.ReplyTo, Text: r.Text,
		Decision: r.Decision, Verdict: r.Verdict,
	})
	if err != nil {
		return fmt.Errorf("send reply: %w", err)
	}
	return nil
}

// pump reads In line by line for as long as it lasts.
func (c *Connector) pump() {
	defer close(c.lines)
	in := bufio.NewReaderSize(c.in, readBuffer)
	for n := 1; ; n++ {
		raw, tooLong, err := connectors.ReadLine(in, maxLine)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			c.readErr = err
			return
		}
		c.lines <- line{number: n, raw: raw, tooLong: tooLong}
	}
}
