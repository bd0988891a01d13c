package sessions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Obligations are what a decision asks of all that runs in a session.
type Obligations struct {
	// Sandbox is the policy's own object, for package sandbox to read.
	Sandbox map[string]any `json:"sandbox,omitempty"`
	// QuotaMiB is how big the workspace may get; 0 says nothing about it.
	QuotaMiB int64 `json:"quota_mib,omitempty"`
	// Mounts are names of more workspaces that programs may read.
	Mounts []string `json:"mounts,omitempty"`
}

// ReadObligations reads those of a session.
func (s Session) ReadObligations() (Obligations, error) {
	var o Obligations
	if s.Obligations == "" {
		return o, nil
	}
	d := json.NewDecoder(strings.NewReader(s.Obligations))
	d.UseNumber()
	d.DisallowUnknownFields()
	if err := d.Decode(&o); err != nil {
		return o, fmt.Errorf("read obligations of session %s: %w", s.ID, err)
	}
	return o, nil
}

// Usage is what the programs of a session used, all together.
type Usage struct {
	Programs        int
	CPU, Ran        time.Duration
	PeakMemoryBytes int64
}

// Overview is a session as its operator sees it.
type Overview struct {
	Session
	// Decision allowed it.
	Decision string
	Created  time.Time
	// Ended is zero while it is open.
	Ended time.Time
	// Turns were ended in it, and Owed are still to be answered.
	Turns, Owed int
	Usage       Usage
	// Shared are the ids to which its person offered it, as they wrote them.
	Shared []string
}

// Standing is how a session stands that has something in memory.
type Standing struct {
	Ended bool
	// Cut says that its running turn is to be ended too.
	Cut bool
	// Words are read in the place of that turn's answer; "" is nothing.
	Words string
	// Owed says that turns of it are still to be answered.
	Owed bool
}

// Filter picks sessions; an empty field picks all.
type Filter struct {
	User, Connector, Agent string
	// Open leaves out those that ended, and Alive those that ended and owe nothing.
	Open, Alive bool
	// Before picks those that were made before it, and Most is how many at most.
	Before time.Time
	Most   int
}

// ErrNoSession says that there is no such session.
var ErrNoSession = errors.New("no such session")

// Register tells of sessions.
type Register interface {
	// Sessions gives the newest first.
	Sessions(ctx context.Context, f Filter) ([]Overview, error)
	// Find gives one by its id or by the beginning of its id that no other has, or
	// ErrNoSession.
	Find(ctx context.Context, id string) (Overview, error)
	// Standings gives those of the sessions that there are.
	Standings(ctx context.Context, ids []string) (map[string]Standing, error)
	// Stopped gives those of the turns whose answer is known: where an agent still
	// makes another, it is to be stopped.
	Stopped(ctx context.Context, turns []string) ([]string, error)
}
