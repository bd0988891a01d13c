package discord

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

const (
	// cursorFile is its name in Deps.Dir.
	cursorFile = "cursor.json"
	// maxChannels bounds the channels in it; the one that was silent the longest
	// goes. maxAgain bounds the messages of one channel that are to be tried again.
	maxChannels = 1000
	maxAgain    = 100
	// writeEvery is how long a change may wait to be written. A crash in between
	// gives events twice, which the gate takes once.
	writeEvery = 250 * time.Millisecond
)

// mark is how far a channel was handled.
type mark struct {
	// After is the last message that was handled, or stands in Again.
	After string `json:"after"`
	// Again are messages that the handler did not take.
	Again []string `json:"again,omitempty"`
}

// cursor remembers how far each channel was handled, in a file. Safe for
// concurrent use.
type cursor struct {
	path string
	log  *slog.Logger

	mu    sync.Mutex
	marks map[string]*mark
	timer *time.Timer
	// writing lets one write at a time go to the file.
	writing sync.Mutex
}

// newCursor reads the file. One that cannot be read is begun anew: what was
// missed is then not fetched.
func newCursor(dir string, log *slog.Logger) *cursor {
	c := &cursor{path: filepath.Join(dir, cursorFile), log: log, marks: map[string]*mark{}}
	raw, err := os.ReadFile(c.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return c
	case err == nil:
		err = json.Unmarshal(raw, &c.marks)
	}
	if err == nil && c.marks == nil {
		err = errors.New("it holds null")
	}
	if err != nil {
		log.Warn("cursor not read, messages of the time before are not fetched", "file", c.path, "error", err)
		c.marks = map[string]*mark{}
	}
	for id, m := range c.marks {
		if m == nil || snowflake(id) == 0 || snowflake(m.After) == 0 {
			delete(c.marks, id)
		}
	}
	return c
}

// handled notes that a message was taken by the handler, or not.
func (c *cursor) handled(channel, message string, taken bool) {
	if snowflake(channel) == 0 || snowflake(message) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.marks[channel]
	if m == nil {
		c.crowdOut()
		m = &mark{}
		c.marks[channel] = m
	}
	if snowflake(message) > snowflake(m.After) {
		m.After = message
	}
	m.Again = slices.DeleteFunc(m.Again, func(id string) bool { return id == message })
	if !taken {
		m.Again = append(m.Again, message)
		m.Again = m.Again[max(0, len(m.Again)-maxAgain):]
	}
	c.soon()
}

// passed notes a message that is no event, in a channel that is known.
func (c *cursor) passed(channel, message string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m := c.marks[channel]; m != nil && snowflake(message) > snowflake(m.After) {
		m.After = message
		c.soon()
	}
}

// crowdOut makes room for one channel.
func (c *cursor) crowdOut() {
	if len(c.marks) < maxChannels {
		return
	}
	oldest, at := "", uint64(0)
	for id, m := range c.marks {
		if n := snowflake(m.After); oldest == "" || n < at {
			oldest, at = id, n
		}
	}
	delete(c.marks, oldest)
}

func (c *cursor) forget(channel string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.marks[channel]; ok {
		delete(c.marks, channel)
		c.soon()
	}
}

// all gives a copy of what is known.
func (c *cursor) all() map[string]mark {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make(map[string]mark, len(c.marks))
	for id, m := range c.marks {
		out[id] = mark{After: m.After, Again: slices.Clone(m.Again)}
	}
	return out
}

// soon writes the file within writeEvery. c.mu is held.
func (c *cursor) soon() {
	if c.timer == nil {
		c.timer = time.AfterFunc(writeEvery, c.flush)
	}
}

// flush writes what has changed.
func (c *cursor) flush() {
	c.writing.Lock()
	defer c.writing.Unlock()
	c.mu.Lock()
	if c.timer == nil {
		c.mu.Unlock()
		return
	}
	c.timer.Stop()
	c.timer = nil
	raw, err := json.Marshal(c.marks)
	c.mu.Unlock()
	if err == nil {
		err = replace(c.path, raw)
	}
	if err != nil {
		c.log.Warn("cursor not written, messages may come twice after a restart", "file", c.path, "error", err)
	}
}

// replace writes a file as a whole or not at all.
func replace(path string, raw []byte) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make the folder: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), cursorFile+".*")
	if err != nil {
		return fmt.Errorf("make a file beside it: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(raw)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write a file beside it: %w", err)
	}
	return os.Rename(f.Name(), path)
}
