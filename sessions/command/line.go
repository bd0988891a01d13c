package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/parachute-gate/parachute/sandbox"
	"github.com/parachute-gate/parachute/sessions/programs"
)

// LineVersion is the version of the protocol of Line and Said.
const LineVersion = 1

// Line is one turn, as a program that is kept reads it: one JSON object on one
// line. line.schema.json describes it and its answers.
type Line struct {
	Version int `json:"version"`
	// Turn is to be repeated in each answer to it.
	Turn string `json:"turn"`
	Text string `json:"text"`
	// Person is a display name: data of the message, nothing to trust.
	Person    string `json:"person"`
	Workspace string `json:"workspace"`
	Access    string `json:"access"`
	// Files are paths relative to the working folder.
	Files []string `json:"files"`
}

// Said is what the program writes: any number of objects, one a line, whose texts
// are put one behind the other; the last one is done. An error is for the log, and
// ends the turn too. What names another turn is not heard.
type Said struct {
	Turn  string `json:"turn"`
	Text  string `json:"text"`
	Done  bool   `json:"done"`
	Error string `json:"error"`
}

// A conversation is a program that is kept.
type conversation struct {
	p sandbox.Process
	// out takes a line to write.
	out chan []byte
	// said has the lines that were read, until closing.
	said    chan heard
	closing chan struct{}
	ended   chan struct{}
	end     programs.Ending
	once    sync.Once
	closed  error
	work    sync.WaitGroup
}

// heard is a line, or why there are no more.
type heard struct {
	said Said
	err  error
}

// converse starts a program that is kept. Its start ends with ctx, its life with
// life.
func converse(ctx, life context.Context, l programs.Launch) (*conversation, error) {
	life, cancel := context.WithCancelCause(life)
	stop := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	p, err := l.Runtime.Start(life, l.ForProtocol().Spec)
	stopped := !stop()
	switch {
	case err != nil && stopped:
		cancel(nil)
		return nil, errors.Join(context.Cause(ctx), err)
	case err != nil:
		cancel(nil)
		return nil, err
	}
	c := &conversation{p: p, out: make(chan []byte), said: make(chan heard), closing: make(chan struct{}), ended: make(chan struct{})}
	c.work.Go(c.read)
	c.work.Go(c.write)
	c.work.Go(func() {
		defer cancel(nil)
		c.end.Exit, c.end.Err = p.Wait(context.WithoutCancel(life))
		close(c.ended)
	})
	if stopped {
		err = errors.Join(context.Cause(ctx), c.Close())
		return nil, programs.NewStartError(err, programs.Ending{Exit: c.end.Exit, Err: err}, l, p.Stderr())
	}
	return c, nil
}

// mostLine is how long a line may be.
const mostLine = 8 << 20

func (c *conversation) read() {
	lines := programs.NewLines(c.p.Stdout(), mostLine)
	for {
		line, err := lines.Next()
		h := heard{err: err}
		if err == nil && json.Unmarshal(line, &h.said) != nil {
			// Libraries say things on stdout that are meant for nobody.
			continue
		}
		select {
		case c.said <- h:
		case <-c.closing:
			return
		}
		if err != nil {
			return
		}
	}
}

// write may wait for a program that does not read; it ends with it.
func (c *conversation) write() {
	for {
		select {
		case line := <-c.out:
			_, _ = c.p.Stdin().Write(line)
		case <-c.closing:
			return
		}
	}
}

// Ended implements programs.Kept.
func (c *conversation) Ended() <-chan struct{} { return c.ended }

// Pause implements programs.Kept.
func (c *conversation) Pause(ctx context.Context) error { return c.p.Pause(ctx) }

// Unpause implements programs.Kept.
func (c *conversation) Unpause(ctx context.Context) error { return c.p.Unpause(ctx) }

// Ending implements programs.Kept.
func (c *conversation) Ending() programs.Ending {
	<-c.ended
	return c.end
}

// Close implements programs.Kept.
func (c *conversation) Close() error {
	c.once.Do(func() {
		close(c.closing)
		c.closed = c.p.Close()
		c.work.Wait()
	})
	return c.closed
}

// talk runs a turn with the program that is kept for its session.
func (a *Agent) talk(ctx context.Context, q *programs.Asked) (string, error) {
	t, l := q.Turn, q.Launch
	c, words, err := a.pool.Ask(ctx, q, a.deps.Changes)
	if words != "" || err != nil {
		return words, err
	}
	line := Line{
		Version: LineVersion, Turn: t.ID, Text: t.Text, Person: t.Name, Workspace: t.Session.Workspace, Access: t.Session.Access, Files: []string{},
	}
	for _, f := range q.Files {
		line.Files = append(line.Files, f.Path)
	}
	text, err := c.ask(ctx, line, l, q.Show())
	end := programs.Ending{Err: err}
	if errors.Is(err, errEnded) {
		end = c.ending()
	}
	given := programs.Given{Idle: l.Times.Idle, Why: end.Err, Unheard: ctx.Err() != nil}
	a.pool.Give(t.Session.ID, given)
	var failed *failedError
	switch {
	case given.Unheard:
		return "", context.Cause(ctx)
	case errors.As(err, &failed):
		a.deps.Log.LogAttrs(ctx, slog.LevelError, "program failed", slog.String("turn", t.ID), slog.String("session", t.Session.ID),
			slog.String("error", programs.Redact(failed.words, l.Spec.Env)))
		return programs.With(text, failedWords), nil
	case err == nil:
		return text, nil
	}
	end.Log(ctx, a.deps.Log, l, t, c.p.Stderr())
	return programs.With(text, end.Words(l)), nil
}

const failedWords = "The program could not finish this. The owner can find the reason in the log."

// failedError is what a program said of itself.
type failedError struct{ words string }

func (e *failedError) Error() string { return e.words }

var errEnded = errors.New("the program ended in the middle of a turn")

// exiting is how long a program that closed its output has to end by itself.
const exiting = 2 * time.Second

// ending is how a program ended that says no more.
func (c *conversation) ending() programs.Ending {
	timer := time.NewTimer(exiting)
	defer timer.Stop()
	select {
	case <-c.ended:
		if c.end.Err == nil && c.end.Exit.Code == 0 {
			return programs.Ending{Exit: c.end.Exit, Err: errEnded}
		}
		return c.end
	case <-timer.C:
		return programs.Ending{Err: errEnded}
	}
}

// ask gives the program a line and takes what it says to it. After an error the
// program is of no use any more.
func (c *conversation) ask(ctx context.Context, line Line, l programs.Launch, show func(string)) (string, error) {
	data, err := json.Marshal(line)
	if err != nil {
		return "", fmt.Errorf("encode line: %w", err)
	}
	c.p.Renew()
	reply := programs.NewReply(l.Spec.Limits.OutputBytes)
	draft := programs.NewDraft(show, reply.Text)
	defer draft.Close()
	quiet := make(chan struct{})
	silence := programs.NewSilence(l.Times.Silent, sync.OnceFunc(func() { close(quiet) }))
	defer silence.Close()
	data = append(data, '\n')
	out := c.out
	for {
		select {
		case out <- data:
			out = nil
		case <-ctx.Done():
			return "", context.Cause(ctx)
		case <-quiet:
			return reply.Text(), programs.ErrSilent
		case h := <-c.said:
			switch {
			case errors.Is(h.err, sandbox.ErrOutput), errors.Is(h.err, programs.ErrLine):
				return reply.Text(), h.err
			case h.err != nil:
				return reply.Text(), errEnded
			case h.said.Turn != line.Turn:
				continue
			case h.said.Error != "":
				return reply.Text(), &failedError{words: h.said.Error}
			}
			silence.Heard()
			if err := reply.Add(h.said.Text); err != nil {
				return reply.Text(), err
			}
			draft.Changed()
			if h.said.Done {
				return reply.Text(), nil
			}
		}
	}
}
