package connectortest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/parachute-gate/parachute/connectors"
)

// Run hands each chat's events to a goroutine of its own.
func (d *memory) Run(ctx context.Context, h connectors.Handler) error {
	calls, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	if d.fault == "stop cancels calls" {
		calls = ctx
	}
	d.mu.Lock()
	d.runs++
	seen := d.taken()
	d.become(connectors.Running)
	d.mu.Unlock()
	defer func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.health.State == connectors.Running {
			d.become(connectors.Stopped)
		}
	}()
	var wg sync.WaitGroup
	chats := map[string]chan connectors.Message{}
	give := func(m connectors.Message) {
		key := m.Chat.ID
		if d.fault == "one after the other" {
			key = ""
		}
		if d.fault == "no order" {
			wg.Go(func() { d.call(calls, h, m) })
			return
		}
		if chats[key] == nil {
			queue := make(chan connectors.Message, 4096)
			chats[key] = queue
			wg.Go(func() {
				for m := range queue {
					d.call(calls, h, m)
				}
			})
		}
		chats[key] <- m
	}
	for ended := false; !ended && ctx.Err() == nil; {
		d.mu.Lock()
		if err := d.receiveFault(&seen); err != nil {
			d.mu.Unlock()
			return err
		}
		fresh := slices.Clone(d.queue[seen:])
		if d.fault == "what waited comes in the wrong order" {
			slices.Reverse(fresh)
		}
		ended = d.ended
		d.mu.Unlock()
		for _, m := range fresh {
			give(m)
		}
		seen += len(fresh)
		if len(fresh) > 0 || ended {
			continue
		}
		select {
		case <-ctx.Done():
		case <-d.arrived:
		}
	}
	for _, queue := range chats {
		close(queue)
	}
	done := make(chan struct{})
	go func() {
		wg.Wait()
		close(done)
	}()
	if d.fault == "end drops what waits" && ctx.Err() == nil {
		return nil
	}
	select {
	case <-done:
	case <-ctx.Done():
		defer time.AfterFunc(50*time.Millisecond, cancel).Stop()
		<-done
	}
	if d.fault == "stop is an error" {
		return errors.New("stopped")
	}
	return nil
}

// taken is how many events an earlier Run has taken.
func (d *memory) taken() int {
	if d.runs == 1 {
		return 0
	}
	if d.fault == "drops what came between runs" {
		return len(d.queue)
	}
	return len(d.queue) - 1
}

func (d *memory) call(ctx context.Context, h connectors.Handler, m connectors.Message) {
	if d.fault == "answers by itself" && m.Command == "help" {
		d.mu.Lock()
		d.sent = append(d.sent, Sent{Chat: m.Chat.ID, Text: "usage"})
		d.mu.Unlock()
	}
	err := h(ctx, m)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.health.LastMessage = time.Now()
	switch d.fault {
	case "keeps every message":
		d.kept = append(d.kept, make([]byte, 4096))
	case "leaves goroutines behind":
		go func() { <-d.closed }()
	}
	if err != nil && d.fault != "errors are swallowed" {
		d.refused++
	}
}

// become needs d.mu.
func (d *memory) become(s connectors.State) {
	d.health.State, d.health.Since = s, time.Now()
	if d.fault == "always stopped" {
		d.health.State = connectors.Stopped
	}
}

// receiveFault plays the next fault on how events come in, and what the connector
// makes of it. It needs d.mu.
func (d *memory) receiveFault(seen *int) error {
	if d.revoked && d.fault != "a revoked token is tried for ever" {
		err := errors.New("the token is not valid")
		if d.fault == "the token is in Run's error" {
			err = errors.New("https://chat.example/bot" + memoryToken + "/updates: 401")
		}
		d.become(connectors.Failed)
		d.health.Failures++
		return err
	}
	f, ok := d.take(OnReceive)
	if !ok {
		return nil
	}
	if d.fault != "failures are not counted" {
		d.health.Failures++
		d.health.LastError = string(f.Kind)
	}
	switch d.fault {
	case "the token is in the health":
		d.health.LastError = "GET /bot" + memoryToken
	case "the token is in the log":
		d.log += "GET /bot" + memoryToken
	case "a " + string(f.Kind) + " ends Run":
		return errors.New(string(f.Kind))
	case "a " + string(f.Kind) + " loses events":
		*seen = len(d.queue)
	case "garbage is an event":
		if f.Kind == Garbage {
			d.queue = append(d.queue, connectors.Message{ID: "garbage", Chat: connectors.Chat{ID: "C/room0"}, Kind: connectors.EventMessage})
		}
	}
	return nil
}
