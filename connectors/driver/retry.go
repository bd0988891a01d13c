package driver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/parachute-gate/parachute/connectors"
)

const (
	// retries is how often a call is tried again, with firstWait before the first
	// of them, twice as long before the next.
	retries   = 3
	firstWait = time.Second
	// patience is how long one delivery waits between its tries, all together.
	patience = time.Minute
	// tryTime bounds one try: a server that takes a request and says nothing.
	tryTime = 30 * time.Second
)

// Retry calls try until it gives nil, three times more at most: after 1 s, 2 s
// and 4 s, or after what a Throttled error says. It waits 60 s in all. A Permanent
// error ends it, and so does an Unconfirmed one unless the call is idempotent. A
// call that was not confirmed once gives connectors.ErrUnconfirmed to the end,
// when no later try succeeded.
//
// Each try has a ctx of its own, of 30 s at most.
func Retry(ctx context.Context, idempotent bool, try func(ctx context.Context) error) error {
	return newTries().retry(ctx, idempotent, try)
}

// tries is what is left of one delivery's patience.
type tries struct{ left time.Duration }

func newTries() *tries { return &tries{left: patience} }

func (t *tries) retry(ctx context.Context, idempotent bool, try func(ctx context.Context) error) error {
	var last error
	doubt := false
	for n := 0; ; n++ {
		if err := ctx.Err(); err != nil {
			return inDoubt(doubt, stopped(err, last))
		}
		last = once(ctx, tryTime, idempotent, try)
		if last == nil {
			return nil
		}
		unsure := errors.Is(last, connectors.ErrUnconfirmed)
		doubt = doubt || unsure
		if n == retries || IsPermanent(last) || unsure && !idempotent {
			return inDoubt(doubt, last)
		}
		wait := firstWait << n
		if after, ok := throttle(last); ok {
			wait = after
		}
		if wait > t.left {
			return inDoubt(doubt, last)
		}
		t.left -= wait
		if err := sleep(ctx, wait); err != nil {
			return inDoubt(doubt, stopped(err, last))
		}
	}
}

// once makes one try. An error without a mark says that the platform refused;
// where the try was cut off by its ctx that is not known, whatever the error says.
func once(ctx context.Context, limit time.Duration, idempotent bool, try func(ctx context.Context) error) error {
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := try(bounded)
	if err == nil || idempotent || bounded.Err() == nil {
		return err
	}
	if _, throttled := throttle(err); throttled || IsPermanent(err) {
		return err
	}
	return inDoubt(true, err)
}

func inDoubt(doubt bool, err error) error {
	if !doubt || errors.Is(err, connectors.ErrUnconfirmed) {
		return err
	}
	return Unconfirmed(err)
}

func stopped(err, last error) error {
	if last == nil {
		return err
	}
	return fmt.Errorf("%w before another try, after: %w", err, last)
}

// throttle gives how long a platform wants to be left alone. A time of zero or
// less is none.
func throttle(err error) (time.Duration, bool) {
	var t *Throttled
	if !errors.As(err, &t) || t.After <= 0 {
		return 0, false
	}
	return t.After, true
}

// sleep waits, and gives ctx's error when ctx was done before.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pause waits what a platform asked for before the first try.
func (t *tries) pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	if d > t.left {
		return &Throttled{After: d, Err: errors.New("the platform wants no more for " + d.Round(time.Second).String())}
	}
	t.left -= d
	return sleep(ctx, d)
}
