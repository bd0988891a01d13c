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
	d.mu.Unlock()
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
		fresh := slices.Clone(d.queue[seen:])
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
	if err != nil && d.fault != "errors are swallowed" {
		d.refused++
	}
}
