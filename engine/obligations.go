package engine

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
)

// readObligations reads what an admitted message's session must be made with.
// Trust and workspace have no default: a policy that does not give them admits
// nothing.
func readObligations(obj ast.Object) (Obligations, *Rule) {
	var o Obligations
	trust, fault := one(obj, "trust")
	if fault != nil {
		return o, fault
	}
	switch o.Trust = Trust(trust); o.Trust {
	case Sandboxed, Direct:
	default:
		return o, badType("trust must be %q or %q, not %q", Sandboxed, Direct, trust)
	}
	if o.Workspace, fault = one(obj, "workspace"); fault != nil {
		return o, fault
	}
	if !workspaceName.MatchString(o.Workspace) {
		return o, badType("workspace must match %s, not %q", workspaceName, o.Workspace)
	}
	o.Access = "read_only"
	if vault := list(obj, "vault"); len(vault) > 0 {
		v, ok := vault[0].Value.(ast.Object)
		if !ok {
			return o, badType("vault must be an object, not %v", vault[0])
		}
		access := v.Get(ast.StringTerm("access"))
		switch {
		case access == nil:
		case access.Value.Compare(ast.String("read_write")) == 0:
			o.Access = "read_write"
		case access.Value.Compare(ast.String("read_only")) != 0:
			return o, badType(`vault.access must be "read_write" or "read_only", not %v`, access)
		}
	}
	if sandbox := list(obj, "sandbox"); len(sandbox) > 0 {
		v, err := ast.JSON(sandbox[0].Value)
		if err != nil {
			return o, badType("sandbox: %v", err)
		}
		m, ok := v.(map[string]any)
		if !ok {
			return o, badType("sandbox must be an object, not %v", sandbox[0])
		}
		o.Sandbox = m
	}
	return o, nil
}

func one(obj ast.Object, name string) (string, *Rule) {
	terms := list(obj, name)
	if len(terms) == 0 {
		return "", &Rule{ID: RuleUndefined, Kind: KindDeny, Msg: name + " is undefined for an admitted message"}
	}
	s, ok := terms[0].Value.(ast.String)
	if !ok {
		return "", badType("%s must be a string, not %v", name, terms[0])
	}
	return string(s), nil
}

func badType(format string, args ...any) *Rule {
	return &Rule{ID: RuleType, Kind: KindDeny, Msg: fmt.Sprintf(format, args...)}
}

// readLimits reads the set of limits.
func readLimits(v ast.Value) ([]Limit, error) {
	arr, ok := v.(*ast.Array)
	if !ok {
		return nil, fmt.Errorf("limits must be a set, not %v", v)
	}
	out := make([]Limit, 0, arr.Len())
	var err error
	arr.Foreach(func(t *ast.Term) {
		l, e := readLimit(t.Value)
		if e != nil && err == nil {
			err = e
		}
		out = append(out, l)
	})
	return out, err
}

func readLimit(v ast.Value) (Limit, error) {
	obj, ok := v.(ast.Object)
	if !ok {
		return Limit{}, fmt.Errorf(`a limit must be {"name", "per", "max", "window"}, not %v`, v)
	}
	var l Limit
	for _, f := range []struct {
		name string
		into *string
	}{{"name", &l.Name}, {"per", &l.Per}, {"window", &l.Window}} {
		t := obj.Get(ast.StringTerm(f.name))
		s, ok := ast.String(""), false
		if t != nil {
			s, ok = t.Value.(ast.String)
		}
		if !ok {
			return l, fmt.Errorf("limit %v: %s must be a string", v, f.name)
		}
		*f.into = string(s)
	}
	t := obj.Get(ast.StringTerm("max"))
	if t == nil {
		return l, fmt.Errorf("limit %v: max is missing", v)
	}
	n, ok := t.Value.(ast.Number)
	if !ok {
		return l, fmt.Errorf("limit %v: max must be a number", v)
	}
	if l.Max, ok = n.Int(); !ok {
		return l, fmt.Errorf("limit %v: max must be a whole number", v)
	}
	return l, nil
}
