package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// Limits asks which counters apply to a message. A non-nil Rule says that the
// policies could not answer; the message must then be denied by it.
func (p *Policy) Limits(ctx context.Context, in MessageInput) ([]Limit, *Rule) {
	in.Limits = nil
	limits, _, err := p.limits.ask(ctx, in, p.timeout, func(ans answer) ([]Limit, error) {
		limits, err := readLimits(ans.value)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errType, err)
		}
		return limits, nil
	})
	if err != nil {
		r := failure(err)
		return nil, &r
	}
	return limits, nil
}

// Message decides a message.
func (p *Policy) Message(ctx context.Context, in MessageInput) Decision {
	return p.decide(ctx, PointMessage, in)
}

// Tool decides a tool call.
func (p *Policy) Tool(ctx context.Context, in ToolInput) Decision {
	return p.decide(ctx, PointTool, in)
}

// Startup decides whether the configuration may run.
func (p *Policy) Startup(ctx context.Context, in StartupInput) Decision {
	return p.decide(ctx, PointStartup, in)
}

func (p *Policy) decide(ctx context.Context, point Point, in any) Decision {
	start := time.Now()
	d, cached, err := p.points[point].ask(ctx, in, p.timeout, func(ans answer) (Decision, error) {
		return p.book.read(point, ans), nil
	})
	if err != nil {
		d = Decision{Verdict: Deny, Rules: []Rule{failure(err)}}
	}
	// What is remembered is not for callers to change.
	d.Rules = slices.Clone(d.Rules)
	d.Point, d.Revision, d.Cached, d.Duration = point, p.revision, cached, time.Since(start)
	return d
}

// answer is what a query gave: its value, and the labels of the rules that held.
type answer struct {
	value  ast.Value
	labels []map[string]any
}

// ask gives what read makes of the answer, or what it made of it when the same
// facts were asked about before. Errors are not remembered.
func (q *query[T]) ask(ctx context.Context, in any, timeout time.Duration, read func(answer) (T, error)) (out T, cached bool, err error) {
	key, cacheable := q.cache.key(in)
	if cacheable {
		if out, ok := q.cache.get(key); ok {
			return out, true, nil
		}
	}
	value, err := toValue(in)
	if err != nil {
		return out, false, err
	}
	ans, err := q.run(ctx, value, timeout)
	if err != nil {
		return out, false, err
	}
	if out, err = read(ans); err == nil && cacheable {
		q.cache.put(key, out)
	}
	return out, false, err
}

// maxAbandoned is how many evaluations that no deadline could stop may go on
// behind. With as many as that, nothing is decided any more until one ends.
const maxAbandoned = 4

// overtime is how long after its deadline an evaluation may take to stop.
const overtime = 100 * time.Millisecond

// run evaluates, and is back in time whatever the policies do: the deadline
// stops an evaluation between its steps, and one that is stuck inside of a step
// is left behind.
func (q *query[T]) run(ctx context.Context, in ast.Value, timeout time.Duration, opts ...rego.EvalOption) (answer, error) {
	if q.abandoned.Load() >= maxAbandoned {
		return answer{}, fmt.Errorf("%w earlier, and %d evaluations still run", errTimeout, maxAbandoned)
	}
	cancel := topdown.NewCancel()
	defer context.AfterFunc(ctx, cancel.Cancel)()
	deadline := time.AfterFunc(timeout, cancel.Cancel)
	defer deadline.Stop()
	type outcome struct {
		answer
		error
	}
	done := make(chan outcome, 1)
	var ended atomic.Bool // by whoever comes first: the evaluation, or its deadline
	go func() {
		ans, err := q.evaluate(context.WithoutCancel(ctx), in, append(opts, rego.EvalExternalCancel(cancel)))
		done <- outcome{ans, err}
		if !ended.CompareAndSwap(false, true) {
			q.abandoned.Add(-1)
		}
	}()
	late := time.NewTimer(timeout + overtime)
	defer late.Stop()
	var out outcome
	select {
	case out = <-done:
	case <-late.C:
		q.abandoned.Add(1)
		if ended.CompareAndSwap(false, true) {
			return answer{}, fmt.Errorf("%w after %s, and cannot be stopped", errTimeout, timeout)
		}
		q.abandoned.Add(-1)
		out = <-done
	}
	switch {
	case ctx.Err() != nil:
		return answer{}, fmt.Errorf("interrupted: %w", ctx.Err())
	case out.error != nil && topdown.IsCancel(out.error):
		return answer{}, fmt.Errorf("%w after %s", errTimeout, timeout)
	}
	return out.answer, out.error
}

// evaluate asks OPA. A panic of a built-in is an error like any other.
func (q *query[T]) evaluate(ctx context.Context, in ast.Value, opts []rego.EvalOption) (ans answer, err error) {
	defer func() {
		if p := recover(); p != nil {
			ans, err = answer{}, fmt.Errorf("the evaluation panicked: %v", p)
		}
	}()
	var tracker topdown.EvaluatedRuleTracker
	rs, err := q.prepared.Eval(ctx, append(opts, rego.EvalParsedInput(in), rego.EvalEvaluatedRuleTracker(&tracker))...)
	if err != nil {
		return answer{}, err
	}
	if len(rs) != 1 {
		return answer{}, fmt.Errorf("%w: the query gave %d results", errUndefined, len(rs))
	}
	value, ok := rs[0].Bindings["x"].(ast.Value)
	if !ok {
		return answer{}, fmt.Errorf("%w: no result", errUndefined)
	}
	return answer{value: value, labels: tracker.Labels}, nil
}

var (
	errTimeout   = errors.New("the policies did not end")
	errUndefined = errors.New("undefined")
	errType      = errors.New("ill-typed")
)

// failure is the denial that an evaluation error becomes.
func failure(err error) Rule {
	r := Rule{ID: RuleError, Kind: KindDeny, Msg: err.Error()}
	switch {
	case errors.Is(err, errTimeout):
		r.ID = RuleTimeout
	case errors.Is(err, errUndefined):
		r.ID = RuleUndefined
	case errors.Is(err, errType):
		r.ID = RuleType
	}
	var e *topdown.Error
	if errors.As(err, &e) && e.Location != nil {
		r.File, r.Line = e.Location.File, e.Location.Row
	}
	return r
}
