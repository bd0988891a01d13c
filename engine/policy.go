package engine

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sort"
	"strings"
	"sync/atomic"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

// Policy is one revision of the policies, compiled and ready. It never changes
// and is safe for concurrent use; what it decides stays the same for as long as
// it lives, whatever happens to the folder it came from.
type Policy struct {
	revision string
	timeout  time.Duration
	book     *ruleBook
	limits   *query[[]Limit]
	points   map[Point]*query[Decision]
	// workspaces, roles and chats are the names that data.workspaces, data.roles and
	// data.groups.chats have, in order.
	workspaces, roles, chats []string
}

// Revision is the SHA-256 over policies, data and schemas, in hex.
func (p *Policy) Revision() string { return p.revision }

// Roles are the names that data.roles has, in order.
func (p *Policy) Roles() []string { return p.roles }

// Workspaces are the names that data.workspaces has, in order.
func (p *Policy) Workspaces() []string { return p.workspaces }

// Chats are the ids that data.groups.chats has, in order.
func (p *Policy) Chats() []string { return p.chats }

// query is a prepared question with a memory of the answers it gave.
type query[T any] struct {
	prepared rego.PreparedEvalQuery
	cache    *cache[T]
	// abandoned counts evaluations that went on after their deadline.
	abandoned atomic.Int64
}

// answers are the names that the engine reads of each decision point.
var answers = map[Point][]string{
	PointMessage: {"allow", "trust", "workspace", "vault", "sandbox", "agent", "pair"},
	PointTool:    {"allow"},
	PointStartup: {},
}

// inputs are the types of their inputs.
var inputs = map[Point]reflect.Type{
	PointMessage: reflect.TypeFor[MessageInput](),
	PointTool:    reflect.TypeFor[ToolInput](),
	PointStartup: reflect.TypeFor[StartupInput](),
}

// setsOf are the sets of rules that each decision point has.
var setsOf = map[Point][]Kind{
	PointMessage: {KindDeny, KindWarn},
	PointTool:    {KindDeny, KindWarn, KindAsk},
	PointStartup: {KindDeny, KindWarn},
}

// build compiles the files without their tests into a Policy.
func build(ctx context.Context, f files, timeout time.Duration) (*Policy, error) {
	caps := capabilities()
	f = f.withoutTests()
	src, err := parse(f, caps)
	if err != nil {
		return nil, err
	}
	rules, err := book(src.modules, f.names())
	if err != nil {
		return nil, err
	}
	for _, point := range []Point{PointMessage, PointTool} {
		if !rules.defined[point]["allow"] {
			return nil, fmt.Errorf("no rule data.parachute.%s.allow: nothing could ever be admitted; `parachute init` writes the default policies", point)
		}
	}
	compiler, err := compile(src, caps)
	if err != nil {
		return nil, err
	}
	store := inmem.NewFromObjectWithOpts(src.data, inmem.OptReturnASTValuesOnRead(true), inmem.OptRoundTripOnWrite(false))
	p := &Policy{revision: f.revision, timeout: timeout, book: rules, points: map[Point]*query[Decision]{}}
	p.workspaces, p.roles = namesIn(src.data, "workspaces"), namesIn(src.data, "roles")
	groups, _ := src.data["groups"].(map[string]any)
	p.chats = namesIn(groups, "chats")
	if p.limits, err = prepare[[]Limit](ctx, compiler, store, `x := [l | some l in data.parachute.message.limits]`, inputs[PointMessage]); err != nil {
		return nil, err
	}
	for point := range answers {
		if p.points[point], err = prepare[Decision](ctx, compiler, store, question(point, rules.defined[point]), inputs[point]); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// question asks for all that a decision point may answer at once. Each answer
// stands in an array, empty where it is undefined, so that one undefined answer
// does not hide the others.
func question(point Point, defined map[string]bool) string {
	var parts []string
	for _, name := range answers[point] {
		parts = append(parts, fmt.Sprintf("%q: [v | v := data.parachute.%s.%s]", name, point, name))
	}
	for _, kind := range setsOf[point] {
		if defined[string(kind)] {
			parts = append(parts, fmt.Sprintf("%q: [v | some v in data.parachute.%s.%s%s]", kind, point, twinPrefix, kind))
		}
	}
	sort.Strings(parts)
	return "x := {" + strings.Join(parts, ", ") + "}"
}

func prepare[T any](ctx context.Context, compiler *ast.Compiler, store storage.Store, text string, input reflect.Type) (*query[T], error) {
	pq, err := rego.New(
		rego.Compiler(compiler),
		rego.Store(store),
		rego.Query(text),
		rego.GenerateJSON(func(t *ast.Term, _ *rego.EvalContext) (any, error) { return t.Value, nil }),
		// A built-in that fails makes its rule undefined in stock OPA: a deny rule
		// would then pass in silence. Here it fails the decision.
		rego.StrictBuiltinErrors(true),
	).PrepareForEval(ctx)
	if err != nil {
		return nil, fmt.Errorf("prepare %s: %w", text, err)
	}
	q := &query[T]{prepared: pq}
	f, ok, err := factsOf(compiler, text, input)
	if err != nil {
		return nil, err
	}
	if ok {
		q.cache = newCache[T](f)
	}
	return q, nil
}

func namesIn(data map[string]any, section string) []string {
	known, _ := data[section].(map[string]any)
	return slices.Sorted(maps.Keys(known))
}
