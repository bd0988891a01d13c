package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// Limits asks which counters apply to a message. A non-nil Rule says that the
// policies could not answer; the message must then be denied by it.
func (p *Policy) Limits(ctx context.Context, in MessageInput) ([]Limit, *Rule) {
	in.Limits = nil
	value, err := toValue(in)
	if err != nil {
		return nil, &Rule{ID: RuleError, Kind: KindDeny, Msg: err.Error()}
	}
	ans, _, err := p.limits.eval(ctx, value, p.timeout)
	if err != nil {
		r := failure(err)
		return nil, &r
	}
	limits, err := readLimits(ans.value)
	if err != nil {
		return nil, &Rule{ID: RuleType, Kind: KindDeny, Msg: err.Error()}
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
	d := Decision{}
	value, err := toValue(in)
	if err == nil {
		var ans answer
		if ans, d.Cached, err = p.points[point].eval(ctx, value, p.timeout); err == nil {
			cached := d.Cached
			d = p.book.read(point, ans)
			d.Cached = cached
		}
	}
	if err != nil {
		d = Decision{Verdict: Deny, Rules: []Rule{failure(err)}}
	}
	d.Point, d.Revision, d.Duration = point, p.revision, time.Since(start)
	return d
}

// answer is what a query gave: its value, and the labels of the rules that held.
type answer struct {
	value  ast.Value
	labels []map[string]any
}

func (q *query) eval(ctx context.Context, in ast.Value, timeout time.Duration) (answer, bool, error) {
	key, cacheable := q.cache.key(in)
	if cacheable {
		if ans, ok := q.cache.get(key); ok {
			return ans, true, nil
		}
	}
	ans, err := q.run(ctx, in, timeout)
	if err == nil && cacheable {
		q.cache.put(key, ans)
	}
	return ans, false, err
}

func (q *query) run(ctx context.Context, in ast.Value, timeout time.Duration, opts ...rego.EvalOption) (answer, error) {
	cancel := topdown.NewCancel()
	defer time.AfterFunc(timeout, cancel.Cancel).Stop()
	defer context.AfterFunc(ctx, cancel.Cancel)()
	var tracker topdown.EvaluatedRuleTracker
	rs, err := q.prepared.Eval(ctx, append(opts,
		rego.EvalParsedInput(in),
		rego.EvalExternalCancel(cancel),
		rego.EvalEvaluatedRuleTracker(&tracker),
	)...)
	switch {
	case ctx.Err() != nil:
		return answer{}, fmt.Errorf("interrupted: %w", ctx.Err())
	case err != nil && topdown.IsCancel(err):
		return answer{}, fmt.Errorf("%w after %s", errTimeout, timeout)
	case err != nil:
		return answer{}, err
	case len(rs) != 1:
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
)

// failure is the denial that an evaluation error becomes.
func failure(err error) Rule {
	r := Rule{ID: RuleError, Kind: KindDeny, Msg: err.Error()}
	switch {
	case errors.Is(err, errTimeout):
		r.ID = RuleTimeout
	case errors.Is(err, errUndefined):
		r.ID = RuleUndefined
	}
	var e *topdown.Error
	if errors.As(err, &e) && e.Location != nil {
		r.File, r.Line = e.Location.File, e.Location.Row
	}
	return r
}
