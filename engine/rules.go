package engine

import (
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// A rule set's element says what is wrong, but not which rule put it there. So
// each `deny contains X if …` gets a twin beside it, which holds for the same
// body and gives [number, X]; the engine asks the twins. The policies as the
// author wrote them (and their tests) are not changed by it.
const twinPrefix = "__fired_"

// Labels by which the rules that held are told apart.
const (
	labelID    = "id"
	labelPlace = "__place"
)

// ruleBook knows the rules that a decision can name.
type ruleBook struct {
	// sets are the members of deny, warn and ask by their twin's number.
	sets []Rule
	// allows are the allow rules by place.
	allows map[string]Rule
	// defined tells which names each decision point has.
	defined map[Point]map[string]bool
}

// book numbers the rules of the decision points, adds the twins and completes
// the labels of allow rules, so that OPA's rule tracker can name them.
func book(modules map[string]*ast.Module, names []string) (*ruleBook, error) {
	b := &ruleBook{allows: map[string]Rule{}, defined: map[Point]map[string]bool{}}
	for _, name := range names {
		m, ok := modules[name]
		if !ok {
			continue
		}
		if err := misplaced(m); err != nil {
			return nil, err
		}
		point, ok := pointOf(m.Package)
		if !ok {
			continue
		}
		if b.defined[point] == nil {
			b.defined[point] = map[string]bool{}
		}
		for _, rule := range m.Rules[:len(m.Rules):len(m.Rules)] {
			if err := b.add(m, rule, point); err != nil {
				return nil, err
			}
		}
	}
	return b, nil
}

func (b *ruleBook) add(m *ast.Module, rule *ast.Rule, point Point) error {
	head := string(rule.Head.Name)
	b.defined[point][head] = true
	for _, a := range rule.Annotations {
		if _, ok := a.Labels[labelPlace]; ok {
			return fmt.Errorf("%s: the label %s is reserved", place(rule), labelPlace)
		}
	}
	switch kind := Kind(head); kind {
	case KindDeny, KindWarn, KindAsk:
		if rule.Head.Key == nil || rule.Head.Value != nil {
			return fmt.Errorf("%s: %s must be a set of messages: write `%s contains \"why\" if …`", place(rule), head, head)
		}
		b.sets = append(b.sets, describe(rule, kind))
		m.Rules = append(m.Rules, twin(m, rule, len(b.sets)-1))
	case KindAllow:
		if rule.Else != nil {
			return fmt.Errorf("%s: allow with else: the log could not name the branch that held; write two rules", place(rule))
		}
		r := describe(rule, kind)
		b.allows[r.Place()] = r
		m.Annotations = append(m.Annotations, (&ast.Annotations{
			Scope:    "rule",
			Location: rule.Location,
			Labels:   map[string]any{labelPlace: r.Place()},
		}).Copy(rule))
	}
	return nil
}

// twin is `__fired_deny contains [number, X] if …` for `deny contains X if …`.
func twin(m *ast.Module, rule *ast.Rule, number int) *ast.Rule {
	t := rule.Copy()
	t.Annotations = nil
	t.Module = m
	name := twinPrefix + string(rule.Head.Name)
	t.Head.Name = ast.Var(name)
	t.Head.Reference = ast.Ref{ast.VarTerm(name)}
	t.Head.Key = ast.ArrayTerm(ast.IntNumberTerm(number), t.Head.Key)
	return t
}

// describe names a rule by the labels above it and the place it stands. A label
// of the rule's own goes before one of its document.
func describe(rule *ast.Rule, kind Kind) Rule {
	r := Rule{Kind: kind, File: rule.Location.File, Line: rule.Location.Row}
	r.ID = r.Place()
	for _, a := range rule.Annotations {
		id, ok := a.Labels[labelID].(string)
		if ok && id != "" && (a.Scope == "rule" || r.ID == r.Place()) {
			r.ID = id
		}
	}
	return r
}

func place(rule *ast.Rule) string {
	return fmt.Sprintf("%s:%d", rule.Location.File, rule.Location.Row)
}

// pointOf gives the decision point that a package extends.
func pointOf(p *ast.Package) (Point, bool) {
	name, ok := strings.CutPrefix(p.Path.String(), "data.parachute.")
	if !ok {
		return "", false
	}
	return pointNamed(name)
}
