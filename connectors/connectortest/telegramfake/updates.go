package telegramfake

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// maxBatch is the limit of getUpdates ("Values between 1-100 are accepted").
const maxBatch = 100

// update waits for the bot. Its kind is the one key beside update_id.
type update struct {
	id   int64
	kind string
	raw  json.RawMessage
	// chat is what it happened in: Telegram keeps the order within.
	chat int64
	// given counts how often the bot was given it; refused says that the bot came
	// again for the same, or answered the webhook with an error.
	given   int
	refused bool
	// again marks one that was confirmed, and comes once more.
	again bool
	busy  bool
	next  time.Time
}

// push queues one update. s.mu is held.
func (s *Server) push(chat int64, kind string, body any) {
	s.nextID++
	raw, err := json.Marshal(map[string]any{"update_id": s.nextID, kind: body})
	if err != nil {
		panic(err)
	}
	s.last = &update{id: s.nextID, kind: kind, raw: raw, chat: chat}
	s.queue = append(s.queue, s.last)
	s.wake()
}

// Raw queues an update that need not be one: object is what stands beside its
// update_id, "message" and its value say.
func (s *Server) Raw(kind, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nextID++
	s.last = &update{id: s.nextID, kind: kind, raw: fmt.Appendf(nil, `{"update_id":%d,%q:%s}`, s.nextID, kind, value)}
	s.queue = append(s.queue, s.last)
	s.wake()
}

// Redeliver gives the last update once more, unchanged, as the real server does
// when a confirmation was lost.
func (s *Server) Redeliver() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last == nil {
		return fmt.Errorf("redeliver: there was no update yet")
	}
	again := *s.last
	again.again, again.given, again.refused, again.busy = true, 0, false, false
	s.queue = append(s.queue, &again)
	s.wake()
	return nil
}

// Refused is the number of updates that the bot was given, and did not confirm
// when it asked for more: with an offset, those behind such a one are not told
// apart. Of a webhook it is those whose last answer was not a 2xx.
func (s *Server) Refused() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, u := range s.queue {
		if u.refused {
			n++
		}
	}
	return n
}

// Waiting is the number of updates that are not confirmed.
func (s *Server) Waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.queue)
}

// getUpdates is the method of this name: "An update is considered confirmed as
// soon as getUpdates is called with an offset higher than its update_id"; "This
// method will not work if an outgoing webhook is set up"; of two that ask at
// once the first is told of a conflict.
func (s *Server) getUpdates(ctx context.Context, p params) (any, *fail) {
	offset, limit, wait, allowed, problem := pollParams(p)
	if problem != nil {
		return nil, problem
	}
	deadline := time.NewTimer(wait)
	defer deadline.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.webhook.url != "" {
		return nil, conflict("can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first")
	}
	if s.poll != nil {
		close(s.poll)
	}
	mine := make(chan struct{})
	s.poll = mine
	defer func() {
		if s.poll == mine {
			s.poll = nil
		}
	}()
	s.confirm(offset)
	for {
		if batch := s.batch(limit, allowed); len(batch) > 0 {
			return batch, nil
		}
		changed := s.changed
		s.mu.Unlock()
		over := false
		select {
		case <-changed:
		case <-ctx.Done():
			over = true
		case <-deadline.C:
			over = true
		case <-mine:
		}
		s.mu.Lock()
		switch {
		case s.poll != mine:
			return nil, conflict("terminated by other getUpdates request; make sure that only one bot instance is running")
		case s.revoked:
			return nil, unauthorized()
		case s.webhook.url != "":
			return nil, conflict("terminated by setWebhook request")
		case s.pending(receive):
			return nil, &fail{code: interrupted}
		case over || s.closed:
			return []json.RawMessage{}, nil
		}
	}
}

// interrupted says that a fault is to be played on a request that waits.
const interrupted = -1

func conflict(why string) *fail {
	return &fail{code: http.StatusConflict, description: "Conflict: " + why}
}

func pollParams(p params) (offset int64, limit int, wait time.Duration, allowed []string, problem *fail) {
	number := func(name string, low, high int64) int64 {
		if p[name] == "" {
			return low
		}
		n, err := strconv.ParseInt(p[name], 10, 64)
		if err != nil || n < low || n > high {
			problem = bad("%s is %q", name, p[name])
		}
		return n
	}
	offset = number("offset", 0, 1<<40)
	limit = int(number("limit", 0, maxBatch))
	if limit == 0 {
		limit = maxBatch
	}
	wait = time.Duration(number("timeout", 0, 3600)) * time.Second
	if problem == nil {
		problem = p.object("allowed_updates", &allowed)
	}
	return offset, limit, wait, allowed, problem
}

// confirm drops what lies before the offset, and marks the first one behind it
// that was given already. s.mu is held.
func (s *Server) confirm(offset int64) {
	if offset > 0 {
		s.queue = slices.DeleteFunc(s.queue, func(u *update) bool { return u.id < offset && !u.again })
	}
	for _, u := range s.queue {
		if !u.again {
			u.refused = u.refused || u.given > 0
			return
		}
	}
}

// batch is what a request is answered with. s.mu is held.
func (s *Server) batch(limit int, allowed []string) []json.RawMessage {
	var batch []json.RawMessage
	keep := s.queue[:0:0]
	for _, u := range s.queue {
		if !asked(allowed, u.kind) {
			continue
		}
		if len(batch) < limit {
			u.given++
			batch = append(batch, u.raw)
			if u.again {
				continue
			}
		}
		keep = append(keep, u)
	}
	s.queue = keep
	return batch
}

// asked tells whether the bot wants a kind. "Specify an empty list to receive
// all update types except chat_member, message_reaction, and
// message_reaction_count".
func asked(allowed []string, kind string) bool {
	if len(allowed) == 0 {
		return kind != "message_reaction"
	}
	return slices.Contains(allowed, kind)
}
