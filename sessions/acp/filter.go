package acp

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	acp "github.com/coder/acp-go-sdk"

	"github.com/parachute-gate/parachute/sandbox"
	"github.com/parachute-gate/parachute/sessions/programs"
)

const (
	// mostLine is below the 10 MiB at which the library ends a connection.
	mostLine = 8 << 20
	// mostRequests is how many requests of an agent are worked on at a time.
	mostRequests = 16
)

// filter stands between an agent's stdio and the library. The library has a queue
// of notifications, and ends the connection when it is full, and starts a
// goroutine for each request: so the filter takes the notifications itself, one
// after another, and lets only so many requests in. What is no message of the
// protocol, as banners and warnings are, does not pass.
type filter struct {
	out   io.Writer
	lines *programs.Lines
	peer  *peer
	ready chan struct{}
	// requests holds a token for each request that was not answered yet.
	requests chan struct{}
	rest     []byte

	write sync.Mutex
}

func newFilter(process sandbox.Process, p *peer) *filter {
	return &filter{
		out: process.Stdin(), lines: programs.NewLines(process.Stdout(), mostLine), peer: p,
		ready: make(chan struct{}), requests: make(chan struct{}, mostRequests),
	}
}

// open lets the library read.
func (f *filter) open() { close(f.ready) }

// message is what tells the kinds of messages apart (JSON-RPC 2.0), read as the
// library reads it.
type message struct {
	ID     *json.RawMessage `json:"id"`
	Method string           `json:"method"`
	Params json.RawMessage  `json:"params"`
}

// Read gives the library what it is to see.
func (f *filter) Read(b []byte) (int, error) {
	<-f.ready
	for len(f.rest) == 0 {
		line, err := f.lines.Next()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				f.peer.giveUp(err)
			}
			return 0, err
		}
		if pass, err := f.pass(line); err != nil {
			return 0, err
		} else if pass {
			f.rest = append(append(f.rest[:0], line...), '\n')
		}
	}
	n := copy(b, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

func (f *filter) pass(line []byte) (bool, error) {
	var m message
	if line[0] != '{' || json.Unmarshal(line, &m) != nil {
		return false, nil
	}
	switch {
	case m.ID != nil && m.Method == "":
		return true, nil
	case m.ID != nil:
		select {
		case f.requests <- struct{}{}:
			return true, nil
		case <-f.peer.ended:
			return false, fmt.Errorf("agent: %w", io.EOF)
		}
	case m.Method == acp.ClientMethodSessionUpdate:
		var n acp.SessionNotification
		// A kind of update that is newer than the library is not minded.
		if f.peer.listens() && json.Unmarshal(m.Params, &n) == nil {
			f.peer.update(n)
		}
		return false, nil
	default:
		return m.Method == "$/cancel_request", nil
	}
}

// Write takes one message of the library's.
func (f *filter) Write(b []byte) (int, error) {
	var m message
	if json.Unmarshal(b, &m) == nil && m.Method == "" {
		// The answer to a request makes room for another.
		defer func() { <-f.requests }()
	}
	f.write.Lock()
	defer f.write.Unlock()
	return f.out.Write(b)
}
