package discord

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/parachute-gate/parachute/connectors/driver"
)

// maxRoutes bounds the limits that are remembered.
const maxRoutes = 2000

// limits remembers until when Discord wants no more
// (https://docs.discord.com/developers/topics/rate-limits). Each route has its own:
// a reaction never holds an answer up. Safe for concurrent use.
type limits struct {
	mu    sync.Mutex
	until map[string]time.Time
}

// everything is the route of the global limit.
const everything = ""

func newLimits() *limits { return &limits{until: map[string]time.Time{}} }

// wait returns when the route is free. Where that is later than ctx lasts, it says
// so at once.
func (l *limits) wait(ctx context.Context, route string) error {
	for {
		wait := l.left(route)
		if wait <= 0 {
			return nil
		}
		if end, ok := ctx.Deadline(); ok && time.Until(end) < wait {
			return &driver.Throttled{After: wait, Err: errors.New("discord's rate limit is used up")}
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

func (l *limits) left(route string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return max(time.Until(l.until[route]), time.Until(l.until[everything]))
}

// note reads what an answer says about the requests that are left.
func (l *limits) note(route string, h http.Header) {
	if h.Get("X-RateLimit-Remaining") != "0" {
		return
	}
	if after, err := strconv.ParseFloat(h.Get("X-RateLimit-Reset-After"), 64); err == nil {
		l.hold(route, seconds(after))
	}
}

// failed holds back after a 429.
func (l *limits) failed(route string, e *apiError) {
	switch {
	case e.after == 0:
	case e.global:
		l.hold(everything, e.after)
	default:
		l.hold(route, e.after)
	}
}

func (l *limits) hold(route string, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if len(l.until) >= maxRoutes {
		for r, until := range l.until {
			if until.Before(now) {
				delete(l.until, r)
			}
		}
	}
	l.until[route] = now.Add(wait)
}

// routeOf names what shares a limit: the method, the path without the ids of
// messages, and what the path begins with, such as the channel.
func routeOf(method, path string) string {
	_, path, _ = strings.Cut(path, "/api/v"+version+"/")
	parts := strings.Split(path, "/")
	for i := range parts {
		switch {
		case i > 0 && parts[i-1] == "reactions":
			return method + " " + strings.Join(parts[:i], "/")
		case i > 1 && parts[0] != "webhooks" && snowflake(parts[i]) != 0:
			parts[i] = "id"
		case i > 3 && snowflake(parts[i]) != 0:
			parts[i] = "id"
		}
	}
	return method + " " + strings.Join(parts, "/")
}
