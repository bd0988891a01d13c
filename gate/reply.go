package gate

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/engine"
)

const (
	// quietFor is how long one person hears the same denial once.
	quietFor = time.Minute
	// maxQuiet bounds how many people are remembered.
	maxQuiet = 10_000
)

// tell says why to the person, in the words of the rule, at most once in a
// while: denials must not be a way to make the bot talk.
func (g *Gate) tell(ctx context.Context, ev event, id string, d engine.Decision) {
	if d.Reply() != "" && g.quiet.may(ev.place.User+"\x00"+d.Rule().ID) {
		g.say(ctx, ev, id, d)
	}
}

// say says why.
func (g *Gate) say(ctx context.Context, ev event, id string, d engine.Decision) {
	words := d.Reply()
	if words == "" {
		return
	}
	err := g.Send(ctx, ev.from.Name, connectors.Reply{
		ID: id, Chat: ev.msg.Chat.ID, User: ev.msg.User.ID, ReplyTo: ev.answered(),
		Text: words, Decision: id, Verdict: string(engine.Deny),
	})
	if err != nil {
		g.Log.ErrorContext(ctx, "denial not told", "connector", ev.from.Name, "decision", id, "error", err)
	}
}

// fill puts what the words ask for in its place.
func fill(words string, ev event, wait time.Duration) string {
	return strings.NewReplacer("{retry_after}", inWords(wait), "{user_id}", ev.place.User).Replace(words)
}

// fillCode puts the code of a request in its place.
func fillCode(words, code string) string {
	return strings.NewReplacer("{code}", code, "{code_time}", inWords(codeTime)).Replace(words)
}

// inWords rounds up: who comes back then is let in.
func inWords(d time.Duration) string {
	unit := func(n int64, name string) string {
		if n == 1 {
			return "1 " + name
		}
		return fmt.Sprintf("%d %ss", n, name)
	}
	up := func(by time.Duration) int64 { return int64((d + by - 1) / by) }
	switch {
	case d < time.Minute:
		return unit(max(1, up(time.Second)), "second")
	case d < time.Hour:
		return unit(up(time.Minute), "minute")
	case d <= 48*time.Hour:
		return unit(up(time.Hour), "hour")
	default:
		return unit(up(24*time.Hour), "day")
	}
}

// quiet remembers who was told what.
type quiet struct {
	now func() time.Time

	mu   sync.Mutex
	told map[string]time.Time
}

func newQuiet(now func() time.Time) *quiet { return &quiet{now: now, told: map[string]time.Time{}} }

// may tells whether key may be told now, and remembers that it was. When too
// many are remembered, silence is the safe answer until the oldest are old.
func (q *quiet) may(key string) bool {
	now := q.now()
	q.mu.Lock()
	defer q.mu.Unlock()
	if at, ok := q.told[key]; ok && now.Sub(at) < quietFor && !now.Before(at) {
		return false
	}
	if len(q.told) >= maxQuiet {
		for k, at := range q.told {
			if now.Sub(at) >= quietFor || now.Before(at) {
				delete(q.told, k)
			}
		}
		if len(q.told) >= maxQuiet {
			return false
		}
	}
	q.told[key] = now
	return true
}
