// Package console connects the person at a terminal, or a script on a pipe, to
// the gate. Each line is a message; lines that start with a colon and a word
// drive the console itself (:help lists them), so that the person can play
// strangers and groups against the policies.
//
// It never decides, never marks a played person as local, and never lets a
// reply's control characters reach the terminal.
//
// # On a pipe
//
// Without a terminal there is no prompt and no escape sequence. The next line
// is read when the last one's answer was printed, if Deps.Pending says that one
// will come, so that a script's answers come in the order of its lines.
//
// # Stopping
//
// A read cannot be interrupted, so In is read by one goroutine of its own that
// starts with the first Run and lives until In ends; Run returns without it. A
// line that it holds then is given to the next Run.
package console

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parachute-gate/parachute/connectors"
)

const (
	// drainTime is how long a stopped Run lets the handler finish, and lastCall
	// how long it waits for it after its context was cancelled. Together they
	// stay below the 5 s that a stop may take.
	drainTime = 3 * time.Second
	lastCall  = time.Second
)

// localChat is the chat of the person at the terminal, and of a group that was
// opened without a name.
const localChat = "terminal"

// Deps is what a Connector is made of.
type Deps struct {
	// Name is the configured name, unique among connectors.
	Name string
	In   io.Reader
	Out  io.Writer
	// TTY is whether a person sits there: it brings the prompt, and replies that
	// do not wait for each other. Color allows colours and styles; whoever
	// decides it looks at NO_COLOR.
	TTY   bool
	Color bool
	// User is the operating system's user; "local" where it is empty.
	User string
	// Now is the clock; time.Now where it is nil.
	Now func() time.Time
	// Pending reports, after the handler took the message with this id, whether
	// exactly one reply to it is still to come. It is asked only on a pipe. Where
	// it is nil, no line waits for an answer.
	Pending func(messageID string) bool
}

// Connector is the console. It implements connectors.Connector.
type Connector struct {
	name    string
	in      io.Reader
	screen  *screen
	tty     bool
	now     func() time.Time
	pending func(string) bool
	drain   time.Duration
	last    time.Duration

	running atomic.Bool
	pumping sync.Once
	lines   chan line
	readErr error // written before lines is closed

	// stage is Run's alone; answers is shared with Send.
	stage   stage
	answers answers
}

// New makes a console; it reads nothing before Run. Message ids start with the
// time at which New was called, so that they differ from those of every earlier
// start.
func New(d Deps) *Connector {
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.User == "" {
		d.User = "local"
	}
	c := &Connector{
		name:    d.Name,
		in:      d.In,
		screen:  newScreen(d.Out, d.TTY, d.Color),
		tty:     d.TTY,
		now:     d.Now,
		pending: d.Pending,
		drain:   drainTime,
		last:    lastCall,
		lines:   make(chan line),
	}
	c.stage = newStage(d.User, strconv.FormatInt(d.Now().UnixNano(), 36))
	return c
}

// Name gives the configured name.
func (c *Connector) Name() string { return c.name }

// Kind gives "console".
func (c *Connector) Kind() string { return "console" }

// Run reads lines until :quit, the end of In, or the end of ctx, and returns nil
// for each: after a cancel once the call that runs has ended or 4 s have passed.
// It fails when In cannot be read, when Out cannot be written, and when it is
// called while it runs.
func (c *Connector) Run(ctx context.Context, h connectors.Handler) error {
	if !c.running.CompareAndSwap(false, true) {
		return errors.New("run console connector: it is running already")
	}
	defer c.running.Store(false)
	c.pumping.Do(func() { go c.pump() })
	return c.run(ctx, h)
}

// pump reads In line by line for as long as it lasts.
func (c *Connector) pump() {
	defer close(c.lines)
	in := bufio.NewReaderSize(c.in, readBuffer)
	for {
		ln, err := readLine(in, maxLine)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			c.readErr = err
			return
		}
		c.lines <- ln
	}
}
