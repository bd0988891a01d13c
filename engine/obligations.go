package engine

import (
	"fmt"
	"slices"

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
	if fault := o.readVault(list(obj, "vault")); fault != nil {
		return o, fault
	}
	if agent := list(obj, "agent"); len(agent) > 0 {
		name, ok := agent[0].Value.(ast.String)
		if !ok || !workspaceName.MatchString(string(name)) {
			return o, badType("agent must be the name of an agent, not %v", agent[0])
		}
		o.Agent = string(name)
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

// readVault reads what a session may do with its workspace, and what it sees
// beside it.
func (o *Obligations) readVault(given []*ast.Term) *Rule {
	o.Access = "read_only"
	if len(given) == 0 {
		return nil
	}
	v, ok := given[0].Value.(ast.Object)
	if !ok {
		return badType("vault must be an object, not %v", given[0])
	}
	if access := v.Get(ast.StringTerm("access")); access != nil {
		switch {
		case access.Value.Compare(ast.String("read_write")) == 0:
			o.Access = "read_write"
		case access.Value.Compare(ast.String("read_only")) != 0:
			return badType(`vault.access must be "read_write" or "read_only", not %v`, access)
		}
	}
	if quota := v.Get(ast.StringTerm("quota_mib")); quota != nil {
		number, _ := quota.Value.(ast.Number)
		n, ok := number.Int64()
		if !ok || n < 1 || n > maxQuota {
			return badType("vault.quota_mib must be a whole number from 1 to %d, not %v", maxQuota, quota)
		}
		o.QuotaMiB = n
	}
	if mounts := v.Get(ast.StringTerm("mounts")); mounts != nil {
		return o.readMounts(mounts)
	}
	return nil
}

// maxQuota is a pebibyte, in MiB, and maxMounts how many workspaces one session
// sees beside its own.
const (
	maxQuota  = 1 << 30
	maxMounts = 32
)

func (o *Obligations) readMounts(mounts *ast.Term) *Rule {
	var fault *Rule
	each := func(t *ast.Term) {
		name, ok := t.Value.(ast.String)
		switch {
		case !ok || !workspaceName.MatchString(string(name)):
			fault = badType("vault.mounts: %v is not the name of a workspace", t)
		case slices.Contains(o.Mounts, string(name)):
		default:
			o.Mounts = append(o.Mounts, string(name))
		}
	}
	switch v := mounts.Value.(type) {
	case *ast.Array:
		v.Foreach(each)
	case ast.Set:
		v.Foreach(each)
	default:
		return badType("vault.mounts must be names of workspaces, not %v", mounts)
	}
	slices.Sort(o.Mounts)
	if len(o.Mounts) > maxMounts {
		return badType("vault.mounts: %d are more than %d", len(o.Mounts), maxMounts)
	}
	return fault
}

// readPair reads how a stranger may ask for a way in.
func readPair(given []*ast.Term) (*Pair, *Rule) {
	if len(given) == 0 {
		return nil, nil
	}
	v, ok := given[0].Value.(ast.Object)
	if !ok {
		return nil, badType("pair must be an object, not %v", given[0])
	}
	var role ast.String
	if t := v.Get(ast.StringTerm("role")); t != nil {
		role, _ = t.Value.(ast.String)
	}
	if !workspaceName.MatchString(string(role)) {
		return nil, badType("pair.role must be the name of a role, not %v", given[0])
	}
	return &Pair{Role: string(role)}, nil
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
