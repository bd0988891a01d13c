package engine

import (
	"fmt"
	"regexp"
	"slices"
	"sort"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Workspace names become folder names, so they are held to this here as well,
// whatever a policy answers.
var workspaceName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

// read turns an answer into a decision. What is missing or of the wrong type
// denies by a rule that says so.
func (b *ruleBook) read(point Point, ans answer) Decision {
	d := Decision{Verdict: Deny}
	obj, ok := ans.value.(ast.Object)
	if !ok {
		d.Rules = []Rule{typeRule("the answer is no object")}
		return d
	}
	var faults []Rule
	var denies, asks, warns []Rule
	for kind, into := range map[Kind]*[]Rule{KindDeny: &denies, KindAsk: &asks, KindWarn: &warns} {
		rules, err := b.fired(list(obj, string(kind)))
		if err != nil {
			faults = append(faults, typeRule(err.Error()))
		}
		*into = rules
	}
	allowed, err := isTrue(list(obj, "allow"))
	if err != nil {
		faults = append(faults, typeRule(err.Error()))
	}
	if point == PointStartup {
		allowed = true
	}
	if allowed && point == PointMessage && len(denies) == 0 {
		var fault *Rule
		if d.Obligations, fault = readObligations(obj); fault != nil {
			faults = append(faults, *fault)
		}
	}
	switch {
	case len(faults) > 0 || len(denies) > 0:
		d.Rules = slices.Concat(faults, denies)
	case !allowed:
		d.Rules = []Rule{{ID: RuleDefault, Kind: KindDeny, Msg: "no rule allows it"}}
	case len(asks) > 0:
		d.Verdict, d.Rules = Ask, asks
	default:
		d.Verdict, d.Rules = Allow, b.allowing(ans.labels)
		if point != PointStartup && len(d.Rules) == 0 {
			d.Verdict, d.Rules = Deny, []Rule{typeRule("allow holds by no rule that could be named")}
		}
	}
	if d.Verdict == Deny && len(faults) == 0 && point == PointMessage {
		var fault *Rule
		if d.Pair, fault = readPair(list(obj, "pair")); fault != nil {
			d.Rules = append(d.Rules, *fault)
		}
	}
	d.Rules = append(d.Rules, warns...)
	if d.Verdict != Allow {
		d.Obligations = Obligations{}
	}
	return d
}

func typeRule(msg string) Rule { return Rule{ID: RuleType, Kind: KindDeny, Msg: msg} }

// fired reads the members of a twin set: [number, element].
func (b *ruleBook) fired(members []*ast.Term) ([]Rule, error) {
	var out []Rule
	for _, m := range members {
		pair, ok := m.Value.(*ast.Array)
		if !ok || pair.Len() != 2 {
			return nil, fmt.Errorf("a rule gave %v", m)
		}
		number, ok := pair.Elem(0).Value.(ast.Number)
		i, isInt := number.Int()
		if !ok || !isInt || i < 0 || i >= len(b.sets) {
			return nil, fmt.Errorf("a rule gave %v", m)
		}
		r := b.sets[i]
		var err error
		if r.Msg, r.Reply, err = message(pair.Elem(1).Value); err != nil {
			return nil, fmt.Errorf("%s: %w", r.Place(), err)
		}
		out = append(out, r)
	}
	sort.SliceStable(out, func(i, j int) bool {
		a, b := out[i], out[j]
		if a.File != b.File {
			return a.File < b.File
		}
		return a.Line < b.Line
	})
	return out, nil
}

// message reads an element of deny, warn or ask.
func message(v ast.Value) (msg, reply string, err error) {
	switch v := v.(type) {
	case ast.String:
		return string(v), "", nil
	case ast.Object:
		for _, k := range []struct {
			name string
			into *string
		}{{"msg", &msg}, {"reply", &reply}} {
			t := v.Get(ast.InternedTerm(k.name))
			if t == nil {
				continue
			}
			s, ok := t.Value.(ast.String)
			if !ok {
				return "", "", fmt.Errorf("%s must be a string, not %v", k.name, t)
			}
			*k.into = string(s)
		}
		if msg == "" {
			return "", "", fmt.Errorf(`an element must be a string or {"msg": …, "reply": …}, not %v`, v)
		}
		return msg, reply, nil
	default:
		return "", "", fmt.Errorf(`an element must be a string or {"msg": …, "reply": …}, not %v`, v)
	}
}

// allowing names the allow rules that held.
func (b *ruleBook) allowing(labels []map[string]any) []Rule {
	var out []Rule
	for _, l := range labels {
		if at, ok := l[labelPlace].(string); ok {
			if r, ok := b.allows[at]; ok && !slices.Contains(out, r) {
				out = append(out, r)
			}
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Place() < out[j].Place() })
	return out
}

// list gives the array under a name, or none.
func list(obj ast.Object, name string) []*ast.Term {
	t := obj.Get(ast.StringTerm(name))
	if t == nil {
		return nil
	}
	arr, ok := t.Value.(*ast.Array)
	if !ok {
		return nil
	}
	out := make([]*ast.Term, 0, arr.Len())
	arr.Foreach(func(t *ast.Term) { out = append(out, t) })
	return out
}

func isTrue(terms []*ast.Term) (bool, error) {
	if len(terms) == 0 {
		return false, nil
	}
	b, ok := terms[0].Value.(ast.Boolean)
	if !ok {
		return false, fmt.Errorf("allow must be true or false, not %v", terms[0])
	}
	return bool(b), nil
}
